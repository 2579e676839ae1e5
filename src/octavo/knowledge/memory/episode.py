"""Episode: one thing that is remembered, with its dates, and what a recall gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from octavo.spine.errors import WRONG_USE, OctavoError

KINDS = ("told", "correction", "conversation")
"""What a person said is so; what a person said was wrong, with the right answer; a question and its answer."""


@dataclass(frozen=True)
class Episode:
    """One thing that is remembered. Times are seconds since 1970; `superseded` is the newer version, if there is."""

    number: int
    text: str
    kind: str
    cue: str
    """The question that it answers; empty for what was simply told."""
    born: int
    until: int | None
    """It holds until then; None: it does not go out of date by itself."""
    supersedes: int | None
    superseded: int | None
    uses: int
    used: int
    """When it was last used; `born` when it never was."""
    session: str
    document: str
    """The document of an index that it has become; empty before."""

    @property
    def citation(self) -> str:
        """`memory 12, 2031-04-05`."""
        return f"memory {self.number}, {day(self.born)}"

    def as_json(self) -> dict[str, Any]:
        """For `--json`, with dates to be read."""
        dated = {
            name: moment(value) for name in ("born", "until", "used") if (value := getattr(self, name)) is not None
        }
        return {**asdict(self), **dated, "citation": self.citation}


@dataclass(frozen=True)
class Remembered:
    """An episode that a cue brought back."""

    episode: Episode
    activation: float
    """Of all that is active, after completion and spreading."""
    direct: bool
    """Whether the cue itself found it; else it is connected with what the cue found."""


@dataclass(frozen=True)
class Recall:
    """What a cue brought back, best first, and whether it was recognised: past the gate, or to be left alone."""

    remembered: tuple[Remembered, ...]
    recognised: bool
    certainty: float
    """That the first one is what the cue is about."""

    @property
    def best(self) -> Episode | None:
        """The first, when it was recognised."""
        return self.remembered[0].episode if self.recognised else None


def day(seconds: int) -> str:
    """`2031-04-05`, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def moment(seconds: int) -> str:
    """`2031-04-05T06:07:08Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(date: str) -> int:
    """A date such as 2031-04-05 or 2031-04-05T06:07 in seconds since 1970, UTC where it does not say."""
    try:
        found = datetime.fromisoformat(date.strip())
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise OctavoError(
            "K075", f'"{date}" is not a date', do="write it as 2031-04-05 or 2031-04-05T06:07", exit_code=WRONG_USE
        ) from None
