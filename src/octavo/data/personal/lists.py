"""Lists: names, places and common words that the tagger looks words up in; written for it or taken from open data.

Names, streets, titles and sentences were written for this. `places` are the localities of the telephone plans in
`phonenumbers` (Apache-2.0), `words` the words that stand in lower case in the documentation of open-source packages,
`dictionary` the words that SCOWL writes in lower case (its notice is `lists/dictionary_licence.txt`).
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "lists"


def lines(name: str) -> list[str]:
    """The lines of a list, without empty ones."""
    path = FOLDER / name
    text = gzip.decompress(path.read_bytes()).decode() if name.endswith(".gz") else path.read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line]


def words_of(name: str) -> frozenset[str]:
    """The words of a list of words."""
    return frozenset(word for line in lines(name) for word in line.split())


@cache
def word_set(name: str) -> frozenset[str]:
    """One of the small sets of words, written as they stand there."""
    return frozenset(next(line for line in lines("word_sets.txt") if line.startswith(f"{name}: ")).split()[1:])


@dataclass(frozen=True)
class Lists:
    """What words are known for; all in lower case."""

    first: frozenset[str]
    last: frozenset[str]
    common: frozenset[str]
    dictionary: frozenset[str]
    """English words that no name needs to be, the common ones included."""
    countries: frozenset[str]
    nationalities: frozenset[str]
    places: frozenset[str]
    """Whole names of places, of up to four words."""
    streets: frozenset[str]
    units: frozenset[str]
    companies: frozenset[str]
    titles: frozenset[str]
    jobs: frozenset[str]
    heads: frozenset[str]
    """What the last word of a name says that it is, when it is nobody's: River, University, Cup."""


@cache
def shipped() -> Lists:
    """The lists that come with the package."""
    nationalities = words_of("nationalities.txt")
    common = words_of("words.txt.gz") | words_of("everyday.txt")
    countries = frozenset(name.lower() for line in lines("countries.txt") for name in line.split(";"))
    return Lists(
        first=words_of("first_names.txt"),
        last=words_of("last_names.txt"),
        common=common,
        dictionary=common | words_of("dictionary.txt.gz"),
        countries=countries,
        nationalities=nationalities | {word + "s" for word in nationalities},
        places=frozenset(lines("places.txt.gz")),
        streets=words_of("street_words.txt"),
        units=words_of("unit_words.txt"),
        companies=words_of("org_words.txt"),
        titles=words_of("titles.txt"),
        jobs=words_of("jobs.txt"),
        heads=words_of("head_words.txt"),
    )
