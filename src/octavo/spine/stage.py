"""Stage: a function from artifacts to one artifact, with settings, declared inputs and the kind of its output."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.spine.settings import Settings

Inputs = Mapping[str, Path]
"""Input slot → folder of the artifact that fills it, read-only."""

RunFunction = Callable[[Any, Inputs, Path, Path], None]
"""`run(settings, inputs, out, scratch)`: write the artifact's files into `out`; whatever is needed to go on after a
kill into `scratch`, which survives until the stage is done. `out` is empty at each start."""


@dataclass(frozen=True)
class Stage:
    """One step of a path.

    `module` holds the function `run`; the module and all it imports inside the package are the stage's code, so a
    change there (comments and docstrings aside) makes the stage run again. It must be cheap to import: heavy
    libraries are imported inside `run`.
    """

    name: str
    module: str
    settings: type[Settings]
    output: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Slot → name of the kind that fits it."""
    sources: Callable[[Any], Mapping[str, str]] | None = None
    """Settings → {name: digest} of what the stage reads from outside the store (documents, the environment)."""
    pinned: tuple[str, ...] = ()
    """Distributions whose version decides the output and is therefore part of the recipe."""

    def load(self) -> RunFunction:
        """The function `run` of the stage's module."""
        function: RunFunction = importlib.import_module(self.module).run
        return function


@dataclass(frozen=True)
class Step:
    """A stage at its place in a path: its name there, and which earlier step fills each of its input slots."""

    name: str
    stage: Stage
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Slot → name of an earlier step. A slot of kind `clock` is filled by the run itself and not named here."""


CLOCK = "clock"
"""The kind of an input that holds `clock.json`: seconds, memory and readings of every earlier step."""


def check_steps(steps: Sequence[Step]) -> None:
    """Assert that a path is wired right: names differ, and every slot gets an earlier step of its kind."""
    made: dict[str, str] = {}
    for step in steps:
        slots = {slot: kind for slot, kind in step.stage.inputs.items() if kind != CLOCK}
        assert step.name not in made, f'two steps are called "{step.name}"'
        assert step.name != "project", 'no step may be called "project"'
        assert slots.keys() == step.inputs.keys(), f"step {step.name} needs {sorted(slots)}, got {sorted(step.inputs)}"
        for slot, source in step.inputs.items():
            assert source in made, f'the input {slot} of {step.name} comes from "{source}", which is no earlier step'
            assert made[source] == slots[slot], (
                f"{step.name} wants {slots[slot]} in {slot}; {source} makes {made[source]}"
            )
        made[step.name] = step.stage.output
