"""Terms: how text becomes the words an index counts: tokens, identifier parts, stems."""

from __future__ import annotations

import re
from functools import lru_cache

TOKEN = re.compile(r"[^\W_]+(?:_+[^\W_]+)*")
"""A run of letters and digits of any script, with inner underscores: a word, a number or an identifier."""

_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\dA-Za-z_]+")
_VOWELS = "aeiou"

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "it",
        "its",
        "i",
        "me",
        "my",
        "mine",
        "you",
        "your",
        "yours",
        "we",
        "us",
        "our",
        "they",
        "them",
        "their",
        "he",
        "she",
        "his",
        "her",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "am",
        "do",
        "does",
        "did",
        "doing",
        "done",
        "don",
        "doesn",
        "didn",
        "isn",
        "aren",
        "wasn",
        "to",
        "of",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "as",
        "into",
        "onto",
        "about",
        "than",
        "then",
        "so",
        "such",
        "and",
        "or",
        "but",
        "if",
        "while",
        "because",
        "also",
        "too",
        "very",
        "just",
        "only",
        "even",
        "still",
        "how",
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "can",
        "could",
        "may",
        "might",
        "must",
        "shall",
        "should",
        "will",
        "would",
        "there",
        "here",
        "some",
        "any",
        "each",
        "no",
        "not",
        "s",
        "t",
        "ll",
        "ve",
        "re",
        "d",
        "m",
        "without",
        "within",
        "per",
        "via",
        "lot",
        "lots",
        "much",
        "kept",
        "keep",
        "keeps",
        "have",
        "has",
        "had",
        "having",
        "let",
        "please",
        "want",
        "need",
        "like",
        "use",
        "using",
        "used",
        "way",
        "ways",
        "one",
        "ones",
        "thing",
        "things",
        "something",
        "somehow",
        "someone",
        "everything",
        "get",
        "gets",
        "got",
        "give",
        "given",
        "gives",
    ]
)
"""Words that carry no topic by themselves; they are not indexed in running text, but phrases may contain them."""


def pieces(token: str) -> list[str]:
    """The lower-case parts of an identifier: `ThreadPoolExecutor` → thread, pool, executor; `utf_8` → utf, 8."""
    return [part.lower() for word in token.split("_") if word for part in (_CAMEL.findall(word) or [word])]


def _measure(word: str) -> int:
    """How many vowel-consonant sequences a word has (Porter's m)."""
    runs, previous = 0, False
    for position, letter in enumerate(word):
        vowel = letter in _VOWELS or (letter == "y" and position > 0 and word[position - 1] not in _VOWELS)
        if previous and not vowel:
            runs += 1
        previous = vowel
    return runs


def _has_vowel(word: str) -> bool:
    return any(letter in _VOWELS or (letter == "y" and position > 0) for position, letter in enumerate(word))


def _ends_short(word: str) -> bool:
    """Whether the word ends consonant-vowel-consonant, the last not w, x or y (Porter's *o)."""
    if len(word) < 3:
        return False
    a, b, c = word[-3:]
    return a not in _VOWELS and (b in _VOWELS or b == "y") and c not in _VOWELS and c not in "wxy"


def _inflection(word: str) -> str:
    """Plural, -ed and -ing taken off (Porter's steps 1a and 1b)."""
    if word.endswith("sses") or (word.endswith("ies") and len(word) > 4):
        word = word[:-2]
    elif word.endswith("ies") or (word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3):
        word = word[:-1]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        stem = word[: -len(ending)]
        if word.endswith(ending) and _has_vowel(stem) and len(stem) > 1:
            if stem.endswith(("at", "bl", "iz")):
                return stem + "e"
            if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "lsz" + _VOWELS:
                return stem[:-1]
            return stem + "e" if _measure(stem) == 1 and _ends_short(stem) else stem
    return word


_DERIVED = (
    ("ization", "ize"), ("isation", "ize"), ("ational", "ate"), ("fulness", "ful"), ("ousness", "ous"),
    ("iveness", "ive"), ("tional", "tion"), ("biliti", "ble"), ("ability", "able"), ("lessli", "less"),
    ("entli", "ent"), ("ation", "ate"), ("alism", "al"), ("aliti", "al"), ("ousli", "ous"), ("iviti", "ive"),
    ("fulli", "ful"), ("enci", "ence"), ("anci", "ance"), ("abli", "able"), ("izer", "ize"), ("iser", "ize"),
    ("ator", "ate"), ("alli", "al"), ("ise", "ize"), ("bli", "ble"), ("li", ""),
)  # fmt: skip
_ENDINGS = (
    "ement", "ance", "ence", "able", "ible", "ment", "icate", "ative", "alize", "ical", "ness", "ful",
    "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "al", "er", "ic", "or",
)  # fmt: skip


@lru_cache(maxsize=1 << 18)
def stem(word: str) -> str:
    """The stem of a lower-case word, after Porter (1980) with British spellings; others than a–z stay as they are.

    >>> [stem(w) for w in ("iterators", "iterating", "compressed", "directories", "serialise")]
    ['iter', 'iter', 'compress', 'directori', 'serial']
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _inflection(word)
    if word.endswith("y") and len(word) > 2 and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    for ending, better in _DERIVED:
        if word.endswith(ending):
            if _measure(word[: -len(ending)]) > 0:
                word = word[: -len(ending)] + better
            break
    for ending in _ENDINGS:
        if word.endswith(ending):
            if _measure(word[: -len(ending)]) > (0 if ending in ("ness", "ful", "ical", "alize", "icate") else 1):
                word = word[: -len(ending)]
            elif ending in ("er", "or") and len(word) > 6 and _measure(word[:-2]) > 0:
                word = word[:-2]
            break
    if word.endswith("ion") and len(word) > 5 and word[-4] in "st" and _measure(word[:-3]) > 1:
        word = word[:-3]
    if word.endswith("e") and (_measure(word[:-1]) > 1 or (_measure(word[:-1]) == 1 and not _ends_short(word[:-1]))):
        word = word[:-1]
    if word.endswith("ll") and _measure(word[:-1]) > 1:
        word = word[:-1]
    return word


@lru_cache(maxsize=1 << 18)
def token_terms(token: str) -> tuple[str, ...]:
    """The terms of one token as written: its parts' stems and, for an identifier of several parts, the whole in
    lower case. Stop words give nothing."""
    parts = pieces(token)
    terms = [stem(part) for part in parts if part not in STOP_WORDS and (len(part) > 1 or not part.isascii())]
    if len(parts) > 1:
        terms.append(token.lower())
    return tuple(terms)


def text_terms(text: str) -> list[str]:
    """All terms of running text, in order."""
    return [term for token in TOKEN.findall(text) for term in token_terms(token)]


def words(text: str) -> list[str]:
    """The lower-case words of a question, stop words included, identifiers whole."""
    return [token.lower() for token in TOKEN.findall(text)]
