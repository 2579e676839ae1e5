"""Queue: items that several people label, as a folder of plain files that can be killed at any moment.

    queue.json          labels, how many answers each item needs, what annotators are told
    items.jsonl         the items, only ever appended to
    answers/NAME.jsonl  what annotator NAME was shown, answered, skipped and changed: a journal of that person's own

All state is read from these files; several processes may work on one queue at once.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.data.annotation.journal import Tail, append
from octavo.kinds.records import Row
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.process.lock import held

CLAIM_SECONDS = 1800.0
"""How long an item that was shown to somebody is kept for them."""
GOLD_EVERY = 8
"""Each so manyth item that an annotator gets is one whose label is known, while there are some."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Plan:
    """How a queue is to be answered; written once, as `queue.json`."""

    labels: tuple[str, ...]
    wanted: int = 2
    """Answers that each item needs, from different people."""
    level: str = "nominal"
    """nominal; ordinal (the labels are in order); or interval (the labels are numbers)."""
    guide: str = ""
    """What annotators are told."""


@dataclass
class Entry:
    """One item and what was said about it."""

    row: Row
    gold: str = ""
    """The known label of an item that checks annotators; such items are given to everybody."""
    answers: dict[str, str] = field(default_factory=dict)
    """Annotator → label, the latest one of each."""
    skipped: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    claims: dict[str, float] = field(default_factory=dict)
    """Annotator → when it was shown to them (seconds since 1970)."""
    at: dict[str, float] = field(default_factory=dict)
    """Annotator → when they last answered or skipped it: of two copies of a journal the later answer counts."""
    final: str = ""
    """What a disagreement was settled as."""
    settled: float = 0.0
    changes: int = 0
    """How often somebody changed their answer."""

    @property
    def disagreed(self) -> bool:
        """Whether people gave different labels and nobody has settled it."""
        return not self.final and len(set(self.answers.values())) > 1


