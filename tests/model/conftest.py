"""A small tokenizer and a small model, made by the code under test."""

import pytest
import torch

from octavo.kinds.documents import Document, write_documents
from octavo.model.machine import choose_machine
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.model.tokenizer import Tokenizer
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer

TEXT = "return an iterator of overlapping pairs taken from the input and stop when the shortest is used up"
WORDS = tuple(TEXT.split())


def some_documents(count=60):
    """Made-up documents in which a small model can find order."""
    return [
        Document(
            f"things.thing{i}", " ".join(WORDS[j % len(WORDS)] for j in range(i, i + 25)) + ".", "function", uses=i
        )
        for i in range(count)
    ]


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory):
    documents = tmp_path_factory.mktemp("documents")
    write_documents(documents, some_documents())
    out = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer(TokenizerSettings(vocabulary=320), {"documents": documents}, out, out)
    return out


@pytest.fixture(scope="session")
def tokenizer(tokenizer_folder):
    return Tokenizer(tokenizer_folder)


@pytest.fixture
def machine():
    return choose_machine("float32", threads=1)


@pytest.fixture
def shape():
    return DecoderShape(320, width=64, depth=2, heads=4, key_heads=2, head_size=16, hidden=128, positions=64)


@pytest.fixture
def model(shape, machine):
    """Weights far from their beginning, so that a wrong norm or sign shows."""
    made = Decoder(shape)
    made.initialise(0)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * (0.2 if parameter.ndim == 1 else 0.05))
    return made
