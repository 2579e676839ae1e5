"""The documents are what they are said to be, and answers are compared as people would."""

from octavo.challenges.adapt_or_retrieve.answering import Told
from octavo.challenges.adapt_or_retrieve.ground import FACTS, document_of, tiny
from octavo.challenges.adapt_or_retrieve.recommendation import _answerable, _asked, _flips
from octavo.challenges.chronicle import Chronicle, same
from octavo.challenges.compared import bolder, gain, net, share_right
from octavo.challenges.response import Prediction


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


def way(right, seconds, update, told=1.0):
    """What a way gave: every question as often right and as often not declined, its seconds, those of an update."""
    return {
        seed: [
            Prediction(f"{name}-{at:02d}", Told(at % 10 < 10 * right, at % 10 >= 10 * told, 0.0, 0, update, seconds))
            for name in ("seen", "changed", "never-seen", "nowhere")
            for at in range(10)
        ]
        for seed in range(3)
    }


def test_it_is_said_from_how_many_questions_an_update_the_other_way_takes_less():
    told = {"retrieve": way(0.7, 0.2, 0.01), "fine-tune again": way(0.7, 0.01, 19.01)}
    scores = {name: {"right": {"value": 0.7}} for name in told}
    assert "fine-tune again takes less from 100 questions an update, retrieve below" in _flips(told, scores)
    dear = {"retrieve": way(0.7, 0.2, 0.01), "fine-tune again": way(0.7, 0.3, 19.0)}
    assert "retrieve takes less however much is asked" in _flips(dear, scores)
    assert "without retrieve and fine-tune again" in _flips({"retrieve": told["retrieve"]}, scores)


def test_a_way_that_guesses_is_ahead_only_where_false_answers_cost_little():
    careful, bold = way(0.6, 1, 1, told=0.6), way(0.8, 1, 1)
    assert round(net(careful, _asked), 9) == 0.6
    assert round(net(bold, _asked), 9) == 0.6
    assert bolder({"careful": careful, "bold": bold}, "careful", _asked) == [
        "  bold is ahead of it where a false answer costs less than 1.00 of what a right one is worth."
    ]
    assert not bolder({"careful": careful, "bold": bold}, "bold", _asked)


def test_what_nothing_answers_is_in_no_share_of_right_answers():
    found = way(0.7, 0.2, 0.01)
    assert share_right(found, _answerable) == 0.7
    assert not _answerable("nowhere-01")
    assert not _answerable("text-01")
    assert gain(found, found, _answerable).low == 0.0
    better = gain(found, way(1.0, 1, 1), _answerable)
    assert better.low <= 0.3 <= better.high
    assert better.low > 0


def test_another_seed_tells_other_things():
    assert Chronicle("a").thing(2) != Chronicle("b").thing(2)


def test_answers_are_the_same_but_for_articles_case_and_stops():
    assert same("The Sneford Observatory.", "Sneford Observatory")
    assert same("a painter", "Painter")
    assert not same("", "Painter")
    assert not same("Sneford", "Sneford Observatory")
