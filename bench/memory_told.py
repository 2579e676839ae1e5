"""What `bench/memory.py` tells a memory beside invented facts: the project's scenes, and a probe as people speak."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from random import Random

from octavo.data.world.facts import relations
from octavo.data.world.scenes import Stage, chosen
from octavo.data.world.values import Values
from octavo.knowledge.memory.memory import Memory
from octavo.measures.intervals import wilson

PROBE = Path(__file__).parent / "probe" / "memory.jsonl"
BEGAN, DAY = 1_600_000_000, 86_400
SEVERAL = frozenset(
    (  # noqa: SIM905
        "studied instrument award wrote famous makes bought hobby alias teacher job purpose cargo replaces format"
        " platform"
    ).split()
)
"""Relations of the synthetic world of which a thing may have several: nothing is superseded there."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\"(])")


def first(memory: Memory, cue: str) -> str:
    """The first that a cue brings back."""
    found = memory.recall(cue, 1).remembered
    return found[0].episode.text if found else ""


def share(right: Sequence[bool | float]) -> str:
    """A share with its interval."""
    interval = wilson(int(sum(right)), len(right))
    return f"{sum(right) / len(right):.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def filled(folder: Path, texts: Sequence[str], name: str = "memory") -> Memory:
    """A memory of these texts."""
    made = Memory.create(folder / f"{name}.sqlite", capacity=10**7)
    made.remember_all(texts, now=BEGAN)
    return made


class Scenes:
    """The sentences of scenes, `whole` or one by one; two thirds are told, of the others strangers ask.

    `asked` are (question, number of the statement that holds the answer), `near` are about the same and unanswered.
    """

    def __init__(self, unseen: bool, seed: int, whole: bool = False) -> None:
        chance = Random(seed)
        stage, some = Stage(Values(chance)), list(chosen(unseen))
        chance.shuffle(some)
        self.told: list[str] = []
        self.asked: list[tuple[str, int]] = []
        self.near: list[str] = []
        self.strange: list[str] = []
        for at, scene in enumerate(some):
            staged = stage.stage(scene, 0)
            if at * 3 >= len(some) * 2:
                self.strange += [question for question, _, _ in staged.asked]
                continue
            parts = [staged.text] if whole else _SENTENCE.split(staged.text)
            for question, answer, _ in staged.asked:
                holding = [i for i, part in enumerate(parts) if answer.lower() in part.lower()]
                if len(holding) == 1:
                    self.asked.append((question, len(self.told) + holding[0]))
            self.told += parts
            self.near += staged.never


def scene_rows(folder: Path) -> list[tuple[str, str, str, str]]:
    """(cue, R@1, recognised, n) on scenes that nothing was fitted on."""
    rows = []
    for whole in (False, True):
        scenes = Scenes(True, 7, whole)
        with filled(folder, scenes.told, f"scenes{whole}") as memory:
            name = "whole" if whole else "by sentence"
            right = [first(memory, question) == scenes.told[at] for question, at in scenes.asked]
            known = [memory.recall(question, 1).recognised for question, _ in scenes.asked]
            rows.append((f"{name}: a question that it answers", share(right), share(known), str(len(known))))
            for kind, cues in (("about the same that nothing answers", scenes.near), ("strange", scenes.strange)):
                passed = [memory.recall(cue, 1).recognised for cue in cues]
                rows.append((f"{name}: {kind}", "", share(passed), str(len(passed))))
    return rows


def false_rows(folder: Path, facts: Sequence[str]) -> list[tuple[str, str]]:
    """Shares of statements that supersede what still holds: everything told here does."""
    rows = []
    scenes = Scenes(True, 8).told + Scenes(True, 9).told
    for name, texts in (("other relations of the same things", facts), ("sentences of scenes", scenes)):
        with Memory.create(folder / f"false{len(rows)}.sqlite") as memory:
            rows.append((name, share([memory.remember(text, now=BEGAN).supersedes is not None for text in texts])))
    chance, wrong = Random(10), []
    values = Values(chance)
    with filled(folder, facts, "several") as memory:
        several = [one for one in relations() if one.name.split()[1] in SEVERAL and len(one.statements) > 1]
        for relation in chance.choices(several, k=400):
            subject = values.make(relation.subject)
            one, two = chance.sample(relation.statements, 2)
            a, b = values.make(relation.value), values.make(relation.value)
            memory.remember(one.replace("{s}", subject).replace("{o}", a), now=BEGAN)
            new = two.replace("{s}", subject).replace("{o}", b)
            wrong.append(memory.remember(new, now=BEGAN).supersedes is not None)
    return [*rows, ("relations of which there may be several, in other words", share(wrong))]


def probe_rows(folder: Path) -> list[tuple[str, str, str]]:
    """(what, share, n) on the hand-written probe."""
    with PROBE.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    told = [row for row in rows if "told" in row]
    with filled(folder, [row["told"] for row in told], "probe") as memory:
        numbers = {row["id"]: at + 1 for at, row in enumerate(told)}
        found = [(memory.recall(cue, 3), numbers[row["id"]]) for row in told for cue in row["asked"]]
        ranked = [([one.episode.number for one in recall.remembered], number) for recall, number in found]
        out = [
            ("a question: the right one first", [got[:1] == [number] for got, number in ranked]),
            ("a question: among the first three", [number in got for got, number in ranked]),
            ("a question: recognised", [recall.recognised for recall, _ in found]),
            (
                "a question: recognised, and the right one",
                [r.best is not None and r.best.number == number for r, number in found],
            ),
            (
                "near misses: recognised",
                [memory.recall(cue, 1).recognised for row in told for cue in row.get("near", ())],
            ),
            ("strange: recognised", [memory.recall(row["strange"], 1).recognised for row in rows if "strange" in row]),
        ]
    for key, name in (
        ("also", "both hold, superseded by mistake"),
        ("changed", "corrected in other words: superseded"),
    ):
        with filled(folder, [row["told"] for row in told], f"probe-{key}") as memory:
            some = [row for row in told if key in row]
            made = [(row, memory.remember(row[key], now=BEGAN + DAY)) for row in some]
            if key == "also":
                out.append((name, [one.supersedes is not None for _, one in made]))
                continue
            out.append((name, [one.supersedes == numbers[row["id"]] for row, one in made]))
            mistaken = [one.supersedes not in (None, numbers[row["id"]]) for row, one in made]
            out.append(("corrected in other words: another superseded", mistaken))
            newest = []
            for row, one in made:
                got = [r.episode.number for r in memory.recall(row["asked"][0], 5).remembered]
                both = [number for number in got if number in (one.number, numbers[row["id"]])]
                newest.append(both[:1] == [one.number])
            out.append(("corrected in other words: the newest first", newest))
    return [(name, share(right), str(len(right))) for name, right in out]
