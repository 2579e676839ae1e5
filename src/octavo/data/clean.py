"""The stage `clean`: removes what is too short, boilerplate or repeated; keeps each removed record with its reason."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class CleanSettings(Settings):
    """What counts as worth keeping."""

    shortest: int = Field(10, ge=0)
    """Characters; a shorter text is removed."""
    near: float = Field(0.8, ge=0.3, le=1.0)
    """Jaccard similarity of word triples from which two texts are near duplicates; 1 removes exact duplicates only."""
    near_renamed: float = Field(0.95, ge=0.3, le=1.0)
    """The same between objects with different last names, whose texts often differ in the one word that matters."""
    distinct_below: int = Field(200, ge=0)
    """Characters; shorter texts of objects with different names are never duplicates of each other, since a short
    sentence is often right for several."""
    alarm: float = Field(0.6, gt=0, le=1.0)
    """Share of removed documents from which the run warns that a rule may be wrong."""


def run(settings: CleanSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write the kept documents in their order, and all removed ones, those of the input included."""
    from octavo.data.selection import Limits, select

    select(Limits(**settings.model_dump()), inputs["documents"], out)


STAGE = Stage(
    name="clean",
    module=__name__,
    settings=CleanSettings,
    inputs={"documents": "documents"},
    output="documents",
)
