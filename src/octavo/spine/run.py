"""Run: carry out a path, keeping what is already made, one fresh process a stage, safe to kill at any moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from octavo.spine.disk import known_failure, remove
from octavo.spine.errors import OctavoError
from octavo.spine.plan import Plan, Planned, Planner, up_to
from octavo.spine.process.attempt import Attempt
from octavo.spine.process.lock import held, shared
from octavo.spine.progress import Listener
from octavo.spine.project import Project
from octavo.spine.record import Record, begin_record, environment
from octavo.spine.stage import Step
from octavo.spine.store import Manifest

Check = Callable[[str, Path], None]
"""`check(kind, folder)` raises when the folder is not of that kind; the kinds live above this layer."""


class Watcher(Listener, Protocol):
    """Who is told what a run does, while it does it."""

    def kept(self, planned: Planned) -> None:
        """A step was made before."""

    def started(self, planned: Planned) -> None:
        """A step begins to run."""

    def made(self, planned: Planned, manifest: Manifest, same: bool) -> None:
        """A step is done; `same` when its output is that of the recipe before it."""

    def notice(self, text: str) -> None:
        """Something that the user should know, in a sentence."""


@dataclass(frozen=True)
class Done:
    """What became of one step: `same` when a step that ran gave the output of the recipe before it."""

    planned: Planned
    manifest: Manifest
    action: Literal["kept", "made"]
    same: bool = False

    def as_json(self) -> dict[str, Any]:
        """The step as `octavo run --json` prints it."""
        made = self.manifest
        return {
            "stage": self.planned.step.name,
            "action": self.action,
            "reasons": list(self.planned.reasons),
            "same_output": self.same,
            "key": made.recipe.key,
            "artifact": made.artifact,
            "kind": made.kind,
            "bytes": made.size,
            "seconds": made.seconds,
            "peak_memory": made.peak_memory,
            "attempts": made.attempts,
            "observed": dict(made.observed),
        }


@dataclass
class Outcome:
    """What a run did."""

    project: Project
    record: Record
    steps: list[Done] = field(default_factory=list)

    @property
    def artifacts(self) -> dict[str, Path]:
        """Step → folder of its artifact."""
        return {done.planned.step.name: self.project.store.object(done.manifest.artifact) for done in self.steps}


def run_path(
    project: Project, steps: Sequence[Step], *, watcher: Watcher, check: Check, until: str | None = None
) -> Outcome:
    """Make everything up to and with the step `until` that is not kept, in order.

    Killed at any moment and started again it goes on, and ends with the same bytes.
    """
    planner = Planner(project, steps)
    chosen = up_to(steps, until)
    with ends_cleanly(), _explained(), shared(project.store.run_lock):
        record = begin_record(project.store)
        run = _Run(planner, record, watcher, check)
        try:
            run.begin(chosen)
            for step in chosen:
                run.carry_out(step)
            record.log("end", result="done")
        except BaseException as error:
            _log_failure(record, error)
            raise
        finally:
            planner.save()
    return Outcome(project, record, run.done)


class _Run:
    """A run in progress."""

    def __init__(self, planner: Planner, record: Record, watcher: Watcher, check: Check) -> None:
        self.planner, self.record, self.watcher, self.check = planner, record, watcher, check
        self.store = planner.store
        self.done: list[Done] = []
        self.made: dict[str, Manifest] = {}

    def begin(self, chosen: Sequence[Step]) -> None:
        """Record the plan before anything runs."""
        made: dict[str, Manifest] = {}
        planned = []
        for step in chosen:
            look = self.planner.look(step, made)
            if look.manifest is not None:
                made[step.name] = look.manifest
            planned.append(look)
        project = self.planner.project
        facts: dict[str, Any] = {"seed": project.head.seed}
        if any(look.action != "kept" for look in planned):
            facts |= environment()
        self.record.write_plan(Plan(project, tuple(planned)).as_json(), facts)

    def carry_out(self, step: Step) -> None:
        """Keep or make one step."""
        planned = self.planner.look(step, self.made)
        if planned.action == "kept":
            self._keep(planned)
            return
        assert planned.recipe is not None, "every earlier step is made by now"
        key = planned.recipe.key
        with held(self.store.lock(key), waiting=lambda who: self._wait(step, who)) as lock:
            planned = self.planner.look(step, self.made)  # another run may have made it while this one waited
            if planned.action == "kept":
                self._keep(planned)
                return
            self._set_aside(planned)
            self._make(planned, lock)

    def _keep(self, planned: Planned) -> None:
        assert planned.manifest is not None
        self.made[planned.step.name] = planned.manifest
        self.done.append(Done(planned, planned.manifest, "kept"))
        self._log("kept", planned.manifest)
        self.watcher.kept(planned)

    def _make(self, planned: Planned, lock: int) -> None:
        assert planned.recipe is not None
        self.record.log("started", stage=planned.step.name, key=planned.recipe.key, reasons=list(planned.reasons))
        self.watcher.started(planned)
        attempt = Attempt(self.planner, planned, self.made, self.record, self.watcher)
        cost = attempt.run(lock)
        stage = planned.step.stage
        self.check(stage.output, attempt.out)
        digest, files = self.store.keep_object(attempt.out)
        manifest = Manifest(
            planned.recipe,
            digest,
            stage.output,
            files,
            seconds=round(cost.seconds, 3),
            attempts=cost.attempts,
            peak_memory=cost.peak_memory,
            observed=cost.observed,
            run=self.record.when,
        )
        self.store.keep_manifest(manifest)
        remove(attempt.folder)
        same = planned.before is not None and planned.before.artifact == digest
        self.made[planned.step.name] = manifest
        self.done.append(Done(planned, manifest, "made", same))
        self._log("made", manifest, seconds=manifest.seconds, same=same)
        self.watcher.made(planned, manifest, same)

    def _set_aside(self, planned: Planned) -> None:
        if planned.damages and planned.before is not None and self.store.object(planned.before.artifact).exists():
            place = self.store.quarantine(planned.before.artifact)
            wrong = "; ".join(str(damage) for damage in planned.damages[:3])
            self._notice(
                planned.step,
                f"the stored output of {planned.step.name} is damaged ({wrong}); it now lies in "
                f"{place} and is made again",
            )

    def _wait(self, step: Step, who: str) -> None:
        self._notice(step, f"another run ({who}) is making {step.name}; waiting for it")

    def _notice(self, step: Step, text: str) -> None:
        self.record.log("notice", stage=step.name, text=text)
        self.watcher.notice(text)

    def _log(self, event: str, manifest: Manifest, **more: Any) -> None:
        recipe = manifest.recipe
        self.record.log(event, stage=recipe.stage, key=recipe.key, artifact=manifest.artifact, **more)


@contextmanager
def ends_cleanly() -> Iterator[None]:
    """Turn SIGTERM into one message (S004) instead of a sudden end; only the main thread may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: object) -> None:
        name = signal.Signals(number).name
        raise OctavoError("S004", f"Stopped by {name}", do="run the same command again; it goes on where it stopped")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        known = known_failure(error)
        if known is None:
            raise
        raise known from error


def _log_failure(record: Record, error: BaseException) -> None:
    facts = error.as_json() if isinstance(error, OctavoError) else {"error": f"{type(error).__name__}: {error}"}
    try:
        record.log("end", result="failed", **facts)
    except OSError:
        # on a full disk the log can't take the failure; the message itself still reaches the user
        return
