"""Semantic: records that say much the same in other words (after SemDeDup, Abbas et al. 2023): vectors, small groups of
neighbours, and within a group the cosine of each record with those that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from octavo.data.repeats.cuts import texts_of
from octavo.data.repeats.meaning.clusters import GROUP, Tree, comparable, grow, lengths
from octavo.data.repeats.meaning.embedding import Space, Vectors, learn, rarity_of
from octavo.data.repeats.meaning.features import COLUMNS, Counts, count_features
from octavo.data.repeats.piles import gather, write_pile
from octavo.kinds.records import Shard
from octavo.spine.shards import over_shards

SAMPLE = 4096
"""Texts that the space is learnt from."""
TREE_SAMPLE = 2**16
"""Vectors that the groups are made from."""
TASK_BYTES = 16 * 2**20
BATCH = 2**18
"""Characters of texts that are turned into vectors at once."""

REMOVAL = np.dtype([("row", "<u8"), ("kept", "<u8"), ("similarity", "<f8")])
"""A record and the one it resembles, counted over the whole collection, and the cosine of their vectors."""


@dataclass(frozen=True)
class SemanticLimits:
    """What counts as saying the same."""

    least: float = 0.9
    """Cosine of two vectors."""
    shortest: int = 40
    """Characters; shorter texts have too few words to be compared."""
    model: Path | None = None
    """Folder of a sentence-embedding model in Hugging Face format; None: hashed TF-IDF, learnt from the collection."""


def find_semantic(
    shards: Sequence[Shard],
    counts: Sequence[int],
    limits: SemanticLimits,
    scratch: Path,
    *,
    order: Path | None = None,
    on: str = "processes",
    workers: int = 0,
) -> NDArray[Any]:
    """Rows of `REMOVAL`, sorted by record: who resembles a record that stays. `counts` are the records of each shard;
    `order` is an array of ranks of all records: of two that resemble each other the one with the lower rank stays.

    Only records of one group are compared (about `GROUP` records): two that resemble each other may be parted by the
    groups' border, so this finds less than all.
    """
    each: dict[str, Any] = {"on": on, "workers": workers}
    with_bytes = {**each, "sizes": [shard.end - shard.start for shard in shards], "unit": "B"}
    space = None
    if limits.model is None:
        space = scratch / "space"
        if not (space / "done").exists():
            looks = [_Look(shard, limits.shortest, SAMPLE / max(sum(counts), 1)) for shard in shards]
            learn_space(over_shards(_see, looks, scratch / "seen", what="count words", **with_bytes), space)
    places = [_Place(shard, limits, space) for shard in shards]
    vectors = over_shards(_place, places, scratch / "vectors", what="place texts", **with_bytes)
    starts = np.concatenate([[0], np.cumsum(counts)]).tolist()
    tree = grow(_sample(vectors, sum(counts)), sum(counts))
    deals = [_Deal(path, tree, first, order) for path, first in zip(vectors, starts[:-1], strict=True)]
    piles = over_shards(_deal, deals, scratch / "dealt", what="group texts", **each)
    tasks = [_Compare(span, tuple(piles), limits.least, _width(vectors)) for span in _spans(piles, tree.count, vectors)]
    found = over_shards(_compare, tasks, scratch / "found", what="compare texts", **each)
    rows = np.concatenate([np.empty(0, REMOVAL), *(np.fromfile(path, REMOVAL) for path in found)])
    ordered: NDArray[Any] = rows[np.argsort(rows["row"])]
    return ordered


@dataclass(frozen=True)
class _Look:
    shard: Shard
    shortest: int
    share: float


def _batches(shard: Shard, shortest: int) -> Any:
    """The texts in batches; one that is too short to be compared is empty, so that each record has its place."""
    batch: list[str] = []
    held = 0
    for text in texts_of(shard):
        batch.append(text if len(text) >= shortest else "")
        held += len(batch[-1])
        if held >= BATCH or len(batch) >= 4096:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _see(task: _Look, target: Path) -> None:
    """Write in how many texts each feature is, and the features of some texts, chosen by their hash."""
    frequencies = np.zeros(COLUMNS, np.int64)
    limit = int(min(task.share, 1.0) * 2**64)
    texts, parts, seen = 0, [], task.shard.start
    for batch in _batches(task.shard, task.shortest):
        found = count_features(batch)
        frequencies += np.bincount(found.columns, minlength=COLUMNS)
        texts += int((np.diff(found.first) > 0).sum())
        # the place is part of what is hashed: of texts that are all equal some are chosen, not all or none
        lots = (xxhash.xxh64_intdigest(text.encode(), at) for at, text in enumerate(batch, seen))
        chosen = [text for text, lot in zip(batch, lots, strict=True) if text and lot < limit]
        parts.append(count_features(chosen))
        seen += len(batch)
    sample = _joined(parts)
    with target.open("wb") as out:
        for array in (np.array([texts]), frequencies, sample.first, sample.columns, sample.counts):
            np.save(out, array)


def _joined(parts: Sequence[Counts]) -> Counts:
    sizes = [int(part.first[-1]) for part in parts]
    shifts = np.cumsum([0, *sizes])
    first = [part.first[:-1] + shift for part, shift in zip(parts, shifts, strict=False)]
    empty = np.empty(0, np.int32)
    return Counts(
        np.concatenate([*first, shifts[-1:]]).astype(np.int64),
        np.concatenate([empty, *(part.columns for part in parts)]),
        np.concatenate([empty, *(part.counts for part in parts)]),
    )


def learn_space(seen: Sequence[Path], folder: Path) -> None:
    """Learn the space from what `_see` wrote and keep it in a folder."""
    frequencies, texts, parts = np.zeros(COLUMNS, np.int64), 0, []
    for path in seen:
        with path.open("rb") as arrays:
            texts += int(np.load(arrays)[0])
            frequencies += np.load(arrays)
            parts.append(Counts(np.load(arrays), np.load(arrays), np.load(arrays)))
    learn(_joined(parts), rarity_of(frequencies, texts)).save(folder)
    (folder / "done").touch()


@dataclass(frozen=True)
class _Place:
    shard: Shard
    limits: SemanticLimits
    space: Path | None


def _place(task: _Place, target: Path) -> None:
    """Write the vector of each record; zeros for those that are not compared."""
    if task.space is not None:
        turn_into: Any = Space.load(task.space)
    else:
        from octavo.data.repeats.meaning.encoder import Encoder

        assert task.limits.model is not None
        turn_into = Encoder(task.limits.model)
    parts = [turn_into(batch) for batch in _batches(task.shard, task.limits.shortest)]
    with target.open("wb") as out:
        np.save(out, np.concatenate(parts) if parts else np.empty((0, 1), np.int8))


def _vectors(path: Path) -> Vectors:
    loaded: Vectors = np.load(path, mmap_mode="r")
    return loaded


def _width(vectors: Sequence[Path]) -> int:
    return max((_vectors(path).shape[1] for path in vectors), default=1)


def _sample(vectors: Sequence[Path], total: int) -> Vectors:
    """Every n-th vector that isn't zero."""
    step = -(-total // TREE_SAMPLE) or 1
    parts = [np.asarray(_vectors(path)[::step]) for path in vectors]
    parts = [part[part.any(axis=1)] for part in parts]
    width = _width(vectors)
    return np.concatenate([np.empty((0, width), np.int8), *(part for part in parts if part.shape[1] == width)])


def _kind(width: int) -> np.dtype[Any]:
    return np.dtype([("rank", "<u8"), ("record", "<u8"), ("vector", "i1", (width,))])


@dataclass(frozen=True)
class _Deal:
    vectors: Path
    tree: Tree
    first: int
    order: Path | None


def _deal(task: _Deal, target: Path) -> None:
    vectors = np.asarray(_vectors(task.vectors))
    at = np.flatnonzero(vectors.any(axis=1))
    rows = np.empty(len(at), _kind(vectors.shape[1]))
    rows["record"] = at + task.first
    rows["rank"] = rows["record"] if task.order is None else np.load(task.order, mmap_mode="r")[rows["record"]]
    rows["vector"] = vectors[at]
    write_pile(target, rows, task.tree.groups(vectors[at]), task.tree.count, len(vectors))


def _spans(piles: Sequence[Path], groups: int, vectors: Sequence[Path]) -> list[tuple[int, int]]:
    """Groups [first, last) that make about `TASK_BYTES` together."""
    sizes = np.zeros(groups, np.int64)
    for path in piles:
        sizes += np.diff(np.fromfile(path, "<i8", groups + 1, offset=16))
    spans, first, held = [], 0, 0
    for group, size in enumerate((sizes * _kind(_width(vectors)).itemsize).tolist()):
        if held and held + size > TASK_BYTES:
            spans.append((first, group))
            first, held = group, 0
        held += size
    return [*spans, (first, groups)]


@dataclass(frozen=True)
class _Compare:
    groups: tuple[int, int]
    piles: tuple[Path, ...]
    least: float
    width: int


def _compare(task: _Compare, target: Path) -> None:
    with target.open("wb") as out:
        for group in range(*task.groups):
            rows, _ = gather(task.piles, group, _kind(task.width))
            rows = rows[np.argsort(rows["rank"])]
            places, kept, cosines = resembling(rows["vector"], task.least)
            found = np.empty(len(places), REMOVAL)
            found["row"], found["kept"] = rows["record"][places], rows["record"][kept]
            found["similarity"] = cosines
            found.tofile(out)


def resembling(vectors: Vectors, least: float) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Which vectors, in order of survival, have a cosine of at least `least` with one before them that stays: their
    places, the places of the most similar of those, and the cosines.

    Equal vectors are looked at once. A group that is far too large is split again; what then lies in different parts
    is not compared.
    """
    if not len(vectors):
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
    whole = np.ascontiguousarray(vectors).view(np.dtype((np.void, vectors.shape[1])))[:, 0]
    _, heads, head_of = np.unique(whole, return_index=True, return_inverse=True)
    single = np.sort(heads)
    kept_for = np.full(len(vectors), -1, np.intp)
    cosine = np.ones(len(vectors))
    parts = np.zeros(len(single), np.int64)
    if len(single) > 4 * GROUP:
        parts = grow(vectors[single], len(single), seed=1).groups(vectors[single])
    for part in np.unique(parts):
        members = single[parts == part]
        for start in range(0, len(members), 4 * GROUP):
            _among(vectors, members[start : start + 4 * GROUP], least, kept_for, cosine)
    head = heads[head_of]
    repeated = head != np.arange(len(vectors))
    kept_for[repeated] = np.where(kept_for[head] >= 0, kept_for[head], head)[repeated]
    cosine[repeated] = np.where(kept_for[head] == head, 1.0, cosine[head])[repeated]
    places = np.flatnonzero(kept_for >= 0)
    return places, kept_for[places], np.round(cosine[places], 4)


def _among(
    vectors: Vectors, members: NDArray[np.intp], least: float, kept_for: NDArray[np.intp], cosine: NDArray[np.float64]
) -> None:
    mine = comparable(vectors[members])
    long = lengths(vectors[members])
    cosines = (mine @ mine.T).astype(np.float64)
    cosines /= long
    cosines /= long[:, None]
    stays = np.zeros(len(members), bool)
    # of most records nobody before them is near: only the others are looked at one by one
    near = np.tril(cosines >= least, -1)
    for at in range(len(members)):
        if near[at].any():
            candidates = np.flatnonzero(near[at] & stays)
            if len(candidates):
                best = candidates[np.argmax(cosines[at, candidates])]
                kept_for[members[at]], cosine[members[at]] = members[best], cosines[at, best]
                continue
        stays[at] = True
