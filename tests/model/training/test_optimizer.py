"""The optimizer is AdamW where it says so, orthogonal where it is Muon, and goes on exactly."""

import pytest
import torch
from torch import nn

from octavo.model.training.optimizer import Optimizer, orthogonal


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.embedding = nn.Parameter(torch.randn(12, 8, generator=generator))
        self.matrix = nn.Parameter(torch.randn(16, 8, generator=generator))
        self.norm = nn.Parameter(torch.ones(8))


def give_gradients(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def test_adamw_is_that_of_torch():
    mine, theirs = Small(), Small()
    optimizer = Optimizer(mine, "adamw", decay=0.1)
    groups = [
        {"params": [theirs.embedding, theirs.matrix], "weight_decay": 0.1},
        {"params": [theirs.norm], "weight_decay": 0.0},
    ]
    peer = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.95))
    for step in range(5):
        give_gradients(mine, step)
        give_gradients(theirs, step)
        optimizer.collect()
        optimizer.step(0.01)
        peer.step()
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [(32, 8), (8, 32), (24, 24)])
def test_muon_brings_all_singular_values_near_one(size):
    matrices = torch.randn(3, *size, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrices))
    assert values.min() > 0.5
    assert values.max() < 1.25


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_a_loaded_state_goes_on_as_if_never_stopped(kind):
    through, stopped = Small(), Small()
    first, second = Optimizer(through, kind, 0.1), Optimizer(stopped, kind, 0.1)
    for step in range(3):
        give_gradients(through, step)
        first.collect()
        first.step(0.01)
    second.load({name: tensor.clone() for name, tensor in first.tensors().items()}, first.steps)
    for optimizer, model in ((first, through), (second, stopped)):
        give_gradients(model, 9)
        optimizer.collect()
        optimizer.step(0.01)
    for a, b in zip(through.parameters(), stopped.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_a_rehearsal_leaves_no_trace(kind):
    model = Small()
    optimizer = Optimizer(model, kind, 0.1)
    give_gradients(model, 0)
    optimizer.collect()
    optimizer.step(0.01)
    before = {name: tensor.clone() for name, tensor in optimizer.tensors().items()}
    give_gradients(model, 1)
    optimizer.collect()
    optimizer.rehearse()
    assert optimizer.steps == 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in optimizer.tensors().items())


def test_clipping_bounds_the_joint_norm():
    model = Small()
    optimizer = Optimizer(model, "adamw", 0.1)
    give_gradients(model, 0)
    optimizer.collect()
    before = optimizer.clip(1.0)
    assert before > 1
    assert optimizer.clip(1.0) == pytest.approx(1.0, rel=1e-5)
