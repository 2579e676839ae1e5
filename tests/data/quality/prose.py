"""Texts made for the tests: words that differ, so that nothing repeats by chance."""

import random

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


def words(count, seed=0, syllables=2):
    """Different made-up words of `syllables` syllables, as long as there are enough."""
    random_ = random.Random(seed)
    return ["".join(random_.choices(SYLLABLES, k=syllables)) for _ in range(count)]


def good(count=120, seed=0):
    """Prose of `count` words in sentences of eight, one line each, that no rule objects to."""
    made = words(count, seed)
    for at, word in zip(range(0, count, 7), ["the", "of", "and", "to", "with"] * count, strict=False):
        made[at] = word
    lines = [" ".join(made[at : at + 8]).capitalize() for at in range(0, count, 8)]
    return ".\n".join(lines) + "."
