"""Values: names, dates, amounts and other short texts of the synthetic world, each drawn by chance from a seed."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path
from random import Random
from zlib import crc32

HERE = Path(__file__).parent
LISTS = HERE.parent / "personal" / "lists"
_COARSE = re.compile(
    "sex|prostit|tit(?:s|ty)|whor|porn|rape|rapi|slut|bitch|nazi|fuck|shit|penis|vagin|nigg|fag|cunt|dick|bastard|orgas|"
    "erot|breast|nude|piss|crap|turd|fart|anal|anus|puss|negro|spic|kike|queer|dyke|homo|lesb|arse|ass|cock|bugger|bonk|boob|semen"
)
KEPT_OUT = 8
"""One word in so many is never used in training, so that the development sets have words of their own."""
CLOSED = frozenset(
    (  # noqa: SIM905
        "month weekday season verb country licence language format platform "
        "building_kind event_kind machine_kind org_kind award_kind unit ship_name colour domain crop"
    ).split()
)
"""Kinds of words that are all used in training: there are too few of them, or they name the kind of a thing."""
UNITS = {
    "length": ["m", "metres", "metres", "metres", "feet", "km", "kilometres", "cm"],
    "weight": ["kg", "tonnes", "kilograms", "grams", "tons", "pounds"],
    "power": ["watts", "kW", "kilowatts", "megawatts", "volts"],
    "duration": ["days", "weeks", "months", "years", "hours", "minutes", "seconds"],
}


@cache
def words() -> dict[str, list[str]]:
    """The word lists by kind."""
    found = {}
    for line in (HERE / "words.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, rest = line.partition(": ")
            found[kind] = ["" if word == "-" else word for word in dict.fromkeys(rest.split("; "))]
    return found


@cache
def names(name: str) -> list[str]:
    """The personal names or places that the project knows, capitalised."""
    path = LISTS / name
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = raw.decode("utf-8")
    rows = text.splitlines() if path.suffix == ".gz" else text.split()
    return [row.title() for row in rows if row.replace(" ", "").isalpha()]


@cache
def dictionary() -> list[str]:
    """English words of three to ten letters."""
    rows = gzip.decompress((LISTS / "dictionary.txt.gz").read_bytes()).decode("utf-8").split()
    return [row for row in rows if 3 <= len(row) <= 10 and row.isascii() and not _COARSE.search(row)]


def kept_out(word: str) -> bool:
    """Whether a word is only used in the development sets."""
    return crc32(word.encode()) % KEPT_OUT == 0


class Values:
    """Makes values from `chance`; with `unseen` only from what training never uses, where there is such a half."""

    def __init__(self, chance: Random, unseen: bool = False) -> None:
        self.chance, self.unseen = chance, unseen

    def word(self, kind: str) -> str:
        """A word of a list, of the half that is meant."""
        return self.any_word(words()[kind], kind in CLOSED)

    def any_word(self, rows: list[str], closed: bool = False) -> str:
        """One of the rows, of the half that is meant unless they are all used in training."""
        while True:
            word = self.chance.choice(rows)
            if closed or kept_out(word) == self.unseen:
                return word

    def make(self, kind: str) -> str:
        """A value of a kind."""
        maker = getattr(self, "_" + kind, None)
        return str(maker()) if maker else self.word(kind)

    def _syllables(self, low: int, high: int) -> str:
        c = self.chance
        while True:
            made = "".join(
                c.choice(words()["onset"])
                + c.choice(words()["nucleus"])
                + (c.choice(words()["coda"]) if c.random() < 0.6 else "")
                for _ in range(c.randint(low, high))
            )
            if len(made) < 10 and kept_out(made) == self.unseen:
                return made.capitalize()

    def _coined(self) -> str:
        return self._syllables(1, 3)

    def first(self) -> str:
        """A first name."""
        return self.any_word(names("first_names.txt")) if self.chance.random() < 0.7 else self._syllables(1, 2)

    def last(self) -> str:
        """A last name."""
        c = self.chance
        if c.random() < 0.3:
            return self.any_word(names("last_names.txt"))
        if c.random() < 0.2:
            return self.any_word(dictionary()).capitalize()
        return self._syllables(1, 2) + (c.choice(words()["last_end"]) if c.random() < 0.6 else "")

    def _person(self) -> str:
        c = self.chance
        roll = c.random()
        name = f"{self.first()} {self.last()}"
        if roll < 0.06:
            return f"Dr {name}"
        if roll < 0.1:
            return f"{name.split()[0]} {c.choice('ABCDEFGHJKLMNPRSTVW')}. {self.last()}"
        if roll < 0.13:
            return f"{name}-{self.last()}"
        return name

    def _place(self) -> str:
        c = self.chance
        roll = c.random()
        if roll < 0.15:
            return self.any_word(names("places.txt.gz"))
        name = self._syllables(1, 2) + c.choice(words()["place_end"]) if roll < 0.7 else self._syllables(2, 3)
        if roll > 0.93:
            return f"{c.choice(words()['place_head'])} {name}"
        return name

    def _org(self) -> str:
        c = self.chance
        roll = c.random()
        head = self._syllables(1, 3) if roll < 0.5 else self.place() if roll < 0.7 else self.last()
        if roll > 0.96:
            return "".join(c.choice("ABCDEFGHIKLMNOPRSTUVW") for _ in range(c.randint(3, 4)))
        if roll > 0.9:
            return f"{head} & {c.choice(['Sons', 'Daughters', self.last()])}"
        kind = self.word("org_kind")
        if c.random() < 0.3 and kind.isalpha():
            return f"the {head} {kind}"
        return f"{head} {kind}"

    def place(self) -> str:
        """A town."""
        return self._place()

    def _software(self) -> str:
        c = self.chance
        roll = c.random()
        head = self._syllables(1, 2) if c.random() < 0.6 else self.any_word(dictionary()).capitalize()
        if roll < 0.3:
            return head.lower() + c.choice(words()["software_end"])
        if roll < 0.45:
            return f"{head.lower()}{c.choice('-_')}{self.any_word(dictionary())}"
        if roll < 0.55:
            return head.lower()
        if roll < 0.65:
            return f"{head}{c.choice(['DB', 'Kit', 'Flow', 'Base', 'Hub', 'ML', 'OS', 'Box', 'Desk', 'Mail'])}"
        return head

    def _building(self) -> str:
        return f"the {self._owner()} {self.word('building_kind')}"

    def _owner(self) -> str:
        roll = self.chance.random()
        if roll < 0.5:
            return self.place()
        if roll < 0.8:
            return self._syllables(1, 2)
        return self.any_word(dictionary()).capitalize()

    def _ship(self) -> str:
        return f"the {self.word('ship_name') if self.chance.random() < 0.4 else self._coined()}"

    def _event(self) -> str:
        return f"the {self._owner()} {self.word('event_kind')}"

    def _machine(self) -> str:
        c = self.chance
        kind = self.word("machine_kind")
        return f"the {self._code()} {kind}" if c.random() < 0.4 else f"the {self._coined()} {kind}"

    def _thing(self) -> str:
        c = self.chance
        if c.random() < 0.85:
            return f"the {self.word('adjective')} {self.word('thing')}"
        return f"the {self.any_word(dictionary())} {self.word('thing')}"

    def _book(self) -> str:
        return self._title()

    def _year(self) -> str:
        return str(self.chance.randint(1700, 2026) if self.chance.random() < 0.5 else self.chance.randint(1960, 2026))

    def _date(self) -> str:
        c = self.chance
        day, month, year = c.randint(1, 28), c.choice(words()["month"]), self._year()
        forms = (
            f"{day} {month} {year}", f"{day} {month} {year}", f"{day} {month} {year}",
            f"{month} {day}, {year}", f"{month} {day}, {year}", f"{year}-{c.randint(1, 12):02d}-{day:02d}",
            f"{day} {month}", f"{month} {day}", f"{day}.{c.randint(1, 12)}.{year}",
        )  # fmt: skip
        return c.choice(forms)

    def _when(self) -> tuple[str, str]:
        """A preposition and a point in time."""
        c = self.chance
        roll = c.random()
        if roll < 0.35:
            return "in", self._year()
        if roll < 0.6:
            return "on", self._date()
        if roll < 0.7:
            return "in", f"{self.word('month')} {self._year()}"
        if roll < 0.8:
            return "on", self.word("weekday")
        if roll < 0.88:
            return "at", self._time()
        return "in", f"the {self.word('season')} of {self._year()}"

    def when(self) -> tuple[str, str]:
        """A preposition and a point in time: ("on", "3 May 1990")."""
        return self._when()

    def _time(self) -> str:
        c = self.chance
        return c.choice((f"{c.randint(0, 23)}:{c.randint(0, 59):02d}", f"{c.randint(1, 12)} o'clock", "noon", "dawn"))

    def _age(self) -> int:
        return self.chance.randint(6, 99)

    def _count(self) -> str:
        c = self.chance
        roll = c.random()
        if roll < 0.5:
            return f"{c.randint(1, 999)},{c.randint(0, 999):03d}"
        if roll < 0.75:
            return str(c.randint(11, 999))
        if roll < 0.85:
            return f"{c.randint(1, 99)},{c.randint(0, 9)}00"
        return f"{c.randint(2, 90)}000" if roll < 0.92 else f"{c.randint(1, 9)}.{c.randint(1, 9)} million"

    def _number(self) -> str:
        return str(self.chance.randint(2, 2000)) if self.chance.random() < 0.7 else self._count()

    def _money(self) -> str:
        c = self.chance
        amount = self._count()
        return c.choice(
            (f"${amount}", f"{amount} euros", f"€{amount}", f"{amount} crowns", f"£{amount}", f"{amount} dollars")
        )

    def _measure(self, kind: str) -> str:
        c = self.chance
        amount = c.choice(
            (str(c.randint(2, 900)), f"{c.randint(1, 99)}.{c.randint(1, 9)}", f"{c.randint(1, 9)},{c.randint(0, 9)}00")
        )
        if kind == "duration":
            amount = c.choice((str(c.randint(2, 90)), c.choice(words()["small_number"])))
        return f"{amount} {c.choice(UNITS[kind])}"

    def _length(self) -> str:
        return self._measure("length")

    def _weight(self) -> str:
        return self._measure("weight")

    def _power(self) -> str:
        return self._measure("power")

    def _duration(self) -> str:
        return self._measure("duration")

    def _release(self) -> str:
        c = self.chance
        return ".".join(str(c.randint(0, 19)) for _ in range(c.choice((2, 2, 3)))) + c.choice(
            ("", "", "", "", "rc1", "b2")
        )

    def _version(self) -> str:
        return f"version {self._release()}" if self.chance.random() < 0.5 else self._release()

    def _port(self) -> int:
        return self.chance.randint(80, 49000)

    def _code(self) -> str:
        c = self.chance
        letters = "".join(c.choice("ABCDEFGHKLMNPRSTUVWXZ") for _ in range(c.randint(1, 3)))
        return f"{letters}{c.choice('-- ')}{c.randint(1, 9999)}".replace(" ", "") + c.choice(
            ("", "", "", c.choice("abcx"))
        )

    def _path(self) -> str:
        c = self.chance
        name = self.any_word(dictionary())
        end = c.choice(("conf", "toml", "ini", "yaml", "json", "cfg", "txt", "log", "db"))
        return c.choice(
            (
                f"/etc/{name}.{end}",
                f"~/.{name}rc",
                f"{name}.{end}",
                f"/var/lib/{name}/{self.any_word(dictionary())}.{end}",
            )
        )

    def _command(self) -> str:
        c = self.chance
        name = self._software().lower()
        return c.choice(
            (
                f"pip install {name}",
                f"{name} --{self.any_word(dictionary())}",
                f"make {name}",
                f"{name} start",
                f"npm run {name}",
            )
        )

    def _email(self) -> str:
        name = f"{self.first()}{self.chance.choice(('.', '', '_'))}{self.last()}".lower()
        return f"{name}@{self.chance.choice(words()['domain'])}"

    def _river(self) -> str:
        return self._coined() if self.chance.random() < 0.8 else f"{self._coined()} River"

    def _award(self) -> str:
        return f"the {self._owner()} {self.word('award_kind')}"

    def _title(self) -> str:
        c = self.chance
        one, two = self.word("title_word").capitalize(), self.word("title_word").capitalize()
        forms = (
            f"The {one} of {two}", f"{self.word('adjective').capitalize()} {one}", f"The {one}", f"{one} and {two}",
            f"A {one} in {self.place()}", f"The {self.word('adjective').capitalize()} {one}", f"{one} without {two}",
        )  # fmt: skip
        title = c.choice(forms)
        return f'"{title}"' if c.random() < 0.3 else title

    def _quoted(self) -> str:
        c = self.chance
        return '"' + " ".join(self.any_word(dictionary()) for _ in range(c.randint(2, 4))).capitalize() + '"'

    def _alias(self) -> str:
        c = self.chance
        return c.choice(
            (
                self._coined(),
                f"the {self.word('adjective').capitalize()} {self.word('animal').capitalize()}",
                self.first(),
                self._person(),
            )
        )

    def _phrase(self) -> str:
        """Some words in a row, so that any words are learnt to be copied."""
        return " ".join(self.any_word(dictionary()) for _ in range(self.chance.randint(1, 3)))

    def _country(self) -> str:
        return (
            self._coined() + self.chance.choice(("ia", "land", "mark", ""))
            if self.chance.random() < 0.4
            else self.word("country")
        )
