"""Ground: the corpus with what is planted in it, made up here or taken from a project's own documents.

With a project its collected documents are cut into passages and a bounded sample of them is the corpus, so that a trial
says what the responses do to that kind of text; what is planted is the same.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.challenges.unfathomable_data import made
from octavo.challenges.unfathomable_data.planted import Planting, Review, plant, reviews
from octavo.kinds.records import Row
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    from octavo.kinds.documents import Document

PROBE = Path(__file__).parent / "probe.jsonl"
REVIEWS = 150
"""Labelled messages; the probe asks about some of them."""
DOMAINS, TAKEN, FEWEST = 5, 120, 90
"""Of a project: the largest domains, passages trained on, and the fewest that leave room for what is planted."""
DOCUMENTS = 2000
"""Documents of a project that passages are taken from, chosen by the hashes of their ids."""
PASSAGE = range(150, 400)
"""Characters of a passage: short ones, so that the small model comes to read each more than once."""


@dataclass(frozen=True)
class Ground:
    """The same for the baseline and for every response."""

    subject: str
    """Whose documents are tried."""
    planting: Planting
    unseen: Mapping[str, tuple[int, str]]
    """Row of the probe → the number of a domain, and a text of it that nothing is trained on."""
    reviews: tuple[Review, ...]
    scratch: Path
    trained: dict[str, Any] = field(default_factory=dict)
    """What models said that were trained on this ground, by the digest of what they read: an unchanged corpus is not
    read again."""


def prepare(project: Path | None, scratch: Path, seed: int) -> Ground:
    """Plant everything, placed and edited as `seed` says."""
    probe = read_probe()
    if project is None:
        base, apart, subject = *_made(), "made-up documents of five domains"
    else:
        base, apart, subject = _collected(project)
    domains = [name for name, _ in Counter(row["domain"] for row in base).most_common()]
    unseen: dict[str, tuple[int, str]] = {}
    for row in (row for row in probe if row["set"] == "unseen"):
        texts = apart[domains[row["domain"] % len(domains)]]
        if (number := row["number"] + made.UNSEEN * (row["domain"] // len(domains))) < len(texts):
            unseen[row["id"]] = (row["domain"] % len(domains), texts[number])
    return Ground(subject, plant(base, domains[0], probe, seed), unseen, reviews(REVIEWS, seed), scratch)


def read_probe() -> list[Row]:
    """The rows of the probe: what is planted is written in them."""
    return [json.loads(line) for line in PROBE.read_text(encoding="utf-8").splitlines()]


def _made() -> tuple[list[Row], dict[str, list[str]]]:
    base: list[Row] = []
    apart = {}
    for domain, count in made.SIZES.items():
        base += [{"id": f"{domain}:{n}", "text": made.document(domain, n), "domain": domain} for n in range(count)]
        apart[domain] = [made.document(domain, count + n) for n in range(made.UNSEEN)]
    return base, apart


def _collected(project: Path) -> tuple[list[Row], dict[str, list[str]], str]:
    from octavo.kinds.documents import read_documents
    from octavo.spine.project import open_project

    opened = open_project(project)
    base, apart = passages_of(read_documents(opened.artifact("collect")), str(project))
    return base, apart, f"passages of the documents of the project {opened.name}"


def passages_of(found: Iterable[Document], where: str) -> tuple[list[Row], dict[str, list[str]]]:
    """(passages to train on, domain → texts kept apart) of a sample of the documents; C007 when there are too few."""
    documents = heapq.nsmallest(DOCUMENTS, found, key=lambda one: _hash(one.id))
    names = next(
        (one for one in ("domain", "package", "kind") if len({getattr(d, one) for d in documents}) > 1), "kind"
    )
    passages: dict[str, list[Row]] = {}
    for document in documents:
        passages.setdefault(str(getattr(document, names)) or "(none)", []).extend(_passages(document))
    largest = sorted((name for name in passages if passages[name]), key=lambda name: (-len(passages[name]), name))
    # a domain needs texts to be trained on beside those that are kept apart
    chosen = [name for name in largest[:DOMAINS] if len(passages[name]) >= 2 * made.UNSEEN] or largest[:1]
    apart_each = made.UNSEEN * -(-DOMAINS // max(1, len(chosen)))
    taken: list[Row] = []
    apart: dict[str, list[str]] = {}
    for name in chosen:
        rows = sorted(passages[name], key=lambda row: _hash(row["id"]))
        kept = min(apart_each, len(rows) // 2)
        apart[name] = [row["text"] for row in rows[:kept]]
        taken += [{**row, "domain": name} for row in rows[kept:]]
    if len(taken) < FEWEST:
        raise OctavoError(
            "C007",
            f"The project has too little text for this trial: {len(taken)} passages of {FEWEST}",
            where=where,
            likely=f"passages are of {PASSAGE.start} to {PASSAGE.stop} characters, cut from documents that have them",
            do="add documents, or try it on the made-up ones: run it outside of a project",
        )
    taken.sort(key=lambda row: _hash(f"taken {row['id']}"))
    return taken[:TAKEN], apart


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()


def _passages(document: Document) -> list[Row]:
    """The text in pieces that end at white space; at most ten, spread over it."""
    text = document.text
    found: list[Row] = []
    at = 0
    while at < len(text):
        end = min(len(text), at + PASSAGE.stop)
        if end < len(text) and (blank := max(text.rfind(" ", at, end), text.rfind("\n", at, end))) > at:
            end = blank
        if end - at >= PASSAGE.start:
            found.append({"id": f"{document.id}@{at}", "text": text[at:end].strip()})
        at = end
    return found[:: max(1, len(found) // 10)][:10]
