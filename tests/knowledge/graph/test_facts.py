from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds_graph import told

from octavo.knowledge.graph.facts import FUNCTIONAL, Held, closed, facts, iso, learnt


def held(number, subject, relation, thing, since, until=""):
    return Held(number, 0, subject, relation, thing, since, until, 0, 0)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("5 May 1999", "1999-05-05"), ("May 5, 1999", "1999-05-05"), ("May 1999", "1999-05"), ("1999", "1999"),
     ("1999-05-05", "1999-05-05"), ("soon", "")],
)  # fmt: skip
def test_dates_are_as_exact_as_they_are_said(said, meant):
    assert iso(said) == meant


def test_a_newer_fact_closes_an_older_one_of_the_same_subject_and_relation():
    found = closed([held(1, "x", "ceo", "ann", "2001"), held(2, "x", "ceo", "bob", "2010")], FUNCTIONAL)
    assert (found[0].until, found[0].closed_by) == ("2010", 2)
    assert found[1].until == ""


def test_other_subjects_and_relations_close_nothing_however_alike_they_are():
    rows = [
        held(1, "x", "ceo", "ann", "2001"),
        held(2, "x inc", "ceo", "bob", "2010"),
        held(3, "x", "ceos", "bob", "2010"),
    ]
    assert closed(rows, FUNCTIONAL) == rows


def test_relations_with_several_values_close_nothing():
    rows = [held(1, "x", "member", "ann", "2001"), held(2, "x", "member", "bob", "2010")]
    assert closed(rows, FUNCTIONAL) == rows


def test_the_same_object_again_closes_nothing():
    rows = [held(1, "x", "ceo", "ann", "2001"), held(2, "x", "ceo", "ann", "2005"), held(3, "x", "ceo", "bob", "2010")]
    assert [f.until for f in closed(rows, FUNCTIONAL)] == ["2010", "2010", ""]


def test_contradictions_of_one_day_both_stay():
    rows = [held(1, "x", "ceo", "ann", "2001"), held(2, "x", "ceo", "bob", "2001")]
    assert closed(rows, FUNCTIONAL) == rows


def test_undated_facts_neither_close_nor_are_closed():
    rows = [held(1, "x", "ceo", "ann", ""), held(2, "x", "ceo", "bob", "2001")]
    assert closed(rows, FUNCTIONAL) == rows


@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("ab"), st.sampled_from(["", "1", "2", "3"]))))
def test_ends_do_not_depend_on_the_order_of_adding(rows):
    facts_ = [held(n, s, "ceo", o, since) for n, (s, o, since) in enumerate(rows)]
    one = {f.number: f.until for f in closed(facts_, FUNCTIONAL)}
    numbered = {f.number: len(facts_) - f.number for f in facts_}
    other = closed([replace(f, number=numbered[f.number]) for f in reversed(facts_)], FUNCTIONAL)
    assert one == {len(facts_) - f.number: f.until for f in other}


def test_that_a_relation_is_single_valued_can_be_learnt():
    rows = [held(10 * s + n, f"s{s}", "mayor", f"m{n}", str(2000 + n)) for s in range(6) for n in range(3)]
    assert learnt(rows) == {"mayor"}
    assert learnt([*rows, held(99, "s1", "mayor", "other", "2001")]) == frozenset()


def test_facts_are_read_from_fields_and_from_plain_sentences_with_their_place(world):
    born = facts(world.view(), "Ada Verrin")[0]
    assert (born.relation, born.since) == ("born", "1961-05-03")
    text = world.document("ada").text
    assert text[born.start : born.end] == "born 3 May 1961"
    assert facts(world.view(), "Lenn Shipping Union")[0].since == "1902"


def test_what_held_on_a_day_is_told_and_deleting_the_newer_opens_the_older_again(build):
    fact = {"subject": "Lenn Mill", "relation": "ceo"}
    index = build(
        [told("a", "One.", facts=[{**fact, "object": "Ann", "from": "2001"}]),
         told("b", "Two.", facts=[{**fact, "object": "Bob", "from": "2010"}])]
    )  # fmt: skip
    assert [f.object for f in facts(index.view(), "Lenn Mill", at="2005")] == ["Ann"]
    assert [f.object for f in facts(index.view(), "Lenn Mill", at="2015")] == ["Bob"]
    index.delete(["b"])
    assert [f.object for f in facts(index.view(), "Lenn Mill", at="2015")] == ["Ann"]


def test_malformed_facts_in_a_record_are_passed_over(build):
    index = build([told("a", "One.", facts=[1, {"relation": 3}, "x", {"relation": "r", "object": None}])])
    assert facts(index.view()) == []
