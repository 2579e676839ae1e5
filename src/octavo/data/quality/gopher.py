"""Gopher: the quality and repetition rules of Rae et al. 2021 (arXiv:2112.11446, A.1.1), with their thresholds.

Where the paper is vague (what a word is, of what a share is taken, that punctuation is not counted as words), the rules
are read as the open reimplementation for FineWeb reads them (Penedo et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from octavo.data.quality.columns import Columns, hashes_of
from octavo.data.quality.repetition import Floats, Sequences, repeated_parts
from octavo.data.quality.stopwords import STOP_WORDS
from octavo.data.quality.verdicts import Rule, Verdict, judge

WORDS = (50, 100_000)
WORD_LENGTH = (3, 10)
SYMBOLS_PER_WORD = 0.1
BULLETS, ELLIPSES = 0.9, 0.3
ALPHABETIC = 0.8
STOP_WORD_KINDS = 2
TOP = {2: 0.20, 3: 0.18, 4: 0.16}
REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
LINES, PARAGRAPHS, LINE_CHARACTERS, PARAGRAPH_CHARACTERS = 0.30, 0.30, 0.20, 0.20


def gopher(columns: Columns, languages: Sequence[str]) -> list[Verdict | None]:
    """The verdict on each text of a batch; `languages` decide which stop words are looked for (none: no such rule)."""
    quality = quality_rules(columns, languages)
    gone = np.any([rule.broken() for rule in quality], axis=0)
    return judge("gopher", [*quality, *repetition_rules(columns, gone)], columns.count)


def quality_rules(columns: Columns, languages: Sequence[str]) -> list[Rule]:
    """Counts and shares that connected prose keeps within limits."""
    real = ~columns.is_punctuation
    counted = columns.per_text(real)
    every = np.maximum(columns.words, 1)
    mean = columns.per_text(np.where(real, columns.lengths, 0)) / np.maximum(counted, 1)
    hashes, dots, bullets, ellipses = np.array([_marks(text) for text in columns.texts], float).reshape(-1, 4).T
    return [
        Rule("word count", counted, WORDS[0]),
        Rule("word count", counted, WORDS[1], above=True),
        Rule("mean word length", mean, WORD_LENGTH[0]),
        Rule("mean word length", mean, WORD_LENGTH[1], above=True),
        Rule("hashes per word", hashes / every, SYMBOLS_PER_WORD, above=True),
        Rule("ellipses per word", dots / every, SYMBOLS_PER_WORD, above=True),
        Rule("lines beginning with a bullet", bullets, BULLETS, above=True),
        Rule("lines ending in an ellipsis", ellipses, ELLIPSES, above=True),
        Rule("words with a letter", columns.per_text(columns.has_letter) / every, ALPHABETIC),
        Rule("different stop words", _stop_words(columns, languages), STOP_WORD_KINDS),
    ]


def repetition_rules(columns: Columns, gone: NDArray[np.bool_] | None = None) -> list[Rule]:
    """Shares of a text that repeat what it said before. After the first rule that removes a text its further values
    mean nothing; the same holds for texts that are `gone` before."""
    parts = np.array([repeated_parts(text) for text in columns.texts], float).reshape(-1, 4).T
    size = np.maximum(columns.characters, 1)
    rules = [
        Rule("repeated paragraphs", parts[0], PARAGRAPHS, above=True),
        Rule("characters in repeated paragraphs", parts[1], PARAGRAPH_CHARACTERS, above=True),
        Rule("repeated lines", parts[2], LINES, above=True),
        Rule("characters in repeated lines", parts[3], LINE_CHARACTERS, above=True),
    ]
    broken = [rule.broken() for rule in rules]
    gone = np.any(broken if gone is None else [*broken, gone], axis=0)
    sequences = Sequences(columns)
    for words in range(2, 11):
        sequences.forget(gone)
        sequences.grow()
        if words in TOP:
            rules.append(Rule(f"most frequent {words} words", sequences.top() / size, TOP[words], above=True))
        else:
            share = sequences.repeated() / size
            rules.append(Rule(f"repeated sequences of {words} words", share, REPEATED[words], above=True))
        gone |= rules[-1].broken()
    return rules


def _marks(text: str) -> tuple[float, float, float, float]:
    """Number of hashes and ellipses, shares of lines that begin with a bullet and that end in an ellipsis."""
    dots = text.count("...") + text.count("…")
    lines = text.splitlines()
    if not lines:
        return 0, 0, 0, 0
    bullets = sum(line.lstrip().startswith(("•", "-")) for line in lines) if "-" in text or "•" in text else 0
    ends = sum(line.rstrip().endswith(("...", "…")) for line in lines) if dots else 0
    return text.count("#"), dots, bullets / len(lines), ends / len(lines)


def _stop_words(columns: Columns, languages: Sequence[str]) -> Floats:
    """How many different stop words of its language each text has; NaN where there are none for the language."""
    found = np.full(columns.count, np.nan)
    for language in set(languages):
        if language not in STOP_WORDS:
            continue
        kinds = np.zeros(columns.count)
        for value in hashes_of(STOP_WORDS[language]):
            kinds[np.unique(columns.owner[columns.hashes == value])] += 1
        mine = np.array([one == language for one in languages])
        found[mine] = kinds[mine]
    return found
