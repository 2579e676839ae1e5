"""Scenes: short texts with typed slots in many wordings, with questions that they answer and some that they don't."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from octavo.data.world.slots import Slots
from octavo.data.world.values import Values

HERE = Path(__file__).parent
KEPT_OUT = 7
"""One scene in so many is only used in the development sets."""
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)(?::(\w+)|=([^{}]*))?\}")
"""A name with its kind, or with the alternatives that its value is chosen from: {why=a power cut|heavy rain}."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\[{(])")
_PRONOUNS = ("He", "he", "His", "his", "him")


@dataclass(frozen=True)
class Scene:
    """A text and its questions as templates."""

    number: int
    text: str
    asked: tuple[tuple[str, str], ...]
    never: tuple[str, ...]


@dataclass
class Staged:
    """A scene with its slots filled."""

    text: str
    values: dict[str, str]
    asked: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """Question, answer, names of the slots in the question."""
    never: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Questions whose sentence was left out."""


@cache
def scenes() -> tuple[Scene, ...]:
    """All scenes, in their order."""
    files = [HERE / "scenes.txt", *sorted((HERE / "scenes").glob("*.txt"))]
    lines = [line for path in files for line in [*path.read_text(encoding="utf-8").splitlines(), ""]]
    raw = "\n".join(line.rstrip() for line in lines if not line.startswith("#"))
    found = []
    for number, block in enumerate(part for part in re.split(r"\n{2,}", raw) if part.strip()):
        lines = block.strip().splitlines()
        text = " ".join(line for line in lines if line[:2] not in ("? ", "! "))
        asked = tuple(tuple(line[2:].rsplit(" = ", 1)) for line in lines if line.startswith("? "))
        found.append(Scene(number, text, asked, tuple(line[2:] for line in lines if line.startswith("! "))))
    return tuple(found)


def chosen(unseen: bool | None) -> list[Scene]:
    """The scenes for training, those kept out of it, or all (None)."""
    return [scene for scene in scenes() if unseen is None or (scene.number % KEPT_OUT == KEPT_OUT - 1) == unseen]


def choose(template: str, chance: Random, linked: dict[str, int]) -> str:
    """One alternative of each `[a|b]`; those of `[1=a|b]` and `[1=A|B]` have the same number everywhere in a scene."""
    while match := _CHOICE.search(template):
        name, _, rest = match.group(1).rpartition("=")
        if name.isdigit():
            options = rest.split("|")
            chosen_one = options[linked.setdefault(name, chance.randrange(len(options))) % len(options)]
        else:
            chosen_one = chance.choice(match.group(1).split("|"))
        template = template[: match.start()] + chosen_one + template[match.end() :]
    template = re.sub(r"\s+", " ", template).strip()
    return re.sub(r" ([?,.;])", r"\1", template)


class Stage:
    """Fills scenes with values."""

    def __init__(self, values: Values) -> None:
        self.slots, self.chance = Slots(values), values.chance

    def stage(self, scene: Scene, shorten: float = 0.2) -> Staged:
        """The scene with one choice of wordings and values; now and then a sentence is left out."""
        chance = self.chance
        linked: dict[str, int] = {}
        full = choose(scene.text, chance, linked)
        sentences = _SENTENCE.split(full)
        cut = chance.randrange(1, len(sentences)) if len(sentences) > 1 and chance.random() < shorten else -1
        kept = " ".join(sentence for at, sentence in enumerate(sentences) if at != cut)
        filled: dict[str, str] = {}
        they = {}
        whole = self._fill(full, filled, they)
        text = _capitals(self._fill(kept, filled, they)) if cut >= 0 else _capitals(whole)
        there = set(_names(kept))
        made = Staged(text, filled)
        for question, answer in scene.asked:
            asked = choose(question, chance, linked)
            slots = tuple(name for name in _names(asked) if name not in _PRONOUNS)
            if any(slot not in filled for slot in slots):
                continue
            question = self._fill(asked, filled, they)
            question = question[:1].upper() + question[1:]
            for one in answer.split("; "):
                wanted = [one] if one in filled else _names(one)
                if all(slot in there for slot in wanted):
                    value = filled[one] if one in filled else self._fill(one, filled, they)
                    if value in text or value[:1].upper() + value[1:] in text:
                        made.asked.append((question, value, slots))
                        break
            else:
                if cut >= 0:
                    made.lost.append(question)
        for question in scene.never:
            made.never.append(_capitals(self._fill(choose(question, chance, linked), filled, they)))
        return made

    def _fill(self, template: str, filled: dict[str, str], they: dict[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            name, kind, given = match.groups()
            if name in _PRONOUNS and kind:
                he = they.setdefault(kind, self.chance.choice(("he", "she")))
                his = "his" if he == "he" else "her"
                word = {"he": he, "his": his, "him": "him" if he == "he" else "her"}[name.lower()]
                return word.capitalize() if name[0].isupper() else word
            if name not in filled:
                filled[name] = self.chance.choice(given.split("|")) if given else self._make(kind or "coined", filled)
            return filled[name][:1].upper() + filled[name][1:] if name == "G" else filled[name]

        return _SLOT.sub(value, template)

    def _make(self, kind: str, filled: dict[str, str]) -> str:
        for _ in range(20):
            made = self.slots.make(kind)
            if made not in filled.values():
                return made
        return made


def _names(template: str) -> list[str]:
    return [match.group(1) for match in _SLOT.finditer(template)]


def _capitals(text: str) -> str:
    text = re.sub(r"([.!?] )(the) (?=[A-Z])", lambda match: match.group(1) + "The ", text)
    text = re.sub(r"\b([Aa]) (?=[aeiouAEIO]\w)", r"\1n ", text)
    return text[:1].upper() + text[1:]
