"""Starved: the text of the languages that pay most, each repeated until all of them have about as much."""

from __future__ import annotations

from pathlib import Path

from octavo.challenges.tokenizer_reliance.ground import Ground
from octavo.kinds.records import encode_row, read_rows
from octavo.measures.fairness import premium
from octavo.tokenizer.audit.open import open_tokenizer

DEAR = 1.25
"""A language whose parallel sentences take this many times the tokens of English is starved."""
REPEATS = 16
"""How often a text is repeated at most."""


def starved_text(ground: Ground, folder: Path) -> Path:
    """A file of records in `folder`; languages are judged by the ground's parallel sentences, never by the probe."""
    opened = open_tokenizer(ground.baseline)
    lengths: dict[str, list[int]] = {}
    for row in read_rows(ground.lines):
        lengths.setdefault(row["language"], []).append(len(opened.encode(row["text"])))
    dear = {language for language, some in lengths.items() if premium(some, lengths["en"]) >= DEAR}
    kept = [row for row in read_rows(ground.records) if row["language"] in dear]
    sizes = dict.fromkeys(sorted(dear), 0)
    for row in kept:
        sizes[row["language"]] += len(row["text"].encode())
    most = max(sizes.values(), default=0)
    path = folder / "starved.jsonl"
    with path.open("wb") as out:
        for row in kept:
            for _ in range(min(REPEATS, max(1, round(most / sizes[row["language"]])))):
                out.write(encode_row(row))
    return path
