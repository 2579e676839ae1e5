"""Extend: merges learnt from new text, put behind those that a BPE has.

What holds for every text: the new tokens of a text are those of old, with some neighbours joined. Old merges come
first and only make old tokens, so all of them are done before the first new one. A text in which no new pair stands
side by side is therefore cut exactly as before, and a new token is always the same old tokens (its `sources`).
"""

from __future__ import annotations

import copy
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush, merge
from itertools import pairwise
from pathlib import Path
from typing import Any

from octavo.kinds.records import read_shard
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress
from octavo.spine.shards import over_shards
from octavo.tokenizer.audit.open import BATCH, BYTE_PIECE, Opened, open_tokenizer
from octavo.tokenizer.audit.usage import Task, corpus_files, corpus_tasks, training_row
from octavo.tokenizer.repair.vocabulary import Repaired

LONGEST = 24
"""Bytes of a new token at most."""
LEAST = 2
"""Occurrences from which a pair is merged."""
MOST_WORDS = 2_000_000
"""Distinct words that are learnt from at most, the most frequent: bounds the memory."""
Word = tuple[int, ...]


def extend(
    opened: Opened,
    corpus: Sequence[Path],
    scratch: Path,
    *,
    tokens: int,
    least: int = LEAST,
    on: str = "processes",
    workers: int = 0,
) -> Repaired:
    """A BPE with up to `tokens` new tokens learnt from the records of `corpus`."""
    if opened.model != "BPE":
        raise OctavoError(
            "T051",
            f"Only a BPE can be extended by merges, and this is {opened.model}",
            do="octavo tokenizer retrain makes a new one and carries the embedding over",
            exit_code=WRONG_USE,
        )
    tasks = corpus_tasks(opened.path, corpus_files(corpus), scratch)
    sizes = [float(shard.end - shard.start) for _, shard, _ in tasks]
    parts = over_shards(
        count_words, tasks, scratch / "words", what="count words", on=on, workers=workers, sizes=sizes, unit="bytes"
    )
    learnt = learn(merged_words(parts, opened, least), opened, tokens, least)
    return extended(opened, learnt)


def extended(opened: Opened, learnt: Sequence[tuple[int, int]]) -> Repaired:
    """The tokenizer with merges of (left, right) ids at the end; new tokens count on from `opened.top`."""
    row = copy.deepcopy(opened.row)
    vocabulary, merges = row["model"]["vocab"], row["model"]["merges"]
    pieces = list(opened.pieces)
    sources = [[number] for number in range(opened.top)]
    # the library counts the ids of added tokens on from the vocabulary unless they stand in it
    for entry in row["added_tokens"]:
        vocabulary.setdefault(entry["content"], entry["id"])
    for a, b in learnt:
        left, right = pieces[a], pieces[b]
        assert left is not None, "only tokens are merged"
        assert right is not None, "only tokens are merged"
        made = left + right.removeprefix(row["model"].get("continuing_subword_prefix") or "")
        assert made not in vocabulary, "a new token is no old one"
        vocabulary[made] = len(pieces)
        pieces.append(made)
        merges.append([left, right] if not merges or isinstance(merges[0], list) else f"{left} {right}")
        sources.append(sources[a] + sources[b])
    return Repaired(row, sources, pieces, [], [piece for piece in pieces[opened.top :] if piece is not None])


def words_of(opened: Opened, text: str) -> list[str]:
    """A text cut into what is merged apart, as the tokenizer does before it merges."""
    inner = opened.inner
    if inner.normalizer is not None:
        text = inner.normalizer.normalize_str(text)
    if inner.pre_tokenizer is not None:
        return [word for word, _ in inner.pre_tokenizer.pre_tokenize_str(text)]
    # sentencepiece joins nothing across a space: its pieces have one at their beginning at most
    return [("▁" if at else "") + word for at, word in enumerate(text.split("▁")) if word]


def count_words(task: Task, target: Path) -> None:
    """Write the words of one shard with their counts, sorted, one `[word, count]` a line."""
    path, shard, documents = task
    opened = open_tokenizer(path)
    counts: Counter[str] = Counter()
    for row in read_shard(shard, []):
        text = training_row(row, documents)
        if text is not None:
            counts.update(words_of(opened, text.encode("utf-8", "replace").decode()))
    with target.open("w", encoding="utf-8") as out:
        for word in sorted(counts):
            out.write(json.dumps([word, counts[word]]) + "\n")


