"""Telling: how facts become passages and questions: pronouns, similar names, wordings, order, what has no answer."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from octavo.data.world.facts import Fact, attribute, capital, of_kind, related, worded
from octavo.data.world.scenes import Stage
from octavo.data.world.values import Values, dictionary


@dataclass(frozen=True)
class Asked:
    """A question and its answer, a literal span of passage number `passage` (from 0); "" when nothing holds it."""

    question: str
    answer: str
    passage: int = -1


@dataclass(frozen=True)
class Item:
    """Some passages, and what is asked about them."""

    passages: tuple[str, ...]
    asked: tuple[Asked, ...]
    kind: str


@dataclass(frozen=True)
class Measure:
    """How large and how hard items are."""

    passages: tuple[int, ...] = (1, 2, 2, 3, 3, 3)
    """How many passages, drawn from these."""
    facts: tuple[int, int] = (2, 5)
    """Facts a passage, at least and at most."""
    questions: int = 6
    refusals: float = 0.25
    fillers: float = 0.12
    wordings: str = "seen"
    """"seen", "unseen" (the kept-out ones) or "all"."""
    relations: str = "seen"
    """"seen" leaves the kept-out relations away, "all" takes every one."""
    unseen: bool = False
    """Only words and names that training never uses."""
    scenes: float = 0.0
    """Share of items made from scenes."""


class Telling:
    """What all kinds of items need; everything is drawn from one seed."""

    def __init__(self, seed: str, measure: Measure | None = None) -> None:
        self.chance = Random(seed)  # noqa: S311
        self.measure = measure or Measure()
        self.values = Values(self.chance, self.measure.unseen)
        self.stage = Stage(self.values)

    def _few(self) -> int:
        return self.chance.choice(self.measure.passages)

    def _alike(self, kind: str, name: str) -> str:
        """Another name that is easily taken for `name`."""
        chance = self.chance
        other = self.values.make(kind)
        if chance.random() < 0.4:
            mine, its = name.split(), other.split()
            if len(mine) > 1 and len(mine) == len(its):
                at = chance.randrange(1 if mine[0] == "the" else 0, len(mine))
                mixed = mine[:]
                mixed[at] = its[at]
                other = " ".join(mixed)
        return other if other != name else self.values.make(kind)

    def _facts_of(self, kind: str, subject: str, count: int, avoid: set[str]) -> list[Fact]:
        chance, measure = self.chance, self.measure
        pool = [r for r in of_kind(kind, None if measure.relations == "all" else False) if r.name not in avoid]
        if measure.relations == "all":
            fresh = [r for r in pool if r.unseen]
            pool = fresh + chance.sample(pool, len(pool))
        chosen = pool[:count] if measure.relations == "all" else chance.sample(pool, min(count, len(pool)))
        chance.shuffle(chosen)
        facts = []
        for relation in chosen:
            if chance.random() < 0.2:
                facts.append(attribute(self._attribute(), subject, self.values, measure.wordings))
            else:
                facts.append(related(relation, subject, self.values.make(relation.value), chance, measure.wordings))
        return facts

    def _attribute(self) -> str:
        if self.chance.random() < 0.6:
            return self.values.word("attribute")
        return self.values.any_word(dictionary())

    def _text(self, facts: list[Fact], subject: str, kind: str) -> str:
        """Sentences after each other, later ones with pronouns or joined by "and"."""
        chance = self.chance
        he = {"person": chance.choice(("He", "She", "She", "He", "They"))}.get(kind, "It")
        if kind not in ("person", "event", "book") and chance.random() < 0.15:
            he = "The " + {"org": "organisation", "place": "town"}.get(kind, kind)
        sentences: list[str] = []
        for fact in facts:
            sentence = fact.sentence
            begins = fact.subject and sentence.startswith(capital(fact.subject))
            rest = sentence[len(fact.subject) :] if begins else ""
            if sentences and begins and chance.random() < 0.55:
                if (
                    rest.startswith(" ")
                    and he != "They"
                    and chance.random() < 0.25
                    and sentences[-1].endswith(".")
                    and not sentences[-1].endswith("?.")
                    and len(sentences[-1]) < 90
                ):
                    sentences[-1] = f"{sentences[-1][:-1]}{chance.choice((' and', ', and', ' and'))}{rest}"
                    continue
                sentence = _his(he, rest)
            elif begins and kind == "person" and sentences and chance.random() < 0.4:
                sentence = fact.subject.split()[-1] + rest
            sentences.append(sentence)
            if chance.random() < self.measure.fillers:
                sentences.append(self.values.word("filler"))
        return " ".join(sentences)

    def _vary(self, question: str) -> str:
        """Now and then the same question with something around it."""
        chance = self.chance
        roll = chance.random()
        if roll < 0.86:
            return question
        inner = question[0].lower() + question[1:]
        if not question.startswith(("Wh", "How", "In", "On", "By", "To", "For", "At", "From")):
            return question
        if roll < 0.9:
            return inner
        return chance.choice(
            (
                f"According to the passages, {inner}",
                f"Can you tell me: {inner}",
                f"I would like to know: {inner}",
                f"Tell me, {inner}",
                f"Say briefly: {inner}",
                f"And {inner}",
                f"So {inner}",
                f"{question.rstrip('?.')}",
            )
        )

    def _finish(self, passages: list[str], held: list[tuple[int, Fact]], never: list[str], kind: str) -> Item:
        """Shuffle the passages, choose questions, add some that nothing answers."""
        chance, measure = self.chance, self.measure
        order = list(range(len(passages)))
        chance.shuffle(order)
        shown = tuple(passages[at] for at in order)
        pool = [(q, a, order.index(at)) for at, fact in held for q, a in fact.asked]
        chance.shuffle(pool)
        asked: list[Asked] = []
        used: set[str] = set()
        chance.shuffle(never)
        for _ in range(measure.questions):
            if never and chance.random() < measure.refusals:
                asked.append(Asked(self._vary(never.pop()), ""))
            elif pool:
                question, answer, at = pool.pop()
                if question in used:
                    continue
                used.add(question)
                answer = literal(answer, shown[at])
                if answer:
                    asked.append(Asked(self._vary(question), answer, at))
        return Item(shown, tuple(asked), kind)

    def _unsaid(self, kind: str, subjects: list[str], said: list[list[Fact]]) -> list[str]:
        """Questions about what is not said of a subject, and about somebody who does not occur."""
        chance, measure = self.chance, self.measure
        never = []
        for subject, facts in zip(subjects, said, strict=False):
            known = {fact.about for fact in facts}
            others = {fact.about for other in said if other is not facts for fact in other} - known
            for relation in of_kind(kind, None if measure.relations == "all" else False):
                if relation.name in others or (relation.name not in known and chance.random() < 0.15):
                    never.append(worded(relation.questions, chance, measure.wordings).replace("{s}", subject))
        stranger = self._alike(kind, subjects[0])
        if stranger not in subjects:
            for facts in said:
                for fact in facts:
                    question, _ = chance.choice(fact.asked)
                    for subject in subjects:
                        if subject in question and chance.random() < 0.5:
                            never.append(question.replace(subject, stranger))
        if chance.random() < 0.5:
            never.append(f"What is the {self._attribute()} of {subjects[0]}?")
        if chance.random() < 0.4:
            base, past, done = self.values.word("verb").split()
            form = chance.choice(
                ("What did {s} {b}?", "Who {p} {s}?", "Why was {s} {d}?", "When did {s} {b} {t}?", "Where was {s} {d}?")
            )
            never.append(form.format(s=chance.choice(subjects), b=base, p=past, d=done, t=self.values.make("thing")))
        return never


def _his(he: str, rest: str) -> str:
    """`She was …`, or `Her …` where the name had an 's; They takes a plural verb where it is a plain one."""
    if rest.startswith("'s"):
        return {"He": "His", "She": "Her", "It": "Its", "They": "Their"}.get(he, he + "'s") + rest[2:]
    if he == "They":
        for one, many in ((" is ", " are "), (" was ", " were "), (" has ", " have ")):
            if rest.startswith(one):
                return "They" + many + rest[len(one) :]
        return "She" + rest
    return he + rest


def literal(answer: str, passage: str) -> str:
    """The answer as it stands in the passage, which may begin with a capital; "" when it does not stand there."""
    if answer in passage:
        return answer
    return capital(answer) if capital(answer) in passage else ""
