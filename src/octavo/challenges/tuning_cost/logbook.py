"""Logbook: made-up entries of a works' logbook, each with the record it should become: place, trouble, urgency.

Entries name a second place that is not meant, and say trouble and urgency in several ways. A part of the ways is kept
for the probe, so that half of it can't be answered by wording alone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIELDS = ("place", "trouble", "urgency")
SEPARATOR = "; "
QUESTION = "Record: "

PLACES = [
    "boiler house",
    "pump room",
    "north gate",
    "paint shop",
    "cold store",
    "loading ramp",
    "roof deck",
    "mill hall",
    "tool crib",
    "canteen",
    "weighbridge",
    "dry dock",
]
TROUBLES = {
    "leak": "water drips from a pipe;the floor is wet under the tank;a seal lets oil through;"
    "a puddle grows below the valve|a joint sheds drops of water",
    "noise": "a bearing squeals;the fan rattles loudly;something knocks in the gearbox;"
    "the motor hums much louder than before|a loud rattling comes from the shaft",
    "heat": "the motor is too hot to touch;the cable runs warm;the gauge shows ninety degrees;"
    "the bearing smokes a little|the housing is hot to the touch",
    "outage": "the lights are out;there is no current;the panel is dead;the main switch has tripped|"
    "the whole panel has no current",
    "blockage": "the drain is clogged;the belt is stuck;the hatch is jammed with grain;"
    "nothing comes through the chute|the chute is jammed and stuck",
    "damage": "a window is broken;the rail is bent;a step has cracked;the door hangs off its hinge|"
    "the hinge of a window has broken",
    "theft": "two ladders are missing;the lock was forced;a drum of copper is gone;somebody took the fuel|"
    "the ladders were taken",
    "smell": "it smells of gas;there is a sour smell;the air stinks of solvent;one smells burnt rubber|"
    "the air smells sour",
}
URGENCIES = {
    "low": "It can wait.;No hurry.;Next week will do.;Whenever there is time.|There is time until next week.",
    "normal": "Please look at it today.;Before the evening, please.;Today if possible.;"
    "Have it seen to this afternoon.|Please see to it this afternoon.",
    "high": "Come at once!;We had to stop the work.;This is dangerous.;Send somebody now.|Stop the work and come now!",
}
SHARES = {"low": 5, "normal": 3, "high": 2}
PEOPLE = ["Abel", "Berit", "Casper", "Dunja", "Emil", "Frida", "Gustav", "Hanne", "Ivo", "Jette", "Karel", "Lotte"]
SHAPES = (
    "{time} {person}: came from the {other}; in the {place} {trouble}. {urgency}",
    "{time} {person}: {Trouble} in the {place}, the {other} is in order. {urgency}",
    "{time} {person} calls from the {other}: {trouble} in the {place}. {urgency}",
    "{time} {person}: {urgency} {Trouble}. This is about the {place}, not the {other}.",
    "{time} {person}: the {other} was checked. At the {place} {trouble}. {urgency}",
)


@dataclass(frozen=True)
class Entry:
    """An entry and the values of its record, in the order of `FIELDS`."""

    text: str
    record: tuple[str, str, str]

    @property
    def answer(self) -> str:
        """The record as it is to be written."""
        return SEPARATOR.join(self.record)


def entries(count: int, name: str, *, new: bool = False) -> list[Entry]:
    """Different entries decided by `name`; with `new` trouble and urgency are worded as no other entry words them."""
    chance = random.Random(name)  # noqa: S311
    found: dict[str, Entry] = {}
    while len(found) < count:
        entry = _entry(chance, new)
        found.setdefault(entry.text, entry)
    return list(found.values())


def _entry(chance: random.Random, new: bool) -> Entry:
    place, other = chance.sample(PLACES, 2)
    trouble = chance.choice(list(TROUBLES))
    urgency = chance.choices(list(SHARES), weights=list(SHARES.values()))[0]
    said = _worded(TROUBLES[trouble], chance, new)
    text = chance.choice(SHAPES).format(
        time=f"{chance.randrange(24):02}:{chance.randrange(60):02}",
        person=chance.choice(PEOPLE),
        place=place,
        other=other,
        trouble=said,
        Trouble=said[0].upper() + said[1:],
        urgency=_worded(URGENCIES[urgency], chance, new),
    )
    return Entry(text, (place, trouble, urgency))


def _worded(ways: str, chance: random.Random, new: bool) -> str:
    known, _, kept = ways.partition("|")
    return chance.choice((kept if new else known).split(";"))


def most_frequent(known: list[Entry]) -> tuple[str, ...]:
    """The most frequent value of each field: what who reads no entry would say."""
    values = [[entry.record[at] for entry in known] for at in range(len(FIELDS))]
    return tuple(max(sorted(set(column)), key=column.count) for column in values)