def merged_words(parts: Sequence[Path], opened: Opened, least: int) -> dict[Word, int]:
    """The words of all shards as old tokens, with their counts; those of one token, or too rare, are left out."""
    found: dict[Word, int] = {}
    waiting: list[tuple[str, int]] = []

    def flush() -> None:
        for (_, count), ids in zip(waiting, _ids(opened, [word for word, _ in waiting]), strict=True):
            if len(ids) > 1:
                found[ids] = found.get(ids, 0) + count
        waiting.clear()

    for word, count in _summed(parts):
        if count >= least:
            waiting.append((word, count))
        if len(waiting) >= BATCH:
            flush()
        if len(found) > MOST_WORDS:
            for ids in sorted(found, key=lambda ids: (found[ids], ids))[: MOST_WORDS // 4]:
                del found[ids]
    flush()
    return found


def _ids(opened: Opened, words: list[str]) -> list[Word]:
    """The old tokens of words as the merges see them."""
    model = opened.inner.model
    return [tuple(token.id for token in model.tokenize(word)) for word in words]


def _summed(parts: Sequence[Path]) -> Iterator[tuple[str, int]]:
    before, total = None, 0
    for word, count in merge(*(_read(part) for part in parts)):
        if word != before:
            if before is not None:
                yield before, total
            before, total = word, 0
        total += count
    if before is not None:
        yield before, total


def _read(part: Path) -> Iterator[tuple[str, int]]:
    with part.open(encoding="utf-8") as lines:
        for line in lines:
            word, count = json.loads(line)
            yield word, count


def learn(words: dict[Word, int], opened: Opened, tokens: int, least: int) -> list[tuple[int, int]]:
    """The pairs to merge, most frequent first (ties: the lower ids), each new token counting on from `opened.top`."""
    chains = [(list(ids), count) for ids, count in sorted(words.items())]
    places: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    counts: Counter[tuple[int, int]] = Counter()
    for at, (ids, count) in enumerate(chains):
        for pair in pairwise(ids):
            counts[pair] += count
            places[pair].add(at)
    queue = [(-count, pair) for pair, count in counts.items()]
    heapify(queue)
    data = [opened.piece_bytes(number) for number in range(opened.top)]
    names = {opened.pieces[number] for number in range(opened.top)}
    pieces: list[Any] = list(opened.pieces)
    chosen: list[tuple[int, int]] = []
    bar = progress("learn merges", tokens, "tokens")
    barred = set(opened.added) | ({opened.unknown} if opened.unknown is not None else set())
    # a piece like <0xE0> is only turned back into its byte when it stands alone
    barred |= {
        n for n, piece in enumerate(opened.pieces) if opened.style == "spaces" and BYTE_PIECE.fullmatch(piece or "")
    }
    prefix = opened.row["model"].get("continuing_subword_prefix") or ""
    while queue and len(chosen) < tokens and -queue[0][0] >= least:
        negative, pair = heappop(queue)
        if counts[pair] != -negative:
            continue  # it was counted anew since
        a, b = pair
        if a in barred or b in barred or len(data[a]) + len(data[b]) > LONGEST:
            continue
        name = pieces[a] + pieces[b].removeprefix(prefix)
        if name in names:
            continue
        names.add(name)
        pieces.append(name)
        data.append(data[a] + data[b])
        chosen.append(pair)
        bar.advance()
        changed = _join(chains, places.pop(pair), pair, len(pieces) - 1, counts, places)
        for other in sorted(changed):
            if counts[other] > 0:
                heappush(queue, (-counts[other], other))
    return chosen


def _join(
    chains: list[tuple[list[int], int]],
    where: set[int],
    pair: tuple[int, int],
    made: int,
    counts: Counter[tuple[int, int]],
    places: defaultdict[tuple[int, int], set[int]],
) -> set[tuple[int, int]]:
    """Merge a pair in the words that hold it; the pairs whose counts changed."""
    changed: set[tuple[int, int]] = set()
    for at in where:
        ids, count = chains[at]
        for old in pairwise(ids):
            counts[old] -= count
            changed.add(old)
        joined: list[int] = []
        for number in ids:
            if joined and joined[-1] == pair[0] and number == pair[1]:
                joined[-1] = made
            else:
                joined.append(number)
        chains[at] = (joined, count)
        for new in pairwise(joined):
            counts[new] += count
            places[new].add(at)
            changed.add(new)
    counts.pop(pair, None)
    changed.discard(pair)
    return changed