def create(folder: Path, plan: Plan) -> Queue:
    """Begin a queue in a folder that does not exist yet or is empty."""
    if len(set(plan.labels)) < 2 or len(set(plan.labels)) < len(plan.labels) or not all(plan.labels):
        raise OctavoError("D084", "A queue needs two or more different labels", do="--labels a,b", exit_code=WRONG_USE)
    if plan.level == "interval":
        for label in plan.labels:
            _number(label)
    if folder.exists() and any(folder.iterdir()):
        raise OctavoError("D085", "The folder is not empty", where=str(folder), do="name another", exit_code=WRONG_USE)
    (folder / "answers").mkdir(parents=True, exist_ok=True)
    partial = folder / "queue.json.partial"
    partial.write_text(json.dumps(vars(plan), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / "queue.json")
    return Queue(folder)


def _number(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        raise OctavoError(
            "D084", f'"{label}" is no number, as the level interval needs', do="--level ordinal", exit_code=WRONG_USE
        ) from None


class Queue:
    """A review queue. Reading never locks; what is decided and written is decided under the queue's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            about = json.loads((folder / "queue.json").read_text(encoding="utf-8"))
            self.plan = Plan(**{**about, "labels": tuple(about["labels"])})
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
            raise OctavoError(
                "D085",
                "This is no review queue",
                where=str(folder),
                do="octavo data review new QUEUE --labels a,b begins one",
                exit_code=WRONG_USE,
            ) from None
        self.entries: dict[str, Entry] = {}
        self.seconds: list[float] = []
        """How long answers took, where that was measured."""
        self._items = Tail(folder / "items.jsonl")
        self._tails: dict[str, Tail] = {}
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self.refresh()

    def refresh(self) -> None:
        """Read what was added since."""
        events, self._waiting = self._waiting, []
        for path in sorted((self.folder / "answers").glob("*.jsonl")):
            events += [(path.stem, event) for event in self._tails.setdefault(path.stem, Tail(path)).new()]
        # items after answers: whoever answers an item has added it before
        for row in self._items.new():
            gold = str(row.pop("gold", ""))
            self.entries.setdefault(row["id"], Entry(row, gold))
        for who, event in events:
            self._take(who, event)

    def _take(self, who: str, event: dict[str, Any]) -> None:
        entry = self.entries.get(event.get("item", ""))
        if entry is None:  # its item may come yet, from another copy of the queue
            self._waiting.append((who, event))
            return
        kind, at = event.get("event"), float(event["at"])
        if kind == "claim":
            if at >= entry.at.get(who, 0.0):
                entry.claims[who] = at
            return
        if entry.claims.get(who, at) <= at:
            entry.claims.pop(who, None)
        if event.get("seconds"):
            self.seconds.append(float(event["seconds"]))
        if kind == "final":
            if at >= entry.settled:
                entry.final, entry.settled = event["label"], at
            return
        entry.changes += kind == "answer" and entry.answers.get(who, event["label"]) != event["label"]
        if at < entry.at.get(who, 0.0):
            return  # an older answer, from another copy of the queue
        entry.at[who] = at
        if event.get("comment"):
            entry.comments[who] = event["comment"]
        if kind == "skip":
            entry.skipped.add(who)
            entry.answers.pop(who, None)
        elif kind == "answer":
            entry.answers[who] = event["label"]
            entry.skipped.discard(who)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the queue's lock, with all that others wrote read."""
        with held(self.folder / "lock", waiting=lambda who: None):
            self.refresh()
            yield

    def add(self, rows: Iterable[Row]) -> tuple[int, int]:
        """Add records as items → (added, already there). A known id with another text is D088."""
        with self._alone():
            new: dict[str, Row] = {}
            known = 0
            for row in rows:
                name = row["id"]
                other = new.get(name) or (self.entries[name].row if name in self.entries else None)
                if other is not None:
                    if other["text"] != row["text"]:
                        raise OctavoError(
                            "D088",
                            f'The id "{name}" is in the queue with another text',
                            where=str(self.folder),
                            likely="two files number their records alike",
                            do='give the records ids of their own ("id")',
                            exit_code=WRONG_USE,
                        )
                    known += 1
                    continue
                if str(row.get("gold", "")):
                    self.check_label(str(row["gold"]))
                new[name] = row
            append(self.folder / "items.jsonl", new.values())
            self.refresh()
            return len(new), known

    def merge(self, other: Queue) -> tuple[int, int]:
        """Take in another copy of this queue: its items and answers, each once → (items added, answers added)."""
        added, _ = self.add({**e.row, **({"gold": e.gold} if e.gold else {})} for e in other.entries.values())
        count = 0
        with self._alone():
            for path in sorted((other.folder / "answers").glob("*.jsonl")):
                mine = self.folder / "answers" / path.name
                known = {json.dumps(event, sort_keys=True) for event in Tail(mine).new()}
                new = [e for e in Tail(path).new() if json.dumps(e, sort_keys=True) not in known]
                if new:
                    append(mine, new)
                    count += sum(event.get("event") != "claim" for event in new)
            self.refresh()
        return added, count

    def next(self, who: str, *, disagreements: bool = False, now: float | None = None) -> Entry | None:
        """The item that `who` should answer now, kept for them for a while; None when there is none.

        Nobody gets an item twice. What was shown and not answered comes first; then items with the fewest answers and
        claims, among equals in an order of the annotator's own, so that all pairs of annotators meet. With
        `disagreements`: an item to settle.
        """
        path = self._journal(who)
        moment = time.time() if now is None else now
        with self._alone():
            entry = self._to_settle(who) if disagreements else self._choose(who, moment)
            if entry is not None and not disagreements and who not in entry.claims:
                event = {"event": "claim", "item": entry.row["id"], "at": moment}
                append(path, [event])
                self.refresh()
            return entry

    def _to_settle(self, who: str) -> Entry | None:
        return next((e for e in self.entries.values() if e.disagreed and who not in e.skipped), None)

    def _choose(self, who: str, now: float) -> Entry | None:
        mine = [e for e in self.entries.values() if who not in e.answers and who not in e.skipped and not e.final]
        shown = [entry for entry in mine if who in entry.claims]
        if shown:
            return min(shown, key=lambda e: (e.claims[who], e.row["id"]))
        done = sum(who in entry.answers for entry in self.entries.values())
        gold = [entry for entry in mine if entry.gold]
        rest = [(self._load(e, now), e) for e in mine if not e.gold]
        rest = [(load, e) for load, e in rest if load < self.plan.wanted]
        if gold and (not rest or done % GOLD_EVERY == GOLD_EVERY - 1):
            return min(gold, key=lambda e: _mixed(who, e.row["id"]))
        if not rest:
            return None
        return min(rest, key=lambda pair: (pair[0], _mixed(who, pair[1].row["id"])))[1]

    def _load(self, entry: Entry, now: float) -> int:
        """How many answers an item has or is about to get."""
        claims = sum(now - at < CLAIM_SECONDS for at in entry.claims.values())
        return len(entry.answers) + claims

    def answer(
        self, who: str, item: str, label: str, *, comment: str = "", seconds: float = 0.0, final: bool = False
    ) -> Entry:
        """Keep the label that `who` gives an item; a second answer replaces the first, which stays in the journal."""
        self.check_label(label)
        event: dict[str, Any] = {"event": "final" if final else "answer", "item": item, "label": label}
        if seconds:
            event["seconds"] = round(seconds, 1)
        return self._keep(who, item, event, comment)

    def skip(self, who: str, item: str, *, comment: str = "") -> Entry:
        """Keep that `who` will not answer an item; it goes to others."""
        return self._keep(who, item, {"event": "skip", "item": item}, comment)

    def _keep(self, who: str, item: str, event: dict[str, Any], comment: str) -> Entry:
        path = self._journal(who)
        if comment:
            event["comment"] = comment
        with self._alone():
            if item not in self.entries:
                known = nearest(item, self.entries)
                raise OctavoError(
                    "D086",
                    f'There is no item "{item}"{known}',
                    do="octavo data review next QUEUE --as NAME",
                    exit_code=WRONG_USE,
                )
            entry = self.entries[item]
            same = event["event"] == "answer" and entry.answers.get(who) == event["label"] and not comment
            if not same:  # the same answer given again, by a command that was repeated, is one answer
                append(path, [{**event, "at": time.time()}])
                self.refresh()
            return entry

    def check_label(self, label: str) -> None:
        """Refuse (D086) a label that is not one of the queue's."""
        if label not in self.plan.labels:
            raise OctavoError(
                "D086",
                f'"{label}" is not one of the labels{nearest(label, self.plan.labels)}',
                where=str(self.folder),
                do=f"use one of: {', '.join(self.plan.labels)}",
                exit_code=WRONG_USE,
            )

    def _journal(self, who: str) -> Path:
        if not _NAME.fullmatch(who):
            raise OctavoError(
                "D089",
                f'"{who}" can\'t be the name of an annotator',
                do="use letters, digits, dot, dash and underscore, 64 at most",
                exit_code=WRONG_USE,
            )
        return self.folder / "answers" / f"{who}.jsonl"

    def remaining(self, who: str) -> int:
        """How many items `who` may still get as things stand."""
        now = time.time()
        mine = (e for e in self.entries.values() if who not in e.answers and who not in e.skipped and not e.final)
        return sum(bool(e.gold) or who in e.claims or self._load(e, now) < self.plan.wanted for e in mine)

    def annotators(self) -> list[str]:
        """Who gave answers, by name."""
        return sorted({who for entry in self.entries.values() for who in entry.answers})


def _mixed(who: str, item: str) -> bytes:
    return hashlib.sha256(f"{who}\0{item}".encode("utf-8", "replace")).digest()
