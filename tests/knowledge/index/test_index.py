import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import HANDBOOK, OBJECTS, PAIRWISE

from octavo.kinds.documents import Document
from octavo.kinds.index import describe
from octavo.knowledge.answer.retrieve import Retriever
from octavo.knowledge.index.index import Index
from octavo.spine.errors import OctavoError

QUESTIONS = ("copy a folder", "overlapping pairs", "exists", "json.dumps", "how do I wait some seconds", "paid leave")


def answers(index):
    retriever = Retriever(index)
    found = []
    for question in QUESTIONS:
        hits = retriever.find(question, 5).hits
        found.append([(index.id_of(h.number), round(h.score, 5), index.span(h.passage)[1:]) for h in hits])
    return found


def test_a_built_index_has_the_same_bytes_every_time(tmp_path):
    digests = set()
    for name in ("a", "b"):
        Index.build(tmp_path / name, [*OBJECTS, *HANDBOOK], {"json.loads": "json.dumps"})
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, len(OBJECTS) - 1)), max_size=30), data=st.data())
def test_adding_and_deleting_in_any_order_answers_like_a_fresh_build(tmp_path_factory, steps, data):
    folder = tmp_path_factory.mktemp("index")
    held: dict[str, Document] = {}
    with Index.create(folder / "grown.sqlite") as grown:
        for add, number in steps:
            document = OBJECTS[number]
            if add:
                assert grown.add([document]) == (document.id not in held)
                held.setdefault(document.id, document)
            else:
                assert grown.delete([document.id]) == (document.id in held)
                held.pop(document.id, None)
        order = data.draw(st.permutations(list(held.values())))
        Index.build(folder / "fresh.sqlite", order)
        with Index.open(folder / "fresh.sqlite", immutable=True) as fresh:
            assert grown.ids() == fresh.ids()
            assert answers(grown) == answers(fresh)


def test_a_deleted_document_is_found_by_nobody_but_those_who_ask_as_of_before(tmp_path):
    secret = Document("secret.md", "The zorblax launches on friday.", title="Zorblax")
    with Index.create(tmp_path / "i.sqlite") as index:
        index.add([*OBJECTS, secret])
        assert index.postings("zorblax")
        index.delete(["secret.md"])
        assert index.document("secret.md") is None
        assert not index.postings("zorblax")
        assert not any(index.id_of(h.number) == "secret.md" for h in Retriever(index).find("zorblax launches").hits)
        with Index.open(tmp_path / "i.sqlite", as_of=1) as before:
            assert before.document("secret.md") == secret
            assert "secret.md" in [before.id_of(h.number) for h in Retriever(before).find("zorblax launches").hits]


def test_replacing_puts_the_new_text_in_the_place_of_the_old(tmp_path):
    with Index.create(tmp_path / "i.sqlite") as index:
        index.add([Document("a", "old words"), Document("b", "other")])
        assert index.replace([Document("a", "fresh words"), Document("c", "third")]) == 2
        assert index.document("a").text == "fresh words"
        assert index.ids() == ["a", "b", "c"]
        assert not index.postings("old")


def test_every_field_of_a_document_comes_back(tmp_path):
    Index.build(tmp_path / "i.sqlite", OBJECTS)
    with Index.open(tmp_path / "i.sqlite") as index:
        assert [index.document(d.id) for d in OBJECTS] == list(OBJECTS)
        assert len(index) == len(OBJECTS)
    assert describe_of(tmp_path) == len(OBJECTS)


def describe_of(folder):
    (folder / "i.sqlite").rename(folder / "index.sqlite")
    return describe(folder)["documents"]


def test_broken_characters_do_no_harm_and_offsets_stay(tmp_path):
    odd = Document("odd\ud800.md", "before \udfff \x00 after naïve 日本語", title="t\ud801")
    with Index.create(tmp_path / "i.sqlite") as index:
        index.add([odd])
        (held,) = index.ids()
        assert len(index.document(held).text) == len(odd.text)
        assert Retriever(index).find("naïve after").hits


def test_readers_see_all_or_nothing_while_one_writes(tmp_path):
    path = tmp_path / "i.sqlite"
    with Index.create(path) as writer, Index.open(path) as reader:
        writer.add(OBJECTS[:5])
        with reader.reading():
            before = reader.ids()
            writer.add(OBJECTS[5:])
            assert reader.ids() == before
        assert len(reader) == len(OBJECTS)
        assert Retriever(reader).find("json.dumps").hits


def test_a_killed_writer_leaves_the_index_as_it_was(tmp_path):
    path = tmp_path / "i.sqlite"
    with Index.create(path) as index:
        index.add(OBJECTS)
        before = answers(index)
    script = textwrap.dedent(f"""
        from pathlib import Path
        from octavo.kinds.documents import Document
        from octavo.knowledge.index.index import Index
        def documents():
            for n in range(10**6):
                if n == 50: print("writing", flush=True)
                yield Document(f"extra{{n}}", "overlapping pairs and folders " * 20)
        Index.open(Path({str(path)!r}), write=True).add(documents())
    """)
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"writing\n"
    time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    with Index.open(path, write=True) as index:
        assert answers(index) == before
        assert index.add([Document("later", "works again")]) == 1


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda p: p.unlink(), "K001"),
        (lambda p: p.write_bytes(b"not a database at all, only text" * 100), "K006"),
        (lambda p: p.write_bytes(b""), "K006"),
        (lambda p: p.write_bytes(p.read_bytes()[:5000]), "K006"),
        (lambda p: _set_format(p, "99"), "K002"),
        (lambda p: _set_format(p, "{"), "K006"),
    ],
)
def test_a_missing_damaged_or_newer_index_is_refused_with_a_code(tmp_path, damage, code):
    path = tmp_path / "i.sqlite"
    Index.build(path, OBJECTS)
    damage(path)
    with pytest.raises(OctavoError) as error, Index.open(path, immutable=True) as index:
        Retriever(index).find("copy a folder")
    assert error.value.code == code


def _set_format(path, value):
    connection = sqlite3.connect(path)
    connection.execute("UPDATE metadata SET value = ? WHERE key = 'format'", (value,))
    connection.commit()
    connection.close()


def test_writing_into_an_index_opened_to_read_is_refused(tmp_path):
    Index.build(tmp_path / "i.sqlite", OBJECTS)
    with Index.open(tmp_path / "i.sqlite") as index, pytest.raises(OctavoError, match="K004"):
        index.add([PAIRWISE])


def test_an_existing_file_is_never_overwritten(tmp_path):
    (tmp_path / "i.sqlite").write_text("mine")
    with pytest.raises(OctavoError, match="K003"):
        Index.build(tmp_path / "i.sqlite", OBJECTS)
    assert (tmp_path / "i.sqlite").read_text() == "mine"


def test_an_empty_index_finds_nothing(tmp_path):
    Index.build(tmp_path / "i.sqlite", [])
    with Index.open(tmp_path / "i.sqlite", immutable=True) as index:
        assert Retriever(index).find("anything").hits == ()
