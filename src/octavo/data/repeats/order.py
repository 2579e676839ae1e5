"""Order: which of several copies stays, as a rank for each record of the collection, and how many records there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.survivor import survival
from octavo.kinds.records import Shard, read_shard
from octavo.spine.shards import over_shards


@dataclass(frozen=True)
class _Look:
    shard: Shard
    policy: str


def _see(task: _Look, target: Path) -> None:
    np.array([survival(task.policy, row) for row in read_shard(task.shard, [])], np.int64).tofile(target)


def take_order(
    shards: Sequence[Shard], policy: str, scratch: Path, *, on: str = "processes", workers: int = 0
) -> tuple[list[int], Path | None]:
    """How many records each shard has, and a file with the rank of each record under the policy (a `.npy` array, eight
    bytes a record); no file when the first copy stays."""
    tasks = [_Look(shard, policy) for shard in shards]
    sizes = [shard.end - shard.start for shard in shards]
    files = over_shards(
        _see, tasks, scratch / "survival", what="order texts", on=on, workers=workers, sizes=sizes, unit="B"
    )
    counts = [path.stat().st_size // 8 for path in files]
    if policy == "first":
        return counts, None
    values = np.concatenate([np.empty(0, np.int64), *(np.fromfile(path, np.int64) for path in files)])
    ranks = np.empty(len(values), np.uint64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values), dtype=np.uint64)
    path = scratch / "order.npy"
    np.save(path, ranks)
    return counts, path


def behind(order: Path | None, first: NDArray[np.int64], records: int, path: Path) -> Path | None:
    """An order in which the records `first` come before all others, each part in the order as it was."""
    if not len(first):
        return order
    ranks = np.arange(records, dtype=np.uint64) if order is None else np.load(order)
    ranks += np.uint64(records)
    ranks[first] -= np.uint64(records)
    np.save(path, ranks)
    return path
