"""Kill a command at random moments, again and again, and let it finish: what it made must not show it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def killed_at_random(
    command: Sequence[str],
    *,
    kills: int,
    longest: float,
    seed: int,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    time_limit: float = 600,
    once: bool = False,
) -> int:
    """Start `command`, SIGKILL it after a random time of at most `longest` seconds, `kills` times over; then let it
    run to its end, which must be a success. Returns how many kills found it still running.

    With `once` a run that came to its end before its kill is the last one: the command refuses to make it again.
    Only the process itself is killed: that the processes it started end too is its own duty, and is checked.
    """
    moments = random.Random(seed)
    hit = 0
    for _ in range(kills):
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            process.wait(moments.uniform(0, longest))
        except subprocess.TimeoutExpired:
            started = descendants(process.pid)
            process.send_signal(signal.SIGKILL)
            hit += 1
            _all_gone(started)
        said, _ = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), said.decode()
        if once and process.returncode == 0:
            return hit
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=time_limit, check=False)
    # A kill may also find a run that has made everything and only has to end: then it refuses to make it again.
    finished = once and done.returncode == 2 and "already" in done.stderr
    assert done.returncode == 0 or finished, done.stdout + done.stderr
    return hit


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started, and theirs."""
    found, todo = [], [pid]
    while todo:
        for task in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            try:
                children = [int(child) for child in task.read_text().split()]
            except OSError:  # it ended meanwhile
                continue
            found += children
            todo += children
    return found


def _all_gone(pids: Sequence[int], patience: float = 10) -> None:
    """Assert that the processes end by themselves, soon."""
    until = time.monotonic() + patience
    left = list(pids)
    while left and time.monotonic() < until:
        left = [pid for pid in left if _runs(pid)]
        time.sleep(0.01)
    assert not left, f"processes outlive the killed one: {left}"


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def artifacts_of(project: Path) -> dict[str, str]:
    """Stage → digest of the artifact, as the latest run of a project logged them."""
    latest = max((project / ".octavo" / "runs").iterdir())
    events = [json.loads(line) for line in (latest / "log.jsonl").read_text().splitlines()]
    return {event["stage"]: event["artifact"] for event in events if event["event"] in ("kept", "made")}


def bytes_of(project: Path) -> dict[str, bytes]:
    """`stage/file` → content, of the artifacts of the latest run."""
    found = {}
    for stage, digest in artifacts_of(project).items():
        place = project / ".octavo" / "objects" / digest
        for folder, _, names in os.walk(place):
            for name in names:
                path = Path(folder, name)
                found[f"{stage}/{path.relative_to(place)}"] = path.read_bytes()
    return found
