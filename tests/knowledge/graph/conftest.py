import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from worlds_graph import WORLD

from octavo.knowledge.graph.layer import Graph
from octavo.knowledge.index.index import Index


def built(folder, documents, name="index.sqlite"):
    path = Path(folder) / name
    with Index.create(path) as index:
        index.attach(Graph())
        index.build_layer(Graph())
        index.add(documents)
    return path


@pytest.fixture
def world(tmp_path):
    """A writable index with a graph of a small made-up world."""
    path = built(tmp_path, WORLD)
    with Index.open(path, write=True) as index:
        index.attach(Graph())
        yield index


@pytest.fixture
def build(tmp_path):
    """Makes a writable index with a graph of the documents given."""
    opened = []

    def make(documents):
        index = Index.open(built(tmp_path, documents, f"{len(opened)}.sqlite"), write=True)
        index.attach(Graph())
        opened.append(index)
        return index

    yield make
    for index in opened:
        index.close()
