"""Card: what a challenge asks, how it is measured and which responses there are, as stated in its `card.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from octavo.spine.errors import OctavoError

FILE = "card.toml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MeasureCard(_Part):
    """One measure: its name, which way is better, the range of its values, and what counts as no difference."""

    name: str
    what: str
    direction: Literal["higher", "lower"]
    range: tuple[float, float]
    margin: float = Field(gt=0)
    """Differences smaller than this don't matter: an interval inside ± margin is "no effect"."""

    @model_validator(mode="after")
    def _ordered(self) -> MeasureCard:
        if not self.range[0] < self.range[1]:
            raise ValueError("range must be [low, high]")
        return self


class ResponseCard(_Part):
    """One response (or the baseline): which module of the challenge's folder holds it, and what it costs."""

    name: str
    module: str
    """Below the challenge's folder: `responses.retrieve_and_cite`."""
    cost: str
    off: str = ""
    """How a project does without it."""


class Card(_Part):
    """Everything a challenge says about itself."""

    question: str
    why: str
    area: str
    cost: str
    """What a trial takes."""
    budget: float = Field(default=120.0, gt=0)
    """Seconds for each system and seed, unless said otherwise: more than a quiet machine of two cores needs."""
    sources: tuple[str, ...] = Field(min_length=1)
    """Papers and standards that the measures and responses come from."""
    ground: str = "ground"
    """Module with `prepare(project, scratch, seed)`: what baseline and responses all stand on."""
    measure: str = "measure"
    """Module with `MEASURES`: name → `octavo.challenges.measure.Measure`."""
    recommendation: str = ""
    """Module with `recommend(trial)`: lines that say what a `Trial` speaks for, and what that rests on."""
    baseline: ResponseCard
    measures: tuple[MeasureCard, ...] = Field(min_length=1)
    responses: tuple[ResponseCard, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _switches(self) -> Card:
        names = [part.name for part in (*self.responses, self.baseline)]
        if len(set(names)) < len(names):
            raise ValueError("two responses have the same name")
        if missing := [response.name for response in self.responses if not response.off]:
            raise ValueError(f"how to switch off is not said for: {', '.join(missing)}")
        return self


def read_card(folder: Path) -> Card:
    """The card of the challenge in `folder`; a wrong card is a C001 that names the field."""
    path = folder / FILE
    try:
        return Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "card"
        raise OctavoError(
            "C001", f"The card is wrong: {field}: {first['msg']}", where=str(path), do="correct the card"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OctavoError(
            "C001", f"The card can't be read: {error}", where=str(path), do="correct the card (TOML, UTF-8)"
        ) from None
