"""Likelihoods are those of the model, text by text, and bits per byte are of bytes."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.model.likelihood import TextScore, bits_per_byte, score_texts, score_tokens


def plain(model, ids):
    """The slow way: one text, no batches."""
    tokens = torch.tensor([ids])
    with torch.no_grad():
        p = torch.log_softmax(model.logits(tokens[:, :-1]).double(), -1)
    return -float(p.gather(2, tokens[:, 1:, None]).sum())


def test_batches_change_nothing(model):
    texts = [[0] + [(i * k) % 300 for k in range(2 + i * 3 % 50)] for i in range(40)]
    for nats, ids in zip(score_tokens(model, texts), texts, strict=True):
        assert nats == pytest.approx(plain(model, ids), rel=1e-4)


def test_a_long_text_is_scored_token_by_token_exactly_once(model):
    ids = [(i * i) % 300 for i in range(200)]
    uniform = model
    with torch.no_grad():
        uniform.embedding.zero_()
    for length in (2, 64, 65, 66, 97, 98, 129, 200):
        assert score_tokens(uniform, [ids[:length]])[0] == pytest.approx((length - 1) * math.log(320), rel=1e-5)


def test_bits_per_byte_of_known_numbers():
    scores = [TextScore(math.log(2) * 8, 2, 4), TextScore(math.log(2) * 4, 1, 8)]
    assert [s.bits_per_byte for s in scores] == pytest.approx([2.0, 0.5])
    assert bits_per_byte(scores) == pytest.approx(1.0)


def test_bytes_are_those_of_utf8_and_an_empty_text_has_none(model, tokenizer):
    scores = score_texts(model, tokenizer, ["ä€", "", "pairs"])
    assert [s.bytes for s in scores] == [5, 0, 5]
    assert math.isnan(scores[1].bits_per_byte)
    assert scores[1].nats == 0


@settings(max_examples=15, deadline=None)
@given(text=st.text(min_size=1, max_size=60))
def test_any_text_has_a_likelihood(tokenizer, text):
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import DecoderShape

    model = Decoder(DecoderShape(320, 64, 1, 1, 1, 64, 64, 32))
    model.initialise(0)
    (score,) = score_texts(model, tokenizer, [text])
    assert score.nats > 0
    assert score.bytes == len(text.encode())
