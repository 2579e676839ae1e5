"""One small tokenizer of every sort."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from small_tokenizers import byte_level, unigram, wordpiece


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Name → folder of a tokenizer of that sort."""
    found = {}
    for name, make in (("bpe", byte_level), ("wordpiece", wordpiece), ("unigram", unigram)):
        found[name] = tmp_path_factory.mktemp(name)
        make().save(str(found[name] / "tokenizer.json"))
    return found
