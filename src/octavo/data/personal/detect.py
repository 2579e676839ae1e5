"""Detect: all personal data in texts, as spans: exact patterns over many texts at once, then the tagger."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from octavo.data.personal.dates import ages, births, dates
from octavo.data.personal.patterns import emails, ibans, ip_addresses, licences, numbers, urls
from octavo.data.personal.phones import phones
from octavo.data.personal.reserved import outside
from octavo.data.personal.secrets import secrets
from octavo.data.personal.spans import LEAST, NAMED, TYPES, Span, settle

Finder = Callable[[str], Iterable[Span]]
_FINDERS: tuple[tuple[frozenset[str], Finder], ...] = (
    (frozenset({"EMAIL"}), emails),
    (frozenset({"URL", "CREDENTIALS"}), urls),
    (frozenset({"IP"}), ip_addresses),
    (frozenset({"IBAN"}), ibans),
    (frozenset({"CARD", "SSN"}), numbers),
    (frozenset({"PHONE"}), phones),
    (frozenset({"LICENCE"}), licences),
    (frozenset({"SECRET"}), secrets),
    (frozenset({"DATE", "BIRTH_DATE"}), dates),
    (frozenset({"AGE"}), ages),
)
BLOCK = 1 << 18
"""Characters that are searched at once: short texts together cost as little as one long text."""


def find(text: str, types: Sequence[str] = TYPES, least: float = LEAST) -> list[Span]:
    """The personal data in a text, in order and without overlaps."""
    return find_many([text], types, least)[0]


def find_many(texts: Sequence[str], types: Sequence[str] = TYPES, least: float = LEAST) -> list[list[Span]]:
    """What `find` gives for each of several texts; for short ones several times as fast."""
    wanted = frozenset(types)
    found: list[list[Span]] = []
    for block in _blocks(texts):
        found += _structured(block, wanted)
    if wanted.intersection(NAMED):
        from octavo.data.personal.names.tagger import Tagger

        done = 0
        for block in _blocks(texts):
            known = found[done : done + len(block)]
            for spans, named in zip(known, Tagger.shipped().spans(block, known), strict=True):
                spans += [span for span in named if span.type in wanted]
            done += len(block)
    return [
        settle(span for span in outside(spans, text) if span.score >= least) if spans else []
        for text, spans in zip(texts, found, strict=True)
    ]


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    block: list[str] = []
    size = 0
    for text in texts:
        if block and size + len(text) > BLOCK:
            yield block
            block, size = [], 0
        block.append(text)
        size += len(text) + 1
    if block:
        yield block


def _structured(texts: list[str], wanted: frozenset[str]) -> list[list[Span]]:
    joined = "\0".join(texts)
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    found: list[list[Span]] = [[] for _ in texts]
    for types, finder in _FINDERS:
        if finder is dates and "DATE" not in wanted:
            finder = births
        if types & wanted:
            for span in finder(joined):
                if span.type in wanted:
                    which = bisect_right(starts, span.start) - 1
                    begin = starts[which]
                    found[which].append(span._replace(start=span.start - begin, end=span.end - begin))
    return found
