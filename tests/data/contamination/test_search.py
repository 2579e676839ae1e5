"""Contamination: items are found with their edits, wherever they stand; what only looks like them is not."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import edited, planted, problem, prose

from octavo.data.contamination.index import build_index, load_index
from octavo.data.contamination.items import Item, item_of
from octavo.data.contamination.search import aligned, search, search_exact
from octavo.data.contamination.words import grams_of, words_of


def index_of(*questions, n=3):
    return build_index([Item(f"item-{k}", q) for k, q in enumerate(questions)], n)


def test_equal_words_have_equal_hashes_whatever_their_case_accents_and_punctuation():
    one, other = words_of(["The **Café**, a “landmark”!"]), words_of(["the cafe\u0301 a land\u00admark"])
    assert np.array_equal(one.hashes, other.hashes)


def test_each_character_of_a_script_without_spaces_is_a_word():
    words = words_of(["東京タワー", "埃菲尔 abc"])
    assert words.bounds.tolist() == [0, 5, 9]
    assert words.ends[-1] == 7


@settings(max_examples=50)
@given(st.lists(st.text(max_size=40), max_size=6))
def test_places_count_the_characters_of_each_text(texts):
    words = words_of(texts)
    assert len(words.bounds) == len(texts) + 1
    for number, text in enumerate(texts):
        for at in range(words.bounds[number], words.bounds[number + 1]):
            assert 0 <= words.starts[at] < words.ends[at] <= len(text)
            alone = words_of([text])
        if words.bounds[number + 1] > words.bounds[number]:
            assert np.array_equal(alone.hashes, words.hashes[words.bounds[number] : words.bounds[number + 1]])


def test_long_texts_are_hashed_in_blocks_without_a_seam(monkeypatch):
    text = prose(1, 3000)
    whole = words_of([text])
    monkeypatch.setattr("octavo.data.contamination.words._BLOCK", 1000)
    assert np.array_equal(words_of([text]).hashes, whole.hashes)
    assert np.array_equal(words_of([text]).starts, whole.starts)


def test_an_item_is_found_in_the_middle_with_its_place():
    question = problem(1)
    text = planted(question)
    (hit,) = search(index_of(question, problem(2)), [prose(9), text], 0.6)
    assert (hit.text, hit.item, hit.score) == (1, 0, 1.0)
    assert text[hit.start : hit.end] == question.rstrip("?")


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_nearly_all_edited_copies_are_found_and_nothing_else(rate):
    questions = [problem(seed) for seed in range(200)]
    index = index_of(*questions)
    texts = [planted(edited(q, rate, 1000 + k), at=k) for k, q in enumerate(questions)] + [
        prose(5000 + k) for k in range(200)
    ]
    hits = search(index, texts, 0.6)
    right = {hit.text for hit in hits if hit.text == hit.item}
    assert len(right) >= 0.95 * len(questions)
    assert len(right) / len(hits) >= 0.99


def test_the_same_problem_with_other_numbers_is_another_problem():
    questions = [problem(seed) for seed in range(100)]
    siblings = [planted(problem(seed, numbers=(7, 31, 55))) for seed in range(100)]
    assert search(index_of(*questions), siblings, 0.6) == []


def test_a_short_question_needs_its_answer_beside_it_and_every_word():
    index = build_index([Item("a", "Which year was the tower built?", ("1889, said the mayor of that town",))])
    assert not search(index, [planted("Which year was the tower built?")], 0.6)
    assert search(index, [planted("Which year was the tower built? 1889, said the mayor of that town.")], 0.6)
    assert not search(index, [planted("Which year was the bridge built? 1889, said the mayor of that town.")], 0.6)


def test_a_question_that_many_items_ask_needs_its_own_passage():
    ask = "What is the main idea of the passage that you have just read above?"
    passages = [prose(seed, 40) for seed in range(20, 32)]
    index = build_index([Item(str(k), ask, (passage,)) for k, passage in enumerate(passages)])
    assert not search(index, [planted(ask)], 0.6)
    (hit,) = search(index, [planted(f"{passages[1]} {ask}")], 0.6)
    assert hit.item == 1


def test_what_is_too_short_to_be_told_from_chance_is_named():
    assert index_of("Who are you?", problem(1)).short == ["item-0"]


def test_runs_of_thirteen_words_find_copies_but_no_edited_ones():
    question = problem(3)
    index = index_of(question, n=13)
    (hit,) = search_exact(index, [planted(question)])
    assert hit.score == 1.0
    assert not search_exact(index, [planted(edited(question, 0.2, 5))])


def test_words_of_an_item_strewn_over_a_text_are_no_copy():
    question = problem(4)
    strewn = " ".join(f"{word} {prose(k, 40)}" for k, word in enumerate(question.split()))
    assert not search(index_of(question), [strewn], 0.6)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 12), max_size=60), st.lists(st.integers(0, 12), max_size=60))
def test_aligned_places_rise_and_hold_equal_words(left, right):
    wanted, there = np.array(left, np.uint64), np.array(right, np.uint64)
    pairs = aligned(wanted, there, 3)
    assert all(wanted[place] == there[at] for place, at in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(pairs))


def test_an_index_in_a_folder_finds_the_same(tmp_path):
    index = index_of(*(problem(seed) for seed in range(30)))
    index.save(tmp_path)
    texts = [planted(edited(problem(seed), 0.1, seed)) for seed in range(30)]
    assert search(load_index(tmp_path), texts, 0.6) == search(index, texts, 0.6)


def test_runs_of_words_depend_on_their_order():
    forth, back = words_of(["one two three"]).hashes, words_of(["three two one"]).hashes
    assert grams_of(forth, 3).tolist() != grams_of(back, 3).tolist()


def test_items_are_read_from_fields_of_many_names():
    assert item_of({"prompt": "Why?", "choices": {"text": ["a", "b"]}, "answer": 3}, "x:1") == Item(
        "x:1", "Why?", ("3", "a\nb")
    )
    assert item_of({"id": 4, "text": "some text"}, "x:1") == Item("4", "some text")
    assert item_of({"passage": "only that"}, "x:1") == Item("x:1", "only that")
    assert item_of({"title": "nothing asked"}, "x:1") is None


def test_a_text_that_repeats_a_phrase_of_an_item_is_no_copy_of_it():
    question = problem(5)
    start = " ".join(question.split()[:6])
    assert not search(index_of(question), [" ".join(f"{start} {prose(k, 5)}" for k in range(400))], 0.6)


def test_every_copy_in_a_text_is_found_with_its_place():
    question = problem(6)
    text = " ".join([question, question, prose(1), question])
    hits = search(index_of(question), [text], 0.6)
    assert [hit.start for hit in hits] == [m for m in range(len(text)) if text.startswith(question, m)]
