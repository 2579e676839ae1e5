"""What is quoted is prose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.align.sentences import LONGEST, SHORTEST, first_sentence, returning_sentence, sections, sentences


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Return pairs of things. Then more.", "Return pairs of things."),
        ("Return pairs,\nover two lines\n\nMore.", "Return pairs, over two lines"),
        ("See e.g. Knuth for the reasons. More.", "See e.g. Knuth for the reasons."),
        (">>> f(1)\n2\n\nWhat it is about.", "What it is about."),
        ("", ""),
        ("Short.", ""),
    ],
)
def test_the_first_sentence(text, first):
    assert first_sentence(text) == first


def test_what_comes_back():
    assert returning_sentence("Do something big.\n\nReturns the number of pairs.") == "Returns the number of pairs."
    assert returning_sentence("Do something big.") == ""
    text = "Do something big.\n\nReturns\n-------\nout : ndarray\n    The pairs of it."
    assert returning_sentence(text) == "out : ndarray The pairs of it."


def test_sections_of_markdown_and_restructuredtext():
    text = "# One\nFirst words.\n\n## Two\n\nSecond words.\n\nThree\n=====\n\nThird words.\n\n# Empty\n"
    assert sections(text) == [("One", "First words."), ("Two", "Second words."), ("Three", "Third words.")]


@given(st.text())
def test_a_sentence_is_one_line_of_the_text(text):
    line = " ".join(text.split())
    for sentence in sentences(text):
        assert SHORTEST <= len(sentence) <= LONGEST
        assert sentence in line
