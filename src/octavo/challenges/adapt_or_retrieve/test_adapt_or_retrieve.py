"""The documents are what they are said to be, and answers are compared as people would."""

from octavo.challenges.adapt_or_retrieve.ground import FACTS, document_of, tiny
from octavo.challenges.chronicle import Chronicle, same


def test_documents_change_come_and_stay_as_the_probe_says(tmp_path):
    ground = tiny(None, tmp_path, 0)
    again = tiny(None, tmp_path, 0)
    assert ground.facts == again.facts
    subjects = {name: {facts[0].subject for facts in docs} for name, docs in ground.facts.items()}
    assert not subjects["seen"] & subjects["changed"]
    assert not subjects["never seen"] & (subjects["seen"] | subjects["changed"])
    for old, new in zip(ground.old, ground.facts["changed"], strict=True):
        assert document_of(old).id == document_of(new).id
        for before, after in zip(old, new, strict=True):
            assert before.question == after.question
            assert before.value != after.value
            assert before.date < after.date
    assert all(len(facts) == FACTS for docs in ground.facts.values() for facts in docs)
    told = " ".join(document_of(facts).text for docs in ground.facts.values() for facts in docs)
    assert not any(one.question in told for docs in ground.facts.values() for facts in docs for one in facts)


def test_what_is_asked_in_the_end_is_not_learnt_from(tmp_path):
    from octavo.challenges.adapt_or_retrieve.answering import lessons

    ground = tiny(None, tmp_path, 1)
    asked = {one.question for docs in ground.facts.values() for facts in docs for one in facts}
    _, learnt = lessons([*ground.before, *ground.news])
    assert not asked & {question for question, _ in learnt}
    assert not set(ground.nowhere) & set(ground.strangers)


def test_another_seed_tells_other_things():
    assert Chronicle("a").thing(2) != Chronicle("b").thing(2)


def test_answers_are_the_same_but_for_articles_case_and_stops():
    assert same("The Sneford Observatory.", "Sneford Observatory")
    assert same("a painter", "Painter")
    assert not same("", "Painter")
    assert not same("Sneford", "Sneford Observatory")
