"""Selection: applies the rules to a documents artifact in one pass and the search for duplicates in a second."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from octavo.data.duplicates.documents import Candidate, candidate, exact_duplicates, near_duplicates
from octavo.data.rules import Verdict, verdict
from octavo.kinds.documents import (
    DOCUMENTS,
    DUPLICATE_REASONS,
    Document,
    Removed,
    document_from_row,
    read_documents,
    read_removed,
    write_documents,
)
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress, reading


@dataclass(frozen=True)
class Limits:
    """What counts as worth keeping; the settings of the stage `clean`, where each is explained."""

    shortest: int
    near: float
    near_renamed: float
    distinct_below: int
    alarm: float


def select(settings: Limits, source: Path, out: Path) -> None:
    """Write what is kept of the documents in `source`, in order, and what was removed, then and before."""
    verdicts: dict[int, Verdict] = {}
    candidates: list[Candidate] = []
    bar = progress("apply rules", None, "documents")
    for at, document in enumerate(read_documents(source)):
        found = verdict(document, settings.shortest)
        if found is not None:
            verdicts[at] = found
        else:
            candidates.append(candidate(at, document))
        bar.advance()
    count = len(verdicts) + len(candidates)
    duplicate_of = _duplicates(settings, source, candidates)
    ids = {one.at: one.id for one in candidates}

    def removed() -> Iterator[Removed]:
        yield from read_removed(source)
        for at, document in enumerate(read_documents(source)):
            if at in verdicts:
                yield Removed(document, *verdicts[at])
            elif at in duplicate_of:
                reason, of, similarity = duplicate_of[at]
                yield Removed(document, reason, "", ids[of], similarity)

    def kept() -> Iterator[Document]:
        gone = verdicts.keys() | duplicate_of.keys()
        return (document for at, document in enumerate(read_documents(source)) if at not in gone)

    if count == len(verdicts) + len(duplicate_of):
        raise OctavoError(
            "D005",
            f"No document of {count} is left after cleaning",
            where=str(source),
            likely="the texts are very short, or the limits are too strict",
            do="look at removed.jsonl of the stage collect; lower shortest in the table [clean] of project.toml",
        )
    write_documents(out, kept(), removed())
    _tell(settings, count, verdicts, duplicate_of)


def _duplicates(settings: Limits, source: Path, candidates: list[Candidate]) -> dict[int, tuple[str, int, float]]:
    """Place → (reason, place of the one kept, similarity)."""
    exact, near = DUPLICATE_REASONS
    found = {d.at: (exact, d.of, 1.0) for d in exact_duplicates(candidates, settings.distinct_below)}
    if settings.near < 1:
        rest = [one for one in candidates if one.at not in found]
        with Rows(source / DOCUMENTS) as rows:
            pairs = near_duplicates(rest, rows.text, settings.near, settings.near_renamed, settings.distinct_below)
        for pair in pairs:
            found[pair.at] = (near, pair.of, pair.similarity)
        for at, (reason, of, _) in list(found.items()):
            if reason == exact and of in found:
                found[at] = (near, found[of][1], found[of][2])
    return found


def _tell(
    settings: Limits,
    count: int,
    verdicts: dict[int, Verdict],
    duplicate_of: dict[int, tuple[str, int, float]],
) -> None:
    """Readings of what was removed, and the alarm when it is suspiciously much."""
    reasons = Counter(reason for reason, _ in verdicts.values())
    reasons.update(reason for reason, _, _ in duplicate_of.values())
    share = sum(reasons.values()) / count
    reading(documents=count, removed_share=round(share, 4), **{r.replace(" ", "_"): n for r, n in reasons.items()})
    if share > settings.alarm:
        worst, times = reasons.most_common(1)[0]
        note = f"alarm: {share:.0%} of the documents were removed, most as {worst} ({times})"
        reading(alarm=note)
        progress("removed", count, "documents").advance(sum(reasons.values()), note)


class Rows:
    """Texts of a JSON Lines file by the number of the row, read when asked for; keeps offsets, not texts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offsets: list[int] = []
        self._file: BinaryIO | None = None

    def __enter__(self) -> Rows:
        self._file = self._path.open("rb")
        offset = 0
        for line in self._file:
            self._offsets.append(offset)
            offset += len(line)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()

    def text(self, row: int) -> str:
        """The text of the document in that row."""
        assert self._file is not None
        self._file.seek(self._offsets[row])
        document = document_from_row(json.loads(self._file.readline()))
        return document.text
