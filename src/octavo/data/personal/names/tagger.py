"""Tagger: names, addresses, places and the like, told word by word from the word, its neighbours and the lists.

A log-linear model over hashed features (Ratnaparkhi 1996), read from left to right with the label before it as one
more thing known. It was taught with made-up English sentences (`teach`); its weights are a file of whole numbers, so
that a score is the same on every machine. Lines in other languages are left to `untaught`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from octavo.data.personal.lists import FOLDER, shipped, word_set
from octavo.data.personal.names.features import BUCKETS, CASE, FEATURES, PLACE, Reading, features, read, worth_reading
from octavo.data.personal.names.untaught import names_elsewhere
from octavo.data.personal.names.words import (
    BASE,
    CAPITAL,
    DICTIONARY,
    FIRST,
    HEAD,
    LAST,
    LETTERS,
    LOWER,
    NATIONALITY,
    TITLE,
    Words,
    base_of,
)
from octavo.data.personal.spans import LEAST, NAMED, Span

LABELS = ("O", *(f"{place}-{type}" for type in NAMED for place in "BI"))
WEIGHTS = FOLDER / "weights.npz"
BLOCK = 1 << 13
"""Words that are scored at once."""
SURE_NUMBER = 0.6
"""How sure what was found before must be to be left out of the reading; numbers of streets look like telephones."""
STRETCHES = 512
"""Stretches of words that are decided at once."""


class Tagger:
    """The weights, and how texts are read with them."""

    def __init__(self, weights: NDArray[np.int8], scale: float, follows: NDArray[np.float32]) -> None:
        self.weights = np.zeros((BUCKETS, 16), np.int8)
        """BUCKETS × labels, padded: a row is one read of memory."""
        self.weights[:, : len(LABELS)] = weights
        self.scale = np.float32(scale)
        self.follows = follows
        """Groups of words × label before × labels."""

    @staticmethod
    @cache
    def shipped() -> Tagger:
        """The tagger that comes with the package."""
        with np.load(WEIGHTS, allow_pickle=False) as kept:
            return Tagger(kept["weights"], float(kept["scale"]), kept["follows"].astype(np.float32))

    def scores(self, reading: Reading, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Words × labels, for the words of `rows`, whatever came before them."""
        made = np.empty((len(rows), len(LABELS)), np.float32)
        for at in range(0, len(rows), BLOCK):
            some = rows[at : at + BLOCK]
            total = np.zeros((len(some), 16), np.int32)
            for bucket in features(reading, some):
                total += self.weights[bucket]
            made[at : at + BLOCK] = total[:, : len(LABELS)] * self.scale
        return made

    def labels(self, reading: Reading) -> list[tuple[int, int, float]]:
        """The words that are part of something: the number of the word, of its label, and how sure that is.

        Of each stretch of words worth reading, the labels that together are likeliest (Viterbi 1967); all stretches
        are gone through side by side, the longest first, so that a step is one operation on those that reach so far.
        """
        rows = worth_reading(reading)
        scores = self.scores(reading, rows)
        groups = Words.seen().groups[reading.ids[rows]]
        hopeful = (scores + self.follows[groups, 0]).argmax(axis=1) > 0
        begins = np.flatnonzero(np.diff(rows, prepend=-9) != 1)
        sizes = np.diff(np.append(begins, len(rows)))
        some = np.flatnonzero(np.add.reduceat(hopeful, begins)) if len(begins) else begins
        made: list[tuple[int, int, float]] = []
        for at in range(0, len(some), STRETCHES):
            part = some[at : at + STRETCHES]
            part = part[np.argsort(-sizes[part], kind="stable")]
            made += self._likeliest(rows, scores, groups, begins[part], sizes[part])
        return sorted(made)

    def _likeliest(
        self,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        groups: NDArray[np.uint8],
        begins: NDArray[np.int64],
        sizes: NDArray[np.int64],
    ) -> list[tuple[int, int, float]]:
        best = np.full((len(begins), len(LABELS)), -np.inf, np.float32)
        best[:, 0] = 0.0
        steps: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
        for step in range(int(sizes[0])):
            reach = int(np.searchsorted(-sizes, -step))
            at = begins[:reach] + step
            likely = scores[at][:, None, :] + self.follows[groups[at]]
            likely -= likely.max(axis=2, keepdims=True)
            likely -= np.log(np.exp(likely).sum(axis=2, keepdims=True))
            sums = best[:reach, :, None] + likely
            back = sums.argmax(axis=1)
            best[:reach] = np.take_along_axis(sums, back[:, None, :], axis=1)[:, 0, :]
            steps.append((back, np.take_along_axis(likely, back[:, None, :], axis=1)[:, 0, :]))
        label = best.argmax(axis=1)
        made: list[tuple[int, int, float]] = []
        for step in range(len(steps) - 1, -1, -1):
            back, sure = steps[step]
            now = label[: len(back)]
            for which in np.flatnonzero(now).tolist():
                own = int(now[which])
                made.append((int(rows[begins[which] + step]), own, float(np.exp(sure[which, own]))))
            label[: len(back)] = back[np.arange(len(back)), now]
        return made

    def spans(self, texts: Sequence[str], known: Sequence[Sequence[Span]]) -> list[list[Span]]:
        """What stands in each text, given what was found in it already."""
        barriers = [
            sorted(span for span in spans if span.type not in ("DATE", "AGE") and span.score >= SURE_NUMBER)
            for spans in known
        ]
        reading = read(texts, barriers)
        found: list[list[Span]] = [[] for _ in texts]
        labels = self.labels(reading)
        at = 0
        nationals = np.flatnonzero(((reading.kinds & NATIONALITY) > 0) & ~reading.untaught).tolist()
        strange = np.concatenate([[0], np.cumsum(reading.untaught)]).tolist()
        for number, (first, end) in enumerate(reading.bounds):
            own = []
            while at < len(labels) and labels[at][0] < end:
                own.append(labels[at])
                at += 1
            spans = found[number]
            dates = [span for span in known[number] if span.type == "DATE"]
            for begin, stop, type, sure in _runs(own, reading):
                for span in _closed(texts[number], reading, begin, stop, type, sure):
                    if span.type != "POSTCODE" or not any(d.start < span.end and span.start < d.end for d in dates):
                        spans.append(span)
            if strange[end] > strange[first]:
                spans += names_elsewhere(texts[number], reading, first, end)
            here = nationals[bisect_left(nationals, first) : bisect_left(nationals, end)]
            spans += _also(reading, first, end, texts[number], spans, here)
        return found


