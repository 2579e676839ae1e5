"""Talk: how a command speaks: the answer on stdout, the talk on stderr, and a run as it happens."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.spine.errors import OctavoError
from octavo.spine.plan import Planned
from octavo.spine.progress import listening
from octavo.spine.project import Project, open_project
from octavo.spine.stage import Step
from octavo.spine.store import Manifest

if TYPE_CHECKING:
    from octavo.spine.run import Watcher

QUIET = 2.0
"""Seconds that something may take before its progress is shown in plain lines."""

PLAIN_EVERY = 5.0
"""Seconds between two plain lines of progress."""


def open_with_steps(folder: Path, overrides: Sequence[str] = ()) -> tuple[Project, tuple[Step, ...]]:
    """The project in `folder` and the steps of the path that it names."""
    from octavo.apps.paths import load_path

    project = open_project(folder, overrides)
    return project, load_path(project.head.path).steps


def answer(text: str) -> None:
    """Print the answer of a command on stdout; what UTF-8 can't hold is replaced, a closed pipe ends quietly."""
    _print(text.encode("utf-8", "replace").decode("utf-8"))


def answer_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    try:
        _print(json.dumps(value, ensure_ascii=False))
    except UnicodeEncodeError:  # a lone surrogate, from a file name say, has no UTF-8; its escape has
        _print(json.dumps(value))


def say(text: str) -> None:
    """Print talk on stderr."""
    click.echo(text, err=True)


