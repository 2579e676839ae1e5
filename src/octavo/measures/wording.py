"""Wording: sentences, claims, content words, numbers, names and negations of a text, by stated lexical rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ABBREVIATIONS = (
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bMrs)(?<!\bSt)(?<!\bNo)(?<!\bU\.S)"
)
_SENTENCE_END = re.compile(
    _ABBREVIATIONS + r"[.!?][\"')\]”’]*\s+(?=[^\s])|(?<=[.!?][\"”’])(?=[A-Z])|\n\s*\n|\n\s*[-*•]\s+"
)
_CLAUSE = re.compile(r";\s+|,\s+(?=(?:and|but|while|whereas|although)\s)")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*\w*|[^\W_]+(?:[._'’\-/][^\W_]+)*|[,;:.!?]", re.UNICODE)
_SCOPE = 4
"""A negation reaches over this many words, or to the next punctuation or `but` (after NegEx, Chapman et al. 2001)."""
_NUMBER = re.compile(r"^\d[\d,.]*(?:st|nd|rd|th|s|k|m|bn)?$")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        _words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
} | {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "dozen": "12", "hundred": "100"}
NEGATIONS = frozenset(
    _words(
        "not no never none nobody nothing neither nor without cannot can't won't don't doesn't didn't isn't aren't "
        "wasn't weren't hasn't haven't hadn't wouldn't couldn't shouldn't unable fail fails failed lack lacks "
        "lacked refuse refuses refused deny denies denied hardly barely"
    )
)
STOP = frozenset(
    _words(
        "a an the this that these those it its he him his she her hers they them their we us our you your i me my "
        "who whom whose which what when where why how of in on at by to from for with as into onto upon over under "
        "about after before between during through per via and or but so if then than because while although "
        "though also too very is are was were be been being am do does did done have has had having will would "
        "shall should can could may might must there here all any some each every both more most other such only "
        "own same just s t re ve ll d m said says say according one"
    )
)


@dataclass(frozen=True)
class Wording:
    """What a sentence says, lexically: content words (stems), numbers, names (stems), and the words it negates."""

    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    negated: frozenset[str]

    @property
    def empty(self) -> bool:
        """Nothing that evidence could support: no content word, number or name."""
        return not (self.words or self.numbers)


def sentences(text: str) -> list[str]:
    """Sentences, list items and paragraphs of a text, in order, without what is only punctuation."""
    parts = (part.strip().removeprefix("- ").removeprefix("* ") for part in _SENTENCE_END.split(text))
    return [part for part in parts if re.search(r"\w", part)]


def claims(answer: str) -> list[str]:
    """The atomic claims of an answer: its sentences, cut at semicolons and at `, and|but|while …` where both sides
    have at least three content words (so that lists and short tails stay whole)."""
    found: list[str] = []
    for sentence in sentences(answer):
        pieces: list[str] = []
        for clause in _CLAUSE.split(sentence):
            if pieces and (len(wording(pieces[-1]).words) < 3 or len(wording(clause).words) < 3):
                pieces[-1] = f"{pieces[-1]}, {clause}"
            else:
                pieces.append(clause)
        found += pieces
    return found


def wording(text: str) -> Wording:
    """Content words, numbers, names and negated words of a sentence."""
    words: set[str] = set()
    numbers: set[str] = set()
    names: set[str] = set()
    negated: set[str] = set()
    reach = 0
    for place, match in enumerate(_TOKEN.finditer(text)):
        token = match.group().replace("’", "'")
        small = token.lower().removesuffix("'s")
        if small in NEGATIONS or small.endswith("n't"):
            reach = _SCOPE
            continue
        reach = 0 if small in ",;:.!?but" else max(0, reach - 1)
        if small in STOP or small in ",;:.!?":
            continue
        if small in _NUMBER_WORDS:
            numbers.add(_NUMBER_WORDS[small])
        elif _NUMBER.match(small):
            numbers.add(_plain_number(small))
        else:
            for part in re.split(r"[-/]", small):
                if part and part not in STOP:
                    words.add(stem(part))
                    if reach:
                        negated.add(stem(part))
                    if any(c.isupper() for c in token) and (place > 0 or not token[1:].islower()):
                        names.add(stem(part))
    return Wording(frozenset(words), frozenset(numbers), frozenset(names), frozenset(negated))


def stem(word: str) -> str:
    """A word without its common English endings: enough that `returned`, `returns` and `returning` are one."""
    for ending, instead in (
        ("ies", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("edly", ""),
        ("ed", ""),
        ("es", ""),
        ("ly", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: len(word) - len(ending)] + instead
            break
    else:
        if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
            word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiosl":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def _plain_number(number: str) -> str:
    digits = re.sub(r"(st|nd|rd|th|s|k|m|bn)$", "", number).replace(",", "").rstrip(".")
    if "." in digits and digits.count(".") == 1:
        digits = digits.rstrip("0").rstrip(".")
    return digits.lstrip("0") or "0"
