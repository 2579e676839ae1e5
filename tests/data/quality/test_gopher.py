"""Gopher: each rule lets a text at its limit pass and removes one just beyond; values equal those counted by hand."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import good, words

from octavo.data.quality import gopher as rules
from octavo.data.quality.columns import Columns
from octavo.data.quality.gopher import gopher, quality_rules, repetition_rules
from octavo.data.quality.repetition import Sequences
from octavo.data.quality.verdicts import Rule


def verdict(text, language="en"):
    found = gopher(Columns([text]), [language])[0]
    return None if found is None else (found.reason.removeprefix("gopher: "), found.detail)


def test_good_prose_passes():
    assert verdict(good()) is None


def test_the_limits_are_those_of_the_paper():
    assert (rules.WORDS, rules.WORD_LENGTH, rules.SYMBOLS_PER_WORD) == ((50, 100_000), (3, 10), 0.1)
    assert (rules.BULLETS, rules.ELLIPSES, rules.ALPHABETIC, rules.STOP_WORD_KINDS) == (0.9, 0.3, 0.8, 2)
    assert dict(rules.TOP) == {2: 0.20, 3: 0.18, 4: 0.16}
    assert dict(rules.REPEATED) == {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
    assert (rules.LINES, rules.PARAGRAPHS, rules.LINE_CHARACTERS, rules.PARAGRAPH_CHARACTERS) == (0.3, 0.3, 0.2, 0.2)


LINES = [" ".join([*words(9, seed), "the", "and"]) for seed in range(10)]


@pytest.mark.parametrize(
    ("at_limit", "beyond", "expected"),
    [
        (good(50), good(49), ("word count", "49 < 50")),
        (
            " ".join(["the", "and", *words(99_998, 1, 5)]),
            " ".join(["the", "and", *words(99_999, 1, 5)]),
            ("word count", "100001 > 100000"),
        ),
        (
            " ".join(["the", "and", *(w[:3] for w in words(98))]),
            " ".join(["the", "and", *(w[:3] for w in words(97)), "ox"]),
            ("mean word length", "2.99 < 3"),
        ),
        (
            " ".join(["the", "and", *words(98, 2, 5)[:-2], "b" * 17, "c" * 17]),
            " ".join(["the", "and", *words(98, 2, 5)[:-2], "b" * 18, "c" * 17]),
            ("mean word length", "10.01 > 10"),
        ),
        (good(99) + " #" * 9, good(99) + " #" * 15, ("hashes per word", "0.1181 > 0.1")),
        (good(99) + " …" * 9, good(99) + " …" * 15, ("ellipses per word", "0.1181 > 0.1")),
        (
            "\n".join(["- " + line for line in LINES[:9]] + LINES[9:]),
            "\n".join("- " + line for line in LINES),
            ("lines beginning with a bullet", "1 > 0.9"),
        ),
        (
            "\n".join([line + "..." for line in LINES[:3]] + LINES[3:]),
            "\n".join([line + "..." for line in LINES[:4]] + LINES[4:]),
            ("lines ending in an ellipsis", "0.4 > 0.3"),
        ),
        (
            " ".join(["the", "and", *words(78), *map(str, range(1000, 1020))]),
            " ".join(["the", "and", *words(77), *map(str, range(1000, 1021))]),
            ("words with a letter", "0.79 < 0.8"),
        ),
        (" ".join(["the", "and", *words(98)]), " ".join(["the", *words(98)]), ("different stop words", "1 < 2")),
        (
            "\n".join([*LINES, "so", "so", "so", "so"]),
            "\n".join([*LINES, "so", "so", "so", "so", "so", "so"]),
            ("repeated lines", "0.3125 > 0.3"),
        ),
        (
            "\n\n".join([*LINES, "so", "so", "so", "so"]),
            "\n\n".join([*LINES, "so", "so", "so", "so", "so", "so"]),
            ("repeated paragraphs", "0.3125 > 0.3"),
        ),
    ],
)
def test_a_text_at_the_limit_passes_and_one_beyond_is_removed(at_limit, beyond, expected):
    assert verdict(at_limit) is None
    assert verdict(beyond) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\n".join([LINES[0]] * 3 + LINES[1:7]), "characters in repeated lines"),
        ("\n\n".join([LINES[0]] * 3 + LINES[1:7]), "characters in repeated paragraphs"),
        ("the and " + " ".join(f"hello world {word}" for word in words(60)), "most frequent 2 words"),
        ("the and " + " ".join([*words(60), *words(8, 9), *words(20, 3), *words(8, 9)] * 1), None),
        ("the and " + " ".join([*words(60), *words(30, 9), *words(30, 9)]), "repeated sequences of 5 words"),
    ],
)
def test_what_repeats_itself_is_removed(text, reason):
    found = verdict(text)
    assert (found and found[0]) == reason


def test_stop_words_are_those_of_the_language_of_a_text():
    german = " ".join(["der", "und", *words(98)])
    assert verdict(german, "de") is None
    assert verdict(german, "en") == ("different stop words", "0 < 2")
    assert verdict(german, "") is None, "where no list is known the rule is not applied"


def test_an_empty_text_has_no_words():
    assert verdict("") == ("word count", "0 < 50")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.integers(0, 10_000))
def test_more_words_never_make_a_text_too_short(more, seed):
    before, after = (quality_rules(Columns([text]), ["en"])[0] for text in (good(60), good(60) + " ".join(words(more))))
    assert not before.broken()[0]
    assert not after.broken()[0]
    assert after.values[0] >= before.values[0]


def by_hand(tokens):
    """Values of the sequence rules as the definition says them, one text at a time."""
    found = {}
    for size in (2, 3, 4):
        grams = [" ".join(tokens[at : at + size]) for at in range(len(tokens) - size + 1)]
        top = Counter(grams).most_common(1)
        found[size] = len(top[0][0]) * top[0][1] if top else 0
    for size in range(5, 11):
        seen, at, repeated = set(), 0, 0
        while at < len(tokens) - size + 1:
            gram = tuple(tokens[at : at + size])
            if gram in seen:
                repeated += len("".join(gram))
                at += size
            else:
                seen.add(gram)
                at += 1
        found[size] = repeated
    return found


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "bb", "cc", "d1", "eee"]), max_size=60), min_size=1, max_size=5))
def test_sequences_are_counted_as_by_hand(token_lists):
    columns = Columns([" ".join(tokens) for tokens in token_lists])
    sequences = Sequences(columns)
    expected = [by_hand(tokens) for tokens in token_lists]
    for size in range(2, 11):
        sequences.grow()
        values = sequences.top() if size < 5 else sequences.repeated()
        assert values.tolist() == [hand[size] for hand in expected], size


def test_a_removed_text_is_not_looked_into_further_but_the_others_are():
    texts = ["the and " + " ".join(f"hello world {w}" for w in words(60)), "the and " + " ".join(words(30, 9) * 2)]
    together, alone = gopher(Columns(texts), ["en"] * 2), [gopher(Columns([text]), ["en"])[0] for text in texts]
    assert together == alone
    assert repetition_rules(Columns(texts))[0].values.tolist() == [0, 0]


def test_a_value_at_the_threshold_is_allowed():
    values = np.array([0.1, 0.2, 0.3, np.nan])
    assert Rule("r", values, 0.2).broken().tolist() == [True, False, False, False]
    assert Rule("r", values, 0.2, above=True).broken().tolist() == [False, False, True, False]
