"""Session: one person answering one item after the other, by single keys; knows nothing of terminals."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from octavo.data.annotation.queue import Entry, Queue

SKIP, BACK, COMMENT, QUIT = "s", "b", "c", "q"


@dataclass(frozen=True)
class Desk:
    """Where a session shows and asks: `key` gives the next key pressed, `line` a line of text."""

    show: Callable[[str], None]
    key: Callable[[], str]
    line: Callable[[str], str]


def keys_of(labels: tuple[str, ...]) -> dict[str, str]:
    """Key → label: the first letter that no other label and no command has, else a digit."""
    keys: dict[str, str] = {}
    digits = iter("123456789")
    for label in labels:
        first = label[:1].lower()
        others = [one for one in labels if one != label and one[:1].lower() == first]
        taken = others or first in (SKIP, BACK, COMMENT, QUIT) or not first.isalnum()
        key = next(digits, "") if taken or first in keys else first
        if key and key not in keys:
            keys[key] = label
    return keys if len(keys) == len(labels) else dict(zip("123456789", labels, strict=False))


def work(queue: Queue, who: str, desk: Desk, *, final: bool = False) -> int:
    """Let `who` answer until nothing is left or they quit; how many answers were given."""
    keys = keys_of(queue.plan.labels)
    given: list[Entry] = []
    back: Entry | None = None
    while (entry := back or queue.next(who, disagreements=final)) is not None:
        back = None
        desk.show(_page(queue, who, entry, keys, final))
        began = time.monotonic()
        comment = ""
        while True:
            pressed = desk.key().lower()
            if pressed == COMMENT:
                comment = desk.line("comment")
                desk.show(_choices(keys))
            elif pressed in (QUIT, BACK, SKIP) or pressed in keys:
                break
        if pressed == QUIT:
            break
        if pressed == BACK:
            back = given.pop() if given else entry
            continue
        if pressed == SKIP:
            queue.skip(who, entry.row["id"], comment=comment)
        else:
            spent = time.monotonic() - began
            queue.answer(who, entry.row["id"], keys[pressed], comment=comment, seconds=spent, final=final)
        given.append(entry)
    return len(given)


def _page(queue: Queue, who: str, entry: Entry, keys: dict[str, str], final: bool) -> str:
    left = queue.remaining(who)
    pace = statistics.median(queue.seconds[-200:]) if queue.seconds else 0.0
    ahead = f"{left:,} left" + (f", about {max(1, round(left * pace / 60))} min" if pace else "")
    title = f"{entry.row['id']}   {ahead}" if not final else entry.row["id"]
    said = [f"{name}: {label}" for name, label in sorted(entry.answers.items())] if final else []
    said += [f"{name} says: {text}" for name, text in sorted(entry.comments.items())] if final else []
    parts = [f"── {title} ──", entry.row["text"], *said, _choices(keys)]
    return "\n".join(["", *([queue.plan.guide] if queue.plan.guide else []), *parts])


def _choices(keys: dict[str, str]) -> str:
    labels = "  ".join(f"[{key}] {label}" for key, label in keys.items())
    return f"{labels}   [{SKIP}] skip  [{COMMENT}] comment  [{BACK}] back  [{QUIT}] stop"
