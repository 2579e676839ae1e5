import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from octavo.knowledge.entities.record import read_records


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Two made databases on disk: (left path, right path, truth)."""
    from flaws import databases, write

    folder = tmp_path_factory.mktemp("flaws")
    left, right, truth = databases()
    return write(folder / "left.jsonl", left), write(folder / "right.jsonl", right), truth


@pytest.fixture(scope="session")
def blind(made):
    """The records of both, read blind, and the truth."""
    left, right, truth = made
    return read_records(left, blind=True), read_records(right, blind=True), truth
