"""Gaps: questions about any text: a sentence of it with some words left out, or put as a what-question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from octavo.kinds.documents import Document

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_SMALL_WORDS = (
    "a an and are as at be by can for from has have if in is it its not of on or that the this to was which will with "
)
_SMALL = frozenset(_SMALL_WORDS.split())
_ASKED = ("Fill the gap: {l} ___ {r}", "{l} what {r}?", "Which words are missing: {l} ... {r}", "{l} ___ {r}")
Turn = tuple[str, str, int]
"""Question, answer ("" when no passage holds it), passage (from 0)."""


class Gaps:
    """Makes passages with such questions from documents, one after another."""

    def __init__(self, documents: Sequence[Document], seed: str) -> None:
        self.documents, self.chance = documents, Random(seed)  # noqa: S311

    def item(self) -> tuple[list[str], list[Turn]]:
        """Up to three passages and up to five questions."""
        chance = self.chance
        passages = [self._passage() for _ in range(chance.choice((1, 2, 2, 3)))]
        turns: list[Turn] = []
        for _ in range(5):
            at = chance.randrange(len(passages))
            if chance.random() < 0.15:
                text, sentences = self._passage()
                got = ask(chance.choice(sentences), chance)
                if got is not None and all(text != other for other, _ in passages):
                    turns.append((got[0], "", -1))
                continue
            got = ask(chance.choice(passages[at][1]), chance)
            if got is not None:
                turns.append((*got, at))
        return [text for text, _ in passages], turns

    def _passage(self) -> tuple[str, list[str]]:
        """Some sentences in a row, and those of them that can be asked about."""
        chance = self.chance
        while True:
            document = chance.choice(self.documents)
            sentences = _SENTENCE.split(" ".join(document.text[:6000].split()))
            good = [at for at, sentence in enumerate(sentences) if is_prose(sentence)]
            if not good:
                continue
            first = last = chance.choice(good)
            text = sentences[first]
            while last + 1 < len(sentences) and len(text) + len(sentences[last + 1]) < chance.randint(120, 380):
                last += 1
                text += " " + sentences[last]
            return text, [sentence for sentence in sentences[first : last + 1] if is_prose(sentence)]


def is_prose(sentence: str) -> bool:
    """Whether a sentence is one of words and not of code."""
    words = sentence.split()
    letters = sum(letter.isalpha() or letter == " " for letter in sentence)
    return (
        6 <= len(words) <= 28
        and sentence[0].isupper()
        and sentence.endswith(".")
        and letters / len(sentence) > 0.9
        and ">>>" not in sentence
    )


def ask(sentence: str, chance: Random) -> tuple[str, str] | None:
    """A question about one to four words of the sentence, and these words; None when none are found."""
    words = sentence.rstrip(".").split()
    for _ in range(8):
        count = chance.choice((1, 1, 2, 2, 3, 4))
        at = chance.randrange(0, max(1, len(words) - count + 1))
        asked = words[at : at + count]
        bare = re.match(r"\w", asked[0]) and re.search(r"\w$", asked[-1])
        if asked[-1].lower() in _SMALL or (count == 1 and len(asked[0]) < 4) or not bare:
            continue
        left, right = words[max(0, at - chance.randint(2, 9)) : at], words[at + count :][: chance.randint(2, 9)]
        if chance.random() < 0.35:
            left = [word for word in left if chance.random() > 0.15]
            right = [word for word in right if chance.random() > 0.15]
        if len(left) + len(right) < 3:
            continue
        if at + count == len(words) and chance.random() < 0.6:
            question = " ".join(left) + " what?"
        elif at == 0 and chance.random() < 0.7:
            question = f"What {' '.join(right)}?"
        else:
            question = chance.choice(_ASKED).format(l=" ".join(left), r=" ".join(right)).strip()
        return question[:1].upper() + question[1:], " ".join(asked)
    return None
