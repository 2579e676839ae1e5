"""Made text: sentences that mean the same in eight languages, richer English, code and numbers, decided by a number.

The mixture is as uneven as collected text is: nine tenths English and code, and a few lines of the last language.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SHARES = {
    "en": 0.80,
    "code": 0.06,
    "numbers": 0.03,
    "de": 0.042,
    "fr": 0.025,
    "ru": 0.015,
    "pl": 0.012,
    "ar": 0.007,
    "zh": 0.005,
    "hi": 0.004,
}
"""Of the bytes of the text that is learnt from."""
LANGUAGES = ("en", "de", "fr", "pl", "ru", "ar", "zh", "hi")
SLOTS = ("subject", "action", "place", "time")
UNSEEN = " kept for the probe"
_ENGLISH = (
    "The {a} {n} {v} the {n} of the {n}.",
    "Nobody {v} the {n} because the {a} {n} {v} every {n}.",
    "In those years a {n} was more {a} than any {n}, and people {v} it.",
    "She {v} that the {n} had {v} another {a} {n}.",
    "There is no {a} {n} without a {n}, he {v}, and {v} the {n}.",
    "When the {n} {v} us, we {v} the {a} {n} and its {n}.",
    "What the {n} {v} was neither {a} nor {a}.",
    "Both the {n} and the {n} {v} their {a} {n} with great {n}.",
)
_CODE = (
    "def {n}_{n}({n}: int, {n}: str) -> None:\n    if {n} > {d}:\n        return {n}.{v}({n})\n",
    "for {n} in range({d}):\n    {n}[{n}] = {n} * {d}\n    print({n})\n",
    '{{"{n}": {d}, "{a}": true, "{n}": ["{n}", "{n}"]}}\n',
    "class {N}{N}:\n    def __init__(self) -> None:\n        self.{n} = {d}\n",
    "SELECT {n}, {n} FROM {n} WHERE {n} = {d} ORDER BY {n};\n",
)
_NUMBERS = ("{d}{d} + {d}{d} = {d}{d}{d}", "20{t}-0{o}-1{o} {t}:{t}:{t}", "{d}.{t} %, {d},{d}.00", "+{t} {d} {d}{t}{t}")
_SLOT = re.compile(r"\{(\w)\}")


@dataclass(frozen=True)
class Phrases:
    """What is in `phrases.txt`: section → its lines, each a dictionary by language."""

    sections: dict[str, list[dict[str, str]]]

    def sentence(self, language: str, chosen: Sequence[dict[str, str]]) -> str:
        """A clause from a subject, an action, a place and a time, in the order of the language."""
        subject, action, place, time = (phrase[language] for phrase in chosen)
        verb, thing = action.split(" ~ ")
        parts = {"S": subject, "V": verb, "O": thing, "P": place, "T": time}
        order = self.sections["order"][0][language]
        return re.sub("[SVOPT]", lambda letter: parts[letter[0]], order)


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The shipped phrases."""
    found: dict[str, list[dict[str, str]]] = {}
    for name, lines in _sections("phrases.txt").items():
        # the words that join clauses have their spaces
        rows = [line.split(" | ") if name in ("and", "but") else map(str.strip, line.split("|")) for line in lines]
        found[name] = [dict(zip(LANGUAGES, cells, strict=True)) for cells in rows]
    return Phrases(found)


@lru_cache(maxsize=1)
def words() -> dict[str, list[str]]:
    """The shipped English words by their first letter in a pattern: n(ouns), a(djectives), v(erbs)."""
    return {name[0]: " ".join(lines).split() for name, lines in _sections("words.txt").items()}


def _sections(file: str) -> dict[str, list[str]]:
    """Lines by the heading that they stand below."""
    found: dict[str, list[str]] = {}
    for line in Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            mine = found[line.removeprefix("# ")] = []
        else:
            mine.append(line)
    return found


def parallel(chance: random.Random, unseen: int = 0) -> dict[str, str]:
    """Language → the same sentence of one or two clauses; `unseen` of the four parts of each clause are phrases that no
    text to learn from holds."""
    known = phrases()
    clauses = []
    for _ in range(chance.choice((1, 2))):
        kept = chance.sample(SLOTS, unseen)
        clauses.append([chance.choice(known.sections[slot + (UNSEEN if slot in kept else "")]) for slot in SLOTS])
    joint = chance.choice(("and", "but"))
    found = {}
    for language in LANGUAGES:
        texts = [known.sentence(language, clause) for clause in clauses]
        if len(texts) > 1:
            texts[0] = texts[0].rstrip(".。।")
        text = known.sections[joint][0][language].join(texts)
        found[language] = text[0].upper() + text[1:]
    return found


def made_text(size: int, seed: int) -> list[tuple[str, str]]:
    """(language, text) of documents that together have about `size` bytes, in the shares of `SHARES`, shuffled."""
    chance = random.Random(f"text {seed}")  # noqa: S311
    found = []
    for language, share in SHARES.items():
        left = size * share
        while left > 0:
            text = _document(chance, language)
            found.append((language, text))
            left -= len(text.encode())
    chance.shuffle(found)
    return found


def made_logs(size: int, seed: int) -> list[tuple[str, str]]:
    """("en", line) of about `size` bytes of machine logs, in which the same few names come again and again."""
    chance = random.Random(f"logs {seed}")  # noqa: S311
    names = ["".join(chance.choices("bcdfghjkmqvwxz", k=7)) for _ in range(24)]
    found = []
    while size > 0:
        line = " ".join(chance.choices(names, k=6))
        found.append(("en", line))
        size -= len(line)
    return found


def _document(chance: random.Random, language: str) -> str:
    if language == "code":
        return _filled(chance, chance.choice(_CODE))
    if language == "numbers":
        return _filled(chance, chance.choice(_NUMBERS))
    if language == "en" and chance.random() < 0.8:
        return " ".join(_filled(chance, chance.choice(_ENGLISH)) for _ in range(2))
    return parallel(chance)[language]


def _filled(chance: random.Random, pattern: str) -> str:
    def word(slot: re.Match[str]) -> str:
        kind = slot[1]
        if kind == "d":
            return str(chance.randint(1, 999))
        if kind == "t":
            return str(chance.randint(10, 59))
        if kind == "o":
            return str(chance.randint(1, 9))
        if kind == "N":
            return chance.choice(words()["n"]).capitalize()
        return chance.choice(words()[kind])

    return _SLOT.sub(word, pattern).replace("{{", "{").replace("}}", "}")
