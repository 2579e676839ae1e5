"""Sentences: made-up texts with names, places, companies and addresses in them, each labelled, to teach the tagger."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable

from octavo.data.personal import lists
from octavo.data.personal.spans import Span

_SLOT = re.compile(r"\{([a-z]+)\}")
_LABELLED = {
    "full": "PERSON",
    "first": "PERSON",
    "last": "PERSON",
    "place": "PLACE",
    "country": "PLACE",
    "city": "PLACE",
    "org": "ORGANISATION",
    "job": "TITLE",
    "title": "TITLE",
    "nat": "NATIONALITY",
    "nats": "NATIONALITY",
    "address": "ADDRESS",
    "street": "ADDRESS",
    "zip": "POSTCODE",
    "geo": "PLACE",
    "inst": "ORGANISATION",
}


class Writer:
    """Writes sentences from the patterns of a list, with values drawn by a seeded generator."""

    def __init__(self, seed: int, known: float = 0.6) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._known = known
        self._firsts = sorted(lists.words_of("first_names.txt"))
        self._lasts = sorted(lists.words_of("last_names.txt"))
        self._places = sorted(lists.lines("places.txt.gz"))
        self._countries = [name for line in lists.lines("countries.txt") for name in line.split(";")]
        self._nationalities = sorted(lists.words_of("nationalities.txt"))
        self._jobs = sorted(lists.words_of("jobs.txt"))
        self._parts = {
            name: rest.split(";") for name, _, rest in (line.partition(": ") for line in lists.lines("parts.txt"))
        }
        self._next: dict[str, list[str]] = defaultdict(list)
        for name in [*self._firsts, *self._lasts, *self._places[::9]]:
            letters = f"^^{name}$"
            for at in range(2, len(letters)):
                self._next[letters[at - 2 : at]].append(letters[at])
        self._dictionary = sorted(lists.shipped().dictionary - lists.shipped().first - lists.shipped().last)
        self._patterns = lists.lines("sentences.txt")
        self._plain = lists.lines("plain.txt")
        self._makers: dict[str, Callable[[], str]] = {
            name.removeprefix("_make_"): getattr(self, name) for name in dir(self) if name.startswith("_make_")
        }

    def sentence(self) -> tuple[str, list[Span]]:
        """One text and what is labelled in it."""
        some = self._random
        pattern = some.choice(self._plain if some.random() < 0.22 else self._patterns)
        text, spans = self._filled(pattern.replace("\\n", "\n"))
        while some.random() < 0.25:
            more, others = self._filled(
                some.choice(self._plain if some.random() < 0.5 else self._patterns).replace("\\n", "\n")
            )
            gap = text + (" " if text[-1] in ".!?\n" else some.choice([". ", "\n", " - "]))
            spans += [span._replace(start=span.start + len(gap), end=span.end + len(gap)) for span in others]
            text = gap + more
        case = some.random()
        if case < 0.13 and len(text.lower()) == len(text):
            text = text.lower()
        elif case < 0.15 and len(text.upper()) == len(text):
            text = text.upper()
        return text, spans

    def _filled(self, pattern: str) -> tuple[str, list[Span]]:
        text, spans, at = "", [], 0
        for slot in _SLOT.finditer(pattern):
            text += pattern[at : slot.start()]
            value = self._makers[slot.group(1)]()
            label = _LABELLED.get(slot.group(1))
            if label:
                spans.append(Span(len(text), len(text) + len(value), label, 1.0))
            text += value
            at = slot.end()
        return text + pattern[at:], spans

    def invented(self) -> str:
        """A word that looks like a name and is (most likely) none that is listed."""
        while True:
            letters = "^^"
            while letters[-1] != "$" and len(letters) < 16:
                letters += self._random.choice(self._next[letters[-2:]])
            word = letters[2:].rstrip("$").strip(" '-.’")
            if 3 <= len(word) <= 13 and " " not in word:
                return word.title() if self._random.random() < 0.97 else word.capitalize()

    def _word(self, known: list[str]) -> str:
        return self._random.choice(known).title() if self._random.random() < self._known else self.invented()

    def _make_first(self) -> str:
        name = self._word(self._firsts)
        return f"{name}-{self._word(self._firsts)}" if self._random.random() < 0.03 else name

    def _make_last(self) -> str:
        some = self._random.random()
        if some < 0.04:
            return f"{self._random.choice(self._parts['before_last'])}{self._word(self._lasts)}"
        return f"{self._word(self._lasts)}-{self._word(self._lasts)}" if some < 0.07 else self._word(self._lasts)

    def _make_full(self) -> str:
        some = self._random.random()
        if some < 0.1:
            return f"{self._make_first()} {self._make_initial()} {self._make_last()}"
        if some < 0.16:
            return f"{self._make_first()} {self._make_first()} {self._make_last()}"
        if some < 0.2:
            return f"{self._make_first()} {self._make_last()} {self._make_last()}"
        if some < 0.22:
            return f"{self._make_first()} {self._make_last()} {self._random.choice(['Jr.', 'III', 'PhD', 'MD', 'DDS'])}"
        return f"{self._make_first()} {self._make_last()}"

    def _make_initial(self) -> str:
        return self._random.choice("ABCDEFGHIJKLMNOPRSTVW") + self._random.choice([".", ".", ""])

    def _make_title(self) -> str:
        return self._random.choice(["Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Dr", "Prof.", "Miss", "Professor"])

    def _make_country(self) -> str:
        return self._random.choice(self._countries)

    def _make_city(self) -> str:
        some = self._random.random()
        name = self._random.choice(self._places).title() if some < 0.7 else self.invented()
        name = re.sub(
            r"(?<= )(?:De|Del|La|Di|Am|An|Der|Da|Do|Dos|En|Sur|Le|Les|Des)(?= )", lambda m: m.group().lower(), name
        )
        return name.upper() if self._random.random() < 0.12 else name

    def _make_place(self) -> str:
        return self._make_city() if self._random.random() < 0.6 else self._make_country()

    def _make_nat(self) -> str:
        word = self._random.choice(self._nationalities)
        return word.capitalize() if self._random.random() < 0.85 else word

    def _make_nats(self) -> str:
        return self._make_nat() + "s"

    def _make_job(self) -> str:
        some = self._random
        job = some.choice(self._jobs)
        if some.random() < 0.7:
            job = f"{some.choice(self._parts['adjectives'])} {job}"
        if some.random() < 0.15:
            job = f"{some.choice(self._jobs)} and {job}"
        return job.capitalize() if some.random() < 0.7 else job

    def _make_org(self) -> str:
        some = self._random
        kind = some.random()
        coined = (some.choice(self._parts["coined"]) + some.choice(self._parts["coined_ends"])).capitalize()
        if kind < 0.22:
            return coined
        if kind < 0.32:
            return f"{coined} {some.choice(self._parts['org_ends'])}"
        if kind < 0.42:
            return f"{self._make_last()} {some.choice(self._parts['org_ends'])}"
        if kind < 0.5:
            return f"{self._make_last()}, {self._make_last()} and {self._make_last()}"
        if kind < 0.56:
            return f"{self._make_last()}-{self._make_last()}"
        if kind < 0.76:
            return " ".join(some.sample(self._parts["org_words"], 2))
        if kind < 0.86:
            return f"{some.choice(self._parts['org_words'])} {some.choice(self._parts['org_ends'])}"
        if kind < 0.93:
            return self.invented()
        return "".join(some.choice("ABCDEFGHIKLMNOPRSTUVW") for _ in range(some.randint(2, 4)))

    def _make_word(self) -> str:
        return self._random.choice(self._dictionary)

    def _make_cap(self) -> str:
        return self._make_word().capitalize()

    def _make_geo(self) -> str:
        some = self._random
        name = some.choice([self._make_city, self._make_last, self.invented, self._make_cap])()
        if some.random() < 0.15:
            return f"{some.choice(self._parts['geo_heads'])} {name}"
        return f"{name} {some.choice(self._parts['geo_tails'])}"

    def _make_inst(self) -> str:
        some = self._random
        if some.random() < 0.3:
            of = some.choice([self._make_city, self._make_country, self._make_cap])()
            return f"{some.choice(self._parts['inst_heads'])} of {of}"
        name = some.choice([self._make_city, self._make_last, self._make_country, self._make_cap, self.invented])()
        return f"{name} {self._make_cap() + ' ' if some.random() < 0.2 else ''}{some.choice(self._parts['inst_tails'])}"

    def _make_thing(self) -> str:
        some = self._random
        kind = some.random()
        if kind < 0.3:
            return " ".join(self._make_cap() for _ in range(some.randint(1, 3)))
        if kind < 0.5:
            return f"{self.invented()} {some.choice(self._parts['thing_tails'])}"
        if kind < 0.65:
            return f"{self._make_cap()} {some.choice(self._parts['thing_tails'])}"
        if kind < 0.8:
            return f"{some.choice([self.invented, self._make_last])()} {some.choice(self._parts['thing_tails'])}"
        return f"{some.choice([self.invented, self._make_cap])()} {some.randint(1, 2000)}"

    def _make_street(self) -> str:
        some = self._random
        kind = some.random()
        number = str(some.randint(1, 199) if some.random() < 0.7 else some.randint(200, 9999))
        number += some.choice(["", "", "", "", "a", "B"])
        if kind < 0.45:
            return f"{number} {self._make_last()} {some.choice(self._parts['street_ends'])}"
        if kind < 0.62:
            name = f"{self.invented()}{some.choice(self._parts['street_tails'])}"
        elif kind < 0.8:
            name = f"{some.choice(self._parts['street_heads'])} {self._word(self._lasts)}"
        elif kind < 0.9:
            name = f"{self.invented()} {some.choice(self._parts['street_last'])}"
        else:
            name = (
                f"{self._make_last()} {some.choice(self._parts['street_ends'])}"
                if some.random() < 0.5
                else self.invented()
            )
        return f"{number} {name}" if some.random() < 0.4 else f"{name} {number}"

    def _make_address(self) -> str:
        some = self._random
        if some.random() < 0.06:
            box = some.choice(["PSC {}, Box {}", "Unit {} Box {}", "P.O. Box {}, {}", "PO Box {}-{}"])
            head = box.format(some.randint(1, 9999), some.randint(1, 9999))
            office = some.choice(["APO", "FPO", "DPO", self._make_city()])
            zone = some.choice(["AA", "AE", "AP"])
            return f"{head}{some.choice([chr(10), ' ', ', '])}{office} {zone} {some.randint(10000, 99999)}"
        head = self._make_street()
        if some.random() < 0.35:
            head = f"{some.randint(1, 99999)} {head}"
        for _ in range(2):
            if some.random() < 0.4:
                unit = some.choice(
                    ["Apt. {}", "Suite {}", "Apt {}", "Unit {}", "Floor {}", "#{}", "Flat {}", "Room {}"]
                )
                head += some.choice([" ", ", ", "\n ", "\n"]) + unit.format(
                    f"{some.randint(1, 999):0{some.choice([1, 3])}d}"
                )
        gap = some.choice([", ", "\n", "\n ", " ", ", "])
        tail = [self._make_city()]
        if some.random() < 0.4:
            tail.append(
                some.choice(
                    [
                        self._make_country(),
                        some.choice(["CA", "NY", "TX", "FL", "WA", "NJ", "MP", "AZ", "OH"]),
                        "nan",
                        self.invented(),
                    ]
                )
            )
        text = head + gap + some.choice([", ", "\n", " ", "\n, "]).join(tail)
        return text if some.random() < 0.3 else text + some.choice([" ", " ", "\n ", ", "]) + self._make_zip()

    def _make_zip(self) -> str:
        some = self._random
        kind = some.random()
        if kind < 0.45:
            return f"{some.randint(501, 99999):05d}"
        if kind < 0.7:
            return str(some.randint(1000, 9999))
        if kind < 0.78:
            return f"{some.randint(100, 999)} {some.randint(10, 99)}"
        if kind < 0.84:
            return f"{some.randint(1000, 9999)} {some.choice('ABCDEK')}{some.choice('ABEKLX')}"
        if kind < 0.9:
            area = some.choice(["SW", "N", "EH", "LS", "B"])
            return f"{area}{some.randint(1, 20)} {some.randint(1, 9)}{some.choice('ABDE')}{some.choice('FGHJ')}"
        return some.choice(
            [
                f"{some.randint(1000, 9999)}-{some.randint(100, 999)}",
                str(some.randint(100000, 999999)),
                str(some.randint(100, 999)),
            ]
        )

    def _make_date(self) -> str:
        some = self._random
        day, month, year = some.randint(1, 28), some.randint(1, 12), some.randint(1930, 2024)
        return some.choice(
            [
                f"{month}/{day}/{year}",
                f"{year}-{month:02d}-{day:02d}",
                f"{self._parts['months'][month - 1]} {day}, {year}",
                f"{day} {self._parts['months'][month - 1]} {year}",
            ]
        )

    def _make_weekday(self) -> str:
        return self._random.choice(self._parts["days"])

    def _make_year(self) -> str:
        return str(self._random.randint(1900, 2024))

    def _make_age(self) -> str:
        return str(self._random.randint(1, 99))

    def _make_n(self) -> str:
        return str(self._random.randint(1, 10 ** self._random.randint(1, 8)))

    def _make_card(self) -> str:
        return "4" + "".join(self._random.choice("0123456789") for _ in range(15))

    def _make_phone(self) -> str:
        some = self._random
        return some.choice(
            [
                f"{some.randint(200, 999)}-555-{some.randint(1000, 9999)}",
                f"+44 20 {some.randint(1000, 9999)} {some.randint(1000, 9999)}",
            ]
        )

    def _make_email(self) -> str:
        return f"{self.invented().lower()}@{self.invented().lower()}.com"

    def _make_url(self) -> str:
        return f"https://www.{self.invented().lower()}.org/"
