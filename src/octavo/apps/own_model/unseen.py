"""Unseen text: bits per byte of documents that no training saw, for each checkpoint, beside a plain compressor."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from octavo.apps.own_model.amounts import EvaluateSettings
from octavo.apps.own_model.findings import Findings
from octavo.kinds.documents import Document, held_out
from octavo.measures.compression import Likelihood, bits_per_byte, compressed
from octavo.measures.forgetting import forgetting
from octavo.model.checkpoint import read_checkpoint
from octavo.model.likelihood import score_texts
from octavo.model.prompt import training_text

LONGEST = 4000
"""Characters read of one document, so that a few long ones don't use up the sample."""
GIVEN, BASE, INSTRUCTED = "base as it came", "base model", "after instruction"


def unseen_text(
    settings: EvaluateSettings,
    documents: Sequence[Document],
    checkpoints: Mapping[str, Path],
    known_too: Collection[str],
) -> Findings:
    """Score a sample of the held-out documents with each checkpoint (role → folder), and once more without those in
    `known_too`, whose text training documents hold in good part; and what was forgotten of them."""
    found = Findings()
    unseen: list[Document] = []
    seen: list[Document] = []
    for document in documents:
        (unseen if held_out(document.id) else seen).append(document)
    sample = _sample(unseen, settings.held_out_documents, settings.held_out_bytes)
    contaminated = sum(document.id in known_too for document in sample)
    found.facts["held out"] = {"documents": len(unseen), "read": len(sample), "contaminated": contaminated}
    if not sample:
        found.left_out["bits per byte"] = (
            "no document was held out; with a hundred documents or more about one in 100 is"
        )
        return found
    texts = [training_text(document)[:LONGEST] for document in sample]
    known = "\n\n".join(training_text(document) for document in _shuffled(seen)[:20_000])[: settings.compressor_bytes]
    value, packer = compressed(texts, known=known)
    found.facts["held out"]["bytes"] = sum(len(text.encode("utf-8", "replace")) for text in texts)
    name = f"{packer} after {len(known) / 1e3:,.0f} kB of the training text"
    read: dict[str, list[Likelihood]] = {}
    for role, folder in checkpoints.items():
        decoder, tokenizer = read_checkpoint(folder)
        scores = score_texts(decoder, tokenizer, texts)
        read[role] = likelihoods = [Likelihood(score.nats, score.bytes) for score in scores]
        title = f"bits per byte, {role}"
        found.scores.append(bits_per_byte(likelihoods, name=title, baseline=value, baseline_name=name))
        clean = [one for document, one in zip(sample, likelihoods, strict=True) if document.id not in known_too]
        if clean and len(clean) < len(likelihoods):
            rest = bits_per_byte(
                clean,
                name=f"{title}, uncontaminated",
                baseline=found.scores[-1].value,
                baseline_name=f"all {len(sample)} documents",
            )
            found.scores.append(rest)
        found.items += [
            {
                "measure": "bits per byte",
                "model": role,
                "id": document.id,
                "bytes": score.bytes,
                "bits_per_byte": round(score.bits_per_byte, 5),
                "contaminated": document.id in known_too,
            }
            for document, score in zip(sample, scores, strict=True)
        ]
    for name, before, after in (("pretraining", GIVEN, BASE), ("instruction", BASE, INSTRUCTED)):
        if before in read and after in read:
            found.scores.append(forgetting(read[before], read[after], name=f"forgetting by {name}"))
    return found


def _shuffled(documents: Sequence[Document]) -> list[Document]:
    """In the order of a hash of the id: a sample from the front is spread over all packages."""
    return sorted(documents, key=lambda one: hashlib.sha256(one.id.encode("utf-8", "replace")).digest())


def _sample(documents: Sequence[Document], most: int, most_bytes: int) -> list[Document]:
    chosen: list[Document] = []
    size = 0
    for document in _shuffled(documents)[:most]:
        size += len(training_text(document)[:LONGEST].encode("utf-8", "replace"))
        if chosen and size > most_bytes:
            break
        chosen.append(document)
    return chosen
