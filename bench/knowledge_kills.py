"""Kill what writes an index, at random moments: `python bench/knowledge.py kills` measures with this."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from octavo.kinds.documents import Document
from octavo.knowledge import folder
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.forget import forget
from octavo.knowledge.graph.layer import Graph
from octavo.knowledge.index.index import Index
from octavo.knowledge.layers import build_layers, installed, open_index
from octavo.knowledge.search import search
from octavo.spine.errors import OctavoError

Measured = dict[str, Any]
BENCH = Path(__file__).with_name("knowledge.py")
KINDS = 9
MANY = 220
"""Documents that are there at first: enough for vectors to be learnt from."""
FIRST = Document("first", "The first otter met the first comet of number10000000.")


def step(place: Path, number: int) -> None:
    """The change of this number: adding, replacing, deleting, going back, pruning, forgetting or learning the vectors
    anew; the same always."""
    kind, target = number % KINDS, place / "index.sqlite"
    if kind == 8:
        folder.relearn(place, tried=False)
        return
    if kind == 7:
        with open_index(target) as index:
            known = index.number_of(forgotten(number))
        if known is not None:
            forget(place, [forgotten(number)])
        return
    with open_index(target, write=True) as index:
        if kind == 3:
            index.delete(deleted(number))
        elif kind == 5:
            index.rollback()
        elif kind == 6:
            index.prune(2)
        else:
            index.change(put(number))


def put(number: int) -> list[Document]:
    """What steps 0, 1, 2 of nine add, and step 4 puts in the place of what step 0 added."""
    first = 20 * (number if number % KINDS < 4 else number - 4)
    return [note(n, number) for n in range(first, first + 20)]


def deleted(number: int) -> list[str]:
    """What step 3 deletes of what step 2 added."""
    return [f"n{20 * (number - 1) + n}" for n in range(10)]


def forgotten(number: int) -> str:
    """What step 7 forgets of what step 2 added."""
    return f"n{20 * (number - 5) + 15}"


def note(number: int, version: int) -> Document:
    """A small document."""
    chance = random.Random(f"{number} {version}")
    names = [f"{chance.choice(('Otter', 'Lamp', 'Comet', 'Granite'))} {chance.choice('ABCDEFG')}son" for _ in range(6)]
    return Document(f"n{number}", f"{' met '.join(names)} in version{version} of number{number}. " * 4)


def state(steps: int) -> dict[str, str]:
    """What the index holds after so many steps."""
    held = {FIRST.id: FIRST.text} | {f"n{n}": note(n, 0).text for n in range(10**6, 10**6 + MANY)}
    before = held
    for number in range(steps):
        kind = number % KINDS
        if kind in (0, 1, 2, 4):
            before, held = held, {**held, **{document.id: document.text for document in put(number)}}
        elif kind == 3:
            held = {name: text for name, text in held.items() if name not in deleted(number)}
        elif kind == 5:
            held = before
        elif kind == 7:
            held = {name: text for name, text in held.items() if name != forgotten(number)}
    return held


def write_steps(place: Path, first: int, last: int) -> None:
    """Do the steps, and say so after each one."""
    for number in range(first, last):
        step(place, number)
        print(number, flush=True)


def held_by(place: Path) -> dict[str, str]:
    """All documents of an index; every one of them must also be found by its own number."""
    with open_index(place / "index.sqlite") as index:
        (whole,) = index.connection.execute("PRAGMA integrity_check").fetchone()
        assert whole == "ok", whole
        found = {}
        for document_id in index.ids():
            document = index.document(document_id)
            assert document is not None
            found[document_id] = document.text
        for document_id in [name for name in found if name[0] in "nm" and name != FIRST.id][::17]:
            hits = search(index.view(), f"number{document_id[1:]}", 3, "sparse")
            assert document_id in [hit.id for hit in hits], document_id
        view = index.view()
        for method, layer in (("dense", "dense"), ("graph", "graph")):
            if layer in index.layer_names() and len(found) > 1:
                assert search(view, FIRST.text if FIRST.id in found else found[min(found)][:200], 5, method), method
        if "dense" in index.layer_names():
            zero = [n for n in np.flatnonzero(view.visible).tolist() if not Dense(view).rows[n].any()]
            assert not zero, f"passages without a vector: {zero[:5]}"
        if "graph" in index.layer_names():
            broken = Graph().traces(index.connection, np.zeros(0, np.uint32), {})
            assert not broken, broken[:3]
    return found


def measure_kills(work: Path, kills: int) -> Measured:
    """Kill a writer at random moments, a fifth of them while an index is being made; what was said to be done must be
    there, what was not may be."""
    chance = random.Random(5)
    place = work / "killed"
    shutil.rmtree(place, ignore_errors=True)
    making = kills // 5
    path = work / "kills.jsonl"
    path.write_text("".join(json.dumps({"id": f"m{n}", "text": note(n, 0).text}) + "\n" for n in range(2000)))
    hit = lost = unloadable = 0
    layers = list(installed())
    for _ in range(making):
        child = subprocess.Popen([sys.executable, str(BENCH), "made-once", str(path), str(place / "made"), *layers])
        hit += _kill(child, chance.uniform(0.2, 4.0))
        if (place / "made" / "index.sqlite").exists():
            unloadable += len(held_by(place / "made")) != 2000
            shutil.rmtree(place / "made")
    place.mkdir(exist_ok=True)
    with Index.create(place / "index.sqlite") as index:
        index.add([FIRST, *(note(n, 0) for n in range(10**6, 10**6 + MANY))])
        build_layers(index, layers)
    following = 0
    for _ in range(kills - making):
        command = [sys.executable, str(BENCH), "write-steps", str(place), str(following), "4000"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.readline()
        hit += _kill(child, chance.uniform(0.0, 0.6))
        said = [int(line) for line in (first + child.stdout.read()).split()]
        acknowledged = (said[-1] if said else following - 1) + 1
        try:
            found = held_by(place)
        except (OctavoError, sqlite3.DatabaseError, AssertionError) as error:
            print(f"UNLOADABLE: {error}", file=sys.stderr)
            unloadable += 1
            continue
        matches = [steps for steps in (acknowledged, acknowledged + 1) if state(steps) == found]
        if not matches:
            lost += 1
            print(f"LOST at step {acknowledged}", file=sys.stderr)
        following = matches[0] if matches else acknowledged
    return {"kills": kills, "hit": hit, "unloadable": unloadable, "lost": lost, "steps": following, "layers": layers}


def _kill(child: subprocess.Popen[bytes], after: float) -> int:
    """SIGKILL after some seconds; 1 when it was still at work."""
    try:
        child.wait(after)
    except subprocess.TimeoutExpired:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        return 1
    return 0
