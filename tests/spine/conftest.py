"""What the tests of the spine share: a workshop with its own copy of tiny stages."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from shop import Shop


@pytest.fixture
def shop(tmp_path):
    """A project on which nothing was run yet."""
    return Shop(tmp_path)


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
