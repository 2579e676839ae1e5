"""Wordlike: what of a text may be words of a human language, and whether it looks like one at all.

An identifier of languages names one for anything that has letters: random letters, keys, code. So what is no plain word
is set aside first, and what is left must look written.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cache

UNKNOWN = "unknown"
SAMPLE = 480
"""Code points of a longer text that are looked at, in three pieces from its begin, middle and end."""
FEWEST_LETTERS = 8
PLAIN, VOWELS, CLUSTERS, OWN_SCRIPT = 0.5, 0.28, 0.10, 0.6

_SCRIPTS: tuple[tuple[int, str], ...] = (
    (0x0000, "Latin"), (0x0370, "Greek"), (0x0400, "Cyrillic"), (0x0530, "Armenian"), (0x0590, "Hebrew"),
    (0x0600, "Arabic"), (0x0700, "other"), (0x0750, "Arabic"), (0x0780, "other"), (0x08A0, "Arabic"),
    (0x0900, "Devanagari"), (0x0980, "Bengali"), (0x0A00, "Gurmukhi"), (0x0A80, "Gujarati"), (0x0B00, "other"),
    (0x0B80, "Tamil"), (0x0C00, "Telugu"), (0x0C80, "other"), (0x0E00, "Thai"), (0x0E80, "other"),
    (0x10A0, "Georgian"), (0x1100, "Hangul"), (0x1200, "other"), (0x1C80, "Cyrillic"), (0x1C90, "Georgian"),
    (0x1CC0, "other"), (0x1D00, "Latin"), (0x1F00, "Greek"), (0x2000, "Latin"), (0x2C80, "other"),
    (0x2DE0, "Cyrillic"), (0x2E00, "other"), (0x2E80, "Han"), (0x3040, "Kana"), (0x3100, "other"),
    (0x3130, "Hangul"), (0x3190, "other"), (0x31F0, "Kana"), (0x3200, "Han"), (0xA000, "other"),
    (0xA640, "Cyrillic"), (0xA6A0, "other"), (0xA720, "Latin"), (0xA800, "other"), (0xA960, "Hangul"),
    (0xA980, "other"), (0xAB30, "Latin"), (0xAB70, "other"), (0xAC00, "Hangul"), (0xD800, "other"),
    (0xF900, "Han"), (0xFB00, "Latin"), (0xFB13, "Armenian"), (0xFB1D, "Hebrew"), (0xFB50, "Arabic"),
    (0xFE00, "other"), (0xFE70, "Arabic"), (0xFF00, "Latin"), (0xFF66, "Kana"), (0xFFA0, "Hangul"),
    (0xFFE0, "other"), (0x20000, "Han"), (0x323B0, "other"),
)  # fmt: skip
"""First code point of a range → the script of its letters, as far as languages can be told apart in it."""
_BEGINS = [begin for begin, _ in _SCRIPTS]
_TOGETHER = {frozenset(("Han", "Kana")), frozenset(("Han", "Hangul"))}

_MARGIN = "\"'.,;:!?()[]*_-–—…“”‘’„«»‹›"
_INNER = str.maketrans("", "", "'’ʼ-‐‑\u200c\u200d")
_CLUSTER = re.compile(r"[^aeiouyäöüæøåœəıãõ\W\d_]{5,}")
_VOWEL = re.compile(r"[aeiouyäöüæøåœəı]")
_WITHOUT_BLANKS = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdf]")
_FOREIGN = re.compile(r"[\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\u060c\u061b\u061f\u06d4\u0964\u0965\u30fb\uff65·、。]")


@dataclass(frozen=True)
class Words:
    """The plain words of a text's sample, and why they can't be a language that is known (empty: they may be)."""

    text: str
    script: str
    why: str


def plain_words(text: str) -> Words:
    """The words to seek a language in: no addresses, identifiers, numbers, keys or broken characters."""
    sample = _sample(text)
    if not sample:
        return Words("", "", "no letters")
    if (sample.count("\ufffd") + sum(map(sample.count, "\x00\x01\x02\x03\x80\x81\x83"))) > 0.02 * len(sample):
        return Words("", "", "broken characters")
    words, kept, signs = [], [], 0
    for chunk in _FOREIGN.sub(" ", sample).split():
        bare = chunk if chunk.isascii() else _marks().sub("", chunk)
        if word := _plain(bare):
            words.append(word)
            kept.append(chunk)
        else:
            signs += len(bare)
    letters = sum(map(_weight, words))
    if letters < FEWEST_LETTERS:
        return Words("", "", "hardly a letter")
    if letters < PLAIN * (letters + signs):
        return Words("", "", "signs, numbers or code")
    script, share, mixed = _script(words)
    if mixed > 0.15:
        return Words("", "", "scripts mixed within words")
    if script == "other":
        return Words("", script, "a script that is not known")
    if share < OWN_SCRIPT:
        return Words("", script, "several scripts")
    why = _unpronounceable(words) if script == "Latin" else ""
    return Words(" ".join(kept), script, why)


def _sample(text: str) -> str:
    """At most `SAMPLE` code points, without half words at the borders of the pieces."""
    if len(text) <= SAMPLE * 1.5:
        return text.strip()
    size = SAMPLE // 3
    pieces = []
    for start in (0, (len(text) - size) // 2, len(text) - size):
        piece = text[start : start + size]
        first, last = piece.find(" ") if start else 0, piece.rfind(" ")
        pieces.append(piece[first:last].strip() if 0 <= first < last and last > size // 2 else piece.strip())
    return " ".join(pieces)


def _plain(chunk: str) -> str:
    """The letters of a chunk that is a plain word, else nothing."""
    word = chunk.strip(_MARGIN).translate(_INNER)
    if not word.isascii() and _WITHOUT_BLANKS.search(
        word
    ):  # words are not parted there: numbers and Latin names stand between
        word = "".join(_WITHOUT_BLANKS.findall(word))
    if not word.isalpha() or (len(word) > 30 and word.isascii()):
        return ""
    return word if word.islower() or word.isupper() or word[1:].islower() or not word.isascii() else ""


def _weight(word: str) -> int:
    """How many letters of an alphabet a word stands for: a sign of a syllable or a word says as much as three."""
    return len(word) * (3 if not word.isascii() and _WITHOUT_BLANKS.search(word) else 1)


def _script(words: list[str]) -> tuple[str, float, float]:
    """The script of most letters, its share, and the share of words that mix scripts."""
    counts: Counter[str] = Counter()
    mixed = 0
    for word in words:
        if word.isascii():
            counts["Latin"] += len(word)
            continue
        own = Counter(_SCRIPTS[bisect_right(_BEGINS, ord(letter)) - 1][1] for letter in word)
        for script, times in own.items():
            counts[script] += times * _weight(word) // len(word)
        mixed += len(own) > 1 and frozenset(own) not in _TOGETHER and len(word) < 12
    japanese = counts["Kana"]
    if japanese:
        counts["Kana"] += counts.pop("Han", 0)
    script, most = counts.most_common(1)[0]
    return script, most / sum(counts.values()), mixed / len(words)


def _unpronounceable(words: list[str]) -> str:
    """Why Latin letters are no words: hardly a vowel, or clusters of consonants that no language has so often."""
    lower = _marks().sub("", unicodedata.normalize("NFD", " ".join(words).lower()))
    letters = len(lower) - lower.count(" ")
    if letters < 24:
        return ""
    if len(_VOWEL.findall(lower)) < VOWELS * letters:
        return "hardly a vowel"
    clustered = sum(map(len, _CLUSTER.findall(lower)))
    return "no syllables" if clustered > CLUSTERS * letters else ""


@cache
def _marks() -> re.Pattern[str]:
    """All combining marks, which `str.isalpha` does not count as letters."""
    ranges: list[list[int]] = []
    for code in range(0x300, 0x11FFF):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges) + "]")
