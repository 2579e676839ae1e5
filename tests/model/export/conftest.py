"""Small checkpoints of the families that the own decoder is, far from their first weights."""

from dataclasses import replace

import pytest
import torch

from octavo.model.checkpoint import write_checkpoint
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape

DENSE = DecoderShape(320, width=64, depth=2, heads=4, key_heads=2, head_size=16, hidden=96, positions=64)
FAMILIES = {
    "qwen3": DENSE,
    "llama": replace(DENSE, qk_norm=False, tied=False, rope_base=5e5, eps=1e-5),
    "qwen3moe": replace(DENSE, hidden=32, experts=5, active=2),
}


def decoder(shape):
    made = Decoder(shape)
    made.initialise(0)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * (0.2 if parameter.ndim == 1 else 0.05))
    return made


@pytest.fixture(params=FAMILIES)
def family(request, machine):
    return request.param


@pytest.fixture
def source(tmp_path, family, tokenizer_folder):
    folder = tmp_path / "source"
    write_checkpoint(folder, decoder(FAMILIES[family]), tokenizer_folder, [], {"final_loss": 1.0})
    return folder


@pytest.fixture
def dense(tmp_path, machine, tokenizer_folder):
    folder = tmp_path / "dense"
    write_checkpoint(folder, decoder(DENSE), tokenizer_folder, [], {"final_loss": 1.0})
    return folder
