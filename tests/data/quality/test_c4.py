"""C4: lines that are no sentences are cut, and it is said which; pages of filler, code or few sentences go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.data.quality.c4 import c4

FIVE = [f"This is sentence number {n} of five." for n in ("one", "two", "three", "four", "five")]


def test_lines_that_are_no_sentences_are_cut_and_named():
    page = ["Home | About", *FIVE, "Too short.", "Read more...", "Please enable JavaScript to go on.", ""]
    page += ["See our privacy policy for details.", "Look at this " + "x" * 1001 + "."]
    found = c4("\n".join(page))
    assert found.verdict is None
    assert found.text == "\n".join(FIVE)
    assert [(cut.line, cut.why) for cut in found.cut] == [
        (1, "no end punctuation"),
        (7, "fewer than 3 words"),
        (8, "no end punctuation"),
        (9, "javascript"),
        (11, "policy"),
        (12, "a word of more than 1000 characters"),
    ]
    assert found.cut[0].text == "Home | About"


def test_citation_marks_are_taken_out_and_counted():
    found = c4("\n".join([FIVE[0].replace("number", "number[12]"), *FIVE[1:-1], "It ends here.[citation needed]"]))
    assert (found.text, found.citations) == ("\n".join([*FIVE[:-1], "It ends here."]), 2)


@pytest.mark.parametrize(
    ("line", "reason"),
    [("Lorem ipsum dolor sit amet.", "c4: filler text"), ("A function { returns } one.", "c4: curly brackets")],
)
def test_pages_with_filler_or_code_go(line, reason):
    assert c4("\n".join([*FIVE, line])).verdict.reason == reason


def test_a_curly_bracket_in_a_line_that_is_cut_does_no_harm():
    assert c4("\n".join([*FIVE, "if (x) {"])).verdict is None


def test_five_sentences_are_enough_and_four_are_not():
    assert c4(" ".join(FIVE)).verdict is None
    found = c4(" ".join(FIVE[:4])).verdict
    assert (found.reason, found.detail) == ("c4: sentences", "4 < 5")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Mr. Smith met Dr. Jones at 3 p.m. today.", 1),
        ("One here. Two here! Is it three?", 3),
        ('He said "yes." Then he left.', 2),
        ("J. R. Tolkien wrote it.", 1),
        ("It costs 3.50 per piece.", 1),
        ("He waited... and then left.", 1),
        ("It ended.The next one began.", 2),
    ],
)
def test_sentences_are_counted_without_abbreviations(text, count):
    assert c4(text).verdict.score == count


@given(st.lists(st.sampled_from([*FIVE, "menu", "Buy now!", "So it goes on and on."]), min_size=1, max_size=30))
def test_what_stays_and_what_is_cut_are_the_page(lines):
    found = c4("\n".join(lines))
    if found.verdict is None:
        cut = {one.line: one.text for one in found.cut}
        assert [cut.get(at, line) for at, line in enumerate(lines, 1)] == lines
        assert found.text.split("\n") == [line for at, line in enumerate(lines, 1) if at not in cut]
        assert c4(found.text).text == found.text
