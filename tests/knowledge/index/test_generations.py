import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import HANDBOOK, OBJECTS

from octavo.kinds.documents import Document
from octavo.knowledge.canaries import Canary, trial
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.postings import CHUNK, LARGEST
from octavo.knowledge.index.records import Record
from octavo.knowledge.index.sparse import Sparse
from octavo.knowledge.search import Found, search
from octavo.spine.errors import OctavoError

WORDS = ("otter", "lamp", "harbour", "violin", "granite", "comet", "saffron", "ledger", "turbine", "meadow")


def note(number, words):
    return Document(f"note{number}", " ".join(WORDS[w] for w in words) + f" number{number}.")


def ranking(view, question="otter lamp comet"):
    return [(hit.id, round(hit.score, 4)) for hit in search(view, question, 20, "sparse")]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["put", "delete", "rollback", "prune"]),
            st.integers(0, 7),
            st.lists(st.integers(0, 9), min_size=1, max_size=6),
        ),
        max_size=14,
    )
)
def test_each_generation_answers_like_an_index_of_what_it_holds(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("generations")
    held, seen = {}, {0: {}}
    with Index.create(folder / "i.sqlite") as index:
        for step, number, words in steps:
            document = note(number, words)
            if step == "put":
                index.replace([document])
                held = {**held, document.id: document}
            elif step == "delete":
                index.delete([document.id])
                held = {name: one for name, one in held.items() if name != document.id}
            elif step == "rollback" and len(index.generations()) > 1 and not index.generations()[0].current:
                held = seen[index.rollback()]
            elif step == "prune":
                index.prune(2)
            seen[index.fact("generation")] = held
        for generation in index.generations():
            expected = folder / f"fresh{generation.number}.sqlite"
            Index.build(expected, seen[generation.number].values())
            with Index.open(expected, immutable=True) as fresh:
                view = index.view(generation.number)
                assert ranking(view) == ranking(fresh.view())
                assert sorted({view.id_of(p) for p in np.flatnonzero(view.visible)}) == fresh.ids()


def test_a_posting_costs_its_last_chunk_and_chunks_stay_small(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as index:
        for block in range(4):
            index.add(Document(f"d{block}-{n}", f"otter number{n}") for n in range(700))
        sizes = [len(data) // 6 for (data,) in index.connection.execute("SELECT data FROM postings")]
        assert max(sizes) == LARGEST
        assert len(index.occurrences("otter")) == 2800
        chunks = index.connection.execute("SELECT data FROM columns ORDER BY chunk")
        assert [len(data) // index.columns().itemsize for (data,) in chunks] == [CHUNK, CHUNK, 2800 - 2 * CHUNK]
        assert index.columns()["live"].sum() == 2800


def test_what_is_kept_in_memory_grows_by_what_was_added(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as writer, Index.open(tmp_path / "i.sqlite") as reader:
        writer.add([note(n, [n]) for n in range(8)])
        made, grown = [], []

        def numbers(view):
            return view.grown(
                "numbers",
                lambda: made.append(1) or list(range(len(view))),
                lambda old: grown.append(1) or old + list(range(len(old), len(view))),
            )

        first = reader.view()
        assert numbers(first) == numbers(first) == list(range(8))
        writer.add([note(8, [8])])
        assert reader.view() is not first
        assert numbers(reader.view()) == list(range(9))
        assert (len(made), len(grown)) == (1, 1)
        assert ranking(first, "meadow") == ranking(reader.view(1), "meadow")
        writer.delete(["note3"])
        writer.prune()
        assert len(numbers(reader.view())) == 9
        assert len(made) == 2


def test_an_old_view_stays_what_it_was_while_the_index_grows(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as index:
        index.add([note(n, [0, n]) for n in range(5)])
        view = index.view()
        sparse = Sparse(view)
        before = sparse.rank("otter lamp", 10)
        index.replace([note(1, [5]), note(9, [0])])
        assert sparse.rank("otter lamp", 10) == before


def test_going_back_and_forward_costs_nothing_until_the_next_change(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as index:
        index.add(OBJECTS)
        index.replace([Document("json.dumps", "Now it paints the shed.", "function")])
        index.delete(["json.loads"])
        assert index.rollback() == 2
        assert index.document("json.loads")
        assert index.rollback(1) == 1
        assert "shed" not in index.document("json.dumps").text
        assert [g.undone for g in index.generations()] == [False, True, True]
        assert index.rollback(3) == 3
        assert index.document("json.loads") is None
        index.rollback(1)
        index.add([Document("new", "a new thing")])
        assert [(g.number, g.current) for g in index.generations()] == [(1, False), (4, True)]
        assert "shed" not in index.document("json.dumps").text
        assert index.document("json.loads")
        with pytest.raises(OctavoError, match="no generation 3"):
            index.view(3)
        with pytest.raises(OctavoError, match="no generation"):
            index.rollback(17)


def test_equal_documents_make_no_generation(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as index:
        index.add(OBJECTS)
        done = index.change(OBJECTS)
        assert (done.generation, done.unchanged, done.replaced) == (1, len(OBJECTS), 0)
        assert index.delete(["nobody"]) == 0
        assert [g.number for g in index.generations()] == [1]


def test_a_change_that_a_canary_refuses_is_never_seen(tmp_path):
    path = tmp_path / "i.sqlite"
    canary = Canary("recursively copy a directory tree", "shutil.copytree")
    with Index.create(path) as index, Index.open(path) as reader:
        index.add(OBJECTS)
        before = ranking(reader.view(), "copy a directory")
        seen = []

        def tries(view):
            seen.append((len(reader), view.generation))
            trial(index, [canary])(view)

        with pytest.raises(OctavoError, match="1 of 1 canary") as error:
            index.change(HANDBOOK, delete=["shutil.copytree"], trial=tries)
        assert error.value.code == "K021"
        assert "copytree" in error.value.what
        assert seen == [(len(OBJECTS), 2)]
        assert ranking(index.view(), "copy a directory") == ranking(reader.view(), "copy a directory") == before
        assert [g.number for g in index.generations()] == [1]
        assert index.change(HANDBOOK, trial=trial(index, [canary])).generation == 2


def test_canaries_made_of_the_documents_find_a_burial(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as index:
        index.add([Document("wanted", "The saffron turbine hums in Veldhoven.")])
        flood = [Document(f"flood{n}", "The saffron turbine hums in Veldhoven. " * 3) for n in range(9)]
        longer = [
            Document(f"longer{n}", f"Saffron turbine hums Veldhoven saffron turbine Veldhoven hums {n}")
            for n in range(9)
        ]
        index.change(flood[:2], trial=trial(index))
        with pytest.raises(OctavoError, match="canary"):
            index.change([*flood, *longer], trial=trial(index))


def test_other_fields_of_a_row_are_kept_with_its_document(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as index:
        record = Record(Document("a", "text", title="T", aliases=("x",)), {"born": {"year": 1900}, "odd": "\ud800"})
        index.add([record, Document("b", "plain")])
        assert index.fields(index.number_of("a")) == {
            "title": "T",
            "aliases": ["x"],
            "born": {"year": 1900},
            "odd": "\ufffd",
        }
        assert index.fields(index.number_of("b")) == {}


def test_entries_come_in_order_with_their_text(tmp_path):
    with Index.create(tmp_path / "i.sqlite", length=100) as index:
        index.add(HANDBOOK)
        entries = list(index.entries())
        assert [entry.number for entry in entries] == list(range(len(entries)))
        for entry in entries:
            assert entry.text == index.document(entry.id).text[entry.start : entry.end]
            assert index.entry(entry.number) == entry
        assert list(index.entries(entries[2].number)) == entries[3:]


def _search_for_a_while(path, results):
    wrong = 0
    with Index.open(path) as index:
        for _ in range(60):
            with index.reading():
                hits = search(index.view(), "otter", 50, "sparse")
                wrong += len({hit.id for hit in hits}) % 10 != 0
    results.put(wrong)


def test_many_processes_read_whole_generations_while_one_writes(tmp_path):
    path = tmp_path / "i.sqlite"
    context = get_context("spawn")
    with Index.create(path) as index:
        index.add([Document(f"a{n}", "otter") for n in range(10)])
        results = context.Queue()
        readers = [context.Process(target=_search_for_a_while, args=(path, results)) for _ in range(2)]
        for reader in readers:
            reader.start()
        round_ = 0
        while any(reader.is_alive() for reader in readers) and round_ < 400:
            round_ += 1
            index.change(
                [Document(f"{round_}-{n}", "otter") for n in range(10)],
                delete=[f"{round_ - 1}-{n}" for n in range(10)],
            )
        for reader in readers:
            reader.join()
        assert [results.get() for _ in readers] == [0, 0]
    assert Found("a0", 1.0, 0).id == "a0"


def test_cut_off_numbers_are_told_as_damage(tmp_path):
    path = tmp_path / "i.sqlite"
    for table in ("columns", "postings"):
        path.unlink(missing_ok=True)
        Index.build(path, OBJECTS)
        c = sqlite3.connect(path)
        c.execute(f"UPDATE {table} SET data = substr(data, 1, 7)")
        c.commit()
        c.close()
        with Index.open(path, immutable=True) as index, pytest.raises(OctavoError, match="damaged"):
            search(index.view(), "copy directory path", 5, "sparse")


def test_a_full_disk_leaves_the_index_as_it_was(tmp_path):
    path = tmp_path / "i.sqlite"
    with Index.create(path) as index:
        index.add(OBJECTS)
    script = textwrap.dedent(f"""
        import resource, signal
        from pathlib import Path
        from octavo.kinds.documents import Document
        from octavo.knowledge.index.index import Index
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        index = Index.open(Path({str(path)!r}), write=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        index.add(Document(f"n{{n}}", f"word{{n}} " * 200) for n in range(3000))
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "K005" in done.stderr or "could not be written" in done.stderr
    with Index.open(path, write=True) as index:
        assert len(index) == len(OBJECTS)
        assert index.add([Document("later", "works again")]) == 1


def test_whatever_moment_a_writer_is_killed_nothing_acknowledged_is_lost(tmp_path):
    path = tmp_path / "i.sqlite"
    Index.create(path).close()
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from octavo.kinds.documents import Document
        from octavo.knowledge.index.index import Index
        with Index.open(Path({str(path)!r}), write=True) as index:
            for n in range(int(sys.argv[1]), 10**6):
                gone = [f"d{{n - 3}}"] if n % 2 else []
                index.change([Document(f"d{{n}}", f"otter number{{n}} " * 30)], delete=gone)
                print(n, flush=True)
                if n % 5 == 4:
                    index.prune(3)
    """)
    following = 0
    for kill in range(5):
        child = subprocess.Popen([sys.executable, "-c", script, str(following)], stdout=subprocess.PIPE)
        last = None
        for _ in range(3 + kill):
            last = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        last = int(rest[-1]) if rest else last
        with Index.open(path, write=True) as index:
            ids = set(index.ids())
            following = max(int(one[1:]) for one in ids) + 1
            assert following - 1 in (last, last + 1)
            expected = {f"d{n}" for n in range(following)} - {f"d{n - 3}" for n in range(following) if n % 2}
            assert ids == expected
            assert {hit.id for hit in search(index.view(), "otter", 1000, "sparse")} == expected
            assert json.dumps(index.connection.execute("PRAGMA integrity_check").fetchall()) == '[["ok"]]'
