"""Packing loses no token, mixes no sequences and wastes little."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from octavo.model.training.method import NextToken
from octavo.model.training.packing import PADDING, UNCOUNTED, join, pack, row_order, steps_of

SEQUENCES = st.lists(st.lists(st.integers(0, 99), min_size=0, max_size=40), min_size=1, max_size=30)


def pairs_of(sequences):
    return sorted((a, b) for s in sequences for a, b in itertools.pairwise(s))


@given(SEQUENCES, st.integers(1, 16))
def test_every_pair_of_neighbours_is_learnt_exactly_once(sequences, length):
    rows = pack(join(sequences), length)
    used = rows.sequences != PADDING
    assert sorted(zip(rows.tokens[used].tolist(), rows.targets[used].tolist(), strict=True)) == pairs_of(sequences)


@given(SEQUENCES, st.integers(1, 16))
def test_within_a_sequence_a_target_is_the_next_token(sequences, length):
    rows = pack(join(sequences), length)
    same = (rows.sequences[:, :-1] == rows.sequences[:, 1:]) & (rows.sequences[:, :-1] != PADDING)
    assert (rows.targets[:, :-1][same] == rows.tokens[:, 1:][same]).all()


@given(SEQUENCES)
def test_uncounted_tokens_are_no_targets(sequences):
    counted = [[i % 3 == 0 for i in range(len(s))] for s in sequences]
    rows = pack(join(sequences, counted), 16)
    expected = sum(c for s in counted for c in s[1:])
    assert int((rows.targets != UNCOUNTED).sum()) == expected


def test_rows_are_nearly_full():
    lengths = np.random.default_rng(0).integers(10, 200, 2000)
    rows = pack(join([[1] * int(n) for n in lengths]), 256)
    assert rows.filled > 0.97


def test_the_order_of_rows_is_a_permutation_that_changes_by_epoch():
    first, second = row_order(50, 3, 0), row_order(50, 3, 1)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first.tolist() != second.tolist()
    assert first.tolist() == row_order(50, 3, 0).tolist()


@given(st.lists(st.integers(2, 40), min_size=1, max_size=20), st.integers(1, 16), st.integers(1, 4), st.integers(0, 9))
def test_the_steps_of_a_sequence_are_those_whose_batches_hold_its_tokens(lengths, width, batch, steps):
    # every token names its sequence, so that a batch tells what it was made of
    rows = pack(join([[number] * length for number, length in enumerate(lengths)]), width)
    method = NextToken(None, rows, batch=batch, micro=1, seed=3)
    expected = [set() for _ in lengths]
    for step in range(steps):
        for part in method.batches(step):
            for number in part.tokens[part.sequences != PADDING].tolist():
                expected[number].add(step)
    assert steps_of(rows, len(lengths), batch=batch, steps=steps, seed=3) == [sorted(one) for one in expected]
