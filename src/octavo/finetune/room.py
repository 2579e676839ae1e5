"""Room: whether a training fits into the memory that is free, told before the base is read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from octavo.finetune.adaptation import Adaptation
from octavo.model.foreign.folder import tensor_shapes, weight_files
from octavo.spine.errors import OctavoError

LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def free_memory() -> int:
    """Bytes that this process may still take: the machine's, and the container's when that is less; a machine that
    does not say has no limit here."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")]
    except OSError:
        pass
    for limit, used in LIMITS:
        try:
            found.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such group, or no limit ("max")
            continue
    return min(found, default=2**62)


def weights_needed(folder: Path, adaptation: Adaptation, number_bytes: int) -> int:
    """Bytes of the base and of what full fine-tuning adds to each weight (float32 master, gradient and two moments);
    what a small adaptation adds does not count beside them."""
    shapes: Iterable[tuple[int, ...]] = (
        shape for path in weight_files(folder) for shape in tensor_shapes(path).values()
    )
    numbers = sum(math.prod(shape) for shape in shapes)
    each = adaptation.bits / 8 if adaptation.bits else number_bytes
    return int(numbers * (each + (16 + number_bytes if adaptation.whole else 0)))


def check_room(folder: Path, adaptation: Adaptation, number_bytes: int, rows_bytes: int) -> int:
    """Refuse (T074) what can't fit; the bytes it will take at least. `rows_bytes` is a guess at the activations."""
    needed = weights_needed(folder, adaptation, number_bytes) + rows_bytes
    free = free_memory()
    if needed > free:
        raise OctavoError(
            "T074",
            f"The training needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free",
            where=str(folder),
            likely=f"{adaptation.name} on a model of this size",
            do="use a method that changes less (lora, qlora4), shorter rows (--length), or a smaller base",
        )
    return needed
