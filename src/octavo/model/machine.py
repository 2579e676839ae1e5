"""Machine: what a model computes on (device, threads, number format), decided in one place, with the reasons.

Light to import: how threads wait for each other must be said before torch is loaded.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Precision = Literal["auto", "bfloat16", "float32"]


@dataclass(frozen=True)
class Machine:
    """The decision. `reason` says why this precision; the thread count belongs to the result, because sums that
    are split otherwise round otherwise."""

    device: str
    threads: int
    precision: str
    reason: str

    @property
    def dtype(self) -> torch.dtype:
        """The number format of weights and activations while computing; master weights are always float32."""
        import torch

        return torch.bfloat16 if self.precision == "bfloat16" else torch.float32


def choose_machine(precision: Precision = "auto", threads: int = 0) -> Machine:
    """Decide and put into force: all cores this process may use (or `threads`), reproducible algorithms, memory kept
    by the process."""
    wait_asleep()
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    threads = threads or usable_cores()
    torch.set_num_threads(threads)
    if device == "cuda":
        # Without it the matrix products of CUDA may differ from run to run.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    # Filling new memory hides reads of unset values; there are none here, and it costs an eighth of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False
    keep_memory()
    fast, reason = _bfloat16_pays(device)
    if precision == "auto":
        precision = "bfloat16" if fast else "float32"
    else:
        reason = "asked for in the settings"
    return Machine(device, threads, precision, reason)


def with_threads(machine: Machine, threads: int) -> Machine:
    """The same machine with another thread count in force, as when a run is resumed that began with it."""
    import torch

    torch.set_num_threads(threads)
    return replace(machine, threads=threads)


def wait_asleep() -> None:
    """Let threads sleep while they wait for each other instead of spinning.

    The OpenMP library reads this once, when torch is loaded. A machine of its own loses little; on one that does
    something else as well, spinning threads keep each other from the core and a step takes four to seven times as
    long (measured with two cores and a load of four).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def usable_cores() -> int:
    """The cores this process may run on, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _bfloat16_pays(device: str) -> tuple[bool, str]:
    """By what the processor says of itself: a measured choice could differ between a run and its resumption."""
    import torch

    if device == "cuda":
        fast = torch.cuda.is_bf16_supported()
        return fast, f"the GPU {'computes' if fast else 'does not compute'} in bfloat16"
    if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        return True, "the processor multiplies in bfloat16 (AVX512-BF16 or AMX)"
    return False, "the processor has no bfloat16 multiplication"


def keep_memory() -> None:
    """Let the C library keep freed memory: the big tensors of each step are else given back to the system and
    fetched again page by page, which costs a CPU a tenth of the step and more. Does nothing elsewhere than glibc."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, mmap_max = -1, -4
        mallopt(mmap_max, 0)
        mallopt(trim_threshold, 2**31 - 1)


@cache
def measured_peak(machine: Machine, size: int = 2048, repeats: int = 3) -> float:
    """Operations a second of the best of some large square matrix products in the machine's number format; measured
    once in a process."""
    import torch

    a, b = (torch.randn(size, size, device=machine.device).to(machine.dtype) for _ in range(2))
    best = float("inf")
    for _ in range(repeats + 1):
        began = time.perf_counter()
        torch.mm(a, b)
        synchronise(machine)
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def synchronise(machine: Machine) -> None:
    """Wait until the device has done what was asked of it."""
    if machine.device == "cuda":
        import torch

        torch.cuda.synchronize()


def memory_in_use(machine: Machine | None = None) -> float:
    """The most memory held so far, in GB (10⁹ bytes): of the GPU where `machine` is one, else of this process."""
    import resource

    if machine is not None and machine.device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


def resident_memory(machine: Machine) -> float:
    """Bytes that are held: on a CPU by this process now, which with `keep_memory` is about the most it ever held; on a
    GPU the most so far."""
    statistics = Path("/proc/self/statm")
    if machine.device == "cuda" or not statistics.exists():
        return memory_in_use(machine) * 1e9
    return int(statistics.read_text(encoding="ascii").split()[1]) * float(os.sysconf("SC_PAGE_SIZE"))


def free_memory(device: str) -> float | None:
    """Bytes that can still be had, by the machine and by the limit of its container; None where nobody tells."""
    if device == "cuda":
        import torch

        return float(torch.cuda.mem_get_info()[0])
    free = []
    for row in _lines("/proc/meminfo"):
        if row.startswith("MemAvailable:"):
            free.append(float(row.split()[1]) * 1024)
    limit, used = (_lines(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
    if limit and used and limit[0].strip().isdigit():
        free.append(float(limit[0]) - float(used[0]))
    return min(free, default=None)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError:
        return []
