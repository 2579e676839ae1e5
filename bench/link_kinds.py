"""Measure linking of records that are no vulnerabilities: made products, people, libraries and bare texts, truth known.

    python bench/link_kinds.py [--out bench/results/link_kinds.md] [--seeds 0,1,2]

Each world has 500 records on the left and 700 on the right; 250 are the same thing. The others are near it on purpose:
another model of a product line, a relative or a namesake of a person, a fork or an add-on of a library. Both databases
name their fields differently, write names, prices, dates and addresses each in its own way, leave fields out and make
typing errors. Nothing is fitted to known pairs. The two trivial ways: names that are equal but for case, and the cosine
of TF-IDF over all words, with the threshold that is best on the seeds 100 to 102 of the same kind (which no other
way is given). What linking has as numbers of its own was chosen on these seeds too, never on the measured ones.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from octavo.knowledge.entities.candidates import nearest
from octavo.knowledge.entities.link import chances, link, prepare
from octavo.knowledge.entities.record import Record, read_records
from octavo.knowledge.entities.vectors import vectors
from octavo.knowledge.index.terms import text_terms

BOTH, LEFT, RIGHT = 250, 250, 450
"""Things that both sides know, and things of one side only."""
CHOSEN_ON = (100, 101, 102)
Row = dict[str, Any]
World = tuple[list[Row], list[Row], dict[str, str]]
SYLLABLES = [
    "ka",
    "ro",
    "mi",
    "zen",
    "tul",
    "pra",
    "vex",
    "lo",
    "nir",
    "dos",
    "hem",
    "qui",
    "bas",
    "wol",
    "fer",
    "gan",
    "tis",
    "mor",
    "ud",
    "pel",
]
LETTERS = "abcdefghijklmnoprstuvz"


def word(chance: random.Random, parts: int = 2) -> str:
    """An invented word."""
    return "".join(chance.choice(SYLLABLES) for _ in range(parts))


def typo(chance: random.Random, text: str, share: float) -> str:
    """The text, at times with one letter lost, doubled, swapped or replaced."""
    if chance.random() >= share or len(text) < 5:
        return text
    at = chance.randrange(1, len(text) - 2)
    changed = chance.choice(
        (text[at + 1] + text[at], text[at], text[at] * 2 + text[at + 1], "", chance.choice(LETTERS))
    )
    return text[:at] + changed + text[at + 2 :]


GOODS = [
    "kettle",
    "lantern",
    "toaster",
    "drill",
    "router",
    "keyboard",
    "headset",
    "blender",
    "monitor",
    "printer",
    "heater",
    "camera",
]
COLOURS = ["black", "white", "red", "silver", "blue", "green"]


def products(chance: random.Random) -> Iterator[tuple[Row, Row]]:
    """Shops: name, maker and price against title, manufacturer and cost."""
    makers = [word(chance).title() for _ in range(40)]
    while True:
        maker, goods, line = chance.choice(makers), chance.choice(GOODS), word(chance).title()
        for _ in range(chance.randint(1, 4)):  # models of one line
            code = f"{chance.choice('KXLTR')}{chance.choice('ASDV')}-{chance.randrange(10, 99)}0"
            colour, price = chance.choice(COLOURS), chance.randrange(900, 40_000) / 100
            left = {"name": f"{maker} {line} {code} {goods} {colour}", "maker": maker, "price": price}
            shown = code.replace("-", chance.choice(("", " ", "-")))
            said = [typo(chance, line, 0.1), shown if chance.random() < 0.9 else code[:2], colour, goods]
            chance.shuffle(said)
            right: Row = {"title": " ".join(said if chance.random() < 0.6 else [maker, *said])}
            if chance.random() < 0.8:
                right["manufacturer"] = maker.upper() + chance.choice(("", " Inc.", " Ltd", " GmbH"))
            if chance.random() < 0.85:
                right["cost"] = f"{price * chance.uniform(0.92, 1.08):.2f} EUR"
            yield left, right


def people(chance: random.Random) -> Iterator[tuple[Row, Row]]:
    """Registers: one name, born and town against first name, last name, date of birth and city."""
    first = [word(chance).title() for _ in range(60)]
    towns = [word(chance, 3).title() for _ in range(30)]
    while True:
        family, home = word(chance, chance.choice((2, 3))).title(), chance.choice(towns)
        for _ in range(chance.randint(1, 4)):  # relatives
            given, middle = chance.choice(first), chance.choice(first)
            if chance.random() < 0.1:
                family = chance.choice(("Tulmor", "Basfer", "Pelgan"))  # common names
            day = datetime.date(1930, 1, 1) + datetime.timedelta(days=chance.randrange(28_000))
            left = {"name": f"{given} {middle[0]}. {family}", "born": day.isoformat(), "town": home}
            if chance.random() < 0.3:
                left["name"] = f"{family}, {given}"
            right: Row = {
                "first_name": f"{given[0]}." if chance.random() < 0.3 else typo(chance, given, 0.08),
                "last_name": typo(chance, family, 0.12),
                "city": home if chance.random() < 0.75 else chance.choice(towns),
            }
            if chance.random() < 0.85:
                right["date_of_birth"] = f"{day:%d.%m.%Y}" if chance.random() < 0.9 else f"{day:%Y}"
            yield left, right


def libraries(chance: random.Random) -> Iterator[tuple[Row, Row]]:
    """Registries: name, version and url against package, release and homepage."""
    purposes = ["json", "http", "cache", "queue", "parse", "crypt", "image", "table", "graph", "audio", "mail", "date"]
    while True:
        stem = f"{word(chance)}-{chance.choice(purposes)}"
        for ending in ("", *chance.sample(("-ng", "-cli", "-async", "-core", "2"), chance.randrange(3))):
            name, owner = stem + ending, word(chance)
            numbers = [chance.randrange(9), chance.randrange(20), chance.randrange(9)]
            left = {"name": name, "version": ".".join(map(str, numbers)), "url": f"https://code.example/{owner}/{name}"}
            if chance.random() < 0.4:
                numbers[1] += chance.randrange(1, 4)
            shapes = (name, name.replace("-", ""), name.replace("-", "_"), f"lib{name}", f"python-{name}", name.title())
            right: Row = {"package": chance.choice(shapes), "release": "v" + ".".join(map(str, numbers))}
            place = chance.random()
            if place < 0.45:
                right["homepage"] = f"http://www.code.example/{owner}/{name}.git"
            elif place < 0.7:
                right["homepage"] = f"https://{name}.docs.example/"
            yield left, right


def texts(chance: random.Random) -> Iterator[tuple[Row, Row]]:
    """Bare texts: products told in a sentence each."""
    for left, right in products(chance):
        said = f"{left['name']}. Made by {left['maker']}, sold for {left['price']:.2f}."
        told = f"A {right['title']}" + (f" from {right['manufacturer']}" if "manufacturer" in right else "")
        yield {"text": said}, {"text": told + (f" at {right['cost']}" if "cost" in right else "") + "."}


KINDS: dict[str, Callable[[random.Random], Iterator[tuple[Row, Row]]]] = {
    "products": products, "people": people, "libraries": libraries, "texts": texts
}  # fmt: skip


def world(kind: str, seed: int) -> World:
    """Rows of both sides in random order, and left id → right id of those that are the same."""
    chance = random.Random(f"{kind} {seed}")
    made = KINDS[kind](chance)
    left, right, truth = [], [], {}
    things = [next(made) for _ in range(BOTH + LEFT + RIGHT)]
    chance.shuffle(things)
    for number, (one, other) in enumerate(things):
        if number < BOTH + LEFT:
            left.append({"id": f"l{number}", **one})
        if number < BOTH or number >= BOTH + LEFT:
            right.append({"id": f"r{number}", **other})
        if number < BOTH:
            truth[f"l{number}"] = f"r{number}"
    chance.shuffle(left)
    chance.shuffle(right)
    return left, right, truth


def records_of(rows: list[Row]) -> list[Record]:
    """The rows as linking reads them from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return read_records(path)