def _runs(labels: Sequence[tuple[int, int, float]], reading: Reading) -> Iterator[tuple[int, int, str, float]]:
    """Words of one thing together: the first, the one after the last, type, mean score."""
    begin, stop, type, sure = 0, 0, "", [0.0]
    for word, label, score in labels:
        name = LABELS[label]
        if reading.words[word][0] == "<" and len(reading.words[word]) > 1:
            continue
        if type and word == stop and name[0] == "I" and name[2:] == type:
            stop, sure = word + 1, [*sure, score]
            continue
        if type:
            yield begin, stop, type, sum(sure) / len(sure)
        begin, stop, type, sure = word, word + 1, name[2:], [score]
    if type:
        yield begin, stop, type, sum(sure) / len(sure)


_INTRODUCING = word_set("introducing")
"""Words after which even an ordinary word can be somebody's name."""
STRANGE_ALONE = 0.8
"""How sure it must be that a single unlisted word, not introduced, is a person rather than a place or a thing."""
_NO_NAME = re.compile(
    r"[a-z]{2,}(?:ly|[a-z]{2}ed|tion|sion|ness|ment|ship|able|ible|ful|less|ism|ility|ous|ative|etic|line|ance|ence)"
)
"""Endings of English words that hardly a name has; a capital at the beginning of a sentence makes no name of them."""


_INTO_PLACES = word_set("into_places")
_DETERMINERS = word_set("determiners")
_OF_POST = word_set("of_post")


def _elsewhere(reading: Reading, begin: int, stop: int) -> str:
    """What a person without a listed name is instead: a place after "near", nothing after "the", a country in a list
    of countries; "" when nothing speaks against a person."""
    kinds, before = reading.kinds, reading.words[begin - 1].lower()
    country = [10 <= int(reading.columns[PLACE][at]) < 20 for at in (begin - 2, begin, stop + 1)]
    if stop - begin == 1 and country[1] and (country[0] or country[2]):
        return "PLACE"
    if stop - begin == 1 and _no_name(reading, begin):
        return "O"
    if any(int(kind) & FIRST for kind in kinds[begin:stop]) and stop - begin > 1:
        return ""
    if reading.columns[CASE][begin] != 3:
        return ""
    if before in _DETERMINERS:
        return "O"
    return "PLACE" if before in _INTO_PLACES and not int(kinds[begin]) & (FIRST | LAST) else ""


def _no_name(reading: Reading, at: int) -> bool:
    """A nationality, a form of address, or letters that stand for something."""
    kind, word = int(reading.kinds[at]), reading.words[at]
    letters = word.isupper() and 1 < len(word) < 6 and not kind & (FIRST | LAST)
    return bool(kind & (NATIONALITY | TITLE)) or (letters and reading.columns[CASE][at] == 3)


