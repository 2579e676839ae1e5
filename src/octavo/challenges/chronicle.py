"""Chronicle: invented things and dated facts about them, some of which change, for challenges about what is current."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from octavo.data.world.facts import KINDS, Relation, article, capital, of_kind
from octavo.data.world.values import Values


@dataclass(frozen=True)
class Statement:
    """One fact: what is said of which thing, on which day, and what is asked about it."""

    subject: str
    relation: Relation
    value: str
    text: str
    question: str
    others: tuple[str, ...]
    """The same question in other words, to learn from."""
    date: str


class Chronicle:
    """Makes facts one after another; the same seed makes the same."""

    def __init__(self, seed: str) -> None:
        self.chance = Random(seed)  # noqa: S311
        self.values = Values(self.chance)
        self._known: set[str] = set()
        self._day = 0

    def thing(self, facts: int) -> list[Statement]:
        """Facts about a thing that was not mentioned before, all of one day."""
        kind = self.chance.choice(KINDS)
        subject = self.values.make(kind)
        while subject in self._known:
            subject = self.values.make(kind)
        self._known.add(subject)
        fitting = [one for one in of_kind(kind, False) if len(one.statements) > 1 and len(one.questions) > 1]
        day = self.day()
        return [self._said(subject, one, day) for one in self.chance.sample(fitting, min(facts, len(fitting)))]

    def change(self, old: Statement) -> Statement:
        """Another value for the same, of a later day, asked for in the same words."""
        new = self._said(old.subject, old.relation, self.day())
        while new.value == old.value:
            new = self._said(old.subject, old.relation, new.date)
        return replace(new, question=old.question, others=old.others)

    def stranger(self) -> str:
        """A question about a thing that is never mentioned."""
        return self.thing(1)[0].question

    def day(self) -> str:
        """The next day on which something is noted."""
        self._day += self.chance.randint(1, 3)
        month, day = divmod(self._day, 28)
        year, month = divmod(month, 12)
        return f"{2031 + year}-{month + 1:02d}-{day + 1:02d}"

    def _said(self, subject: str, relation: Relation, date: str) -> Statement:
        value = self.values.make(relation.value)
        form = self.chance.choice(relation.statements[:-1])
        text = capital(article(form.replace("{s}", subject).replace("{o}", value)))
        asked = [capital(question.replace("{s}", subject)) for question in relation.questions]
        question = self.chance.choice(asked)
        others = tuple(one for one in asked if one != question)
        return Statement(subject, relation, value, text, question, others, date)


def same(answer: str, value: str) -> bool:
    """Whether an answer is a value, articles, case and final stops apart."""
    return _plain(answer) == _plain(value)


def _plain(text: str) -> str:
    words = text.lower().strip(" .\"'“”").split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("a", "an", "the") else words)
