import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from octavo.knowledge.index.index import Index


@pytest.fixture(scope="session")
def objects(tmp_path_factory):
    """An index of documented objects."""
    from worlds import OBJECTS

    path = tmp_path_factory.mktemp("objects") / "index.sqlite"
    Index.build(path, OBJECTS)
    with Index.open(path, immutable=True) as index:
        yield index


@pytest.fixture(scope="session")
def handbook(tmp_path_factory):
    """An index of a few files of running text."""
    from worlds import HANDBOOK

    path = tmp_path_factory.mktemp("handbook") / "index.sqlite"
    Index.build(path, HANDBOOK)
    with Index.open(path, immutable=True) as index:
        yield index
