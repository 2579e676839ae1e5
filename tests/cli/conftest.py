"""The commands are tested on the spine's workshop of tiny stages."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "spine"))

from shop import Shop


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project on which everything was run; to be copied, not used."""
    shop = Shop(tmp_path_factory.mktemp("finished"))
    shop.run()
    return shop


@pytest.fixture
def made(finished, tmp_path):
    """A project on which everything was run."""
    return Shop.copy(finished, tmp_path)
