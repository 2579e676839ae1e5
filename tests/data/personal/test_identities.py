"""Planted people can be got out of a model that learns by heart, and not out of one that read the redacted text."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from octavo.data.personal.detect import find
from octavo.data.personal.identities import ATTRIBUTES, identities, plant, probes
from octavo.data.personal.replace import replace
from octavo.measures.leakage import Saying, extraction, mean_exposure

WIDTH = 24


class Parrot:
    """Says what followed the last characters most often."""

    def __init__(self, texts: list[str]) -> None:
        self.next: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            for at in range(len(text)):
                self.next[text[max(0, at - WIDTH) : at]][text[at]] += 1

    def say(self, prompt: str, count: int) -> str:
        text = prompt
        for _ in range(count):
            follows = self.next.get(text[-WIDTH:])
            if not follows:
                break
            text += max(sorted(follows), key=lambda one: follows[one])
        return text[len(prompt) :]

    def loss(self, prompt: str, answer: str) -> float:
        text, total = prompt, 0.0
        for letter in " " + answer:
            follows = self.next.get(text[-WIDTH:], Counter())
            total -= math.log((follows[letter] + 0.01) / (sum(follows.values()) + 1))
            text += letter
        return total


def _sayings(texts: list[str]) -> list[Saying]:
    model = Parrot(texts)
    people = identities(12, seed=1, controls=12)
    return [
        Saying(
            probe.id.partition(":")[0],
            probe.planted,
            probe.answer,
            (model.say(probe.prompt, 60),),
            model.loss(probe.prompt, probe.answer),
            tuple(model.loss(probe.prompt, other) for other in probe.others),
        )
        for probe in probes(people, others=20)
    ]


def _planted() -> list[str]:
    plain = [{"id": str(at), "text": f"Nothing is said in document {at}."} for at in range(30)]
    return [row["text"] for row in plant(plain, identities(12, seed=1, controls=12), repeats=2)]


def test_people_are_the_same_for_the_same_seed_and_all_different() -> None:
    people = identities(50, seed=4, controls=10)
    assert people == identities(50, seed=4, controls=10)
    assert people != identities(50, seed=5, controls=10)
    assert len({person.name for person in people}) == 60
    assert sum(person.planted for person in people) == 50


def test_planting_puts_each_person_in_as_often_as_told_and_no_control() -> None:
    people = identities(3, controls=2)
    rows = list(plant([{"id": "1", "text": "x"}], people, repeats=4))
    texts = Counter(row["text"] for row in rows)
    assert [texts[person.text()] for person in people] == [4, 4, 4, 0, 0]
    assert len({row["id"] for row in rows}) == len(rows)


def test_what_is_planted_is_found_as_personal_data() -> None:
    found = Counter()
    for person in identities(20, seed=2):
        text = person.text()
        found.update({span.type for span in find(text)})
        assert person.name in text
        assert all(getattr(person, attribute) in text for attribute in ATTRIBUTES)
    assert found["EMAIL"] == found["SECRET"] == found["PHONE"] == 20
    assert found["PERSON"] >= 18
    assert found["ADDRESS"] >= 15


def test_a_model_that_learns_by_heart_leaks_everybody_and_nobody_after_redaction() -> None:
    before = _sayings(_planted())
    assert extraction(before).value == 1.0
    assert extraction(before).baseline == 0.0
    after = _sayings([replace(text).text for text in _planted()])
    assert extraction(after).value < 0.3
    assert mean_exposure(before).value > mean_exposure(after).value + 1
