import json
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import suppress

import pytest
from worlds import HANDBOOK, OBJECTS

from octavo.kinds.documents import Document
from octavo.knowledge import folder
from octavo.knowledge.forget import forget
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.records import Record
from octavo.knowledge.search import search
from octavo.spine.errors import OctavoError

SECRET = Document(
    "patient-4711",
    "Zorblax Quimby was treated in Ward Nine for a rare allergy to granite dust. She likes violins. " * 3,
    title="Quimby's file",
    aliases=("the zorblax case",),
)
FIELDS = {"physician": "Doctor Hollowbrook", "notes": ["brings her own pillow"]}
GIVEAWAYS = (b"4711", b"orblax", b"uimby", b"granite dust", b"ollowbrook", b"own pillow", b"violins")


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "index.sqlite"
    with Index.create(path) as index:
        index.add([*OBJECTS, Record(SECRET, FIELDS), *HANDBOOK], {"json.loads": "patient-4711"})
        index.replace([Record(Document(SECRET.id, "Zorblax Quimby has moved to Ward Ten."), FIELDS)])
        index.delete([SECRET.id])
    return tmp_path


def bytes_of(place):
    return b"".join(path.read_bytes() for path in sorted(place.iterdir()) if path.is_file())


def test_nothing_of_a_forgotten_document_is_in_any_generation_or_byte(place):
    assert all(giveaway in bytes_of(place) for giveaway in GIVEAWAYS)
    (place / "rejected.jsonl").write_text(
        '{"file": "a", "row": 1, "reason": "the id was there before: patient-4711"}\n'
        '{"file": "a", "row": 2, "reason": "no text"}\n'
    )
    proof = forget(place, [SECRET.id])
    assert proof.versions == 2
    assert not any(proof.tables.values())
    assert proof.strings > 10
    assert proof.traces == ()
    assert not [giveaway for giveaway in GIVEAWAYS if giveaway in bytes_of(place)]
    assert "no text" in (place / "rejected.jsonl").read_text()
    with Index.open(place / "index.sqlite") as index:
        for generation in (1, 2, 3):
            view = index.view(generation)
            assert not [hit for hit in search(view, "zorblax quimby allergy", 5, "sparse") if hit.id == SECRET.id]
            assert search(view, "copy a directory tree", 1, "sparse")[0].id == "shutil.copytree"
        assert len(index) == len(OBJECTS) + len(HANDBOOK)
        assert index.listing("json.loads") == (1, "")


def test_what_another_document_holds_too_is_said(place):
    with Index.open(place / "index.sqlite", write=True) as index:
        index.add(
            [Document("colleague", "Zorblax Quimby was treated in Ward Nine for a rare allergy to granite dust.")]
        )
    proof = forget(place, [SECRET.id])
    assert proof.traces == ()
    assert {holder for one in proof.shared for holder in one.held_by} >= {"colleague"}
    assert b"Hollowbrook" not in bytes_of(place)


def test_an_unknown_id_is_refused_and_nothing_goes(place):
    with pytest.raises(OctavoError, match="no document nobody") as error:
        forget(place, [SECRET.id, "nobody"])
    assert (error.value.code, error.value.exit_code) == ("K013", 2)
    assert b"ollowbrook" in bytes_of(place)


def test_a_reader_that_holds_the_log_is_told_and_a_second_try_makes_up_for_it(place, monkeypatch):
    monkeypatch.setattr("octavo.knowledge.index.index.PATIENCE", 50)
    with Index.open(place / "index.sqlite") as reader, reader.reading():
        assert reader.generations()
        with pytest.raises(OctavoError) as error:
            forget(place, [SECRET.id])
        assert error.value.code == "K014"
    proof = forget(place, [SECRET.id])
    assert proof.versions == 0
    assert not [giveaway for giveaway in GIVEAWAYS if giveaway in bytes_of(place)]


def test_killed_while_forgetting_the_index_loads_and_a_second_try_forgets(tmp_path):
    path = tmp_path / "index.sqlite"
    with Index.create(path) as index:
        index.add([*(Document(f"n{n}", f"otter number{n} " * 50) for n in range(300)), SECRET])
    script = textwrap.dedent(f"""
        from pathlib import Path
        from octavo.knowledge.forget import forget
        print("begin", flush=True)
        forget(Path({str(tmp_path)!r}), ["{SECRET.id}"])
    """)
    for moment in (0.0, 0.02, 0.05, 0.1):
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        child.stdout.readline()
        try:
            child.wait(moment)
        except subprocess.TimeoutExpired:
            child.kill()
        child.communicate()
        with Index.open(path) as index:
            assert len(index) in (300, 301)
    with suppress(OctavoError):  # a try that was killed at its very end had done it all
        forget(tmp_path, [SECRET.id])
    assert not [giveaway for giveaway in GIVEAWAYS if giveaway in bytes_of(tmp_path)]


def test_pruning_takes_out_what_no_kept_generation_sees(place):
    with Index.open(place / "index.sqlite", write=True) as index:
        assert index.prune(3) == (0, 0)
        assert index.prune(2) == (1, 1)
        assert index.document(SECRET.id) is None
        with pytest.raises(OctavoError, match="no generation 1"):
            index.view(1)
        assert index.prune() == (1, 1)
        assert [one.number for one in index.generations()] == [3]
    left = [giveaway for giveaway in GIVEAWAYS if giveaway in bytes_of(place)]
    assert left == [b"4711"]  # json.loads is said to repeat it


