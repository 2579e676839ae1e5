"""Search: which items a text holds, and where: rare runs of words are found, joined to passages, and compared in order.

After the idea of decon (allenai/decon): runs of words from the evaluation are met in the training text, the match is
extended both ways until too many misses, and the overlap is weighted by how rare the words are. Here each run is looked
up (not one in ten), what is found is compared word by word in order, and numbers that differ count against a match.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from octavo.data.contamination.index import Index
from octavo.data.contamination.words import Hashes, Words, grams_of, number_words, words_of

FIRST_SHARE = 0.15
"""Share of an item's runs that must be found before its words are compared at all."""
MISSES = 24
"""Words without a known run after which a passage ends (or half of the item's length, for longer items)."""
NEAR = 100
"""Words around a question in which its answer or passage supports the match."""
PERFECT, LENIENT = 10, 26
"""An item of so few words must be there without a change; from so many on the threshold itself is enough."""
IDENTIFYING = 8
"""Words; a shorter question needs its answer, choices or passage beside it."""


@dataclass(frozen=True)
class Hit:
    """An item found in a text: how much of it (0 … 1), and the code points [start, end) of the text."""

    text: int
    item: int
    score: float
    start: int
    end: int


@dataclass(frozen=True)
class Found:
    """A stretch of a text in which runs of an item stand; all in words, counted over the batch."""

    text: int
    item: int
    first: int
    last: int
    runs: int


def search(index: Index, texts: Sequence[str], threshold: float) -> list[Hit]:
    """The items in each text, in the order of the texts and of the items. `threshold` is the weighted share of an
    item's words that must stand there in order; short items need more."""
    words = words_of(texts)
    hits = []
    for found in _stretches(index, words):
        length = int(index.bounds[found.item + 1] - index.bounds[found.item])
        enough = max(1, int(np.ceil(FIRST_SHARE * min(_runs(index, length), 400))))
        if found.runs < min(max(2, enough), _runs(index, length)):
            continue
        for part in _windows(found, length):
            hits += _copies(index, words, part, threshold)
    return _apart(hits)


def _windows(found: Found, length: int) -> Iterator[Found]:
    """A stretch in parts that overlap, so that words of an item strewn over a long text are no copy of it."""
    size = 2 * length + 2 * MISSES
    if found.last - found.first <= 2 * size:
        yield found
        return
    for first in range(found.first, found.last, size):
        yield replace(found, first=first, last=min(found.last, first + 2 * size))


def _apart(hits: list[Hit]) -> list[Hit]:
    """The hits in order; of those of one item that overlap only the best."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.text, hit.item, hit.start, -hit.score)):
        last = kept[-1] if kept else None
        if last and (last.text, last.item) == (hit.text, hit.item) and hit.start < last.end:
            kept[-1] = max(last, hit, key=lambda one: one.score)
        else:
            kept.append(hit)
    return kept


def search_exact(index: Index, texts: Sequence[str]) -> list[Hit]:
    """The items of which any run of `index.n` words stands in a text, as GPT-3's 13-grams; the score is the share."""
    words = words_of(texts)
    hits = []
    for found in _stretches(index, words):
        length = int(index.bounds[found.item + 1] - index.bounds[found.item])
        start, end = int(words.starts[found.first]), int(words.ends[found.last + index.n - 1])
        hits.append(Hit(found.text, found.item, found.runs / _runs(index, length), start, end))
    return sorted(hits, key=lambda hit: (hit.text, hit.item, hit.start))


def _runs(index: Index, length: int) -> int:
    return length - index.n + 1


