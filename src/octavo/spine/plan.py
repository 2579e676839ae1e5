"""Plan: what a run would do with each step of a path, and why."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from octavo.spine.artifact import FileEntry, digest_of
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.fingerprint import CodeReader
from octavo.spine.project import Project
from octavo.spine.recipe import Recipe, differences, nearest_recipe
from octavo.spine.settings import Settings
from octavo.spine.stage import CLOCK, Step, check_steps
from octavo.spine.store import Damage, Manifest

Action = Literal["kept", "run", "waits"]
"""`waits`: an earlier step has to run first; if its output stays the same this one is kept."""


@dataclass(frozen=True)
class Planned:
    """One step of a plan. `recipe` is None while it waits; `manifest` is there when it is kept."""

    step: Step
    settings: Settings
    action: Action
    reasons: tuple[str, ...] = ()
    recipe: Recipe | None = None
    manifest: Manifest | None = None
    before: Manifest | None = None
    """Of the nearest earlier recipe, which the reasons compare with."""
    damages: tuple[Damage, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The step as `octavo plan --json` prints it."""
        return {
            "stage": self.step.name,
            "action": self.action,
            "reasons": list(self.reasons),
            "key": self.recipe.key if self.recipe else None,
            "artifact": self.manifest.artifact if self.manifest else None,
        }


@dataclass(frozen=True)
class Plan:
    """What would happen to each step, in order."""

    project: Project
    steps: tuple[Planned, ...]

    def as_json(self) -> dict[str, Any]:
        """The plan as one JSON document."""
        return {
            "project": self.project.name,
            "path": self.project.head.path,
            "stages": [planned.as_json() for planned in self.steps],
        }


class Planner:
    """Decides about one step at a time, given what the earlier ones made."""

    def __init__(self, project: Project, steps: Sequence[Step]) -> None:
        check_steps(steps)
        self.project, self.steps, self.store = project, tuple(steps), project.store
        self.settings = project.settings(steps)
        self._reader = CodeReader(self.store.folder / "code.json" if self.store.folder.is_dir() else None)

    @cached_property
    def _earlier(self) -> list[Manifest]:
        return self.store.manifests()

    def look(self, step: Step, made: Mapping[str, Manifest]) -> Planned:
        """What to do with `step`; `made` holds what is known of the earlier steps."""
        settings = self.settings[step.name]
        needed = list(step.inputs.values())
        if CLOCK in step.stage.inputs.values() and all(name in made for name in needed):
            needed = [earlier.name for earlier in self._before(step)]
        if missing := [name for name in needed if name not in made]:
            return Planned(step, settings, "waits", (f"waits for {', '.join(dict.fromkeys(missing))}",))
        recipe = self._recipe(step, settings, made)
        manifest = self.store.manifest(recipe.key)
        if manifest is None:
            return self._to_run(step, settings, recipe)
        damages = tuple(self.store.damages(manifest.artifact, manifest.files))
        if damages:
            reason = f"its artifact is damaged: {damages[0]}"
            if damages[0].what == "missing" and not self.store.object(manifest.artifact).exists():
                reason = "its artifact is gone from the store"
            return Planned(step, settings, "run", (reason,), recipe, before=manifest, damages=damages)
        return Planned(step, settings, "kept", (), recipe, manifest)

    def clock(self, step: Step, made: Mapping[str, Manifest]) -> bytes:
        """The content of `clock.json` for `step`: what every earlier step cost, and its readings."""
        rows = []
        for earlier in self._before(step):
            manifest = made[earlier.name]
            cost = {"seconds": manifest.seconds, "peak_memory": manifest.peak_memory, "attempts": manifest.attempts}
            rows.append({"stage": earlier.name, **cost, "observed": dict(manifest.observed)})
        return (json.dumps(rows, indent=1, sort_keys=True) + "\n").encode("ascii")

    def save(self) -> None:
        """Keep what was read of the code for the next process."""
        self._reader.save()

    def _names(self) -> list[str]:
        return [step.name for step in self.steps]

    def _before(self, step: Step) -> tuple[Step, ...]:
        return self.steps[: self._names().index(step.name)]

    def _recipe(self, step: Step, settings: Settings, made: Mapping[str, Manifest]) -> Recipe:
        inputs = {slot: made[source].artifact for slot, source in step.inputs.items()}
        for slot, kind in step.stage.inputs.items():
            if kind == CLOCK:
                data = self.clock(step, made)
                inputs[slot] = digest_of({"clock.json": FileEntry(len(data), hashlib.sha256(data).hexdigest())})
        return Recipe(
            stage=step.name,
            settings=settings.as_json(),
            inputs=inputs,
            code=self._reader.fingerprint(step.stage.module),
            sources=self._sources(step, settings),
            pinned=_versions(step.stage.pinned),
        )

    def _sources(self, step: Step, settings: Settings) -> dict[str, str]:
        if step.stage.sources is None:
            return {}
        # a relative path in the settings is meant from the project's folder, here as in the stage itself
        with contextlib.chdir(self.project.folder):
            return dict(step.stage.sources(settings))

    def _to_run(self, step: Step, settings: Settings, recipe: Recipe) -> Planned:
        same = [manifest for manifest in self._earlier if manifest.recipe.stage == step.name]
        old = nearest_recipe(recipe, [manifest.recipe for manifest in same])
        if (self.store.recipes / recipe.key / "manifest.json").exists():
            return Planned(step, settings, "run", ("its manifest is damaged",), recipe)
        if old is None:
            return Planned(step, settings, "run", ("never made",), recipe)
        reasons = tuple(differences(old, recipe)) or ("the meaning of recipes changed with this version",)
        before = next(manifest for manifest in same if manifest.recipe is old)
        return Planned(step, settings, "run", reasons, recipe, before=before)


def make_plan(project: Project, steps: Sequence[Step], *, until: str | None = None) -> Plan:
    """What a run would do now, up to and with the step `until`. Writes nothing but side tables."""
    planner = Planner(project, steps)
    made: dict[str, Manifest] = {}
    planned = []
    for step in up_to(steps, until):
        look = planner.look(step, made)
        if look.manifest is not None:
            made[step.name] = look.manifest
        planned.append(look)
    planner.save()
    return Plan(project, tuple(planned))


def up_to(steps: Sequence[Step], until: str | None) -> tuple[Step, ...]:
    """The steps up to and with `until`, or all of them."""
    return tuple(steps) if until is None else tuple(steps[: steps.index(find_step(steps, until)) + 1])


def find_step(steps: Sequence[Step], name: str) -> Step:
    """The step called `name`; P017 when there is none."""
    for step in steps:
        if step.name == name:
            return step
    names = [step.name for step in steps]
    raise OctavoError(
        "P017",
        f'There is no stage "{name}"{nearest(name, names)}',
        do=f"use one of: {', '.join(names)}",
        exit_code=WRONG_USE,
    )


def _versions(distributions: Sequence[str]) -> dict[str, str]:
    if not distributions:
        return {}
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found
