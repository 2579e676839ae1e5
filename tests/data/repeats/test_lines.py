"""Repeated lines are cut, the first copy stays, short lines stay."""

import pytest
from collections_ import cut_by
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.repeats.lines import LineLimits, find_lines

FOOT = "All rights reserved. No part of this page may be copied."


def cut(texts, *, least=40, paragraphs=False, **more):
    return cut_by(find_lines, LineLimits(least, paragraphs), texts, **more)


def test_the_first_copy_of_a_line_stays():
    texts = [f"One.\n{FOOT}\n", f"Two.\n{FOOT}\nBye.", f"  {FOOT}"]
    spans, left = cut(texts)
    assert left == [texts[0], "Two.\nBye.", ""]
    assert spans[1] == [(5, 5 + len(FOOT) + 1)]


def test_the_copy_of_the_best_record_stays():
    texts = [FOOT, "Two.\n" + FOOT, FOOT]
    _, left = cut(texts, order=[2, 0, 1])
    assert left == ["", texts[1], ""]


def test_short_lines_stay():
    texts = ["return None\n" * 3, "return None\n"]
    assert cut(texts)[1] == texts


def test_paragraphs_are_compared_whatever_their_line_breaks():
    texts = [f"One.\n\n{FOOT}\n{FOOT} \n\nEnd.", f"{FOOT}\n\nTwo.\n\n{FOOT} {FOOT}\n \nEnd."]
    _, left = cut(texts, paragraphs=True)
    assert left == [texts[0], f"{FOOT}\n\nTwo.\n\nEnd."]


lines = st.lists(st.sampled_from(["aaaa", "bbbb", " aaaa ", "c", "", "dddd"]), max_size=8).map("\n".join)


@settings(deadline=None, max_examples=60)
@given(st.lists(lines, max_size=6), st.sampled_from([30, 2**20]))
def test_each_line_that_counts_stays_once(texts, size):
    _, left = cut(texts, least=3, size=size)
    was = [line.strip() for text in texts for line in text.splitlines()]
    now = [line.strip() for text in left for line in text.splitlines()]
    counted = [line for line in was if len(line) >= 3]
    assert [line for line in now if len(line) >= 3] == list(dict.fromkeys(counted))


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", "\u2028"])
def test_texts_without_lines_are_left(text):
    assert cut([text, text])[1] == [text, text]
