from hypothesis import given
from hypothesis import strategies as st

from octavo.knowledge.index.passages import passages, sentences

PROSE = st.text(alphabet=st.sampled_from("abc DE.!?\n#=-"), max_size=600)


@given(PROSE, st.integers(20, 200), st.booleans())
def test_passages_cover_everything_but_white_space_in_order(text, length, structured):
    found = list(passages(text, length, structured=structured))
    end = 0
    for passage in found:
        assert not text[end : passage.start].strip()
        assert passage.start < passage.end
        end = passage.end
    assert not text[end:].strip()


@given(PROSE, st.integers(20, 200))
def test_passages_are_at_most_a_third_longer_than_asked(text, length):
    assert all(p.end - p.start <= length * 4 // 3 for p in passages(text, length))


@given(PROSE)
def test_sentences_cover_everything_but_white_space(text):
    kept = "".join(text[a:b] for a, b in sentences(text))
    assert "".join(kept.split()) == "".join(text.split())


def test_a_heading_begins_a_passage_and_names_it():
    text = "# One\n\nFirst.\n\n## Two\n\nSecond.\n\nThree\n=====\n\nThird."
    assert [(p.heading, text[p.start : p.end].split()[-1]) for p in passages(text, structured=True)] == [
        ("One", "First."),
        ("Two", "Second."),
        ("Three", "Third."),
    ]


def test_a_huge_line_without_spaces_is_cut():
    found = list(passages("x" * 10_000, 500))
    assert len(found) >= 15
    assert found[-1].end == 10_000


def test_abbreviations_do_not_end_a_sentence():
    text = "Use it, e.g. For files. Then stop."
    assert [text[a:b] for a, b in sentences(text)] == ["Use it, e.g. For files.", "Then stop."]
