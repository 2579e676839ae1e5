"""Gaps: why a question with known evidence was not answered: the first broken link, from the graph to the reader.

The graph is held against what its own extraction finds in the evidence now, so an entity, an edge or a merge that
went wrong is named, not guessed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.kinds.records import open_packed
from octavo.knowledge.graph.layer import StoredNames, read_mentions
from octavo.knowledge.graph.matrix import followed
from octavo.knowledge.graph.ranker import Walk
from octavo.knowledge.graph.seeds import seeds
from octavo.knowledge.graph.text.extract import mentions
from octavo.knowledge.graph.text.keys import key_of, tokens
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.knowledge.index.layer import Entry, Ranker
    from octavo.knowledge.index.view import View

CAUSES = (
    "missing entity",
    "missing edge",
    "wrong merge",
    "not retrieved",
    "reader ignored the evidence",
    "model overrode the evidence",
    "no gap",
    "no such evidence",
)
"""In the order in which they are looked for; the last: the evidence named is not in the index."""


@dataclass(frozen=True)
class Asked:
    """A question with its evidence."""

    id: str
    question: str
    gold: tuple[str, ...]
    """Ids of the documents that are needed."""
    answers: tuple[str, ...] = ()
    reply: str | None = None
    """What was answered; None when only the retrieval is looked at, "" for a refusal."""


@dataclass(frozen=True)
class Gap:
    """What was found for one question."""

    id: str
    cause: str
    detail: str
    missed: tuple[str, ...] = field(default=())
    """Documents of the evidence that were not among the hits."""


def asked(row: Mapping[str, Any], number: int) -> Asked:
    """A row {"id", "question", "gold": [ids], "answer", "answer_aliases", "reply"}; the last three may be absent."""
    gold = row.get("gold")
    fits = isinstance(row.get("question"), str) and isinstance(gold, list) and gold
    if not fits or not all(isinstance(name, str) for name in gold or ()):
        raise OctavoError(
            "K046",
            f"Row {number} is no question with its evidence",
            do='each line must be {"question": "…", "gold": ["document id", …]}, and may have "answer" and "reply"',
            exit_code=WRONG_USE,
        )
    others = row.get("answer_aliases")
    answers = [row.get("answer"), *(others if isinstance(others, list) else [])]
    reply = row.get("reply")
    return Asked(
        str(row.get("id", number)),
        row["question"],
        tuple(dict.fromkeys(gold or ())),
        tuple(a for a in answers if isinstance(a, str) and a),
        reply if isinstance(reply, str) else None,
    )


def read_asked(path: Path) -> Iterator[Asked]:
    """The questions of a JSON Lines file, packed or not."""
    with open_packed(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield asked(row if isinstance(row, dict) else {}, number)


def diagnose(view: View, questions: Iterable[Asked], k: int = 5, ranker: Ranker | None = None) -> list[Gap]:
    """The first broken link of each question, with `k` documents retrieved by the walk (or another ranker)."""
    ranks = ranker or Walk(view)
    with view.index.reading():
        return [_diagnosed(view, asked, k, ranks) for asked in questions]


def counted(gaps: Iterable[Gap]) -> dict[str, int]:
    """How many questions have each cause, in the order of `CAUSES`."""
    found = Counter(gap.cause for gap in gaps)
    return {cause: found[cause] for cause in CAUSES if found[cause]}


def _documents(view: View, ranker: Ranker, question: str, k: int) -> list[str]:
    return list(dict.fromkeys(view.id_of(passage) for passage, _ in ranker.rank(question, 4 * k)))[:k]


def _diagnosed(view: View, asked: Asked, k: int, ranker: Ranker) -> Gap:
    numbers = {name: view.index.number_of(name) for name in asked.gold}
    absent = [name for name, number in numbers.items() if number is None or not view.sees(number)]
    if absent:
        return Gap(asked.id, "no such evidence", f"not in the index: {', '.join(absent[:3])}", tuple(absent))
    hits = _documents(view, ranker, asked.question, k)
    missed = tuple(name for name in asked.gold if name not in hits)
    if not missed:
        return _read(view, asked, hits)
    evidence = {name: _entries(view, int(number)) for name, number in numbers.items() if number is not None}
    broken = _broken(view, asked.question, evidence)
    for cause in ("missing entity", "missing edge"):
        if broken[cause]:
            return Gap(asked.id, cause, "; ".join(broken[cause][:3]), missed)
    apart = _documents(view, Walk(view, merged=False), asked.question, k)
    if sum(name in apart for name in asked.gold) > len(asked.gold) - len(missed):
        return Gap(asked.id, "wrong merge", _merges(view, asked.question, evidence), missed)
    return Gap(asked.id, "not retrieved", f"outside of the first {k}: {', '.join(missed[:3])}", missed)


def _entries(view: View, document: int) -> list[Entry]:
    first = view.index.first_of(document)
    last = first
    while last < len(view) and int(view.document[last]) == document:
        last += 1
    return [view.entry(passage) for passage in range(first, last)]


def _broken(view: View, question: str, evidence: Mapping[str, list[Entry]]) -> dict[str, list[str]]:
    """The names that should lead from the question to the evidence, or from one document of it to another, and that
    the graph lacks (missing entity) or does not have in that place (missing edge)."""
    c = view.index.connection
    names = StoredNames(c)
    written: dict[str, dict[str, set[int]]] = {}
    for document, entries in evidence.items():
        for entry in entries:
            for mention in mentions(entry.text, names):
                if mention.kind not in ("number", "date") and not mention.part:
                    written.setdefault(mention.key, {}).setdefault(document, set()).add(entry.number)
    _, unknown = seeds(view, question)
    wanted = {m.key for m in mentions(question, names) if m.kind not in ("number", "date") and not m.part}
    wanted |= {key for key, documents in written.items() if len(documents) > 1}
    found: dict[str, list[str]] = {"missing entity": [], "missing edge": []}
    for key in sorted(wanted):
        row = c.execute("SELECT number FROM graph_entities WHERE key = ?", (key,)).fetchone()
        if row is None:
            if key in written or key in {key_of(name) for name in unknown}:
                found["missing entity"].append(f'the graph has no entity "{key}"')
            continue
        for document, passages in sorted(written.get(key, {}).items()):
            for passage in sorted(passages):
                held = read_mentions(c, passage)
                if held is None or row[0] not in held["entity"]:
                    found["missing edge"].append(f'"{key}" is not joined to {document}')
    return found


def _merges(view: View, question: str, evidence: Mapping[str, list[Entry]]) -> str:
    """The merges that touch what the question and the evidence name."""
    names = StoredNames(view.index.connection)
    texts = [question, *(entry.text for entries in evidence.values() for entry in entries)]
    keys = {mention.key for text in texts for mention in mentions(text, names)}
    of = followed(view).of
    touched = [f'"{gone}" as "{kept}"' for gone, kept in sorted(of.items()) if gone in keys or kept in keys]
    return "found when merges are not followed: " + (", ".join(touched[:3]) or "a merge of other names")


def _read(view: View, asked: Asked, hits: list[str]) -> Gap:
    """The evidence was retrieved: was it used?"""
    if asked.reply is None or not asked.answers:
        return Gap(asked.id, "no gap", "all of the evidence is among the hits")
    if any(_holds(asked.reply, answer) for answer in asked.answers):
        return Gap(asked.id, "no gap", "answered from the evidence")
    shown = " \n ".join(entry.text for name in hits for entry in _entries(view, int(view.index.number_of(name) or 0)))
    if not asked.reply.strip() or _holds(shown, asked.reply):
        said = asked.reply.strip()[:80] or "nothing"
        return Gap(asked.id, "reader ignored the evidence", f"answered {said}, which is not what it says")
    return Gap(asked.id, "model overrode the evidence", f"answered {asked.reply.strip()[:80]}, which no hit says")


def _holds(text: str, part: str) -> bool:
    inside = [token.key for token in tokens(part)]
    keys = f" {' '.join(token.key for token in tokens(text))} "
    return bool(inside) and f" {' '.join(inside)} " in keys