def _stretches(index: Index, words: Words) -> Iterator[Found]:
    """Where runs of an item stand close to each other, by text and item."""
    runs = grams_of(words.hashes, index.n)
    bits = np.uint64(64 - (len(index.filter).bit_length() - 1))
    maybe = np.flatnonzero(index.filter[runs >> bits])
    if not len(maybe) or not len(index.grams):
        return
    at = np.minimum(np.searchsorted(index.grams, runs[maybe]), len(index.grams) - 1)
    sure = index.grams[at] == runs[maybe]
    places, grams = maybe[sure], at[sure]
    text = np.searchsorted(words.bounds, places, side="right") - 1
    within = places + index.n <= words.bounds[text + 1]
    places, grams, text = places[within], grams[within], text[within]
    counts = index.posts[grams + 1] - index.posts[grams]
    source = np.repeat(np.arange(len(places)), counts)
    first = np.repeat(index.posts[grams] - np.cumsum(counts) + counts, counts)
    post = first + np.arange(len(source))
    items, spots = index.post_items[post].astype(np.int64), index.post_places[post].astype(np.int64)
    order = np.lexsort((spots, places[source], items, text[source]))
    items, spots, places, text = items[order], spots[order], places[source][order], text[source][order]
    if not len(items):
        return
    reach = np.maximum(MISSES, (index.bounds[items + 1] - index.bounds[items]) // 2)
    new = np.ones(len(items), np.bool_)
    new[1:] = (items[1:] != items[:-1]) | (text[1:] != text[:-1]) | (places[1:] - places[:-1] > reach[1:])
    group = np.cumsum(new) - 1
    kinds = np.unique(group * np.int64(2**31) + spots) >> 31
    distinct = np.bincount(kinds, minlength=group[-1] + 1)
    begins = np.flatnonzero(new)
    ends = np.append(begins[1:], len(items)) - 1
    for k, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        yield Found(int(text[begin]), int(items[begin]), int(places[begin]), int(places[end]), int(distinct[k]))


def _copies(index: Index, words: Words, found: Found, threshold: float) -> list[Hit]:
    """The copies of the item in one stretch: the best one, and then those on both sides of it."""
    length = int(index.bounds[found.item + 1] - index.bounds[found.item])
    reach = min(length, 2 * MISSES)
    low, high = int(words.bounds[found.text]), int(words.bounds[found.text + 1])
    sides = [(max(low, found.first - reach), min(high, found.last + index.n + reach))]
    hits = []
    while sides:
        low, high = sides.pop()
        if 2 * (high - low) < length:
            continue
        copy = _compare(index, words, found, low, high, threshold)
        if copy is not None:
            first, last, score = copy
            hits.append(Hit(found.text, found.item, score, int(words.starts[first]), int(words.ends[last])))
            sides += [(low, first), (last + 1, high)]
    return hits


def _compare(
    index: Index, words: Words, found: Found, low: int, high: int, threshold: float
) -> tuple[int, int, float] | None:
    """(first word, last word, score) of the item in words [low, high); None when too little stands there in order."""
    begin, end = int(index.bounds[found.item]), int(index.bounds[found.item + 1])
    wanted, there = index.words[begin:end], words.hashes[low:high]
    pairs = aligned(wanted, there, index.n)
    if not pairs:
        return None
    weights = index.weights[begin:end]
    have = np.zeros(len(wanted), np.bool_)
    have[[place for place, _ in pairs]] = True
    score = 1.0 if have.all() else float(weights[have].sum() / weights.sum())
    if score < threshold or _other_numbers(index.digits[begin:end], wanted, words.digits[low:high], there, pairs):
        return None
    start, last = low + pairs[0][1], low + pairs[-1][1]
    length = len(wanted)
    supported = 0
    if length < LENIENT or index.shared[found.item]:
        supported, parts = _supported(index, words, found, start, last)
        if (length < IDENTIFYING or index.shared[found.item]) and parts and not supported:
            return None
    evidence = length + supported
    if evidence < IDENTIFYING or score < needed(evidence, threshold):
        return None
    return start, last, score


def needed(length: int, threshold: float) -> float:
    """The score that so many words of evidence need: 1 for few, then falling to the threshold on a line."""
    share = min(1.0, max(0.0, (length - PERFECT) / (LENIENT - PERFECT)))
    return 1.0 - share * (1.0 - threshold)


def aligned(wanted: Hashes, there: Hashes, n: int) -> list[tuple[int, int]]:
    """Places of equal words, rising on both sides: the longest chain of shared runs, and between them, word by word.

    Linear but for a logarithm in the number of shared runs, of which at most four are taken for each run of `wanted`.
    """
    where: dict[int, list[int]] = {}
    for place, gram in enumerate(grams_of(wanted, n).tolist()):
        where.setdefault(gram, []).append(place)
    shared = []
    for at, gram in enumerate(grams_of(there, n).tolist()):
        if gram in where:
            shared += [(at, place) for place in reversed(where[gram][:4])]
    anchors: list[tuple[int, int]] = []
    for at, place in _rising(shared):
        for k in range(n):
            if not anchors or (place + k > anchors[-1][0] and at + k > anchors[-1][1]):
                anchors.append((place + k, at + k))
    if not anchors:
        return []
    left, right = wanted.tolist(), there.tolist()
    place, at = anchors[0]
    pairs: list[tuple[int, int]] = []
    before = (max(-1, place - MISSES), max(-1, at - min(place, MISSES) - 4))
    for anchor in [*anchors, (min(len(left), anchors[-1][0] + MISSES), min(len(right), anchors[-1][1] + MISSES))]:
        pairs += _between(left, right, before, anchor)
        if anchor[0] < len(left) and anchor[1] < len(right) and left[anchor[0]] == right[anchor[1]]:
            pairs.append(anchor)
        before = anchor
    return pairs


def _rising(shared: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of (at, place) with both rising; `shared` is sorted by at, and by falling place at equal at."""
    tails: list[int] = []
    holders: list[int] = []
    back = [-1] * len(shared)
    for number, (_, place) in enumerate(shared):
        at = bisect_left(tails, place)
        if at == len(tails):
            tails.append(place)
            holders.append(number)
        else:
            tails[at], holders[at] = place, number
        back[number] = holders[at - 1] if at else -1
    chain = []
    number = holders[-1] if holders else -1
    while number >= 0:
        chain.append(shared[number])
        number = back[number]
    return chain[::-1]


def _between(
    left: list[int], right: list[int], before: tuple[int, int], after: tuple[int, int]
) -> list[tuple[int, int]]:
    """Equal words strictly between two anchors: side by side where both gaps are as long, else each at its first place
    behind the one before."""
    pairs, at = [], before[1] + 1
    if after[0] - before[0] == after[1] - before[1]:
        gap = range(1, after[0] - before[0])
        return [(before[0] + k, before[1] + k) for k in gap if left[before[0] + k] == right[before[1] + k]]
    end = min(after[1], before[1] + 1 + 2 * MISSES)
    for place in range(before[0] + 1, after[0]):
        try:
            at = right.index(left[place], at, end) + 1
        except ValueError:
            continue
        pairs.append((place, at - 1))
    return pairs


def _other_numbers(
    digits: NDArray[np.bool_],
    wanted: Hashes,
    digits_there: NDArray[np.bool_],
    there: Hashes,
    pairs: list[tuple[int, int]],
) -> bool:
    """Whether the item's numbers stand in the text as other numbers: the same pattern, but another item.

    At least half of all numbers, or two and more than half of those in digits. An edited copy loses numbers now and
    then; only a number in the place of a number speaks against a copy.
    """
    mine, theirs = _numbers(digits, wanted), _numbers(digits_there, there)
    if not mine:
        return False
    other = other_digits = 0
    before = (-1, max(-1, pairs[0][1] - pairs[0][0] - 2))
    for pair in [*pairs, (len(wanted), min(len(there), pairs[-1][1] + len(wanted) - pairs[-1][0] + 1))]:
        if pair[0] - before[0] > 1 and 1 < pair[1] - before[1] <= 2 * MISSES:
            here = {place: mine[place] for place in range(before[0] + 1, pair[0]) if place in mine}
            if here:
                instead = [theirs[at] for at in range(before[1] + 1, pair[1]) if at in theirs]
                gone = [place for place, number in here.items() if number not in instead]
                changed = min(len(gone), sum(number not in here.values() for number in instead))
                other += changed
                other_digits += min(changed, int(digits[gone].sum())) if gone else 0
        before = pair
    in_digits = int(digits.sum())
    return 2 * other >= len(mine) or (other_digits >= 2 and 2 * other_digits > in_digits)


def _numbers(digits: NDArray[np.bool_], hashes: Hashes) -> dict[int, int]:
    """Place → hash, of the words that are numbers."""
    known = number_words()
    pairs = zip(digits.tolist(), hashes.tolist(), strict=True)
    return {place: word for place, (digit, word) in enumerate(pairs) if digit or word in known}


def _supported(index: Index, words: Words, found: Found, first: int, last: int) -> tuple[int, int]:
    """(words of the item's other parts that stand near the question, how many other parts the item has)."""
    low = int(np.searchsorted(index.part_items, found.item))
    high = int(np.searchsorted(index.part_items, found.item, side="right"))
    supported = parts = 0
    for part in range(low, high):
        wanted = index.parts[index.part_bounds[part] : index.part_bounds[part + 1]]
        if not len(wanted):
            continue
        parts += 1
        reach = max(NEAR, 2 * len(wanted))
        begin = max(int(words.bounds[found.text]), first - reach)
        end = min(int(words.bounds[found.text + 1]), last + 1 + reach)
        there = words.hashes[begin:end]
        n = min(3, len(wanted))
        share = float(np.isin(grams_of(wanted, n), grams_of(there, n)).mean())
        if share >= (1.0 if len(wanted) <= 3 else 0.5):
            supported += len(wanted)
    return supported, parts