Said = dict[str, tuple[str | None, float]]
"""Left id → the best right id, and how sure it is."""


def said_words(row: Row) -> str:
    """All values of a row but its id."""
    return " ".join(str(value) for key, value in row.items() if key != "id")


def by_tfidf(left: list[Row], right: list[Row]) -> Said:
    """The greatest cosine over all words."""
    sides = [[Record(row["id"], said_words(row), ()) for row in rows] for rows in (left, right)]
    space = vectors(sides[0], sides[1], lambda record: text_terms(record.text))
    found = nearest(space, space, 1)
    best = {int(a): (int(b), float(c)) for a, b, c in zip(found.left, found.right, found.text, strict=True)}
    return {
        row["id"]: (right[best[n][0]]["id"], best[n][1]) if n in best else (None, 0.0) for n, row in enumerate(left)
    }


def by_equal_names(left: list[Row], right: list[Row]) -> Said:
    """The only record of that name."""

    def name(row: Row) -> str:
        split = f"{row['first_name']} {row['last_name']}" if "first_name" in row else ""
        return str(row.get("name") or row.get("title") or row.get("package") or row.get("text") or split).lower()

    held: dict[str, list[str]] = {}
    for row in right:
        held.setdefault(name(row), []).append(row["id"])
    found = [(row["id"], held.get(name(row), [])) for row in left]
    return {id_: (ids[0], 1.0) if len(ids) == 1 else (None, 0.0) for id_, ids in found}


