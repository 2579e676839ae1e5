"""Each hand-written backward pass equals the derivative of its forward pass, in float64."""

import pytest
import torch
from torch.autograd import gradcheck

from octavo.model.network.operators import HeadLoss, NormRotate, SwiGLU, UnitNorm


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def random(*size):
    return torch.randn(*size, dtype=torch.float64, requires_grad=True)


def test_unit_norm(monkeypatch):
    exact_norms(monkeypatch)
    assert gradcheck(lambda x: UnitNorm.apply(x, 1e-6), random(5, 8))


def test_norm_and_rotation(monkeypatch):
    exact_norms(monkeypatch)
    angle = torch.rand(3, 1, 2, dtype=torch.float64)
    assert gradcheck(
        lambda x, w: NormRotate.apply(x, w, angle.cos(), angle.sin(), 2, 1e-6), (random(2, 3, 4, 4), random(3, 4))
    )


def test_swiglu():
    assert gradcheck(SwiGLU.apply, random(3, 8))


def test_head_loss_equals_cross_entropy_with_its_gradients():
    hidden, weight = random(1500, 8), random(11, 8)
    targets = torch.randint(0, 11, (1500,))
    HeadLoss.apply(hidden, weight, targets, 0.5).backward()
    mine = hidden.grad, weight.grad
    hidden.grad = weight.grad = None
    loss = 0.5 * torch.nn.functional.cross_entropy(hidden @ weight.t(), targets, reduction="sum")
    loss.backward()
    torch.testing.assert_close(mine, (hidden.grad, weight.grad))


def exact_norms(monkeypatch):
    """Norms are taken in float32 on purpose; a derivative by differences needs them in float64."""
    import octavo.model.network.operators as operators

    monkeypatch.setattr(operators, "inverse_rms", lambda x, eps: (x.square().mean(-1, keepdim=True) + eps).rsqrt())
