"""The decoder is transformers' Qwen3, Qwen3-MoE and Llama, with the head tied or not."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM

from octavo.model.architecture import architecture
from octavo.model.checkpoint import read_checkpoint, read_model, read_shape, write_checkpoint
from octavo.model.generate import Sampling, continue_tokens
from octavo.model.network.decoder import Decoder, KeyValues
from octavo.model.network.shape import DecoderShape

DENSE = DecoderShape(320, width=64, depth=2, heads=4, key_heads=2, head_size=16, hidden=96, positions=64)
EXPERTS = replace(DENSE, hidden=32, experts=5, active=2)
FAMILIES = {
    "Qwen3 with a head": replace(DENSE, tied=False),
    "Llama": replace(DENSE, qk_norm=False),
    "Llama with a head": replace(DENSE, qk_norm=False, tied=False, rope_base=5e5, eps=1e-5),
    "Qwen3-MoE": EXPERTS,
    "Qwen3-MoE with raw shares and a head": replace(EXPERTS, shares_sum_to_one=False, tied=False),
}
TOLERANCE = 2e-5


def decoder(shape):
    """Weights far from their beginning, so that a wrong norm or sign shows."""
    made = Decoder(shape)
    made.initialise(0)
    torch.manual_seed(0)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            deviation = 0.2 if parameter.ndim == 1 or name.endswith("router") else 0.05
            parameter.add_(torch.randn_like(parameter) * deviation)
    return made


@pytest.fixture(params=FAMILIES)
def family(request, machine):
    return decoder(FAMILIES[request.param])


@pytest.fixture
def saved(tmp_path, family, tokenizer_folder):
    write_checkpoint(tmp_path, family, tokenizer_folder, [], {})
    return tmp_path


@pytest.fixture
def peer(saved):
    return AutoModelForCausalLM.from_pretrained(saved, dtype=torch.float32)


@pytest.fixture
def tokens():
    return torch.randint(0, 320, (3, 40), generator=torch.Generator().manual_seed(1))


def test_transformers_computes_the_same_logits(family, peer, tokens):
    assert type(peer).__name__ == architecture(family.shape)
    with torch.no_grad():
        assert (family.logits(tokens) - peer(tokens).logits).abs().max() < TOLERANCE


def test_gradients_are_those_of_transformers(family, peer, tokens):
    family.loss(tokens[:, :-1], tokens[:, 1:], scale=1 / tokens[:, 1:].numel()).backward()
    sparse = family.shape.experts > 0
    output = peer(tokens[:, :-1], **({"output_router_logits": True} if sparse else {}))
    loss = torch.nn.functional.cross_entropy(output.logits.flatten(0, 1), tokens[:, 1:].flatten())
    if sparse:
        loss = loss + family.shape.balance * output.aux_loss
    loss.backward()
    theirs = peer.model.layers[1]
    pairs = [
        (family.embedding, peer.model.embed_tokens.weight),
        (family.blocks[1].out, theirs.self_attn.o_proj.weight),
        (family.blocks[1].mlp_norm, theirs.post_attention_layernorm.weight),
    ]
    if not family.shape.tied:
        pairs.append((family.head, peer.lm_head.weight))
    if sparse:
        mine = family.blocks[1].experts
        pairs += [
            (mine.router, theirs.mlp.gate.weight),
            (mine.gate_up, theirs.mlp.experts.gate_up_proj),
            (mine.down, theirs.mlp.experts.down_proj),
        ]
    else:
        pairs.append((family.blocks[1].down, theirs.mlp.down_proj.weight))
    for mine, other in pairs:
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-4, atol=1e-6)
    projections = [theirs.self_attn.q_proj, theirs.self_attn.k_proj, theirs.self_attn.v_proj]
    joint = torch.cat([p.weight.grad for p in projections])
    torch.testing.assert_close(family.blocks[1].qkv.grad, joint, rtol=1e-4, atol=1e-6)


def test_greedy_continuations_are_equal_to_transformers(family, peer, tokens):
    prompts = [tokens[0, :20].tolist(), tokens[1, :9].tolist()]
    written = [[], []]
    for row, token in continue_tokens(family, prompts, Sampling(tokens=8), stops=set()):
        written[row].append(token)
    for prompt, mine in zip(prompts, written, strict=True):
        theirs = peer.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=8,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
        assert mine == theirs[0, len(prompt) :].tolist()


def test_the_cache_changes_nothing(family, tokens):
    with torch.no_grad():
        whole = family.logits(tokens)[:, -1]
    cache = KeyValues(family, 3, 64)
    nothing = torch.zeros(3, dtype=torch.long)
    family.extend(tokens[:, :30], cache, nothing)
    for at in range(30, 40):
        last = family.extend(tokens[:, at : at + 1], cache, nothing)
    torch.testing.assert_close(last, whole, rtol=1e-4, atol=1e-5)


def test_it_comes_back_whole(family, saved):
    read, _ = read_checkpoint(saved)
    assert read.shape == family.shape
    for (name, a), (_, b) in zip(family.named_parameters(), read.named_parameters(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize("numbers", [torch.float32, torch.bfloat16])
def test_what_transformers_saves_is_read(peer, tokens, tmp_path, numbers):
    peer.to(numbers).save_pretrained(tmp_path / "theirs", max_shard_size="60KB")
    assert len(list((tmp_path / "theirs").glob("*.safetensors"))) > 1
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "theirs", dtype=torch.float32)
    with torch.no_grad():
        difference = (read_model(tmp_path / "theirs").logits(tokens) - again(tokens).logits).abs().max()
    assert difference < TOLERANCE


def test_the_counts_of_parameters_are_right(family, saved):
    shape = read_shape(saved)
    assert sum(p.numel() for p in family.parameters()) == shape.parameters
    idle = shape.depth * (shape.experts - shape.active) * 3 * shape.hidden * shape.width
    assert shape.active_parameters == shape.parameters - idle


def test_operations_count_only_the_active_experts():
    more = replace(EXPERTS, experts=50)
    routers = 6 * EXPERTS.depth * (more.experts - EXPERTS.experts) * EXPERTS.width
    assert more.flops_per_token(32) - EXPERTS.flops_per_token(32) == routers
    one = replace(EXPERTS, experts=1, active=1)
    assert one.matrix_parameters == replace(DENSE, hidden=32).matrix_parameters + DENSE.depth * DENSE.width
