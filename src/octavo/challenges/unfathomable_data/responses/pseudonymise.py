"""Response: personal data is replaced by values that are nobody's, always the same for the same value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data.answering import Curated, respond_by
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.kinds.records import Row as Record

KEY = b"nobody is hidden by this key: all the people of the trial are invented"


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Train on what is left, with the same steps and seeds."""
    return respond_by(curate, ground, probe, seed)


def curate(ground: Ground, scratch: Path, seed: int) -> Curated:
    """The corpus with pseudonyms in the place of what points to one person."""
    return Curated(pseudonymised(ground.planting.rows))


def pseudonymised(rows: Sequence[Record]) -> list[Record]:
    """The rows with pseudonyms."""
    from octavo.data.personal.pseudonyms import Pseudonyms
    from octavo.data.personal.replace import replace

    names = Pseudonyms(KEY)
    return [{**row, "text": replace(row["text"], replacement=names).text} for row in rows]
