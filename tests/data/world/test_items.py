"""The synthetic world: every answer stands in its passage, nothing depends on chance, what is kept out stays out."""

from __future__ import annotations

import pytest

from octavo.data.world.facts import relations
from octavo.data.world.items import SHORT, Item, Maker, Measure
from octavo.data.world.scenes import choose, chosen, scenes
from octavo.data.world.values import Values, dictionary, kept_out, words

MEASURES = (
    Measure(),
    SHORT,
    Measure(scenes=1.0),
    Measure(unseen=True, scenes=0.4),
    Measure(unseen=True, wordings="unseen", relations="all", scenes=0.4),
)


def _some(seed: str, measure: Measure, count: int = 150) -> list[Item]:
    maker = Maker(seed, measure)
    made = [maker.item() for _ in range(count)]
    return [*made, *(maker.lookup() for _ in range(20)), *(maker.within() for _ in range(20))]


@pytest.mark.parametrize("measure", MEASURES)
def test_every_answer_is_a_span_of_the_passage_that_is_named(measure: Measure) -> None:
    for item in _some("spans", measure):
        assert item.passages
        assert all(item.passages)
        for one in item.asked:
            assert one.question.strip() == one.question != ""
            assert one.answer in item.passages[one.passage] if one.answer else one.passage == -1


@pytest.mark.parametrize("measure", MEASURES)
def test_no_slot_and_no_choice_is_left_in_a_text(measure: Measure) -> None:
    for item in _some("left", measure):
        for text in (*item.passages, *(one.question for one in item.asked)):
            assert "{" not in text
            assert "  " not in text
            assert "|" not in text or item.kind in ("records", "scenes", "lookup")


def test_a_seed_decides_everything_and_another_seed_makes_others() -> None:
    assert _some("one", Measure(scenes=0.5)) == _some("one", Measure(scenes=0.5))
    assert _some("one", Measure()) != _some("two", Measure())


def test_about_a_quarter_of_the_questions_has_no_answer() -> None:
    asked = [one for item in _some("share", Measure(scenes=0.4), 600) for one in item.asked]
    share = sum(not one.answer for one in asked) / len(asked)
    assert 0.17 < share < 0.33


def test_a_refusal_is_not_answered_by_another_question_of_the_item() -> None:
    for item in _some("twice", Measure(scenes=0.5), 400):
        answered = {one.question for one in item.asked if one.answer}
        assert not answered & {one.question for one in item.asked if not one.answer}


def test_words_of_the_development_sets_are_kept_out_of_training() -> None:
    from random import Random

    seen, unseen = Values(Random(1)), Values(Random(1), unseen=True)
    assert not any(kept_out(seen.word("thing")) for _ in range(200))
    assert all(kept_out(unseen.word("thing")) for _ in range(200))


def test_relations_and_scenes_are_kept_out_of_training_and_both_halves_are_filled() -> None:
    assert any(relation.unseen for relation in relations())
    assert len(relations()) > 60
    assert not {scene.number for scene in chosen(True)} & {scene.number for scene in chosen(False)}
    assert len(chosen(True)) + len(chosen(False)) == len(scenes()) > 90


def test_every_relation_has_wordings_to_spare() -> None:
    for relation in relations():
        assert len(relation.statements) >= 3
        assert len(relation.questions) >= 3
        assert all("{s}" in text and "{o}" in text for text in relation.statements)
        assert all("{s}" in text for text in relation.questions)


def test_linked_choices_go_together() -> None:
    from random import Random

    for seed in range(20):
        linked: dict[str, int] = {}
        chance = Random(seed)
        one = choose("a [1=red|green|blue] thing", chance, linked)
        other = choose("the [1=Red|Green|Blue] thing", chance, linked)
        assert one.split()[1] == other.split()[1].lower()


def test_the_word_lists_are_there() -> None:
    assert len(dictionary()) > 10_000
    assert all(len(listed) > 2 for listed in words().values())
