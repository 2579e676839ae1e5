"""What benches share: a measurement in a process of its own, sides that take turns, paired ratios with an interval."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version

WARM_UP = 3
"""Steps at the beginning of a training that are not timed."""


def aside(script: str, *arguments: object, timeout: int = 7200, **environment: str) -> dict:
    """What `script --child …` prints as JSON in its last line. For all sides alike: spinning threads would make every
    number depend on what else the machine does, so waiting ones sleep."""
    command = [sys.executable, "-W", "ignore", script, "--child", *map(str, arguments)]
    surroundings = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, env=surroundings)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    found: dict = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def in_turns(names: Sequence[str], repeats: int, measure: Callable[[str], dict], what: str = "") -> list[dict]:
    """Each name measured so many times; the order turns, so that nobody always comes first."""
    found = []
    for number in range(repeats):
        at = number % len(names)
        once = {name: measure(name) for name in [*names[at:], *names[:at]]}
        found.append({name: once[name] for name in names})
        print(f"{what}: turn {number + 1} of {repeats} done".lstrip(": "), file=sys.stderr, flush=True)
    return found


def per_step(ends: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Wall and processor seconds a step, from the clocks at the end of each step; the first ones warm up."""
    first, last = ends[WARM_UP - 1], ends[-1]
    count = len(ends) - WARM_UP
    return {"seconds": (last[0] - first[0]) / count, "processor": (last[1] - first[1]) / count}


def interval(ratios: Sequence[float]) -> tuple[float, float, float]:
    """Geometric mean of paired ratios and its 95 % interval (Student's t on their logarithms)."""
    from scipy.stats import t

    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    half = t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def ratio(repeats: Sequence[dict], name: str, what: str) -> str:
    """How often a number of ours goes into that of `name`, turn by turn, as a cell of a table."""
    mean, low, high = interval([turn[name][what] / turn["ours"][what] for turn in repeats])
    return f"{mean:.2f} ({low:.2f} … {high:.2f})"


def spread(values: Sequence[float]) -> str:
    """Median, least and most, as a cell of a table."""
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} … {max(values):,.0f})"


def circumstances(command: str, *packages: str) -> str:
    """When, where and with what something was measured, in a line."""
    cores = f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    versions = ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])
    return f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {cores}, {versions}. `{command}`"


def qwen3(shape, **more):
    """The configuration by which transformers builds the same model as our decoder of this shape."""
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.depth,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        head_dim=shape.head_size,
        intermediate_size=shape.hidden,
        max_position_embeddings=shape.positions,
        rope_theta=shape.rope_base,
        tie_word_embeddings=True,
        **more,
    )
