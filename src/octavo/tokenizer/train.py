"""Tokenizer stage: a tokenizer learnt from the cleaned documents, with this project's special tokens; or the base's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from octavo.kinds.documents import Document, held_out, read_documents
from octavo.kinds.foundation import Foundation, read_foundation
from octavo.kinds.records import encode_row, read_rows, shards
from octavo.kinds.tokenizer import (
    CHAT_TEMPLATE,
    CONFIG,
    END_OF_TEXT,
    END_OF_TURN,
    SPECIAL_TOKENS,
    TOKENIZER,
    write_origin,
)
from octavo.model.network.dial import dial
from octavo.model.prompt import training_text
from octavo.spine import disk
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress, reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage
from octavo.tokenizer.learn.cuts import LONGEST_TOKEN
from octavo.tokenizer.learn.terms import BYTES_VOCABULARY, Terms


class TokenizerSettings(Settings):
    """How the tokenizer is learnt."""

    algorithm: Literal["bpe", "parity", "wordpiece", "unigram", "bytes"] = "bpe"
    """bpe, parity (BPE that merges for the group that is worst off), wordpiece, unigram, or bytes (nothing is learnt:
    every byte is a token)."""
    size: str = "small"
    """The size of the model the tokenizer is for: tiny, small, medium, large or a number of parameters."""
    vocabulary: int = 0
    """How many tokens; 0: what the size dial says (a small model wants a small vocabulary)."""
    sample_mb: int = 24
    """How many megabytes of text are learnt from at most; when there is more, an even sample is taken."""
    groups: Literal["", "language", "domain"] = ""
    """What tells groups of documents apart, for balancing and for parity: language, domain, or nothing."""
    temperature: float = Field(1.0, ge=1, le=1000)
    """Balances groups: they count as if drawn with p ∝ n^(1/T). 1: as they are; 1000: all alike."""
    parity_plain: float = Field(0.0, ge=0, le=1)
    """Share of the merges that parity makes for all groups together, before the others."""
    parity_window: int = Field(100, ge=0)
    """How many of the last merges parity looks at, so that no group takes them all; 0: it doesn't look."""
    memory_mb: int = Field(2048, ge=16)
    """Megabytes that learning may take; the rarest words are left out where they don't fit."""


def run(settings: TokenizerSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`: the base's, or else learnt from the documents."""
    from octavo.tokenizer.learn.learner import learn

    base = read_foundation(inputs.get("base"))
    if not base.from_nothing:
        _refuse_choices(settings, base)
    terms = terms_of(settings)
    terms.check()
    work = scratch / "learning"
    work.mkdir(exist_ok=True)
    texts = work / "texts.jsonl"
    if not texts.exists():
        _write_sample(inputs["documents"], settings.sample_mb * 10**6, texts)
    if not base.from_nothing:
        _take_over(inputs["base"], base, out, texts)
        disk.remove(work)
        return
    learnt = learn(terms, shards([texts], work), work)
    write_tokenizer(learnt.tokenizer, out)
    _tell(learnt.tokenizer, texts)
    disk.remove(work)


def _refuse_choices(settings: TokenizerSettings, base: Foundation) -> None:
    """A base brings its tokenizer: what says how to learn another one would be ignored, so it is refused."""
    default = TokenizerSettings()
    chosen = [
        name
        for name in TokenizerSettings.model_fields
        if name not in ("sample_mb", "memory_mb") and getattr(settings, name) != getattr(default, name)
    ]
    if chosen:
        raise OctavoError(
            "T114",
            f"The base {base.model} brings its tokenizer; {', '.join(chosen)} cannot be chosen",
            where="the settings of tokenizer",
            do='set model = "scratch" in the table [base] to learn a tokenizer, or leave these settings out',
            exit_code=WRONG_USE,
        )


def _take_over(folder: Path, base: Foundation, out: Path, texts: Path) -> None:
    """The tokenizer of the base: its model knows no other."""
    from tokenizers import Tokenizer

    for name in (TOKENIZER, CONFIG):
        (out / name).write_bytes((folder / name).read_bytes())
    write_origin(out, base.model)
    reading(taken_from=base.model)
    _tell(Tokenizer.from_file(str(out / TOKENIZER)), texts)


def terms_of(settings: TokenizerSettings) -> Terms:
    """The terms that the settings of the stage stand for."""
    vocabulary = settings.vocabulary
    if not vocabulary:
        vocabulary = BYTES_VOCABULARY if settings.algorithm == "bytes" else dial(settings.size).vocabulary
    return Terms(
        algorithm=settings.algorithm,
        vocabulary=vocabulary,
        groups=settings.groups,
        temperature=settings.temperature,
        plain=settings.parity_plain,
        window=settings.parity_window,
        memory_mb=settings.memory_mb,
        longest=LONGEST_TOKEN,
    )


def sample(documents: Path, limit: int) -> Iterator[Document]:
    """What to learn from: all that may be trained on, or every n-th of them when they exceed `limit` bytes."""
    bar = progress("read documents", None, "documents")
    total = sum(size for _, size in _sized(documents))
    taken = seen = 0
    for document, size in _sized(documents):
        bar.advance()
        seen += size
        # Even spread without randomness: take one whenever the taken share falls behind.
        if total <= limit or taken + size <= seen * limit / total:
            taken += size
            yield document


def _sized(documents: Path) -> Iterator[tuple[Document, int]]:
    for document in read_documents(documents):
        if not held_out(document.id):
            yield document, len(training_text(document).encode("utf-8", "replace"))


def _write_sample(documents: Path, limit: int, path: Path) -> None:
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as out:
        for document in sample(documents, limit):
            text = training_text(document).encode("utf-8", "replace").decode()
            row = {"id": document.id, "text": text, "language": document.language, "domain": document.domain}
            out.write(encode_row(row))
    partial.replace(path)


def write_tokenizer(tokenizer: Any, out: Path) -> None:
    """Write a `tokenizers.Tokenizer` as an artifact that Hugging Face libraries read."""
    tokenizer.save(str(out / TOKENIZER), pretty=False)
    (out / CONFIG).write_text(json.dumps(config(), indent=1) + "\n", encoding="utf-8")


def config() -> dict[str, Any]:
    """`tokenizer_config.json` as Hugging Face libraries read it."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": False,
        "add_prefix_space": False,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TURN,
        "pad_token": END_OF_TEXT,
        "unk_token": None,
        "additional_special_tokens": [token for token in SPECIAL_TOKENS if token not in (END_OF_TEXT, END_OF_TURN)],
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": False,
        "chat_template": CHAT_TEMPLATE,
        "model_max_length": 10**9,
    }


def _tell(tokenizer: Any, texts: Path) -> None:
    """Report bytes per token over every n-th text, a thousand of them."""
    every = max(1, sum(1 for _ in read_rows(texts)) // 1000)
    size = tokens = 0
    for at, row in enumerate(read_rows(texts)):
        if at % every == 0:
            size += len(row["text"].encode())
            tokens += len(tokenizer.encode(row["text"], add_special_tokens=False).ids)
    reading(vocabulary=tokenizer.get_vocab_size(), bytes_per_token=size / max(tokens, 1))


STAGE = Stage(
    name="tokenizer",
    module=__name__,
    settings=TokenizerSettings,
    inputs={"documents": "documents", "base": "foundation"},
    output="tokenizer",
    pinned=("tokenizers",),
)
