"""Tagger: names, addresses, places and the like, told word by word from the word, its neighbours and the lists.

A log-linear model over hashed features (Ratnaparkhi 1996), read from left to right with the label before it as one
more thing known. It was taught with made-up sentences (`teach`); its weights are a file of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from octavo.data.personal.lists import FOLDER, Lists, shipped
from octavo.data.personal.spans import NAMED, Span

LABELS = ("O", *(f"{place}-{type}" for type in NAMED for place in "BI"))
BUCKETS = 1 << 15
FEATURES = 44
"""Slots for the features of one word; an unused one is 0, a bucket without weight."""
WEIGHTS = FOLDER / "weights.npz"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|\n|[^\w\s]|_+")
_STREET_TAIL = re.compile(
    r".{2,}(?:strasse|straße|str|weg|gasse|platz|allee|gata|gatan|gate|vägen|vej|gade|vænget|stræde|katu|tie|kuja|tänav|straat|laan|"
    r"plein|dijk|ulica|utca|iela|gatvė)\Z"
)


class Token(NamedTuple):
    """A word, number, mark or line break, and where it stands."""

    start: int
    end: int
    text: str
    """What it reads as: the type in angle brackets where a structured value stands."""


def tokens_of(text: str, known: Sequence[Span] = ()) -> list[Token]:
    """The words of a text; each span that is known already is one token."""
    made: list[Token] = []
    at = 0
    for span in [*known, Span(len(text), len(text), "", 1.0)]:
        if span.start < at:
            continue
        made += [Token(m.start(), m.end(), m.group()) for m in _WORD.finditer(text, at, span.start)]
        if span.type:
            made.append(Token(span.start, span.end, f"<{span.type}>"))
        at = span.end
    return made


@cache
def _of_word(word: str) -> tuple[str, str, str, int]:
    """What a word looks like, what it is known for, its own text if it is a common one, and its class."""
    known: Lists = shipped()
    low = word.lower()
    if word[0] == "<" and len(word) > 1:
        return word, "-", word, 1
    if not (word[0].isalpha() or word[0].isdigit()):
        return ("\\n" if word == "\n" else word), "-", word, 2 if word == "\n" else 3 if word in ",-/#" else 4
    if word[0].isdigit():
        return f"d{min(len(word), 7)}", "-", "#", 5
    if word.islower():
        shape = "x" if len(word) > 1 else "x1"
    elif word.isupper():
        shape = "X1" if len(word) == 1 else "XX" if len(word) < 5 else "XXXXX"
    elif word[0].isupper() and word[1:].islower():
        shape = "Xx"
    else:
        shape = "xX"
    base = re.split("['’]", low)[0] if low[-2:] in ("'s", "’s") else low
    flags = "".join(
        letter
        for letter, listed in (
            ("c", base in known.common),
            ("f", base in known.first),
            ("l", base in known.last),
            ("p", base in known.places),
            ("g", base in known.countries),
            ("n", base in known.nationalities),
            ("s", low in known.streets or bool(_STREET_TAIL.match(low))),
            ("u", low in known.units),
            ("o", low in known.companies),
            ("t", low in known.titles),
            ("j", base in known.jobs or base.removesuffix("s") in known.jobs),
        )
        if listed
    )
    own = low if "c" in flags or set(flags) & set("suotjn") else "?"
    capital = shape != "x" and shape != "x1"
    group = (
        6
        if own == "?" and capital
        else 7
        if capital and set(flags) & set("flpg")
        else 8
        if capital
        else 9
        if set(flags) & set("flpgnj")
        else 10
    )
    return shape, flags or "-", own, group


GROUPS = 11


class Sentence:
    """The features of all words of a text that do not depend on labels."""

    def __init__(self, words: Sequence[str]) -> None:
        looks = [_of_word(word) for word in words]
        self.groups = [look[3] for look in looks]
        places = _places(words)
        edge = ("|", "-", "|", 0)
        padded = [edge, edge, edge, *looks, edge, edge, edge]
        lower = (
            "L"
            if not any(word != word.lower() for word in words)
            else "U"
            if all(w == w.upper() for w in words)
            else "M"
        )
        self.features = np.zeros((len(words), FEATURES), np.int32)
        for at, word in enumerate(words):
            names = _features(
                padded[at : at + 7], word, places[at], places[at + 1] if at + 1 < len(places) else "-", lower
            )
            for slot, name in enumerate(names):
                self.features[at, slot] = crc32(name.encode()) % (BUCKETS - 1) + 1


def _features(
    near: Sequence[tuple[str, str, str, int]], word: str, place: str, place_next: str, case: str
) -> list[str]:
    (_, _, w3, _), (s2, f2, w2, _), (s1, f1, w1, _), (s, f, w, _), (sn, fn, wn, _), (sm, fm, wm, _), (_, _, wo, _) = (
        near
    )
    low = word.lower()
    names = [
        f"w{w}", f"s{s}", f"f{f}", f"sf{s}{f}{case}", f"p{place}{s}", f"pn{place}{place_next}", f"c{case}{s}",
        f"1{w1}", f"2{w2}|{w1}", f"n{wn}", f"m{wn}|{wm}", f"a{w1}|{s}{f}", f"b{wn}|{s}{f}", f"1s{s1}|{s}",
        f"1f{f1}|{f}",
        f"ns{s}|{sn}", f"nf{f}|{fn}", f"1sn{s1}|{s}|{sn}", f"2s{s2}|{s1}|{s}", f"ms{s}|{sn}|{sm}", f"1n{w1}|{s}|{wn}",
        f"3{w3}|{w2}|{w1}", f"o{wn}|{wm}|{wo}", f"2w{w2}", f"mw{wm}", f"2f{f2}", f"mf{fm}|{s}",
        f"ss{s1}{f1}|{s}{f}|{sn}{fn}",
        f"2w1{w2}|{s1}|{s}", f"mn{s}|{sn}|{wm}", f"3w{w3}", f"ow{wo}", f"w1s{w1}|{sn}",
    ]  # fmt: skip
    if word[0].isalpha():
        names += [
            f"e3{low[-3:]}{s}",
            f"e2{low[-2:]}{s}",
            f"b3{low[:3]}{s}",
            f"e4{low[-4:]}",
            f"len{min(len(word), 9)}{s}{f}",
        ]
        if not low.isascii():
            names.append(f"na{s}{case}")
    return names


def _places(words: Sequence[str]) -> list[str]:
    """For each word whether it begins or goes on with the name of a place of up to four words."""
    known = shipped()
    found = ["-"] * len(words)
    at = 0
    while at < len(words):
        step = 1
        if words[at][0].isalpha():
            for width in (4, 3, 2, 1):
                name = " ".join(words[at : at + width]).lower()
                kind = "G" if name in known.countries else "P" if name in known.places else ""
                if kind and len(words[at : at + width]) == width:
                    found[at : at + width] = [f"{kind}B{min(width, 2)}"] + [f"{kind}I"] * (width - 1)
                    step = width
                    break
        at += step
    return found


class Tagger:
    """The weights, and how a text is read with them."""

    def __init__(self, weights: NDArray[np.float32], follows: NDArray[np.float32]) -> None:
        self.weights = weights
        """BUCKETS × labels."""
        self.follows = follows
        """Groups of words × label before × labels."""

    @staticmethod
    @cache
    def shipped() -> Tagger:
        """The tagger that comes with the package."""
        with np.load(WEIGHTS, allow_pickle=False) as kept:
            weights = kept["weights"].astype(np.float32) * kept["scale"]
            return Tagger(weights, kept["follows"].astype(np.float32))

    def labels(self, words: Sequence[str]) -> list[tuple[int, float]]:
        """For each word the number of its label and how sure that is."""
        if not words:
            return []
        sentence = Sentence(words)
        fixed = self.weights[sentence.features].sum(axis=1)
        made: list[tuple[int, float]] = []
        before = 0
        for row, group in zip(fixed, sentence.groups, strict=True):
            scores = row + self.follows[group, before]
            before = int(scores.argmax())
            made.append((before, float(1 / np.exp(scores - scores[before]).sum())))
        return made

    def spans(self, text: str, known: Sequence[Span] = ()) -> Iterator[Span]:
        """What stands in a text, given what was found in it already."""
        barriers = sorted(span for span in known if span.type not in ("DATE", "AGE"))
        tokens = tokens_of(text, barriers)
        made: list[Span] = []
        open_span: tuple[int, int, str, list[float]] | None = None
        for token, (label, sure) in zip(tokens, self.labels([token.text for token in tokens]), strict=True):
            name = LABELS[label]
            type = name[2:]
            masked = token.text[0] == "<" and len(token.text) > 1
            if open_span and (name[0] != "I" or open_span[2] != type or masked):
                made += _closed(text, open_span)
                open_span = None
            if name != "O" and not masked:
                begun = open_span or (token.start, token.end, type, [])
                open_span = (begun[0], token.end, type, [*begun[3], sure])
        if open_span:
            made += _closed(text, open_span)
        yield from made
        yield from _also(text, tokens, made)


_DOUBTFUL = frozenset(("polish", "pole", "poles", "swede", "swedes", "orthodox", "dane", "danes"))
"""Words that are a nationality in capitals only."""


def _also(text: str, tokens: Sequence[Token], made: Sequence[Span]) -> Iterator[Span]:
    """Words of a person's name that stand in the text once more, and nationalities, where nothing else was found."""
    lists = shipped()
    taken = [(span.start, span.end) for span in made]
    people = {
        word
        for span in made
        if span.type == "PERSON"
        for word in re.findall(r"[^\W\d_]{3,}", text[span.start : span.end])
        if word.lower() not in lists.common
    }
    at = 0
    for token in tokens:
        while at < len(taken) and taken[at][1] <= token.start:
            at += 1
        if (at < len(taken) and taken[at][0] < token.end) or not token.text[0].isalpha():
            continue
        word = re.split("['’]", token.text)[0]
        if word in people:
            yield Span(token.start, token.start + len(word), "PERSON", 0.7)
        elif word.lower() in lists.nationalities and not (word.islower() and word in _DOUBTFUL):
            yield Span(token.start, token.start + len(word), "NATIONALITY", 0.8)


_NO_NAME = re.compile(
    r"[a-z]{2,}(?:ly|[a-z]{2}ed|tion|sion|ness|ment|ship|able|ible|ful|less|ism|ility|ous|ative|etic|line|ance|ence)"
)
"""Endings of English words that hardly a name has; a capital at the beginning of a sentence makes no name of them."""


def _closed(text: str, span: tuple[int, int, str, list[float]]) -> Iterator[Span]:
    start, end, type, sure = span
    while end > start and not (text[end - 1].isalnum() or text[end - 1] == "."):
        end -= 1
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    while start < end and not (text[start].isalnum() or text[start] == "#"):
        start += 1
    word = text[start:end].lower()
    if type == "PERSON" and _NO_NAME.fullmatch(word) and word not in shipped().last | shipped().first:
        return
    if start < end:
        yield Span(start, end, type, min(0.95, sum(sure) / len(sure)))
