import pytest
from worlds_graph import WORLD, told

from octavo.knowledge.graph.gaps import Asked, asked, counted, diagnose
from octavo.knowledge.graph.layer import decode
from octavo.knowledge.graph.merges import merge
from octavo.spine.errors import OctavoError

QUESTION = Asked("q", "On which river is the town that Ada Verrin is from?", ("ada", "ostmark"), ("River Lenn",))


CROWD = [
    told(f"c{n}", f"Number {n}: the Common House stands in a town on a river.", f"Common House {n}") for n in range(9)
]


def cause(index, question, k=2):
    (gap,) = diagnose(index.view(), [question], k)
    return gap


def replied(text):
    return Asked(QUESTION.id, QUESTION.question, QUESTION.gold, QUESTION.answers, text)


def without(index, key, *, everywhere):
    """Plant a fault: an entity that was never found, or one that is not joined to one passage."""
    with index.transaction() as c:
        (number,) = c.execute("SELECT number FROM graph_entities WHERE key = ?", (key,)).fetchone()
        for passage, data in c.execute("SELECT passage, data FROM graph_mentions").fetchall():
            rows = decode(data, passage)
            if everywhere or passage == index.first_of(index.number_of("ada")):
                kept = rows[rows["entity"] != number].tobytes()
                c.execute("UPDATE graph_mentions SET data = ? WHERE passage = ?", (kept, passage))
        if everywhere:
            c.execute("DELETE FROM graph_entities WHERE number = ?", (number,))
            c.execute("DELETE FROM graph_words WHERE entity = ?", (number,))
        index.facts["epoch"] += 1


def test_a_question_whose_evidence_is_found_has_no_gap(world):
    assert cause(world, QUESTION).cause == "no gap"


def test_an_entity_that_was_taken_out_is_named(build):
    world = build([*WORLD, *CROWD])
    without(world, "ostmark", everywhere=True)
    gap = cause(world, QUESTION)
    assert gap.cause == "missing entity"
    assert '"ostmark"' in gap.detail


def test_an_edge_that_was_taken_out_is_named(build):
    world = build([*WORLD, *CROWD])
    without(world, "ostmark", everywhere=False)
    gap = cause(world, QUESTION)
    assert gap.cause == "missing edge"
    assert gap.detail == '"ostmark" is not joined to ada'


def test_a_wrong_merge_is_named(build):
    index = build([*WORLD, *CROWD])
    assert cause(index, QUESTION).cause == "no gap"
    merge(index, "Common House", "Ada Verrin", "a mistake")
    merge(index, "Common House", "Ostmark", "a mistake")
    gap = cause(index, QUESTION)
    assert gap.cause == "wrong merge"
    assert '"ada verrin" as "common house"' in gap.detail


def test_evidence_that_nothing_leads_to_is_not_retrieved(world):
    far = Asked("q", "Who made the tower clock?", ("ada", "pellworm"))
    gap = cause(world, far)
    assert (gap.cause, gap.missed) == ("not retrieved", ("pellworm",))


def test_a_reader_that_says_what_another_hit_says_ignored_the_evidence(world):
    assert cause(world, replied("dawn")).cause == "reader ignored the evidence"
    assert cause(world, replied("")).cause == "reader ignored the evidence"


def test_a_reader_that_says_what_no_hit_says_overrode_the_evidence(world):
    assert cause(world, replied("the Danube")).cause == "model overrode the evidence"


def test_a_right_answer_has_no_gap(world):
    assert cause(world, replied("It is the River Lenn.")).cause == "no gap"


def test_evidence_that_is_not_in_the_index_is_said(world):
    assert cause(world, Asked("q", "Where?", ("nothing",))).cause == "no such evidence"


def test_causes_are_counted(world):
    assert counted(diagnose(world.view(), [QUESTION, replied("the Danube")], 2)) == {
        "model overrode the evidence": 1, "no gap": 1,
    }  # fmt: skip


@pytest.mark.parametrize("row", [{}, {"question": "x"}, {"question": 1, "gold": ["a"]}, {"question": "x", "gold": [1]}])
def test_rows_without_evidence_are_errors(row):
    with pytest.raises(OctavoError) as caught:
        asked(row, 3)
    assert caught.value.code == "K046"
