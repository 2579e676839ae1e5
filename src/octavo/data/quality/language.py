"""Language: which language a text is written in, how sure that is, and `unknown` for what is none.

The n-gram models of lingua decide between languages; what is no language at all is recognised before (`wordlike.py`).
The small models take about 0.1 GB and are nearly as good as the full ones (1.3 GB) from a sentence on.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octavo.data.quality.wordlike import UNKNOWN, plain_words
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

if TYPE_CHECKING:
    from lingua import LanguageDetector

MODELS = ("small", "full")
_detectors: dict[tuple[str, tuple[str, ...]], LanguageDetector] = {}
"""Built once in a process: loading the models takes seconds."""


@dataclass(frozen=True)
class Guess:
    """A language as its ISO 639-1 code, or `unknown`; how likely it is among those asked for; why it is unknown."""

    language: str
    confidence: float = 0.0
    why: str = ""


def identify(text: str, *, among: Sequence[str] = (), models: str = "small", at_least: float = 0.5) -> Guess:
    """The language of a text, looked for in a sample of it.

    `among` restricts what it may be (ISO 639-1 codes; all 75 when empty): with few languages short texts are told
    apart better, and every text looks like one of them. Below the confidence `at_least` it is unknown.
    """
    words = plain_words(text)
    if words.why:
        return Guess(UNKNOWN, 0.0, words.why)
    best = _detector(models, tuple(sorted(among))).compute_language_confidence_values(words.text)[0]
    code = best.language.iso_code_639_1.name.lower()
    sure = round(best.value, 4)
    if sure == 0:
        return Guess(UNKNOWN, 0.0, "no language that is known")
    return Guess(code, sure) if sure >= at_least else Guess(UNKNOWN, sure, f"perhaps {code}")


def by_lines(text: str, *, among: Sequence[str] = (), models: str = "small", at_least: float = 0.5) -> dict[str, float]:
    """Language → share of the text's letters in lines of that language, most first: what a mixed text is made of.

    Lines too short to tell count for the language of the line before.
    """
    letters: Counter[str] = Counter()
    waiting, last = 0, ""
    for line in text.splitlines():
        size = sum(map(str.isalpha, line))
        if size >= 20:
            last = identify(line, among=among, models=models, at_least=at_least).language
            letters[last] += size + waiting
            waiting = 0
        elif last:
            letters[last] += size
        else:
            waiting += size
    if not letters:
        return {identify(text, among=among, models=models, at_least=at_least).language: 1.0}
    total = letters.total()
    return {code: round(count / total, 4) for code, count in sorted(letters.items(), key=lambda one: (-one[1], one[0]))}


def known_languages() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages that can be told apart."""
    from lingua import Language

    return tuple(sorted(language.iso_code_639_1.name.lower() for language in Language.all()))


def check_languages(codes: Sequence[str]) -> None:
    """Refuse (D041) a code that is no known language."""
    known = (*known_languages(), UNKNOWN)
    for code in codes:
        if code not in known:
            raise OctavoError(
                "D041",
                f'"{code}" is no language that can be recognised{nearest(code, known)}',
                do=f"use ISO 639-1 codes: {', '.join(known)}",
                exit_code=WRONG_USE,
            )


def _detector(models: str, among: tuple[str, ...]) -> LanguageDetector:
    assert models in MODELS, models
    found = _detectors.get((models, among))
    if found is None:
        os.environ.setdefault("RAYON_NUM_THREADS", "1")  # the workers are parallel already
        from lingua import Language, LanguageDetectorBuilder

        if len(among) > 1:
            chosen = [language for language in Language.all() if language.iso_code_639_1.name.lower() in among]
            builder = LanguageDetectorBuilder.from_languages(*chosen)
        else:
            builder = LanguageDetectorBuilder.from_all_languages()
        if models == "small":
            builder = builder.with_low_accuracy_mode()
        found = _detectors[models, among] = builder.build()
    return found
