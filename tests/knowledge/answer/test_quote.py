import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import COPYTREE, HANDBOOK, OBJECTS, PAIRWISE, SOLVE

from octavo.kinds.documents import Document
from octavo.knowledge.answer.question import analyse
from octavo.knowledge.answer.quote import LONGEST, cite, sections, span, summary

TEXT = st.text(alphabet=st.sampled_from("abc RETURNSeturns:-.\n>()日"), max_size=400)


@given(
    TEXT, st.sampled_from(["what does it return", "parameters", "what is it", "errors raised", "example"]), st.data()
)
def test_a_citation_is_exactly_its_span(text, question, data):
    kind = data.draw(st.sampled_from(["file", "function"]))
    document = Document("x", text, kind)
    start = data.draw(st.integers(0, len(text)))
    begin, end = span(document, analyse(question), (start, len(text)))
    citation = cite(document, begin, end)
    assert 0 <= citation.start <= citation.end <= len(text)
    assert citation.text == text[citation.start : citation.end]


@pytest.mark.parametrize(
    ("document", "question", "expected"),
    [
        (SOLVE, "what does numpy.linalg.solve return?", "Solution to the system"),
        (SOLVE, "parameters of numpy.linalg.solve", "Coefficient matrix"),
        (SOLVE, "which error does numpy.linalg.solve raise", "LinAlgError"),
        (SOLVE, "what is numpy.linalg.solve", "Solve a linear matrix equation"),
        (COPYTREE, "dirs_exist_ok of shutil.copytree", "If dirs_exist_ok is false"),
        (PAIRWISE, "what does itertools.pairwise return", "Return an iterator of overlapping pairs"),
    ],
)
def test_the_part_that_is_asked_for_is_quoted(document, question, expected):
    start, end = span(document, analyse(question), (0, len(document.text)))
    assert expected in document.text[start:end]


def test_a_call_pattern_is_quoted_together_with_what_follows():
    chain = next(d for d in OBJECTS if d.id == "itertools.chain")
    start, end = summary(chain.text)
    assert "Return a chain object" in chain.text[start:end]


def test_of_running_text_the_sentence_about_the_question_is_quoted():
    machines = next(d for d in HANDBOOK if d.id == "machines.md")
    start, end = span(machines, analyse("how long must the extraction fan run after cutting"), (0, len(machines.text)))
    assert "five minutes" in machines.text[start:end]


def test_quotations_stay_short():
    document = Document("long", "word " * 5000, "function")
    start, end = span(document, analyse("what is long"), (0, len(document.text)))
    assert 0 < end - start <= LONGEST


def test_sections_are_found_in_three_styles():
    text = "Do.\n\nArgs:\n    a: One.\n\nReturns:\n    Two.\n"
    assert [s.name for s in sections(text)] == ["args", "returns"]
    assert [s.name for s in sections(SOLVE.text)] == ["parameters", "returns", "raises"]
    assert [s.name for s in sections("Do.\n\n:param a: One.\n:return: Two.")] == ["param", "return"]
