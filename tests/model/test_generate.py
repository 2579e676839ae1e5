"""Generation is reproducible, stops where it should, and streams what it would return."""

import pytest
import torch

from octavo.kinds.dialogues import Message
from octavo.model.generate import Sampling, continue_tokens, generate, stream
from octavo.spine.errors import OctavoError

QUESTION = [Message("user", "return pairs")]
OTHER = [Message("user", "an iterator of pairs, overlapping")]


def test_a_batch_answers_as_each_alone(model, tokenizer):
    together = generate(model, tokenizer, [QUESTION, OTHER], Sampling(tokens=15))
    assert together == [generate(model, tokenizer, [q], Sampling(tokens=15))[0] for q in (QUESTION, OTHER)]


def test_a_seed_repeats_and_another_differs(model, tokenizer):
    def said(seed):
        return generate(model, tokenizer, [QUESTION], Sampling(tokens=20, temperature=1.0, top_p=0.9, seed=seed))

    assert said(1) == said(1)
    assert said(1) != said(2)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_streamed_pieces_join_to_the_answer(model, tokenizer, temperature):
    sampling = Sampling(tokens=30, temperature=temperature, seed=3)
    assert (
        "".join(stream(model, tokenizer, QUESTION, sampling))
        == generate(model, tokenizer, [QUESTION], sampling)[0].text
    )


def test_an_answer_ends_with_its_turn(model, tokenizer):
    first = next(iter(continue_tokens(model, [[5, 6, 7]], Sampling(tokens=5), set())))[1]
    stopped = list(continue_tokens(model, [[5, 6, 7], [9, 9]], Sampling(tokens=5), {first}))
    assert [token for row, token in stopped if row == 0] == [first]
    assert any(row == 1 for row, _ in stopped)


def test_a_small_top_p_is_greedy(model):
    greedy = list(continue_tokens(model, [[5, 6, 7]], Sampling(tokens=8), set()))
    assert list(continue_tokens(model, [[5, 6, 7]], Sampling(8, temperature=1.0, top_p=1e-6), set())) == greedy


def test_it_ends_at_the_last_position(model):
    assert len(list(continue_tokens(model, [[5] * 60], Sampling(tokens=50), set()))) == 4


def test_a_prompt_that_is_too_long_is_refused(model):
    with pytest.raises(OctavoError) as caught:
        list(continue_tokens(model, [[5] * 64], Sampling(), set()))
    assert caught.value.code == "T013"


def test_it_gives_no_gradients_to_anyone(model, tokenizer):
    generate(model, tokenizer, [QUESTION], Sampling(tokens=3))
    assert torch.is_grad_enabled()
    assert all(p.grad is None for p in model.parameters())
