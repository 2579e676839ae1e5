"""Texts, copies of them, and a search that a test can read at a glance."""

import json
import random
import re

from octavo.data.duplicates.find import Limits, find_duplicates
from octavo.kinds.records import shards

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]


def prose(seed, words=120):
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def swapped(text, share, seed):
    """The text with a share of its words substituted, anywhere."""
    rng = random.Random(seed)
    words = text.split()
    for at in rng.sample(range(len(words)), round(share * len(words))):
        words[at] = f"other{rng.randrange(10**6)}"
    return " ".join(words)


def write(path, rows):
    rows = [{"id": f"r{at}", "text": row} if isinstance(row, str) else row for at, row in enumerate(rows)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def found(folder, rows, *, size=2**23, on="serial", workers=0, **limits):
    """[(row, row of the kept, kind, similarity)] of a search in `folder`."""
    folder.mkdir(exist_ok=True, parents=True)
    parts = shards([write(folder / "in.jsonl", rows)], folder / "unpacked", size)
    return list(find_duplicates(parts, Limits(**limits), folder / "work", on=on, workers=workers))


def triples(text):
    """The word triples of a text in plain Python, to check the fast ones against; words are letters and digits."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))} if words else set()


def similarity(one, other):
    a, b = triples(one), triples(other)
    return len(a & b) / len(a | b) if a | b else 0.0
