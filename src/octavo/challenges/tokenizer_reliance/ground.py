"""Ground: what baseline and responses share: uneven text in eight languages, and a tokenizer that was learnt from it.

In a project the text is its own documents, the made text of the other languages beside them, and the tokenizer is the
project's.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from octavo.challenges.tokenizer_reliance.made import LANGUAGES, made_logs, made_text, parallel
from octavo.kinds.records import encode_row, read_rows, shards
from octavo.spine import disk
from octavo.tokenizer.learn.learner import learn
from octavo.tokenizer.learn.terms import BYTES_VOCABULARY, SMALLEST, Terms
from octavo.tokenizer.train import sample, write_tokenizer

VOCABULARY = 1024
TEXT = 500_000
"""Bytes of the made text; in a project, of its documents, with a tenth more of the other languages."""
LINES = 40
"""Parallel sentences that languages are compared by while a tokenizer is learnt; none is in the probe."""


@dataclass(frozen=True)
class Ground:
    """The same for the baseline and for every response."""

    subject: str
    """Whose tokenizer is tried."""
    folder: Path
    baseline: Path
    """The tokenizer that is there."""
    vocabulary: int
    """How many tokens the baseline and every tokenizer that is learnt anew have (`VOCABULARY` for those that are learnt
    where a project's tokenizer is plain bytes or hardly more)."""

    @property
    def records(self) -> Path:
        """What tokenizers and models learn from: rows with `text` and `language`; code and numbers count as English."""
        return self.folder / "records.jsonl"

    @property
    def logs(self) -> Path:
        """What only tokenizers learn from: machine logs that were cleaned out of the text afterwards; none in a
        project, whose tokenizer and model have the same text."""
        return self.folder / "logs.jsonl"

    @property
    def lines(self) -> Path:
        """Parallel rows for comparing languages."""
        return self.folder / "lines.jsonl"

    @cached_property
    def texts(self) -> list[str]:
        """The texts of the records."""
        return [row["text"] for row in read_rows(self.records)]

    def place(self, name: str) -> Path:
        """An empty folder for one response."""
        folder = self.folder / name
        disk.remove(folder)
        folder.mkdir(parents=True)
        return folder


def prepare(project: Path | None, scratch: Path, seed: int) -> Ground:
    """Write the text and the parallel sentences; learn the baseline, or take the project's tokenizer."""
    from octavo.model.machine import wait_asleep

    wait_asleep()  # before torch is loaded: small steps suffer most from threads that spin
    chance = random.Random(f"lines {seed}")  # noqa: S311
    _write(scratch / "logs.jsonl", [] if project else made_logs(TEXT // 25, seed))
    _write(scratch / "lines.jsonl", ((row, line) for _ in range(LINES) for row, line in parallel(chance).items()))
    if project is None:
        _write(scratch / "records.jsonl", made_text(TEXT, seed))
        folder = scratch / "baseline"
        folder.mkdir()
        ground = Ground("a byte-level BPE learnt from nine tenths English", scratch, folder, VOCABULARY)
        learnt(Terms(vocabulary=VOCABULARY), ground, folder)
        return ground
    from octavo.spine.project import open_project
    from octavo.tokenizer.audit.open import open_tokenizer

    opened = open_project(project)
    mine = ((document.language, document.text) for document in sample(opened.artifact("mix"), TEXT))
    _write(scratch / "records.jsonl", [*mine, *(row for row in made_text(TEXT, seed) if row[0] in LANGUAGES[1:])])
    tokenizer = opened.artifact("tokenizer")
    size = open_tokenizer(tokenizer).size
    subject = f"the tokenizer of the project {opened.name} ({size:,} tokens)"
    return Ground(subject, scratch, tokenizer, size if size >= SMALLEST["wordpiece"] else VOCABULARY)


def learnt(terms: Terms, ground: Ground, folder: Path) -> Path:
    """Learn a tokenizer into `folder`, in this process, so that its cost is all counted."""
    scratch = folder / "learning"
    scratch.mkdir()
    compared = shards([ground.lines], scratch) if terms.algorithm == "parity" else []
    made = learn(terms, shards([ground.records, ground.logs], scratch), scratch, parallel=compared, on="serial")
    write_tokenizer(made.tokenizer, folder)
    disk.remove(scratch)
    return folder


def anew(ground: Ground, name: str, **terms: Any) -> Path:
    """A tokenizer of the same size (but for bytes, whose size is given) learnt from the same text."""
    size = BYTES_VOCABULARY if terms.get("algorithm") == "bytes" else ground.vocabulary
    return learnt(Terms(vocabulary=size, **terms), ground, ground.place(name))


def _write(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Records; what is of none of the languages counts as English."""
    with path.open("wb") as out:
        for number, (language, text) in enumerate(_well_formed(rows)):
            out.write(encode_row({"id": str(number), "text": text, "language": language}))


def _well_formed(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for language, text in rows:
        yield language if language in LANGUAGES else "en", text.encode("utf-8", "replace").decode()
