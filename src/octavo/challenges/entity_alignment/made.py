"""Made records: two databases about the same made-up products, and which of their records speak of the same flaw.

One database is kept by those who ship packages (terse, module paths, the day of the entry), the other by those who list
products (long stock phrases, vendor and product). More than half of the advisories have no counterpart; most of these
are about a product that the catalogue knows, but another flaw of it.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

WORDS = Path(__file__).parent / "flaws.toml"


@dataclass(frozen=True)
class Amounts:
    """How many records of each kind."""

    same: int = 42
    related: int = 12
    known: int = 30
    """Without counterpart, about a product that the catalogue knows."""
    unknown: int = 16
    """Without counterpart, about a product that it does not know."""
    products: int = 90
    catalogue: int = 400


@dataclass(frozen=True)
class Product:
    """A product, its maker, its package (whose name may not hold the product's), and its repository."""

    name: str
    maker: str
    package: str
    repository: str


@dataclass(frozen=True)
class Flaw:
    """One flaw of one product: what both databases would tell of it."""

    product: Product
    kind: int
    part: str
    fixed: str
    found: date
    commit: str


@dataclass(frozen=True)
class Made:
    """Rows of the probe, and the records of the catalogue."""

    probe: tuple[dict[str, Any], ...]
    catalogue: tuple[dict[str, Any], ...]


@cache
def words() -> dict[str, Any]:
    """Flaws, parts and syllables."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def made(name: str, amounts: Amounts = Amounts()) -> Made:
    """Both databases, decided by `name` alone."""
    chance = random.Random(name)  # noqa: S311
    products = _products(chance, amounts.products)
    known = products[: len(products) * 4 // 5]
    flaws = _flaws(chance, known)
    listed = [next(flaws) for _ in range(amounts.catalogue)]
    numbers = {flaw: f"CAT-{number:04d}" for number, flaw in enumerate(listed, 1)}
    shared = chance.sample(listed, amounts.same + amounts.related)
    rows = [_row(chance, flaw, numbers[flaw]) for flaw in shared[: amounts.same]]
    rows += [_copied(chance, flaw, numbers[flaw], products) for flaw in shared[amounts.same :]]
    rows += [_row(chance, next(flaws), None) for _ in range(amounts.known)]
    strange = _flaws(chance, products[len(known) :])
    rows += [_row(chance, next(strange), None) for _ in range(amounts.unknown)]
    chance.shuffle(rows)
    for number, row in enumerate(rows, 1):
        row["id"] = row["record"]["id"] = f"ADV-{number:03d}"
    catalogue = {number: _catalogued(chance, flaw, number) for flaw, number in numbers.items()}
    for row in rows:
        row["hard"] = row["class"] == "same" and _is_hard(row["record"], catalogue[row["truth"]])
    return Made(tuple(rows), tuple(catalogue.values()))


def _is_hard(record: dict[str, Any], true: dict[str, Any]) -> bool:
    """No link in common, and the advisory has no text or another name for the product."""
    links, known = ({one["url"] for one in each["references"]} for each in (record, true))
    house, ware = true["packages"][0]["name"].lower().split()
    package = record["packages"][0]["name"]
    return not links & known and (not record["details"] or not (house in package and ware in package))


def _products(chance: random.Random, count: int) -> list[Product]:
    names = words()["names"]
    first, last, wares, makers = (names[key].split() for key in ("first", "last", "wares", "makers"))
    found: dict[str, Product] = {}
    while len(found) < count:
        house = chance.choice(first) + chance.choice(last)
        ware = chance.choice(wares)
        if f"{house} {ware}" in found:
            continue
        maker = "n/a" if chance.random() < 0.15 else f"{house.title()} {chance.choice(makers)}"
        repository = f"code.example/{house}/{ware}"
        shape = chance.random()
        renamed = f"{house[0]}{house[-1]}-{ware[:4]}"
        package = repository if shape < 0.45 else f"{house}-{ware}" if shape < 0.75 else renamed
        found[f"{house} {ware}"] = Product(f"{house.title()} {ware.title()}", maker, package, repository)
    return list(found.values())


def _flaws(chance: random.Random, products: Sequence[Product]) -> Iterator[Flaw]:
    """Flaws, each a product with a kind and a part that no other flaw of it has."""
    parts, kinds = list(words()["parts"]), len(words()["flaw"])
    seen = set()
    while True:
        product, kind, part = chance.choice(products), chance.randrange(kinds), chance.choice(parts)
        if (product.name, kind, part) in seen:
            continue
        seen.add((product.name, kind, part))
        fixed = f"{chance.randrange(1, 9)}.{chance.randrange(30)}.{chance.randrange(12)}"
        found = date(2015, 1, 1) + timedelta(days=chance.randrange(3500))
        yield Flaw(product, kind, part, fixed, found, f"{chance.getrandbits(64):016x}")


def _catalogued(chance: random.Random, flaw: Flaw, number: str) -> dict[str, Any]:
    about = words()["flaw"][flaw.kind]
    part = words()["parts"][flaw.part]
    text = chance.choice(about["catalogue"]).format(part=part, product=flaw.product.name, fixed=flaw.fixed)
    links = [f"https://security.example/advisory/{chance.getrandbits(40):010x}"]
    if chance.random() < 0.5:
        links.append(f"https://{flaw.product.repository}/commit/{flaw.commit}")
    if chance.random() < 0.5:
        links.append(f"https://{flaw.product.repository}")
    version = flaw.fixed if chance.random() < 0.8 else ""
    return {
        "id": number,
        "packages": [{"vendor": flaw.product.maker, "name": flaw.product.name, "fixed": [version] if version else []}],
        "cwes": [about["cwe"]],
        "published": flaw.found.isoformat(),
        "summary": "",
        "details": f"{text}.",
        "references": [{"type": "WEB", "url": link} for link in links],
    }


def _advisory(chance: random.Random, flaw: Flaw, package: str) -> dict[str, Any]:
    """What the other database tells: at times without a text, without a version, or dated years later."""
    about = words()["flaw"][flaw.kind]
    text = chance.choice(about["advisory"]).format(part=flaw.part)
    if chance.random() < 0.15:
        text = ""
    late = chance.randrange(400, 1500) if chance.random() < 0.3 else chance.randrange(30)
    links = []
    if chance.random() < 0.4:
        links.append(f"https://{flaw.product.repository}/commit/{flaw.commit}")
    elif chance.random() < 0.4:
        links.append(f"https://{flaw.product.repository}/issues/{chance.randrange(1, 2000)}")
    return {
        "id": "",
        "packages": [{"ecosystem": "made", "name": package, "fixed": [flaw.fixed] if chance.random() < 0.7 else []}],
        "cwes": [about["cwe"]] if chance.random() < 0.4 else [],
        "published": (flaw.found + timedelta(days=late)).isoformat(),
        "summary": f"{text} in {package}" if text else f"Vulnerability in {package}",
        "details": f"{text}." if text else "",
        "references": [{"type": "FIX", "url": link} for link in links],
    }


def _row(chance: random.Random, flaw: Flaw, truth: str | None) -> dict[str, Any]:
    record = _advisory(chance, flaw, flaw.product.package)
    kind = "none" if truth is None else "same"
    return {"id": "", "class": kind, "truth": truth, "related": None, "hard": False, "record": record}


def _copied(chance: random.Random, flaw: Flaw, number: str, products: Sequence[Product]) -> dict[str, Any]:
    """An advisory of another package that holds a copy of the flawed one."""
    other = chance.choice([product for product in products if product != flaw.product])
    record = _advisory(chance, flaw, other.package)
    record["summary"] = f"{other.package} bundles {flaw.product.package}, which is vulnerable"
    record["packages"][0]["fixed"] = [f"{chance.randrange(1, 9)}.{chance.randrange(30)}.0"]
    return {"id": "", "class": "related", "truth": None, "related": number, "hard": False, "record": record}