def by_link(left: list[Row], right: list[Row], method: str) -> tuple[Said, float, str]:
    """What `octavo link` decides: its best candidates with 1 where it links and 0 where not; seconds; the weights."""
    began = time.process_time()
    ready = prepare(records_of(left), records_of(right))
    decided = chances(ready, method)
    said: Said = {}
    for number, record in enumerate(ready.left):
        part = ready.candidates.of(number)
        mine = decided.chance[part]
        at = int(mine.argmax()) if len(mine) else -1
        best = ready.right[int(ready.candidates.right[part][at])].id if len(mine) else None
        said[record.id] = (best, float(len(mine) > 0 and mine[at] >= decided.threshold))
    spent = time.process_time() - began
    linked = {one.left: one.right for one in link(ready.left, ready.right, method, prepared=ready)}
    assert linked == {key: best if sure else None for key, (best, sure) in said.items()}
    return said, spent, decided.weights


def scores(said: Said, truth: dict[str, str], threshold: float) -> tuple[float, float, float, float]:
    """R@1, F1 with no counterpart, precision, recall."""
    first = sum(said[left][0] == right for left, right in truth.items())
    taken = {left: best for left, (best, sure) in said.items() if best is not None and sure >= threshold}
    hits = sum(truth.get(left) == right for left, right in taken.items())
    return first / len(truth), 2 * hits / (len(taken) + len(truth)), hits / max(1, len(taken)), hits / len(truth)


def threshold_of(kind: str) -> float:
    """The cosine that is best on the seeds it may be chosen on."""
    worlds = [world(kind, seed) for seed in CHOSEN_ON]
    said = [(by_tfidf(left, right), truth) for left, right, truth in worlds]
    places = np.linspace(0.05, 0.95, 91)
    return float(places[int(np.argmax([sum(scores(s, t, place)[1] for s, t in said) for place in places]))])


def cell(values: list[float]) -> str:
    """Mean and range over the seeds."""
    return f"{np.mean(values):.3f} ({min(values):.3f} … {max(values):.3f})"


def measured(kind: str, seeds: list[int]) -> list[str]:
    """Rows of the table."""
    limit = threshold_of(kind)
    found: dict[str, list[tuple[float, ...]]] = {}
    for seed in seeds:
        left, right, truth = world(kind, seed)
        for name, way in (("equal names", by_equal_names), ("TF-IDF of all words", by_tfidf)):
            began = time.process_time()
            said = way(left, right)
            spent = time.process_time() - began
            found.setdefault(name, []).append((*scores(said, truth, limit), spent))
        for method in ("text", "graph", "fused"):
            said, spent, weights = by_link(left, right, method)
            found.setdefault(f"octavo, {method} ({weights})", []).append((*scores(said, truth, 0.5), spent))
    told = []
    for name, rows in found.items():
        first, f1, precision, recall, seconds = (list(column) for column in zip(*rows, strict=True))
        cells = (kind, name, cell(first), cell(f1), f"{np.mean(precision):.3f}", f"{np.mean(recall):.3f}")
        told.append("| " + " | ".join((*cells, f"{np.mean(seconds):.2f}")) + " |")
        print(told[-1], flush=True)
    return told


def main() -> None:
    """Measure and write the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "link_kinds.md")
    options.add_argument("--seeds", default="0,1,2")
    options.add_argument("--kinds", default=",".join(KINDS))
    given = options.parse_args()
    rows = [line for kind in given.kinds.split(",") for line in measured(kind, list(map(int, given.seeds.split(","))))]
    stated = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    lines = [
        "# Linking records of other kinds", "",
        f"{datetime.date.today().isoformat()}, Python {platform.python_version()}, {stated}, "
        f"`python bench/link_kinds.py`, seeds {given.seeds}. Processor seconds, with reading; mean and range.",
        "", " ".join((__doc__ or "").split("\n\n")[-1].split()), "",
        "| records | by | R@1 | F1 with no counterpart | precision | recall | seconds |",
        "|---|---|---|---|---|---|---|", *rows, "",
    ]  # fmt: skip
    given.out.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
