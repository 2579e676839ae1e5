"""Merges: which names are of one entity, as a log with the evidence; what is merged follows from the log alone.

Nothing in the graph is rewritten by a merge, so a split gives back exactly what was there before. Claims that
contradict each other (homonyms) or that would join entities over a weak bridge (chains) are kept, not followed, and
listed with the reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octavo.knowledge.graph.text.keys import key_of
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    import sqlite3

    from octavo.knowledge.index.index import Index

STRENGTH = {"stated": 4, "alias": 3, "acronym": 2, "initials": 1}
"""Kinds of evidence: a person said so, a record states the alias, a text gives the short form in brackets, and a first
name fits an initial."""
MOST_FELLOWS = 50
"""Names with one surname that are compared; a surname with more is too common for initials to mean anything."""
_SHORT = re.compile(r"\(\s*([A-Z][A-Za-z0-9&.\-]{1,9})\s*\)")


@dataclass(frozen=True)
class Merge:
    """A row of the log: the name that stays, the one that goes, and why."""

    number: int
    kept: str
    gone: str
    kind: str
    """One of `STRENGTH`."""
    evidence: str
    passage: int
    """The passage that says so; −1 when a person does."""
    split: bool = False
    """Whether it was taken back."""


@dataclass(frozen=True)
class Clusters:
    """What follows from a log."""

    of: dict[str, str]
    """Name that goes → name that stands for it."""
    refused: tuple[tuple[Merge, str], ...]
    """Rows that are not followed, with the reason."""

    def root(self, key: str) -> str:
        """The name that stands for a name."""
        return self.of.get(key, key)


def expansions(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Long form, short form and place of `International Business Machines (IBM)`: the capital letters of the words
    before the brackets, those of joining words left out, must be those of the short form."""
    for match in _SHORT.finditer(text):
        short = match[1]
        letters = [sign for sign in short if sign.isupper()]
        if len(letters) < 2:
            continue
        words = list(re.finditer(r"\w+", text[max(0, match.start() - 160) : match.start()]))
        begin = max(0, match.start() - 160)
        left = len(letters)
        for word in reversed(words):
            if word[0][0].isupper():
                if word[0][0] != letters[left - 1]:
                    break
                left -= 1
                if not left:
                    yield text[begin + word.start() : match.start()].strip(), short, begin + word.start(), match.end()
                    break
            elif len(word[0]) > 3:
                break


def clusters(log: Iterable[Merge], attributes: Mapping[str, Mapping[str, str]] | None = None) -> Clusters:
    """What the rows that are not split give, whatever their order.

    A name goes to one other name or to none: when records claim it for two that are not themselves one, it is a
    homonym. A–B–C is one entity only when there is evidence for A–C as well. `attributes` (functional relation →
    object, by name) refuse a merge when both sides have one and they differ. Work is linear in the log but for the
    claims on one name, of which there are few.
    """
    rows = sorted((row for row in log if not row.split and row.kept != row.gone), key=_order)
    direct = {frozenset((row.kept, row.gone)) for row in rows}
    refused: list[tuple[Merge, str]] = []
    claims: dict[str, list[Merge]] = defaultdict(list)
    turned: dict[frozenset[str], str] = {}
    for row in rows:
        pair = frozenset((row.kept, row.gone))
        reason = _contradiction(row, attributes or {})
        if reason:
            refused.append((row, reason))
        elif turned.setdefault(pair, row.gone) == row.gone:  # the other way round is the same statement
            claims[row.gone].append(row)
    followed: dict[str, Merge] = {}
    for gone, claimed in sorted(claims.items()):
        kept = sorted({row.kept for row in claimed})
        best = kept[0] if len(kept) == 1 else _one_of(kept, direct)
        if best is None:
            refused += [(row, f"homonym: claimed for {len(kept)} names") for row in claimed]
        else:
            followed[gone] = next(row for row in claimed if row.kept == best)
    return _without_chains(followed, direct, refused)


def _order(row: Merge) -> tuple[int, str, str, int]:
    return -STRENGTH.get(row.kind, 0), row.kept, row.gone, row.number


def _contradiction(row: Merge, attributes: Mapping[str, Mapping[str, str]]) -> str:
    if row.kind == "stated":
        return ""
    left, right = attributes.get(row.kept, {}), attributes.get(row.gone, {})
    for name in sorted(set(left) & set(right)):
        if left[name] != right[name]:
            return f"contradiction: {name} is {left[name]} and {right[name]}"
    return ""


def _one_of(kept: list[str], direct: set[frozenset[str]]) -> str | None:
    """The name for which there is evidence with all others that claim the same name."""
    if len(kept) > MOST_FELLOWS:
        return None
    whole = (name for name in kept if all(other == name or frozenset((name, other)) in direct for other in kept))
    return next(whole, None)


def _without_chains(
    followed: dict[str, Merge], direct: set[frozenset[str]], refused: list[tuple[Merge, str]]
) -> Clusters:
    of: dict[str, str] = {}
    weak: list[str] = []
    for gone, row in sorted(followed.items()):
        root, seen, sound = row.kept, {gone}, True
        while root in followed and root not in seen:
            seen.add(root)
            root = followed[root].kept
            sound = sound and (root == gone or frozenset((gone, root)) in direct)
        if root in seen:  # a ring of aliases: all are one when each is joined with each
            root = min(seen)
            sound = all(name == root or frozenset((name, root)) in direct for name in seen)
        if not sound:
            weak.append(gone)
        elif root != gone:
            of[gone] = root
    for gone in weak:
        refused.append((followed[gone], f"chain: no evidence that {gone} is what {followed[gone].kept} stands for"))
    return Clusters(of, tuple(sorted(refused, key=lambda pair: pair[0].number)))


def read_log(c: sqlite3.Connection) -> list[Merge]:
    """The log as the file has it."""
    rows = c.execute("SELECT number, kept, gone, kind, evidence, passage, split FROM graph_merges ORDER BY number")
    return [Merge(n, kept, gone, kind, why, passage, bool(split)) for n, kept, gone, kind, why, passage, split in rows]


def merge(index: Index, kept: str, gone: str, evidence: str) -> int:
    """Note that two names are one entity because a person says so; returns the number of the row."""
    pair = key_of(kept), key_of(gone)
    with index.transaction() as c:
        for name, key in zip((kept, gone), pair):
            if c.execute("SELECT 1 FROM graph_entities WHERE key = ?", (key,)).fetchone() is None:
                raise OctavoError(
                    "K041", f'The graph has no entity "{name}"', where=str(index.path),
                    do="octavo knowledge overview INDEX lists the central ones", exit_code=WRONG_USE,
                )  # fmt: skip
        query = (
            "INSERT INTO graph_merges (kept, gone, kind, evidence, passage, split) VALUES (?, ?, 'stated', ?, -1, 0)"
        )
        number = c.execute(query, (*pair, evidence)).lastrowid
        assert number is not None
        index.facts["epoch"] += 1
    return number


def set_split(index: Index, number: int, *, split: bool = True) -> Merge:
    """Take a merge back, or follow it again; the row stays in the log."""
    with index.transaction() as c:
        changed = c.execute("UPDATE graph_merges SET split = ? WHERE number = ?", (int(split), number)).rowcount
        if not changed:
            raise OctavoError(
                "K042", f"There is no merge {number}", where=str(index.path),
                do="octavo knowledge merges INDEX lists them", exit_code=WRONG_USE,
            )  # fmt: skip
        index.facts["epoch"] += 1
        return next(row for row in read_log(c) if row.number == number)
