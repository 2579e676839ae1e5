"""Triples: what a model says about a passage, read as data only, checked against the passage, and counted when it is
not what was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from octavo.knowledge.graph.layer import MODEL, write_edges, write_mentions
from octavo.knowledge.graph.text.extract import Mention
from octavo.knowledge.graph.text.keys import key_of, tokens

if TYPE_CHECKING:
    from octavo.knowledge.index.index import Index

LONGEST_OUTPUT = 200_000
"""Characters of a model's output that are read."""
LONGEST_PART = 200
MOST = 500
_FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.S)
_BULLET = re.compile(r"^\s*(?:[-*•]|[0-9]+[.)])?\s*")
_NAMES = (("subject", "head", "s"), ("relation", "predicate", "type", "r", "p"), ("object", "tail", "o"))


@dataclass(frozen=True)
class Parsed:
    """Triples of a model's output, and the parts of it that are none, each with the reason."""

    triples: tuple[tuple[str, str, str], ...]
    bad: tuple[tuple[str, str], ...] = field(default=())


def parse(output: str) -> Parsed:
    """Read JSON (rows of three texts, or objects with subject, relation and object), or else lines such as
    `(a; b; c)`, `a | b | c` and tab-separated ones. Nothing of it is ever evaluated."""
    cut = output[:LONGEST_OUTPUT]
    fenced = _FENCE.search(cut)
    inner = (fenced[1] if fenced else cut).strip()
    value = _json(inner)
    rows = _rows(value) if value is not None else map(_line, filter(str.strip, inner.splitlines()))
    good: dict[tuple[str, str, str], None] = {}
    bad: list[tuple[str, str]] = []
    for row in rows:
        reason = _flaw(row)
        if reason or len(good) >= MOST:
            bad.append((_shown(row), reason or f"more than {MOST} triples"))
        else:
            subject, relation, target = (part.strip() for part in row)
            good[subject, relation, target] = None
    if len(output) > LONGEST_OUTPUT:
        bad.append((f"{len(output):,} characters", f"the output was read up to {LONGEST_OUTPUT:,}"))
    return Parsed(tuple(good), tuple(bad))


def _json(text: str) -> Any:
    """The value, or None when it is not JSON or nested too deeply."""
    if not text.startswith(("[", "{")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _rows(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        inside = next((value[n] for n in ("triples", "relations", "facts") if isinstance(value.get(n), list)), [value])
    else:
        inside = value if isinstance(value, list) else [value]
    if len(inside) == 3 and all(isinstance(part, str) for part in inside):
        inside = [inside]
    for row in inside:
        if isinstance(row, Mapping):
            yield [next((row[name] for name in names if name in row), None) for names in _NAMES]
        else:
            yield row


def _line(line: str) -> Any:
    plain = _BULLET.sub("", line, count=1).strip()
    if plain.startswith(("[", "{")):
        value = _json(plain.rstrip(","))
        return next(_rows(value), plain) if value is not None else plain
    if plain.startswith("(") and plain.endswith((")", "),")):
        plain = plain.rstrip(",")[1:-1]
    for sign in ("\t", "|", ";"):
        if plain.count(sign) == 2:
            return plain.split(sign)
    return plain


def _flaw(row: Any) -> str:
    if not isinstance(row, list | tuple) or len(row) != 3:
        return "not three parts"
    if not all(isinstance(part, str) for part in row):
        return "a part is no text"
    if not all(part.strip() for part in row):
        return "a part is empty"
    if any(len(part) > LONGEST_PART for part in row):
        return f"a part is longer than {LONGEST_PART} characters"
    return "" if key_of(row[0]) and key_of(row[2]) else "a part has no letters or digits"


def _shown(row: Any) -> str:
    return (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False, default=str))[:200]


@dataclass(frozen=True)
class Taken:
    """What became of a model's triples for one passage."""

    added: int
    """Edges that are new."""
    bad: tuple[tuple[str, str], ...]
    """What was left out, and why: malformed, or a name that the passage does not have."""


def add_triples(index: Index, outputs: Iterable[tuple[int, str]], origin: str = "model") -> dict[int, Taken]:
    """Add edges from model outputs, each with its passage, in one transaction. An end that the passage's text does not
    name is made up, and its triple left out and listed. Forgetting the passage takes the edges out again."""
    taken: dict[int, Taken] = {}
    with index.transaction() as c:
        for passage, output in outputs:
            parsed = parse(output)
            entry = index.entry(passage)
            words = {token.key for token in tokens(entry.text)} | set(key_of(entry.heading).split())
            good, bad = [], list(parsed.bad)
            for triple in parsed.triples:
                if all(set(key_of(end).split()) <= words for end in (triple[0], triple[2])):
                    good.append(triple)
                else:
                    bad.append((_shown(list(triple)), "the passage does not name both ends"))
            ends = dict.fromkeys(end for s, _, o in good for end in (s, o))
            write_mentions(c, passage, 0, [(Mention(0, 0, end, key_of(end), "name", 0), MODEL) for end in ends])
            taken[passage] = Taken(write_edges(c, passage, good, origin), tuple(bad))
        index.facts["epoch"] += 1
    return taken
