"""Extract: the entities that a text names: known names, capitalised sequences, code-like terms, numbers and dates.

No model is asked. The work is linear in the length of the text: each token is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from octavo.knowledge.graph.text.keys import ARTICLES, Token, key_of, tokens
from octavo.knowledge.graph.text.trie import DEPTH, Names, Trie
from octavo.knowledge.index.terms import STOP_WORDS

JOINING = frozenset(
    (
        "of",
        "de",
        "la",
        "le",
        "du",
        "des",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "ibn",
        "bin",
        "al",
        "el",
        "for",
        "upon",
    )
)
"""Words that may stand inside a name, between two capitalised ones."""
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
OPENERS = STOP_WORDS | frozenset(
    (
        "after",
        "although",
        "among",
        "another",
        "before",
        "between",
        "both",
        "during",
        "first",
        "following",
        "however",
        "later",
        "many",
        "more",
        "most",
        "now",
        "often",
        "once",
        "other",
        "others",
        "over",
        "several",
        "since",
        "their",
        "these",
        "though",
        "through",
        "thus",
        "together",
        "under",
        "unlike",
        "until",
        "upon",
        "when",
        "whereas",
        "whether",
        "yes",
        "yet",
        "according",
        "along",
        "around",
        "due",
        "instead",
        "despite",
        "today",
        "example",
        "see",
        "name",
        "born",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "early",
        "late",
        "located",
        "list",
        "all",
        "not",
        "never",
        "nor",
    )
)
"""Words that are capitalised only because a sentence begins with them."""
_ROMAN = re.compile(r"[IVX]{1,5}$")
_YEAR = re.compile(r"(?:1[0-9]|20)[0-9]{2}s?$")
_NUMBER = re.compile(r"[0-9][0-9.,'’\-]*(?:st|nd|rd|th|s)?$")
_QUOTED = re.compile(r"`([^`\n]{2,80})`")
_CAMEL = re.compile(r"[a-z0-9][A-Z]")
LONGEST_NAME = DEPTH
KINDS = ("name", "known", "code", "date", "number")


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity at a place of a text."""

    start: int
    end: int
    name: str
    """As written."""
    key: str
    """As compared; see `keys.key_of`."""
    kind: str
    """One of `KINDS`."""
    sentence: int
    """Number of the sentence in the text, from 0."""
    part: bool = False
    """Whether it stands inside a longer name: `London` in `University of London`."""


def mentions(text: str, names: Names | None = None) -> list[Mention]:
    """The entities of a text in the order of their places, each with its sentence.

    `names` are known ones: they are found in any case and across punctuation; of several at one place the longest.
    """
    found = tokens(text)
    names = names or Trie()
    sentence = _sentences(found)
    spans = _known(found, names) + _capitalised(found) + _figures(found)
    mentioned: dict[tuple[int, str], Mention] = {}
    for first, last, kind, part in spans:
        inside = found[first:last]
        key = _key(inside)
        if key:
            start, end = inside[0].start, inside[-1].end
            old = mentioned.get((start, key))
            if old is None or old.part:
                mentioned[start, key] = Mention(start, end, text[start:end], key, kind, sentence[first], part)
    places = [token.start for token in found]
    for mention in (*_quoted(text, places, sentence), *_code(found, sentence)):
        mentioned[mention.start, mention.key] = mention
    ordered = sorted(mentioned.values(), key=lambda m: (m.start, -m.end, m.key))
    return _resolved(ordered)


def _key(inside: list[Token]) -> str:
    keys = [token.key for token in inside]
    if len(keys) > 1 and keys[0] in ARTICLES:
        keys = keys[1:]
    return " ".join(keys)


def _sentences(found: list[Token]) -> list[int]:
    numbers, number = [], -1
    for token in found:
        number += token.opens or number < 0
        numbers.append(number)
    return numbers


def _known(found: list[Token], names: Names) -> list[tuple[int, int, str, bool]]:
    """Longest known names from left to right, without overlap; a word alone must be capitalised or a term."""
    spans = []
    keys = [token.key for token in found]
    at = 0
    while at < len(found):
        length = names.longest(keys, at)
        while length and any(token.opens for token in found[at + 1 : at + length]):
            length = 0
        if length == 1 and (not _names_alone(found[at]) or keys[at] in STOP_WORDS):
            length = 0
        if length:
            spans.append((at, at + length, "known", False))
        at += length or 1
    return spans


def _names_alone(token: Token) -> bool:
    return not token.text[0].islower() or "_" in token.text or len(token.text) > 5


def _capital(token: Token) -> bool:
    first = token.text[0]
    return first.isupper() or (len(token.text) > 2 and any(map(str.isupper, token.text)) and first.isalpha())


