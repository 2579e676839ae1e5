"""Text: the documents that may be learnt from as tokens, in an order of which any beginning is a fair sample."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from octavo.kinds.documents import Document, held_out, read_documents
from octavo.model.prompt import training_text
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.packing import Tokens, join
from octavo.spine.disk import write_durably
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress

CHUNK = 2000
"""Documents tokenized at once."""


def text_tokens(documents: Path, tokenizer: Tokenizer, budget: int, order: object, scratch: Path) -> tuple[Tokens, int]:
    """At least `budget` tokens of text where there are as many, and their size in bytes, kept in `scratch` for a
    resumed run; `order` decides which (see `shuffled`)."""
    path = scratch / "tokens.npz"
    if not path.exists():
        buffer = io.BytesIO()
        np.savez(buffer, **_tokenize(documents, tokenizer, budget, order))
        write_durably(path, buffer.getvalue())
    with np.load(path, allow_pickle=False) as kept:
        return Tokens(kept["ids"], kept["starts"]), int(kept["bytes"])


def _tokenize(documents: Path, tokenizer: Tokenizer, budget: int, order: object) -> dict[str, Any]:
    chosen = shuffled(documents, order)
    if not chosen:
        raise OctavoError(
            "T016",
            "There is no text to learn from",
            likely="all documents were removed by clean, or all are held out for evaluation",
            do="add documents and run again",
        )
    bar = progress("tokenize", len(chosen), "documents")
    sequences: list[list[int]] = []
    size = total = 0
    for texts in _chunks(chosen):
        encoded = tokenizer.encode_all(texts)
        sequences += [tokenizer.document(ids) for ids in encoded]
        size += sum(len(text.encode("utf-8", "replace")) for text in texts)
        total += sum(len(ids) + 1 for ids in encoded)
        bar.advance(len(texts))
        if total >= budget:
            break
    tokens = join(sequences)
    return {"ids": tokens.ids, "starts": tokens.starts, "bytes": np.int64(size)}


def shuffled(documents: Path, order: object) -> list[Document]:
    """What may be learnt from, in an order decided by `order` (a seed) and each id, so that a budget that cannot hold
    all takes a fair sample. The most used first was measured too: 2.41 bits per byte on held-out documents against
    2.32."""
    chosen = [document for document in read_documents(documents) if not held_out(document.id)]
    return sorted(chosen, key=lambda document: hashlib.sha256(f"{order} {document.id}".encode()).digest())


def beginning(tokens: Tokens, budget: int) -> Tokens:
    """The first sequences, as many as have no more than `budget` tokens together, but one at least."""
    count = max(1, int(np.searchsorted(tokens.starts, budget, side="right")) - 1)
    end = int(tokens.starts[count])
    return Tokens(
        tokens.ids[:end], tokens.starts[: count + 1], None if tokens.counted is None else tokens.counted[:end]
    )


def behind(first: Tokens, second: Tokens) -> Tokens:
    """The sequences of both, each with the targets that it had."""
    counted = [np.ones(len(one.ids), bool) if one.counted is None else one.counted for one in (first, second)]
    return Tokens(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.starts, second.starts[1:] + first.starts[-1]]),
        np.concatenate(counted),
    )


def _chunks(documents: list[Document]) -> Iterator[list[str]]:
    for start in range(0, len(documents), CHUNK):
        yield [training_text(document) for document in documents[start : start + CHUNK]]
