"""Ground: a stream of dated statements, some of which update earlier ones, questions about them, and a reader.

All is invented anew with each seed. The history is short; a longer one makes reading all of it dearer, and the other
ways hardly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from octavo.challenges.chronicle import Chronicle, Statement


@dataclass(frozen=True)
class Scale:
    """How much there is."""

    things: int
    updates: int
    """So many of the things get a newer value."""
    strangers: int
    tokens: int
    """Of training for each statement, where it is learnt."""


DEFAULT = Scale(20, 10, 10, 512)
TINY = Scale(20, 10, 10, 16)


@dataclass(frozen=True)
class Ground:
    """The same for the baseline and for every response."""

    base: Path
    stream: tuple[Statement, ...]
    """As it comes in."""
    current: tuple[Statement, ...]
    """What holds in the end of each thing; the updated ones come first."""
    strangers: tuple[str, ...]
    scale: Scale
    seed: int
    scratch: Path

    @property
    def subject(self) -> str:
        """What is tried."""
        return f"the shipped seed reads {len(self.stream)} statements, {self.scale.updates} of them updates"


def prepare(project: Path | None, scratch: Path, seed: int, scale: Scale = DEFAULT) -> Ground:
    """The stream of one seed; the base is the shipped seed, in a project too."""
    from octavo.model.machine import wait_asleep

    wait_asleep()
    from octavo.model.reading.place import SEED, checkpoint_named

    chronicle = Chronicle(f"energy {seed}")
    told = [chronicle.thing(1)[0] for _ in range(scale.things)]
    newer = [chronicle.change(one) for one in told[: scale.updates]]
    strangers = tuple(chronicle.stranger() for _ in range(scale.strangers))
    current = (*newer, *told[scale.updates :])
    return Ground(checkpoint_named(SEED), (*told, *newer), current, strangers, scale, seed, scratch)


def tiny(project: Path | None, scratch: Path, seed: int) -> Ground:
    """The same with a small base that knows nothing, where only that everything works is to be seen."""
    from octavo.challenges.taught import small_base

    ground = prepare(project, scratch, seed, TINY)
    return replace(ground, base=small_base(scratch / "base", ground.base))
