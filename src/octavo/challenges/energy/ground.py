"""Ground: a stream of dated statements, some of which update earlier ones, questions about them, and a reader.

All is invented anew with each seed. The history has somewhat more than 4,000 tokens; a longer one makes reading all of
it dearer, and the other ways hardly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from octavo.challenges.chronicle import Chronicle, Statement
from octavo.challenges.invented import BASE, Invented, knowing_nothing, shipped

DELIVERIES = 4
"""The stream comes in so many parts, each of which is taken in before the next one comes."""
SPREAD = 11
"""Questions are about every so many-th statement, round and round."""


@dataclass(frozen=True)
class Scale:
    """How much there is."""

    things: int
    updates: int
    """So many of the things get a newer value."""
    strangers: int
    tokens: int
    """Of training for each statement, where it is learnt."""


DEFAULT = Scale(120, 50, 10, 512)
TINY = Scale(20, 10, 10, 16)


@dataclass(frozen=True)
class Ground(Invented):
    """The same for the baseline and for every response."""

    stream: tuple[Statement, ...]
    """As it comes in."""
    current: tuple[Statement, ...]
    """What holds in the end of each thing; the updated ones come first."""
    strangers: tuple[str, ...]
    """Questions about things that are never mentioned."""
    others: tuple[str, ...]
    """More of them, from which may be learnt to decline."""
    scale: Scale

    @property
    def subject(self) -> str:
        """What is tried."""
        return (
            f"{BASE} takes in {len(self.stream)} statements in {DELIVERIES} parts, {self.scale.updates} of them updates"
        )

    @property
    def deliveries(self) -> list[tuple[Statement, ...]]:
        """The parts of the stream."""
        each = -(-len(self.stream) // DELIVERIES)
        return [self.stream[at : at + each] for at in range(0, len(self.stream), each)]

    def asked(self, among: str, number: int) -> tuple[str, str]:
        """The question `number` of a set of the probe, and its answer, "" where nothing was said about it."""
        if among == "never seen":
            return self.strangers[number % len(self.strangers)], ""
        updates = self.scale.updates
        some = self.current[:updates] if among == "updated" else self.current[updates:]
        one = some[SPREAD * number % len(some)]
        return one.question, one.value


def prepare(project: Path | None, scratch: Path, seed: int, scale: Scale = DEFAULT) -> Ground:
    """The stream of one seed."""
    base = shipped()
    chronicle = Chronicle(f"energy {seed}")
    told = [chronicle.thing(1)[0] for _ in range(scale.things)]
    newer = [chronicle.change(one) for one in told[: scale.updates]]
    strangers, others = (tuple(chronicle.stranger() for _ in range(scale.strangers)) for _ in range(2))
    current = (*newer, *told[scale.updates :])
    return Ground(base, seed, scratch, (*told, *newer), current, strangers, others, scale)


def tiny(project: Path | None, scratch: Path, seed: int) -> Ground:
    """The same with a small base that knows nothing, where only that everything works is to be seen."""
    return knowing_nothing(prepare(project, scratch, seed, TINY))
