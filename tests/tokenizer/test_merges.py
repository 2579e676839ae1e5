"""Merges learnt from counts are those of the `tokenizers` library's trainer, on any corpus, and survive a kill."""

import json
from collections import Counter

import numpy as np
import pytest
from corpora import rows
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from octavo.kinds.tokenizer import SPECIAL_TOKENS
from octavo.tokenizer.learn.bpe import bpe_tokenizer, byte_alphabet
from octavo.tokenizer.learn.cuts import byte_characters, word_cutter, words_of
from octavo.tokenizer.learn.merging import MostFrequent, merge_until
from octavo.tokenizer.learn.pairs import Pairs, Words
from octavo.tokenizer.learn.parity import WorstFirst
from octavo.tokenizer.learn.state import read_state, write_state


def words_from(texts, groups=None):
    cut = words_of()
    counts = Counter(
        (group, word.encode())
        for text, group in zip(texts, groups or [0] * len(texts), strict=True)
        for word in cut(text)
    )
    items = sorted(counts.items())
    return Words(
        np.frombuffer(b"".join(word for (_, word), _ in items), np.uint8),
        np.array([len(word) for (_, word), _ in items], np.int64),
        np.array([count for _, count in items], np.int64),
        np.array([group for (group, _), _ in items], np.uint16),
    )


def ours(texts, vocabulary, longest, least, state):
    pairs = Pairs(words_from(texts), byte_alphabet(SPECIAL_TOKENS), longest=longest)
    merge_until(pairs, vocabulary, MostFrequent(least), state)
    return json.loads(bpe_tokenizer(pairs, SPECIAL_TOKENS).to_str())["model"]


