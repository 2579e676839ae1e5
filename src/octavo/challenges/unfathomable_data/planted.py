"""Planted: copies, boilerplate, look-alikes, invented people and evaluation items, put where it is known."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from octavo.challenges.unfathomable_data import made
from octavo.data.edits import scattered
from octavo.data.personal.identities import Identity, identities
from octavo.kinds.records import Row

HOSTS, TELLINGS, LEAKS = 5, 8, 8
"""In how many documents each boilerplate passage, each person and each evaluation item stands."""
RIGHT = (0.78, 0.92, 0.85, 0.6)
"""Share of right labels of each annotator; the last mostly errs one way."""
REVIEWER = 0.95
"""The same of who looks at suspected labels again."""


@dataclass(frozen=True)
class Review:
    """A message, what it is, what each annotator says that it is, and what a reviewer would say."""

    text: str
    right: str
    answers: tuple[str, ...]
    reviewer: str


@dataclass(frozen=True)
class Planting:
    """The corpus with all that was planted, and where the copies are."""

    rows: tuple[Row, ...]
    """`id`, `text` and `domain` of each document."""
    pairs: Mapping[str, tuple[str, str]]
    """Row of the probe → the ids of the two documents that it is about."""
    people: tuple[Identity, ...]


def plant(base: Sequence[Row], main: str, probe: Sequence[Mapping[str, Any]], seed: int) -> Planting:
    """Plant what the probe asks about into `base`; whole planted documents belong to the domain `main`."""
    chance = random.Random(f"plant {seed}")  # noqa: S311
    by_set: dict[str, list[Mapping[str, Any]]] = {}
    for row in probe:
        by_set.setdefault(row["set"], []).append(row)
    kept = [dict(row) for row in base]
    order = list(range(len(kept)))
    chance.shuffle(order)
    added: list[Row] = []
    pairs: dict[str, tuple[str, str]] = {}
    for row in by_set["boilerplate"]:
        for _ in range(HOSTS):
            host = kept[order.pop()]
            host["text"] = f"{host['text']}\n{row['text']}"
    words = made.words()
    for row in by_set["copy"]:
        original = kept[order.pop()]
        text = scattered(original["text"], row["rate"], words, chance) if row["rate"] else original["text"]
        added.append({"id": row["id"], "text": text, "domain": original["domain"]})
        pairs[row["id"]] = (original["id"], row["id"])
    for row in (*by_set["paraphrase"], *by_set["different"]):
        names = (f"{row['id']}-a", f"{row['id']}-b")
        added += [{"id": name, "text": text, "domain": main} for name, text in zip(names, row["texts"], strict=True)]
        pairs[row["id"]] = names
    count = sum(row["planted"] for row in by_set["person"])
    people = identities(count, seed, len(by_set["person"]) - count)
    told = [(f"person-{at}", person.text()) for at, person in enumerate(people[:count]) for _ in range(TELLINGS)]
    items = [row for row in by_set["item"] if row["planted"]]
    told += [(row["id"], asked(row, row["answer"])) for row in items for _ in range(LEAKS)]
    for number, (name, text) in enumerate(told):
        about = made.sentence("letters", f"{seed} {number}")
        added.append({"id": f"{name}-{number}", "text": f"{about}\n{text}", "domain": main})
    everything = [*kept, *added]
    chance.shuffle(everything)
    return Planting(tuple(everything), pairs, tuple(people))


def asked(item: Mapping[str, Any], answer: str) -> str:
    """An evaluation item as it stands on a page."""
    return f"{item['question']} {answer}."


def reviews(count: int, seed: int) -> tuple[Review, ...]:
    """Messages with the answers of four annotators of different quality."""
    found = []
    for number in range(count):
        text, right = made.review(number)
        chance = random.Random(f"answers {seed} {number}")  # noqa: S311
        answers = [_answer(right, share, chance, at == len(RIGHT) - 1) for at, share in enumerate(RIGHT)]
        found.append(Review(text, right, tuple(answers), _answer(right, REVIEWER, chance, False)))
    return tuple(found)


def _answer(right: str, share: float, chance: random.Random, one_way: bool) -> str:
    if chance.random() < share:
        return right
    others = [label for label in made.LABELS if label != right]
    return others[-1] if one_way else chance.choice(others)
