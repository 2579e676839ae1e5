"""Revision: whether a statement gives another value for what an earlier one said in other words.

"Ada's office is in room 9" and "Ada sits in room 12 now" have the same subject, speak of the same aspect, of which a
thing has one at a time, and give values of one kind that differ. Whatever else is said must be the same: a version that
is missed is still the newer one and comes first, but one that is replaced by mistake is out of sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from octavo.knowledge.index.terms import STOP_WORDS, stem
from octavo.knowledge.memory.aspects import COLOURED, DATED, PRICED, REPEATED, lexicon, marks_of, spoken
from octavo.knowledge.memory.encode import Read

KINDS = DATED | PRICED | COLOURED | REPEATED
_LOOSE = frozenset(  # say when or how surely, and nothing of the thing
    stem(word)
    for word in (  # noqa: SIM905
        "now currently meanwhile today presently newly new actually longer since again instead until nowadays anymore"
        " more from onwards days moment present already really exactly about around roughly nearly almost just"
        " recently lately finally change changed moved move monday tuesday wednesday thursday friday saturday sunday"
        " january february"
        " march april may june july august september october november december morning evening afternoon noon midnight"
        " day week month year come comes came go goes went"
    ).split()
)
_MORE = frozenset(
    (  # noqa: SIM905
        "also too another second third besides additionally both moreover further extra former formerly"
    ).split()
)
_APART = tuple(
    tuple(frozenset(stem(word) for word in side.split()) for side in pair)
    for pair in (
        ("open opens opening", "close closes closed shut shuts"),
        ("start starts begin begins began started", "end ends ended finish finishes stop stops over"),
        ("arrive arrives arrival reach come comes", "leave leaves left depart departs departure"),
        ("born birth birthday", "died die death dead"),
        ("buy bought buys", "sell sold sells"),
        ("minimum least lowest", "maximum most highest"),
        ("founded founder found established", "leads led director head runs"),
        ("found founded founder", "settled lives residence"),
        ("length long", "height high tall width wide depth deep"),
        ("height high tall", "width wide depth deep"),
        ("employees staff employs workforce", "members visitors customers"),
        ("published publisher", "written wrote author"),
        ("husband wife partner spouse married", "brother sister son daughter mother father"),
    )
)
_PLACED = frozenset("in at on near from to into behind under beside for with as".split())  # noqa: SIM905
_PASSIVE = frozenset("is are was were be been being gets got".split())  # noqa: SIM905
_EQUALS = frozenset("is are was were becomes became be named called".split())  # noqa: SIM905
LONGEST = 30
"""Words of a statement that can be told to be a version of another."""


@dataclass(frozen=True)
class _Parts:
    """A statement taken apart."""

    names: dict[str, tuple[int, int]]
    numbers: frozenset[str]
    aspects: list[tuple[frozenset[str], int]]
    """Stems and aspects of each word or phrase that stands for something."""
    rest: frozenset[str]
    kinds: int


def revises(new: Read, old: Read) -> bool:
    """Whether `new` says of the same thing, in whatever words, something that takes the place of what `old` said."""
    if max(len(new.words), len(old.words)) > LONGEST or _MORE & {*new.words, *old.words}:
        return False
    if not {name for name, _, _ in new.names} & {name for name, _, _ in old.names} or any(_apart(new, old)):
        return False
    a, b = _taken_apart(new), _taken_apart(old)
    subject = a.names.keys() & b.names.keys()
    if not subject:
        return False
    mine, its = a.names.keys() - subject, b.names.keys() - subject
    if bool(mine) != bool(its) or bool(a.numbers) != bool(b.numbers) or a.kinds != b.kinds:
        return False
    if (a.numbers == b.numbers and not mine) or len(mine) > 1 or len(its) > 1:
        return False
    if not _one_aspect(a, b):
        return False
    only, other = a.rest - b.rest, b.rest - a.rest
    if len(only) + len(other) > 1:
        return False
    if not mine:
        return True
    return all(_has(text, parts, subject, values) for text, parts, values in ((new, a, mine), (old, b, its)))


@lru_cache(maxsize=16)  # a new statement is held against several old ones
def _taken_apart(text: Read) -> _Parts:
    names, numbers, inside = {}, set(), set()
    for name, first, end in text.names:
        if first == 0 and end == 1 and text.stems[0] in lexicon().words:
            continue  # it begins the sentence
        if any(map(str.isdigit, name)) or stem(name) in _LOOSE:
            numbers.add(name)
        else:
            names[name] = (first, end)
        inside.update(range(first, end))
    stems = [one if at not in inside else "" for at, one in enumerate(text.stems)]
    aspects, taken = [], set()
    for one in spoken(stems):
        aspects.append((frozenset(stems[one.start : one.end]), one.aspects))
        taken.update(range(one.start, one.end))
    rest = frozenset(
        stems[at]
        for at, word in enumerate(text.words)
        if at not in inside and at not in taken and word not in STOP_WORDS and stems[at] not in _LOOSE
    )
    return _Parts(names, frozenset(numbers), aspects, rest, marks_of(text.text) & KINDS)


def _one_aspect(a: _Parts, b: _Parts) -> bool:
    """Whether both speak of one aspect that a thing has one of, and of nothing else that the other does not say."""
    common = _all(a) & _all(b)
    if not common or common & ~lexicon().single:  # a thing may have several
        return False
    for mine, its in ((a, b), (b, a)):
        said = frozenset().union(*(stems for stems, _ in its.aspects)) | its.rest
        if any(not bits & common and not stems <= said and not stems <= _LOOSE for stems, bits in mine.aspects):
            return False
    return True


def _all(parts: _Parts) -> int:
    found = 0
    for _, bits in parts.aspects:
        found |= bits
    return found


def _apart(new: Read, old: Read) -> list[bool]:
    a, b = set(new.stems), set(old.stems)
    return [bool((x & a and y & b) or (y & a and x & b)) for x, y in _APART]


def _has(text: Read, parts: _Parts, subject: set[str], values: set[str]) -> bool:
    """Whether the value is what the subject has, and not the other way round: a firm has one head, but who heads it may
    head others too."""
    (first, end) = parts.names[next(iter(values))]
    starts = [parts.names[name] for name in subject]
    before = text.words[first - 1] if first else ""
    ahead = [text.words[at] for at in (first - 2, first - 3) if at >= 0]
    if before in ("the", "a", "an") and ahead:
        before = ahead[0]
    if any(begin < first for begin, _ in starts):  # the subject comes first
        possessed = any(text.words[end_ - 1] == "s" for _, end_ in starts) or any(
            begin and text.words[begin - 1] in ("of", "at", "in") for begin, _ in starts
        )
        return before in _PLACED or before == "by" or (possessed and before in _EQUALS)
    between = text.words[end : min(begin for begin, _ in starts)]
    if between[-1:] == ("by",) or not between:
        return False
    if "of" in between:
        return True
    return not _PASSIVE & set(between)
