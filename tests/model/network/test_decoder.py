"""The decoder is transformers' Qwen3, faster."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from octavo.kinds.dialogues import Message
from octavo.model.checkpoint import read_checkpoint, write_checkpoint
from octavo.model.generate import Sampling, continue_tokens
from octavo.model.network.attention import causal_bias, document_sight
from octavo.model.network.decoder import Decoder, KeyValues

TOLERANCE = 2e-5
"""Largest difference of logits between −2 and 2, in float32: both sides sum in other orders."""


@pytest.fixture
def saved(tmp_path, model, tokenizer_folder):
    write_checkpoint(tmp_path, model, tokenizer_folder, [], {"final_loss": 1.0})
    return tmp_path


@pytest.fixture
def peer(saved):
    return AutoModelForCausalLM.from_pretrained(saved, dtype=torch.float32)


@pytest.fixture
def tokens():
    return torch.randint(0, 320, (3, 64), generator=torch.Generator().manual_seed(1))


def test_transformers_loads_the_saved_folder_and_computes_the_same_logits(saved, peer, tokens):
    ours, _ = read_checkpoint(saved)
    with torch.no_grad():
        difference = (ours.logits(tokens) - peer(tokens).logits).abs().max()
    assert type(peer).__name__ == "Qwen3ForCausalLM"
    assert difference < TOLERANCE


def test_gradients_are_those_of_transformers(model, peer, tokens):
    targets = tokens.roll(-1, 1)
    targets[:, :9] = -1
    model.loss(tokens, targets, scale=1 / int((targets >= 0).sum())).backward()
    logits = peer(tokens).logits.flatten(0, 1)
    torch.nn.functional.cross_entropy(logits, targets.flatten(), ignore_index=-1).backward()
    block, layer = model.blocks[1], peer.model.layers[1]
    for mine, theirs in (
        (model.embedding, peer.model.embed_tokens.weight),
        (model.norm, peer.model.norm.weight),
        (block.attention_norm, layer.input_layernorm.weight),
        (block.q_norm, layer.self_attn.q_norm.weight),
        (block.k_norm, layer.self_attn.k_norm.weight),
        (block.out, layer.self_attn.o_proj.weight),
        (block.mlp_norm, layer.post_attention_layernorm.weight),
        (block.down, layer.mlp.down_proj.weight),
    ):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-6)
    projections = (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj)
    torch.testing.assert_close(block.qkv.grad, torch.cat([p.weight.grad for p in projections]), rtol=1e-4, atol=1e-6)


def test_greedy_continuations_are_equal_to_transformers(saved, peer, tokens):
    ours, names = read_checkpoint(saved)
    prompts = [tokens[0, :20].tolist(), tokens[1, :9].tolist()]
    written = [[], []]
    for row, token in continue_tokens(ours, prompts, Sampling(tokens=12), stops=set()):
        written[row].append(token)
    for prompt, mine in zip(prompts, written, strict=True):
        theirs = peer.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=12,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=names.end_of_text,
        )
        assert mine == theirs[0, len(prompt) :].tolist()


def test_the_chat_template_writes_what_the_tokenizer_class_writes(saved, tokenizer):
    messages = [Message("user", "return pairs"), Message("assistant", "an iterator"), Message("user", "stop")]
    theirs = AutoTokenizer.from_pretrained(saved).apply_chat_template(
        [vars(m) for m in messages], add_generation_prompt=True, return_dict=False
    )
    assert tokenizer.conversation(messages, ask=True)[0] == theirs


def test_the_cache_changes_nothing(model, tokens):
    whole = model.logits(tokens)[:, -1]
    cache = KeyValues(model, 3, 64)
    nothing = torch.zeros(3, dtype=torch.long)
    model.extend(tokens[:, :40], cache, nothing)
    for at in range(40, 64):
        last = model.extend(tokens[:, at : at + 1], cache, nothing)
    torch.testing.assert_close(last, whole, rtol=1e-4, atol=1e-5)


def test_padding_before_a_prompt_changes_nothing(model, tokens):
    short = tokens[:1, :10]
    alone = model.extend(short, KeyValues(model, 1, 20), torch.tensor([0]))
    padded = torch.cat([torch.zeros(1, 7, dtype=torch.long), short], 1)
    beside = model.extend(padded, KeyValues(model, 1, 20), torch.tensor([7]))
    torch.testing.assert_close(alone, beside, rtol=1e-4, atol=1e-5)


def test_a_packed_sequence_is_computed_as_if_alone(model, tokens):
    sequences = torch.tensor([0] * 30 + [1] * 34).expand(3, -1)
    packed = model.logits(tokens, document_sight(sequences, model.embedding))
    torch.testing.assert_close(packed[:, 30:], model.logits(tokens[:, 30:]), rtol=1e-4, atol=1e-5)


def test_no_token_sees_what_follows(model, tokens):
    changed = tokens.clone()
    changed[:, 40:] = 7
    torch.testing.assert_close(model.logits(tokens)[:, :40], model.logits(changed)[:, :40])
    assert causal_bias(3, model.embedding).isinf().sum() == 3


def test_bfloat16_stays_near_float32(model, tokens):
    exact = model.loss(tokens, tokens.roll(-1, 1), scale=1 / tokens.numel())
    rounded = Decoder(model.shape)
    rounded.load_state_dict(model.state_dict())
    rounded.to(torch.bfloat16)
    near = rounded.loss(tokens, tokens.roll(-1, 1), scale=1 / tokens.numel())
    assert float((near - exact).detach().abs()) < 0.02


def test_the_count_of_parameters_is_right(model):
    assert sum(p.numel() for p in model.parameters()) == model.shape.parameters