def theirs(texts, vocabulary, longest, least):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [word_cutter(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    limits = {"max_token_length": longest} if longest else {}
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(byte_characters()),
        min_frequency=least,
        show_progress=False,
        **limits,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


@pytest.mark.parametrize(("vocabulary", "longest", "least"), [(400, 24, 2), (1200, 0, 0), (600, 6, 3)])
def test_the_merges_are_those_of_the_library(tmp_path, vocabulary, longest, least):
    texts = [row["text"] for row in rows(400)]
    assert ours(texts, vocabulary, longest, least, tmp_path / "s") == theirs(texts, vocabulary, longest, least)


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(st.text(alphabet="abcé \n", min_size=1, max_size=40), min_size=1, max_size=12),
    vocabulary=st.sampled_from([265, 280, 400]),
    longest=st.sampled_from([0, 3, 5, 24]),
    least=st.sampled_from([0, 2, 3]),
)
def test_they_are_so_on_texts_with_many_ties_and_repeats(tmp_path_factory, texts, vocabulary, longest, least):
    state = tmp_path_factory.mktemp("s") / "s"
    assert ours(texts, vocabulary, longest, least, state) == theirs(texts, vocabulary, longest, least)


def test_counts_beyond_32_bits_are_counted_right():
    words = Words(
        np.frombuffer(b"abac", np.uint8), np.array([2, 2]), np.array([2**33, 2**33 + 1]), np.zeros(2, np.uint16)
    )
    pairs = Pairs(words, byte_alphabet(()))
    a, b, count, _ = pairs.best()
    assert (pairs.tokens[a] + pairs.tokens[b], count) == ("ac", 2**33 + 1)


@given(text=st.text(alphabet=st.sampled_from("aZ'sS9 \n\r\t.é中\x1c\x85 "), max_size=40) | st.text(max_size=60))
def test_words_are_cut_as_the_library_cuts_them(text):
    assert words_of()(text) == [word for word, _ in word_cutter().pre_tokenize_str(text)]


def choosers(texts, groups):
    units = [sum(len(t) for t, g in zip(texts, groups, strict=True) if g == at) for at in range(4)]
    return {
        "plain": (1, lambda: MostFrequent(2)),
        "parity": (4, lambda: WorstFirst(units, least=2, window=10)),
        "hybrid": (4, lambda: WorstFirst(units, least=2, plain=30, window=0)),
    }


@pytest.mark.parametrize("name", ["plain", "parity", "hybrid"])
@pytest.mark.parametrize("at", [1, 20, 45])
def test_learning_goes_on_from_what_was_written(tmp_path, name, at):
    some = list(rows(150))
    texts = [row["text"] for row in some]
    groups = [["en", "de", "ru", "hi"].index(row["language"]) for row in some]
    count, make = choosers(texts, groups)[name]

    def fresh():
        return Pairs(words_from(texts, groups if count > 1 else None), byte_alphabet(SPECIAL_TOKENS), groups=count)

    whole, chooser = fresh(), make()
    merge_until(whole, 400, chooser, tmp_path / "none")
    first, before = fresh(), make()
    for _ in range(at):
        first.merge(*before.next(first))
    write_state(tmp_path / "state", first, before.memory())
    again, after = fresh(), make()
    merge_until(again, 400, after, tmp_path / "state")
    assert again.merges == whole.merges
    assert again.lengths == whole.lengths
    assert read_state(tmp_path / "state", fresh()) == before.memory()


def test_the_lengths_of_groups_are_those_of_encoding(tmp_path):
    some = list(rows(150))
    texts = [row["text"] for row in some]
    names = ["en", "de", "ru", "hi"]
    groups = [names.index(row["language"]) for row in some]
    pairs = Pairs(words_from(texts, groups), byte_alphabet(SPECIAL_TOKENS), groups=4)
    units = [sum(len(t) for t, g in zip(texts, groups, strict=True) if g == at) for at in range(4)]
    merge_until(pairs, 400, WorstFirst(units, least=2, plain=20), tmp_path / "s")
    tokenizer = bpe_tokenizer(pairs, SPECIAL_TOKENS)
    tokenizer.encode_special_tokens = True
    assert len(pairs.merges) == len(set(pairs.merges)), "no pair was merged twice"
    for at in range(4):
        mine = [t for t, g in zip(texts, groups, strict=True) if g == at]
        assert pairs.lengths[at] == sum(len(tokenizer.encode(text).ids) for text in mine)


def test_parity_brings_the_worst_off_nearer_to_the_rest(tmp_path):
    some = list(rows(600))
    texts = [row["text"] for row in some]
    names = ["en", "de", "ru", "hi"]
    groups = [names.index(row["language"]) for row in some]
    units = [sum(len(t) for t, g in zip(texts, groups, strict=True) if g == at) for at in range(4)]
    rates = {}
    for name, count, chooser in (("plain", 4, MostFrequent(2)), ("parity", 4, WorstFirst(units, least=2))):
        pairs = Pairs(words_from(texts, groups), byte_alphabet(SPECIAL_TOKENS), groups=count)
        merge_until(pairs, 330, chooser, tmp_path / name)
        rates[name] = [length / unit for length, unit in zip(pairs.lengths, units, strict=True)]
    assert max(rates["parity"]) < max(rates["plain"])
    assert max(rates["parity"]) / min(rates["parity"]) < max(rates["plain"]) / min(rates["plain"])


def test_the_window_keeps_one_group_from_taking_every_merge(tmp_path):
    # the last group is one long word of different bytes: no merge helps it for long
    texts = [row["text"] for row in rows(200)] + [bytes(range(0x61, 0x7B)).decode() * 3] * 40
    groups = [0] * 200 + [1] * 40
    units = [sum(map(len, texts[:200])), 40]
    shares = {}
    for window in (0, 10):
        chooser = WorstFirst(units, least=2, window=window, ratio=1.2)
        pairs = Pairs(words_from(texts, groups), byte_alphabet(SPECIAL_TOKENS), groups=2)
        merge_until(pairs, 300, chooser, tmp_path / str(window))
        shares[window] = chooser.chosen[1] / sum(chooser.chosen.values())
    assert shares[10] < shares[0]
