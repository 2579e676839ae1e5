"""Made-up sums in words, prose of made-up words, and edits of both."""

import random

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]
NAMES = ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana", "Ines", "Jon"]
THINGS = ["apples", "stamps", "bricks", "candles", "pencils", "coins", "shells", "plates"]


def prose(seed, words=200):
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def problem(seed, numbers=None):
    """A made-up sum in words; with `numbers` the same sum with others."""
    r = random.Random(seed)
    name, thing, place = r.choice(NAMES), r.choice(THINGS), " ".join(r.choices(WORDS, k=6))
    a, b, c = numbers or (r.randrange(10, 99), r.randrange(2, 9), r.randrange(100, 999))
    return (
        f"{name} went to the {place} and bought {a} {thing}, then gave {b} of them to each friend near the "
        f"{r.choice(WORDS)}. The price was {c} cents for one. How many {thing} does {name} have left after that?"
    )


def edited(text, rate, seed):
    r, out = random.Random(seed), []
    words = text.split()
    chosen = set(r.sample(range(len(words)), round(rate * len(words))))
    for at, word in enumerate(words):
        kind = r.randrange(3) if at in chosen else None
        out += {None: [word], 0: [r.choice(WORDS)], 1: [], 2: [word, r.choice(WORDS)]}[kind]
    return " ".join(out)


def planted(text, at=50):
    words = prose(7).split()
    return " ".join([*words[:at], text, *words[at:]])