class Ledger:
    """A layer that keeps the ids of passages' documents, and a copy that it can be told to keep back."""

    name = "ledger"
    schema = "CREATE TABLE IF NOT EXISTS ledger (passage INTEGER, id TEXT)"

    def added(self, c, entries, documents):
        c.executemany("INSERT INTO ledger VALUES (?, ?)", [(e.number, documents[e.document].id) for e in entries])

    def forget(self, c, passages, documents):
        c.executemany("DELETE FROM ledger WHERE passage = ?", [(int(p),) for p in passages])

    def traces(self, c, passages, documents):
        rows = c.execute("SELECT passage FROM ledger").fetchall()
        return [f"passage {p}" for (p,) in rows if p in set(passages.tolist())]


def test_layers_follow_every_change_and_forget(tmp_path, monkeypatch):
    monkeypatch.setattr("octavo.knowledge.index.index.BATCH", 3)
    monkeypatch.setattr("octavo.knowledge.layers.LAYERS", {"ledger": (__name__, "Ledger")})
    path = tmp_path / "index.sqlite"
    with Index.create(path) as index:
        index.add(OBJECTS)
        layer = Ledger()
        index.attach(layer)
        assert index.build_layer(layer) == len(OBJECTS)
        assert index.layer_names() == ("ledger",)
        index.add([SECRET])
        index.delete([SECRET.id])
        rows = index.connection.execute("SELECT id FROM ledger").fetchall()
        assert sorted(rows) == sorted([(one.id,) for one in OBJECTS] + [(SECRET.id,)])
    with Index.open(path, write=True) as index, pytest.raises(OctavoError, match="ledger") as error:
        index.add([Document("new", "thing")])
    assert error.value.code == "K011"
    proof = forget(path, [SECRET.id])
    assert proof.tables["layer ledger"] == 0
    c = sqlite3.connect(path)
    assert c.execute("SELECT count(*) FROM ledger").fetchone() == (len(OBJECTS),)
    c.close()


def test_a_layer_that_keeps_something_back_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr("octavo.knowledge.layers.LAYERS", {"ledger": (__name__, "Ledger")})
    path = tmp_path / "index.sqlite"
    with Index.create(path) as index:
        index.add([*OBJECTS, SECRET])
        index.attach(Ledger())
        index.build_layer(Ledger())
        index.connection.execute("CREATE TABLE copy (id TEXT)")
        index.connection.execute("INSERT INTO copy VALUES (?)", (SECRET.id,))
    with pytest.raises(OctavoError, match="patient-4711") as error:
        forget(path, [SECRET.id])
    assert error.value.code == "K024"


def test_an_index_of_files_rejects_and_lists_what_is_no_record(tmp_path):
    rows = [{"id": "a", "text": "otters swim"}, {"id": "a", "text": "again"}, {"id": "b"}, {"id": "c", "text": " "}]
    data = b"\xef\xbb\xbf" + b"\n".join(json.dumps(row).encode() for row in rows) + b"\nnot json\n"
    data += '{"id": "l", "text": "caf\u00e9"}\n'.encode("latin-1")
    data += json.dumps({"id": "big", "text": "word " * (10 * 2**20)}).encode() + b"\n"
    data += json.dumps({"id": 7, "text": "lamps shine", "title": 9, "aliases": ["lamp", 3]}).encode() + b"\n"
    (tmp_path / "p.jsonl").write_bytes(data)
    outcome = folder.make([tmp_path / "p.jsonl"], tmp_path / "index")
    assert (outcome.documents, len(outcome.rejected)) == (2, 6)
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == ["index.sqlite", "rejected.jsonl"]
    listed = [json.loads(line) for line in (tmp_path / "index" / "rejected.jsonl").read_text().splitlines()]
    assert len(listed) == 6
    assert any("longer than" in row["reason"] for row in listed)
    with Index.open(tmp_path / "index" / "index.sqlite") as index:
        assert index.ids() == ["7", "a"]
        assert index.fields(index.number_of("7")) == {"title": 9, "aliases": ["lamp", 3]}


def test_files_bring_an_index_up_to_date_in_one_generation(tmp_path):
    def write(name, rows):
        (tmp_path / name).write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in rows))
        return tmp_path / name

    first = write("a.jsonl", [("a", "otters swim"), ("b", "lamps shine"), ("c", "comets fall")])
    folder.make([first], tmp_path / "index")
    second = write("b.jsonl", [("a", "otters swim"), ("b", "lamps are out"), ("d", "violins play")])
    change = folder.change(tmp_path / "index", [second]).change
    assert (change.added, change.replaced, change.unchanged, change.deleted) == (1, 1, 1, 0)
    change = folder.change(tmp_path / "index", [second], sync=True).change
    assert (change.deleted, change.unchanged) == (1, 3)
    with Index.open(tmp_path / "index" / "index.sqlite") as index:
        assert index.ids() == ["a", "b", "d"]
    with pytest.raises(OctavoError, match="no record"):
        folder.make([write("empty.jsonl", [])], tmp_path / "other")
    assert not (tmp_path / "other" / "index.sqlite").exists()
