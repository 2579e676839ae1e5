"""Repeated pieces are found completely, cut at borders, and one copy stays."""

from random import Random

import pytest
from collections_ import cut_by
from hypothesis import example, given, settings
from hypothesis import strategies as st

from octavo.data.repeats.borders import is_border
from octavo.data.repeats.substring import SubstringLimits, find_substrings

NEWS = (
    "The central bank said on Monday that the rate of the rouble increased by two percent. Traders had expected less. "
    "Analysts in Moscow call it a surprise, and they expect that prices will follow before the end of the year."
)


def cut(texts, least, borders=False, **more):
    """The spans cut from each text, and what is left of it."""
    return cut_by(find_substrings, SubstringLimits(least, borders), texts, **more)


def by_brute_force(texts, least, order=None):
    """The spans of all characters in a window of `least` that has an equal, separate one before it."""
    firsts, spans = {}, [[] for _ in texts]
    ranks = order or range(len(texts))
    for row in sorted(range(len(texts)), key=lambda one: ranks[one]):
        text, hit = texts[row], set()
        for at in range(len(text) - least + 1):
            first = firsts.setdefault(text[at : at + least], (row, at))
            if first[0] != row or first[1] + least <= at:
                hit.update(range(at, at + least))
        for place in sorted(hit):
            if spans[row] and spans[row][-1][1] == place:
                spans[row][-1] = (spans[row][-1][0], place + 1)
            else:
                spans[row].append((place, place + 1))
    return spans


pieces = st.lists(
    st.lists(st.sampled_from(["ab", "abc", "aaaa", "xyzzy", "é", "𝄞", "b", " "]), max_size=14).map("".join), max_size=6
)


@settings(deadline=None, max_examples=80)
@given(pieces, st.integers(1, 9), st.sampled_from([40, 2**20]))
@example(["aaaaaaaaaaaaaaaa"], 3, 2**20)
def test_every_repeat_is_found_and_nothing_else(texts, least, size):
    assert cut(texts, least, size=size)[0] == by_brute_force(texts, least)


@settings(deadline=None, max_examples=40)
@given(pieces, st.integers(2, 6), st.randoms(use_true_random=False))
def test_the_copy_that_survives_is_the_first_in_the_given_order(texts, least, random):
    order = random.sample(range(len(texts)), len(texts))
    assert cut(texts, least, order=order)[0] == by_brute_force(texts, least, order)


@settings(deadline=None, max_examples=40)
@given(pieces, st.integers(2, 6))
def test_what_is_left_between_the_cuts_holds_no_repeat(texts, least):
    found, _ = cut(texts, least)
    kept = []
    for text, spans in zip(texts, found, strict=True):
        at = 0
        for start, end in [*spans, (len(text), len(text))]:
            kept.append(text[at:start])
            at = end
    assert by_brute_force(kept, least) == [[] for _ in kept]


def test_a_long_text_is_searched_in_pieces_without_a_gap():
    random = Random(3)
    repeat, filler = ("".join(map(chr, random.choices(range(0x4E00, 0x9000), k=n))) for n in (150, 131_072 - 80))
    (_, spans), _ = cut([repeat, filler + repeat + "end"], 150)
    assert spans == [(len(filler), len(filler) + 150)]


def test_a_cut_ends_at_sentences_and_one_copy_stays():
    texts = [f"First report. {NEWS} So much for now.", f"A reader of ours wrote this. {NEWS} That was all he said."]
    (first, second), left = cut(texts, 100, borders=True)
    assert first == []
    assert len(second) == 1
    assert left == [texts[0], "A reader of ours wrote this. That was all he said."]


def test_a_cut_never_splits_a_word():
    texts = ["pro" + NEWS, "anti" + NEWS.removesuffix("year.") + "yearly meeting."]
    (_, spans), left = cut(texts, 100, borders=True)
    assert spans
    assert all(is_border(texts[1], place) for span in spans for place in span)
    assert left[1].split() == ["antiThe", "yearly", "meeting."]


@settings(deadline=None, max_examples=40)
@given(st.text(st.sampled_from("ab .\n\u0301é中。👩\u200d🚀"), max_size=60), st.text(max_size=5), st.integers(4, 20))
def test_cuts_lie_at_borders_and_inside_the_text(text, other, least):
    texts = [text + other + text, other + text]
    found, left = cut(texts, least, borders=True)
    for whole, spans, rest in zip(texts, found, left, strict=True):
        assert all(is_border(whole, start) and is_border(whole, end) and start < end for start, end in spans)
        assert len(rest) == len(whole) - sum(end - start for start, end in spans)


@pytest.mark.parametrize("texts", [[], [""], ["short"], ["", "short", "short"]])
def test_small_collections_have_no_repeats(texts):
    assert cut(texts, 100, borders=True) == ([[] for _ in texts], texts)


def test_a_line_of_one_sign_keeps_as_much_as_counts():
    assert cut(["=" * 1000], 100) == ([[(100, 1000)]], ["=" * 100])


def test_with_borders_a_second_search_finds_nothing_new():
    texts = [f"{n} came first. {NEWS} Then number {n} left." for n in range(5)]
    _, left = cut(texts, 60, borders=True)
    assert cut(left, 60, borders=True) == ([[]] * 5, left)
