"""Follow-ups: which questions lean on the one before, and how they are completed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.serve.followup import completed, is_follow_up


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("and its parameters?", "and itertools.pairwise's parameters?"),
        ("what does it return?", "what does itertools.pairwise return?"),
        ("Does it copy the list?", "Does itertools.pairwise copy the list?"),
        ("Which errors does it raise?", "Which errors does itertools.pairwise raise?"),
        ("what are the arguments?", "what are the arguments of itertools.pairwise?"),
        ("and the default", "and the default of itertools.pairwise?"),
        ("where is it defined", "where is itertools.pairwise defined"),
        ("is it thread safe?", "is itertools.pairwise thread safe?"),
        ("an example of that", "an example of itertools.pairwise"),
    ],
)
def test_a_question_that_leans_on_the_one_before_is_completed(question, whole):
    assert is_follow_up(question)
    assert completed(question, "itertools.pairwise") == whole


@pytest.mark.parametrize(
    "question",
    [
        "how do I walk over overlapping pairs?",
        "what does json.dumps return?",
        "what does pairwise() return and does it copy?",
        "how do I check whether a string is empty and strip it?",
        "what is a generator?",
        "how do I raise an exception?",
        "what types are there?",
        "list all modules",
        "what is the default of indent?",
        "which class has a method to_bytes and what does it return?",
        "what does PurePath match?",
        "thanks",
        "why?",
        "",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question):
    assert not is_follow_up(question)


def test_a_heading_is_put_behind_the_question():
    assert completed("how long is it kept?", "Backups and logs") == "how long is it kept? (Backups and logs)"


@given(st.text(max_size=60))
def test_a_completed_question_names_its_subject_and_stands_alone(question):
    whole = completed(question, "itertools.pairwise")
    assert "itertools.pairwise" in whole
    assert not is_follow_up(whole)
