"""Thesaurus: how people ask and what documentation calls it, read from `thesaurus.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from octavo.knowledge.index.terms import STOP_WORDS, stem, words

PATH = Path(__file__).with_name("thesaurus.toml")
PHRASEBOOK = Path(__file__).with_name("phrasebook.toml")
LONGEST_GAP = 2
"""How many other words may stand between two neighbouring words of a phrase."""


@dataclass(frozen=True)
class Phrase:
    """What somebody says: the stems of the words, in order, and the terms it stands for."""

    said: tuple[str, ...]
    means: tuple[str, ...]


@dataclass(frozen=True)
class Thesaurus:
    """Synonyms by stem, phrases by the stem of their first word, and the words that identifiers are glued from."""

    synonyms: dict[str, tuple[tuple[str, ...], ...]]
    """Stem → term sequences (a synonym may have several words)."""
    phrases: dict[str, tuple[Phrase, ...]]
    glued: dict[str, tuple[str, ...]]
    """Part of a name → the words it stands for (itself where it is a word)."""

    def knows(self, term: str) -> bool:
        """Whether a stem belongs to the vocabulary of programming that the thesaurus covers."""
        return term in self.synonyms or term in self.phrases


def name_terms(token: str) -> tuple[str, ...]:
    """The terms of a component of a name: parts, whole, and what glued parts stand for; stop words stay."""
    from octavo.knowledge.index.terms import pieces

    parts = pieces(token)
    terms = [stem(part) for part in parts]
    if len(parts) > 1:
        terms.append(token.lower())
    for part in parts:
        for word in unglue(part):
            terms += [stem(w) for w in words(word) if stem(w) not in terms]
    return tuple(terms)


@cache
def unglue(part: str) -> tuple[str, ...]:
    """The words that a glued part of a name is made of: `copytree` → copy, tree; `rm` → remove; else nothing."""
    glued = thesaurus().glued
    if part in glued:
        return glued[part] if glued[part] != (part,) else ()
    if len(part) < 4:
        return ()
    best: list[tuple[float, tuple[str, ...]] | None] = [(0.0, ())] + [None] * len(part)
    for end in range(2, len(part) + 1):
        for start in range(max(0, end - 14), end - 1):
            before, piece = best[start], part[start:end]
            if before is None or piece not in glued:
                continue
            cost = before[0] + 1.0 + (1.0 if len(piece) == 2 else 0.0)
            if best[end] is None or cost < best[end][0]:  # type: ignore[index]
                best[end] = (cost, before[1] + glued[piece])
    found = best[len(part)]
    return found[1] if found is not None and found[0] <= 3.0 else ()


@cache
def phrasebook() -> dict[str, str]:
    """Name of a well-known thing → the everyday words in which people ask for it."""
    rows: dict[str, str] = {}
    for section in tomllib.loads(PHRASEBOOK.read_text(encoding="utf-8")).values():
        for names, asked in section.items() if isinstance(section, dict) else ():
            for name in _sides(names):
                rows[name] = f"{rows[name]}, {asked}" if name in rows else asked
    return rows


def _sides(text: str) -> list[str]:
    return [side.strip() for side in text.split(",") if side.strip()]


@cache
def thesaurus() -> Thesaurus:
    """The thesaurus that comes with the package."""
    data = tomllib.loads(PATH.read_text(encoding="utf-8"))
    synonyms: dict[str, dict[tuple[str, ...], None]] = {}
    phrases: dict[str, dict[Phrase, None]] = {}
    glued: dict[str, tuple[str, ...]] = {}
    for group in data["synonyms"]["groups"]:
        members = [tuple(stem(w) for w in words(side)) for side in _sides(group)]
        glued.update({w: (w,) for side in _sides(group) for w in words(side) if len(w) > 2 and w not in STOP_WORDS})
        for member in members:
            others = [other for other in members if other != member]
            if len(member) == 1:
                synonyms.setdefault(member[0], {}).update(dict.fromkeys(others))
            else:
                means = tuple(dict.fromkeys(term for other in others for term in other))
                phrases.setdefault(member[0], {})[Phrase(member, means)] = None
    for rows in data["phrases"].values():
        for said, meant in rows.items():
            means = tuple(
                dict.fromkeys(term for side in _sides(meant) for word in side.split() for term in _target_terms(word))
            )
            for side in _sides(said):
                stems = tuple(stem(w) for w in words(side))
                if stems:
                    phrases.setdefault(stems[0], {})[Phrase(stems, means)] = None
    glued.update({word: (word,) for word in data["glue"]["words"].split()})
    glued.update({part: tuple(_sides(meant)) for part, meant in data["names"].items()})
    return Thesaurus(
        {word: tuple(others) for word, others in synonyms.items()},
        {first: tuple(found) for first, found in phrases.items()},
        glued,
    )


def _target_terms(word: str) -> tuple[str, ...]:
    """The terms a target word is looked up by: its stem, or for an identifier of several parts the whole."""
    from octavo.knowledge.index.terms import pieces

    bare = word.strip(".,()%<>")
    parts = pieces(bare)
    if not parts:
        return ()
    return (bare.lower(),) if len(parts) > 1 else (stem(parts[0]),)
