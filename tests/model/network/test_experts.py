"""Experts compute what a loop over tokens computes, are used evenly, and train like any other layer."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.model.network.decoder import Decoder
from octavo.model.network.experts import Experts, Routed, balance, expert_load
from octavo.model.network.shape import Course, DecoderShape
from octavo.model.training.loop import Training
from octavo.model.training.method import NextToken
from octavo.model.training.packing import join, pack

SHAPE = DecoderShape(
    64, width=64, depth=2, heads=2, key_heads=1, head_size=32, hidden=32, positions=32, experts=4, active=2
)


def one_by_one(x, shares, chosen, gate_up, down):
    rows = []
    for token in range(len(x)):
        total = torch.zeros_like(x[0])
        for share, expert in zip(shares[token], chosen[token].tolist(), strict=True):
            gate, up = (gate_up[expert] @ x[token]).chunk(2)
            total = total + share * (down[expert] @ (torch.nn.functional.silu(gate) * up))
        rows.append(total)
    return torch.stack(rows)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 6), st.data())
def test_routing_computes_what_a_loop_over_the_tokens_computes(tokens, experts, data):
    active = data.draw(st.integers(1, experts))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 999)))
    chosen = torch.stack([torch.randperm(experts, generator=generator)[:active] for _ in range(tokens)])
    sizes = [(tokens, 3), (tokens, active), (experts, 10, 3), (experts, 3, 5)]
    made = [torch.randn(size, generator=generator, dtype=torch.float64) for size in sizes]
    weight = torch.randn(tokens, 3, generator=generator, dtype=torch.float64)
    found = []
    for compute in (Routed.apply, one_by_one):
        x, shares, gate_up, down = (tensor.clone().requires_grad_() for tensor in made)
        result = compute(x, shares, chosen, gate_up, down)
        (result * weight).sum().backward()
        found.append([result, x.grad, shares.grad, gate_up.grad, down.grad])
    for mine, plain in zip(*found, strict=True):
        torch.testing.assert_close(mine, plain)


def some_experts():
    layer = Experts(SHAPE)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(0, 0.1)
    return layer


def test_even_use_has_the_least_balance_and_uneven_use_the_most():
    layer = some_experts()
    counted = torch.ones(8, dtype=torch.bool)
    even = torch.tensor([[0, 1], [2, 3]] * 4)
    layer.routed = (torch.full((8, 4), 0.25), even)
    assert float(balance([layer], counted)) == pytest.approx(2.0)
    assert expert_load(layer) == {"expert_load_most": 1.0, "expert_load_least": 1.0}
    p = torch.tensor([[1.0, 0, 0, 0]]).expand(8, -1)
    layer.routed = (p, torch.tensor([[0, 1]] * 8))
    assert float(balance([layer], counted)) == pytest.approx(4.0)
    assert expert_load(layer) == {"expert_load_most": 2.0, "expert_load_least": 0.0}


def test_tokens_that_do_not_count_do_not_count_for_the_balance():
    layer = some_experts()
    layer(torch.randn(1, 8, 64))
    p, chosen = layer.routed
    counted = torch.tensor([True] * 5 + [False] * 3)
    some = balance([layer], counted)
    layer.routed = (p[:5], chosen[:5])
    assert torch.equal(some, balance([layer], counted[:5]))
    assert int(layer.used.sum()) == 10


def test_a_dense_model_has_no_load():
    assert expert_load(Decoder(replace(SHAPE, experts=0, active=0))) == {}


def trained(machine, scratch: Path, stop: int = 0, optimizer: str = "muon", balance: float = 0.001):
    rows = pack(join([[(i * k + k) % 64 for k in range(20 + i % 9)] for i in range(100)]), 32)

    def begin():
        model = Decoder(replace(SHAPE, balance=balance))
        model.initialise(5)
        return model

    method = NextToken(begin, rows, batch=8, micro=4, seed=3)
    training = Training(method, Course(40, 5e-3, warmup=5, decay=20, optimizer=optimizer), machine, scratch, 4.0)
    if stop:
        for _ in range(stop):
            training.take_step()
        training.save()
        return training
    training.run()
    return training


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_a_mixture_learns_and_goes_on_exactly_where_it_was_saved(machine, tmp_path, optimizer):
    whole = trained(machine, tmp_path / "whole", optimizer=optimizer)
    losses = [row["loss"] for row in whole.rows]
    assert losses[-1] < losses[0] - 0.7
    trained(machine, tmp_path / "cut", stop=17, optimizer=optimizer)
    again = trained(machine, tmp_path / "cut", optimizer=optimizer)
    assert again.rows == whole.rows
    for name, weight in whole.result().weights.items():
        assert torch.equal(weight, again.result().weights[name]), name
    load = expert_load(whole.model)
    assert 0 <= load["expert_load_least"] <= 1 <= load["expert_load_most"]


def test_muon_makes_the_matrix_of_each_expert_orthogonal_by_itself(machine, tmp_path):
    training = trained(machine, tmp_path, stop=1)
    before = training.rule.weights()["blocks.0.experts.down"].clone()
    training.course = replace(training.course, weight_decay=0.0)
    for group in training.rule.groups.values():
        group.decay = 0.0
    training.take_step()
    update = before - training.rule.weights()["blocks.0.experts.down"]
    for matrix in update:
        singular = torch.linalg.svdvals(matrix)
        assert float(singular.max() / singular.median()) < 1.5
