"""The stage `card`: what the documents that training reads hold, computed: counts, languages, licences, duplicates …"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class CardSettings(Settings):
    """How closely the documents are looked at."""

    sample: int = Field(1000, ge=0)
    """Documents whose personal data is looked for; 0: all."""
    languages: bool = False
    """Whether the language of the sampled documents is detected, which takes seconds to prepare; what the documents say
    of their language is counted in any case."""
    duplicates: bool = True
    """Whether duplicates are counted again in what is left after cleaning."""


def run(settings: CardSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write `card.json`."""
    from collections import Counter

    from octavo.data.passport.card import Look, make_card
    from octavo.kinds.card import write_card
    from octavo.kinds.documents import DOCUMENTS, read_removed
    from octavo.spine.progress import reading

    removed: Counter[str] = Counter()
    for row in read_removed(inputs["documents"]):
        removed[row.reason] += row.count
    look = Look(settings.sample, settings.languages, True, settings.duplicates)
    card, _ = make_card([inputs["documents"] / DOCUMENTS], scratch, look, removed=removed)
    write_card(out, card)
    reading(records=card["records"], digest=card["digest"])


STAGE = Stage(
    name="card",
    module=__name__,
    settings=CardSettings,
    inputs={"documents": "documents"},
    output="card",
)