def _capitalised(found: list[Token]) -> list[tuple[int, int, str, bool]]:
    """Sequences of capitalised words, joined by `of`, `de` and the like; their parts too, where they are joined."""
    elsewhere = {token.key for token in found if not token.opens and _capital(token)}
    spans: list[tuple[int, int, str, bool]] = []
    at = 0
    while at < len(found):
        if not _capital(found[at]):
            at += 1
            continue
        end, cuts = _sequence(found, at)
        first = at
        while first < end and found[first].key in OPENERS and (found[first].opens or found[first].key in STOP_WORDS):
            first += 1
        alone = end - first == 1
        if alone and found[first].opens and found[first].key not in elsewhere and found[first].text[1:].islower():
            first = end
        if first < end and not (alone and _says_nothing(found[first])):
            spans.append((first, end, "name", False))
            cuts = [cut for cut in cuts if cut > first]
            borders = [first - 1, *cuts, end]
            if cuts:
                for left, right in pairwise(borders):
                    begin = left + 1
                    while begin < right and not _capital(found[begin]):
                        begin += 1
                    if begin < right:
                        spans.append((begin, right, "name", True))
        at = max(end, at + 1)
    return spans


def _says_nothing(token: Token) -> bool:
    """Whether a capitalised word alone is no name: a month, a letter, a Roman number."""
    return token.key in MONTHS or len(token.text) < 2 or bool(_ROMAN.match(token.text))


def _sequence(found: list[Token], at: int) -> tuple[int, list[int]]:
    """Where the sequence that begins at `at` ends, and the places of the words that join its parts."""
    end, cuts = at + 1, []
    while end < len(found) and end - at < LONGEST_NAME:
        token = found[end]
        if token.opens or not token.tight:
            break
        if _capital(token) or _ROMAN.match(token.text) or (token.text.isdigit() and not _YEAR.match(token.text)):
            end += 1
            continue
        further = _behind_joint(found, end)
        if not further:
            break
        cuts.append(end)
        end = further
    return end, cuts


def _behind_joint(found: list[Token], at: int) -> int:
    """The place behind `of X`, `of the X`, `de la X` when X is capitalised, else 0."""
    if found[at].key not in JOINING:
        return 0
    for place in (at + 1, at + 2):
        if place >= len(found) or found[place].opens or not found[place].tight:
            return 0
        if _capital(found[place]):
            return place + 1
        if found[place].key not in JOINING and found[place].key not in ARTICLES:
            return 0
    return 0


def _figures(found: list[Token]) -> list[tuple[int, int, str, bool]]:
    """Years, dates with a month, and other numbers of two or more digits."""
    spans = []
    for at, token in enumerate(found):
        if _YEAR.match(token.text):
            spans.append((at, at + 1, "date", False))
            begin = at
            while begin > max(0, at - 2) and not found[begin].opens and _dated(found[begin - 1]):
                begin -= 1
            if begin < at and any(t.key in MONTHS for t in found[begin:at]):
                spans.append((begin, at + 1, "date", False))
        elif _NUMBER.match(token.text) and len(token.text) > 1:
            spans.append((at, at + 1, "number", False))
    return spans


def _dated(token: Token) -> bool:
    return token.key in MONTHS or (token.text.isdigit() and len(token.text) < 3)


def _quoted(text: str, places: list[int], sentence: list[int]) -> list[Mention]:
    """What stands between backticks."""
    found = []
    for match in _QUOTED.finditer(text):
        key = key_of(match[1])
        if key:
            at = bisect_right(places, match.start(1)) - 1
            number = sentence[at] if at >= 0 else 0
            found.append(Mention(match.start(1), match.end(1), match[1], key, "code", number))
    return found


def _code(found: list[Token], sentence: list[int]) -> list[Mention]:
    """`os.path.join`, `snake_case`, `camelCase`, and the last part of what is dotted."""
    terms = []
    for token, number in zip(found, sentence):
        text = token.text
        dotted = "." in text and all(len(part) > 1 and not part[0].isdigit() for part in text.split("."))
        if dotted or "_" in text.strip("_") or (text[0].islower() and _CAMEL.search(text)):
            terms.append(Mention(token.start, token.end, text, token.key, "code", number))
    return terms


def _resolved(ordered: list[Mention]) -> list[Mention]:
    """A surname alone is who was named in full before it in the same text, if only one was."""
    full: dict[str, set[str]] = {}
    kept = []
    for mention in ordered:
        if mention.kind == "name" and " " not in mention.key and not mention.part:
            whole = full.get(mention.key, set())
            if len(whole) == 1:
                mention = Mention(mention.start, mention.end, mention.name, next(iter(whole)), "name", mention.sentence)
        elif mention.kind in ("name", "known") and mention.key.count(" ") in (1, 2) and not mention.part:
            full.setdefault(mention.key.rpartition(" ")[2], set()).add(mention.key)
        kept.append(mention)
    return kept