def _print(text: str) -> None:
    try:
        click.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (`head`, say) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def size(count: float) -> str:
    """Bytes for people: `3.4 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def span(seconds: float) -> str:
    """Seconds for people: `0.4 s`, `12 s`, `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines with aligned columns; the last column runs free."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)][:-1] if rows else []
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


class Pace:
    """How far one count is and how long it may still take."""

    def __init__(self, what: str) -> None:
        self.what, self.began = what, time.monotonic()

    def line(self, done: float, total: float | None, unit: str, note: str) -> str:
        """`parse: 400 of 1,200 files, 33 %, 12 s to go`."""
        spent = time.monotonic() - self.began
        text = f"{self.what}: {done:,.0f}" + (f" of {total:,.0f}" if total else "") + (f" {unit}" if unit else "")
        if total:
            text += f", {100 * done / total:.0f} %"
            if 0 < done < total and spent > 1:
                text += f", {span(spent * (total - done) / done)} to go"
        elif spent > 1:
            text += f", {done / spent:,.0f} a second"
        return f"{text}  {note}".rstrip()


class Silent:
    """A `Watcher` that says nothing (`--show nothing`)."""

    def kept(self, planned: Planned) -> None:
        """Nothing."""

    def started(self, planned: Planned) -> None:
        """Nothing."""

    def made(self, planned: Planned, manifest: Manifest, same: bool) -> None:
        """Nothing."""

    def notice(self, text: str) -> None:
        """Nothing."""

    def progress(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        """Nothing."""

    def reading(self, values: dict[str, float | int | str]) -> None:
        """Nothing."""


class Plain(Silent):
    """One line an event: for logs, pipes and screen readers."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._width = max(len(step.name) for step in steps)
        self._stage = ""
        self._pace = Pace("")
        self._told = 0.0

    def _line(self, stage: str, text: str) -> None:
        say(f"{stage:<{self._width}}  {text}")

    def kept(self, planned: Planned) -> None:
        self._line(planned.step.name, "kept")

    def started(self, planned: Planned) -> None:
        self._stage = planned.step.name
        self._pace = Pace("")
        self._line(self._stage, f"run   {'; '.join(planned.reasons)}")

    def made(self, planned: Planned, manifest: Manifest, same: bool) -> None:
        self._line(planned.step.name, f"made  {cost(manifest, same)}")

    def notice(self, text: str) -> None:
        say(text)

    def progress(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        if what != self._pace.what:
            self._pace, self._told = Pace(what), 0.0
        now = time.monotonic()
        if now - self._pace.began >= QUIET and now - self._told >= PLAIN_EVERY:
            self._told = now
            self._line(self._stage, f"      {self._pace.line(done, total, unit, note)}")


class Full(Silent, AbstractContextManager["Full"]):
    """One live table: each stage, what happens to it and why, how long, and how far the current one is."""

    def __init__(self, steps: Sequence[Step]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._names = [step.name for step in steps]
        self._rows: dict[str, tuple[str, str, str]] = {}
        self._now = ""
        self._began = 0.0
        self._pace = Pace("")
        self._losses: list[float] = []
        self._live = Live(self, console=Console(stderr=True), refresh_per_second=8, transient=False)

    def __enter__(self) -> Full:
        self._live.__enter__()
        return self

    def __exit__(self, *failure: Any) -> None:
        self._now = ""
        self._live.__exit__(*failure)

    def __rich__(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for name in self._names:
            action, seconds, why = self._rows.get(name, ("", "", ""))
            if name == self._now:
                seconds = span(time.monotonic() - self._began)
            style = {"kept": "dim", "made": "green", "run": "bold yellow"}.get(action, "dim")
            shown.add_row(Text(name, style=style), Text(action, style=style), Text(seconds), Text(why))
        return shown

    def kept(self, planned: Planned) -> None:
        self._rows[planned.step.name] = ("kept", "", "")

    def started(self, planned: Planned) -> None:
        self._now, self._began = planned.step.name, time.monotonic()
        self._pace, self._losses = Pace(""), []
        self._rows[self._now] = ("run", "", "; ".join(planned.reasons))

    def made(self, planned: Planned, manifest: Manifest, same: bool) -> None:
        self._now = ""
        self._rows[planned.step.name] = ("made", span(manifest.seconds), cost(manifest, same, seconds=False))

    def notice(self, text: str) -> None:
        self._live.console.print(text, highlight=False, markup=False)

    def progress(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        if what != self._pace.what:
            self._pace = Pace(what)
        line = self._pace.line(done, total, unit, note)
        self._rows[self._now] = ("run", "", f"{line}  {sparkline(self._losses)}".rstrip())

    def reading(self, values: dict[str, float | int | str]) -> None:
        loss = values.get("loss")
        if isinstance(loss, int | float):
            self._losses.append(float(loss))


class Follow:
    """A listener for commands outside of a run: a live bar on a terminal, else a plain line now and then."""

    def __init__(self) -> None:
        self._pace = Pace("")
        self._told = 0.0
        self._live = sys.stderr.isatty()
        self._shown = False

    def progress(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        """Nothing before `QUIET` seconds; then how far it is and how long it may still take."""
        if what != self._pace.what:
            self._wipe()
            self._pace, self._told = Pace(what), 0.0
        now = time.monotonic()
        if now - self._pace.began >= QUIET and now - self._told >= (0.2 if self._live else PLAIN_EVERY):
            self._told = now
            line = self._pace.line(done, total, unit, note)
            if self._live:
                click.echo(f"\r\x1b[2K{line}", nl=False, err=True)
                self._shown = True
            else:
                say(line)

    def reading(self, values: dict[str, float | int | str]) -> None:
        """Nothing: what a command measured is in its answer."""

    def _wipe(self) -> None:
        if self._shown:
            click.echo("\r\x1b[2K", nl=False, err=True)
            self._shown = False

    def __enter__(self) -> Follow:
        return self

    def __exit__(self, *_: object) -> None:
        self._wipe()


@contextmanager
def following() -> Iterator[None]:
    """Show the progress of what is done in the block."""
    with Follow() as follow, listening(follow):
        yield


def cost(manifest: Manifest, same: bool, *, seconds: bool = True) -> str:
    """`12 s, 4.1 MB, 310 MB of memory`, and whether the output is what it was before."""
    parts = [span(manifest.seconds)] if seconds else []
    parts += [size(manifest.size), f"{size(manifest.peak_memory)} of memory"]
    if manifest.attempts > 1:
        parts.append(f"{manifest.attempts} attempts")
    return ", ".join(parts) + ("; same output as before" if same else "")


def sparkline(values: Sequence[float], width: int = 20) -> str:
    """The course of `values` in `width` characters."""
    if len(values) < 2:
        return ""
    step = max(1, len(values) // width)
    means = [sum(values[i : i + step]) / len(values[i : i + step]) for i in range(0, len(values), step)]
    low, high = min(means), max(means)
    bars = "▁▂▃▄▅▆▇█"
    return "".join(bars[round((value - low) / ((high - low) or 1) * (len(bars) - 1))] for value in means)


def watcher(show: str | None, steps: Sequence[Step]) -> AbstractContextManager[Watcher]:
    """Who tells the user about a run: full, plain or nothing; full by default when stderr is a terminal."""
    chosen = show or ("full" if sys.stderr.isatty() else "plain")
    if chosen == "full":
        return Full(steps)
    if chosen == "plain":
        return nullcontext(Plain(steps))
    if chosen == "nothing":
        return nullcontext(Silent())
    raise OctavoError("P002", f'There is no way to show "{chosen}"', do="use full, plain or nothing", exit_code=2)
