"""Answers as lines for a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from octavo.kinds.answer import Answer, Citation
from octavo.kinds.documents import Document
from octavo.serve.readable import as_lines, plain

PAIRS = Document("itertools.pairwise", "Return pairs.", package="python", version="3.11", file="it.py", line=7)


def quoted(text="Return pairs.", document="itertools.pairwise"):
    return Answer("?", text, False, (Citation(document, 0, len(text), text),), 0.9, 0.01, "quote")


def test_an_answer_is_followed_by_its_numbered_citations():
    assert as_lines(quoted(), {PAIRS.id: PAIRS}.get) == [
        "Return pairs.",
        "",
        "[1] itertools.pairwise  characters 0–13  (python 3.11, it.py:7)",
        "    “Return pairs.”",
    ]


def test_a_declined_answer_says_why():
    declined = Answer("?", "I can't answer that.", True, (), 0.1, 0.01, "quote", "no passage is close")
    assert as_lines(declined, lambda _: None) == ["I can't answer that.", "", "    declined: no passage is close"]


def test_a_long_quote_is_shortened_and_says_so():
    line = as_lines(quoted("word " * 200), lambda _: None)[-1]
    assert line.endswith(" …”")
    assert len(line) < 260


def test_a_file_is_not_named_twice():
    guide = Document("guide.md", "Return pairs.", file="guide.md")
    assert as_lines(quoted(document="guide.md"), lambda _: guide)[2] == "[1] guide.md  characters 0–13"


@given(st.text())
def test_nothing_that_steers_a_terminal_gets_through(text):
    shown = plain("\x1b[2J\x9b\r" + text)
    assert all(character in "\n\t" or (ord(character) >= 32 and not 127 <= ord(character) < 160) for character in shown)
    assert len(shown) == len(text) + 6