def _can_be_postcode(reading: Reading, begin: int, stop: int) -> bool:
    """A postcode is named so, or stands behind a name or a mark; a number behind a word in small letters is none."""
    near = [word.lower() for word in reading.words[max(0, begin - 4) : begin]]
    if any(word in _OF_POST for word in near):
        return True
    return not int(reading.kinds[begin - 1]) & LOWER or reading.columns[CASE][begin] != 3


def _closed(text: str, reading: Reading, begin: int, stop: int, type: str, sure: float) -> Iterator[Span]:
    """The span of words [begin, stop), trimmed, if it can be what it was taken for."""
    if type == "PERSON":
        other = _elsewhere(reading, begin, stop)
        if other == "O" or not (other or _can_be_person(reading, begin, stop, sure)):
            return
        type = other or type
    if type == "POSTCODE" and not _can_be_postcode(reading, begin, stop):
        return
    start, end = reading.places[begin][0], reading.places[stop - 1][1]
    while end > start and not (text[end - 1].isalnum() or text[end - 1] == "."):
        end -= 1
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    while start < end and not (text[start].isalnum() or text[start] == "#"):
        start += 1
    if type == "ADDRESS" and not _can_be_address(reading, begin, stop):
        return
    if start < end:
        yield Span(start, end, type, min(0.95, sure))


def _can_be_address(reading: Reading, begin: int, stop: int) -> bool:
    """An address has a number and a word, with a capital where the text has any."""
    words = reading.words[begin:stop]
    wanted = CAPITAL if reading.columns[CASE][begin] == 3 else LETTERS
    return any(word[0].isdigit() for word in words) and any(int(kind) & wanted for kind in reading.kinds[begin:stop])


def _can_be_person(reading: Reading, begin: int, stop: int, sure: float) -> bool:
    """A name has a word that is no ordinary one, or is introduced; small letters only where there are no others."""
    kinds = [int(kind) for kind in reading.kinds[begin:stop]]
    words = reading.words
    introduced = base_of(words[begin - 1].lower()) in _INTRODUCING or (
        words[begin - 1] in ".:," and words[begin - 2].lower() in _INTRODUCING
    )
    mixed = reading.columns[CASE][begin] == 3
    capitals = [kind for kind in kinds if kind & CAPITAL]
    if mixed and not capitals and not (introduced and any(kind & (FIRST | LAST) for kind in kinds)):
        return False
    if _head_behind(reading, stop) or (kinds[-1] & HEAD and not kinds[-1] & LAST and not introduced):
        return False
    if len(kinds) == 1 and _NO_NAME.fullmatch(words[begin].lower()) and not kinds[0] & (FIRST | LAST):
        return False
    known = any(kind & (FIRST | LAST) for kind in capitals)
    if mixed and not known and not introduced and sure < (STRANGE_ALONE if len(kinds) == 1 else LEAST):
        return False
    return known or introduced or not mixed or any(not kind & DICTIONARY for kind in capitals)


def _head_behind(reading: Reading, stop: int) -> bool:
    """Whether what follows says that the name is a place's or an institution's: [Lincoln] Park, [Byrd] Space Center."""
    for word in range(stop, stop + 5):
        if int(reading.kinds[word]) & HEAD:
            return True
        if not int(reading.kinds[word]) & CAPITAL:
            return False
    return False


SURE_ONCE = 0.8
"""How sure a name must be for its words to be looked for in the rest of the text."""


def _also(
    reading: Reading, first: int, end: int, text: str, made: Sequence[Span], nationals: Sequence[int]
) -> Iterator[Span]:
    """Words of a person's name that stand in the text once more, and nationalities, where nothing else was found."""
    lists = shipped()
    people = {
        word
        for span in made
        if span.type == "PERSON" and span.score >= SURE_ONCE
        for word in re.findall(r"[^\W\d_]{3,}", text[span.start : span.end])
        if (low := word.lower()) not in lists.dictionary
        and low not in lists.nationalities
        and low not in lists.heads
        and word != low
    }
    found = set(nationals)
    if people:
        seen = Words.seen()
        wanted = np.array(sorted({int(seen.rows[seen[word], BASE]) for word in people}), np.uint32)
        bases = reading.columns[BASE][first:end]
        found.update((np.flatnonzero((bases[:, None] == wanted).any(axis=1)) + first).tolist())
    taken = sorted((span.start, span.end) for span in made) if found else []
    at = 0
    for word in sorted(found):
        start, stop = reading.places[word]
        while at < len(taken) and taken[at][1] <= start:
            at += 1
        if at < len(taken) and taken[at][0] < stop:
            continue
        base = base_of(reading.words[word])
        if base in people:
            if not _head_behind(reading, word + 1):
                yield Span(start, start + len(base), "PERSON", 0.7)
        elif word in nationals:
            yield Span(start, start + len(base), "NATIONALITY", 0.8)


assert FEATURES * 127 < 2**31
