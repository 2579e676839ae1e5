"""Checkpoint: a causal language model in Hugging Face format, its tokenizer beside it, and how it was trained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TRAINING = "training.jsonl"
"""One row a logged step: `{"step", "loss", "lr", "tokens"}`; nothing that depends on the clock."""
SUMMARY = "training.json"
"""Settings as resolved by the size dial, parameter count, tokens seen, final loss, digest of the training data."""

SEEN = "seen.jsonl"
"""What the training learnt from, one row a text or conversation in the order of the tokens (see `Seen`)."""


@dataclass(frozen=True)
class Seen:
    """A text or conversation that was learnt from."""

    id: str
    """Of the document or the dialogue."""
    tokens: tuple[int, int]
    """[start, end) in the stream of all tokens."""
    steps: tuple[int, ...]
    """The optimizer steps, from 0, that learnt from it; empty when the budget ended before its turn."""
    documents: tuple[str, ...] = ()
    """The documents that a dialogue was made of; empty for a document."""


def write_seen(folder: Path, seen: Iterable[Seen]) -> None:
    """Write the file, defaults left out."""
    with (folder / SEEN).open("w", encoding="utf-8", newline="\n") as out:
        for one in seen:
            row = {name: value for name, value in vars(one).items() if name != "documents" or value}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_seen(folder: Path) -> Iterator[Seen]:
    """The rows, in order; none for a checkpoint that does not say what it was trained on."""
    if not (folder / SEEN).is_file():
        return
    with (folder / SEEN).open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            start, end = row["tokens"]
            yield Seen(row["id"], (start, end), tuple(row["steps"]), tuple(row.get("documents", ())))


def describe(folder: Path) -> dict[str, Any]:
    """Architecture, parameters, tokens seen and last loss."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    return {"architecture": config["architectures"][0], "bytes": (folder / WEIGHTS).stat().st_size, **summary}


KIND = Kind(
    "checkpoint",
    (CONFIG, WEIGHTS, "tokenizer.json", "tokenizer_config.json", "generation_config.json", SUMMARY),
    describe,
)
