"""Killed: a writer with vectors and a graph loses nothing that it acknowledged, and its layers stay in step."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np

from octavo.kinds.documents import Document
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.graph.layer import Graph
from octavo.knowledge.index.index import Index
from octavo.knowledge.layers import build_layers, open_index
from octavo.knowledge.search import search

WRITER = """
    import sys
    from pathlib import Path
    from octavo.kinds.documents import Document
    from octavo.knowledge.dense.layer import Vectors
    from octavo.knowledge.layers import open_index
    with open_index(Path({path!r}), write=True) as index:
        for n in range(int(sys.argv[1]), 10**6):
            gone = [f"d{{n - 3}}"] if n % 2 else []
            index.change([Document(f"d{{n}}", f"The otter met number{{n}} in Harbour Town. " * 5)], delete=gone)
            if n % 4 == 1:
                index.renew(Vectors(learning=False))
            if n % 6 == 5:
                index.prune(2)
            print(n, flush=True)
"""


def test_whatever_moment_it_is_killed_documents_vectors_and_graph_agree(tmp_path):
    path = tmp_path / "i.sqlite"
    with Index.create(path) as index:
        index.add(Document(f"old{n}", f"The lamp of number{n} hangs in Granite Hall.") for n in range(8))
        build_layers(index, ["dense", "graph"])
    following = 3
    with open_index(path, write=True) as index:
        index.add(Document(f"d{n}", "An otter in Harbour Town.") for n in range(3))
    for kill in range(5):
        command = [sys.executable, "-c", textwrap.dedent(WRITER.format(path=str(path))), str(following)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        for _ in range(2 + kill):
            last = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        last = int(rest[-1]) if rest else last
        with open_index(path) as index:
            assert index.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            view = index.view()
            following = max(int(one[1:]) for one in index.ids() if one[0] == "d" and one[1:].isdigit()) + 1
            assert following - 1 in (last, last + 1)
            assert Dense(view).rows[np.flatnonzero(view.visible)].any(axis=1).all()
            assert Graph().traces(index.connection, np.zeros(0, np.uint32), {}) == []
            for method in ("dense", "hybrid", "graph"):
                hits = search(view, f"otter number{following - 1} in Harbour Town", 5, method)
                assert f"d{following - 1}" in [hit.id for hit in hits], method
