"""Attention computes what the plain formula says, and little else."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.autograd import gradcheck

import octavo.model.network.attention as attention
from octavo.model.network.attention import (
    Attention,
    causal_sight,
    document_bias,
    document_sight,
    sequence_starts,
)

LIKE = torch.zeros(1, dtype=torch.float64)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(attention, "BLOCK", 4)


def plain(q, k, v, bias, heads):
    """The formula, with keys copied for the heads that share them."""
    rows, length, size = q.shape
    share = rows // k.shape[0]
    q, k, v = (x.view(rows // heads, -1, length, size) for x in (q, k, v))
    k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
    scores = q @ k.transpose(2, 3) / size**0.5 + bias[:, None]
    return (torch.softmax(scores, -1) @ v).transpose(1, 2)


def packed(*rows):
    """Sequence numbers from lengths."""
    return torch.tensor([[number for number, length in enumerate(row) for _ in range(length)] for row in rows])


def queries_keys_values(batch, length, heads=4, groups=2, size=3):
    torch.manual_seed(0)
    shapes = (batch * heads, batch * groups, batch * groups)
    return [torch.randn(n, length, size, dtype=torch.float64, requires_grad=True) for n in shapes]


def test_the_way_back_is_the_derivative(small_blocks):
    sight = document_sight(packed([3, 6, 1], [5, 5]), LIKE)
    assert gradcheck(lambda *qkv: Attention.apply(*qkv, sight, 4), queries_keys_values(2, 10))


@settings(max_examples=60, deadline=None)
@given(some.lists(some.lists(some.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=3), some.data())
def test_packed_rows_are_mixed_as_the_formula_says(lengths, data):
    length = max(map(sum, lengths))
    sequences = packed(*[[*row, length - sum(row)] for row in lengths])
    block = data.draw(some.integers(1, 8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "BLOCK", block)
        patch.setattr(attention, "ROW_BY_ROW", data.draw(some.sampled_from([0.0, 2.0])))
        sight = document_sight(sequences, LIKE)
    q, k, v = queries_keys_values(len(lengths), length)
    expected = plain(q, k, v, document_bias(sequences, LIKE), 4)
    torch.testing.assert_close(Attention.apply(q, k, v, sight, 4), expected)


def test_rows_of_one_sequence_need_no_more_than_the_lower_half(small_blocks):
    sight = document_sight(packed([16], [16]), LIKE)
    assert sight.causal
    assert sight.spans == causal_sight(2, 16, LIKE).spans
    assert sight.scores == 2 * 4 * (4 + 8 + 12 + 16)


def test_of_rows_of_many_sequences_only_the_near_scores_are_computed(small_blocks):
    sight = document_sight(packed([4] * 16, [4] * 16), LIKE)
    assert sight.scores == 2 * 16 * 4 * 4


def test_unlike_rows_are_computed_one_by_one(small_blocks):
    sight = document_sight(packed([64], [4] * 16), LIKE)
    assert {(span.rows, span.end) for span in sight.spans} == {(0, 1), (1, 2)}
    q, k, v = queries_keys_values(2, 64)
    expected = plain(q, k, v, document_bias(packed([64], [4] * 16), LIKE), 4)
    torch.testing.assert_close(Attention.apply(q, k, v, sight, 4), expected)


def test_a_sequence_begins_where_its_number_does():
    assert sequence_starts(packed([2, 3, 1])) == [[0, 0, 2, 2, 2, 5]]
