from worlds import OBJECTS

from octavo.kinds.documents import Document, Removed, write_documents
from octavo.kinds.index import INDEX, KIND
from octavo.knowledge import build
from octavo.knowledge.index.index import Index
from octavo.spine.settings import read_settings


def run(tmp_path, name, **values):
    documents = tmp_path / "documents"
    documents.mkdir(exist_ok=True)
    twin = Document("json.api.dumps", OBJECTS[5].text, "function", package="Python")
    short = Document("tiny", "x", "function")
    removed = [Removed(twin, "exact duplicate", duplicate_of="json.dumps"), Removed(short, "too short")]
    write_documents(documents, OBJECTS, removed)
    out = tmp_path / name
    out.mkdir()
    build.run(read_settings(build.IndexSettings, values, where="test"), {"documents": documents}, out, tmp_path / "s")
    return out


def test_the_stage_writes_an_index_with_duplicates_marked(tmp_path):
    out = run(tmp_path, "out")
    KIND.check(out)
    assert KIND.describe(out)["documents"] == len(OBJECTS) + 1
    with Index.open(out / INDEX, immutable=True) as index:
        assert index.document("tiny") is None
        assert index.listing("json.api.dumps") == (1, "json.dumps")


def test_duplicates_can_be_left_out(tmp_path):
    assert KIND.describe(run(tmp_path, "out", duplicates=False))["documents"] == len(OBJECTS)


def test_running_twice_gives_the_same_bytes(tmp_path):
    assert (run(tmp_path, "a") / INDEX).read_bytes() == (run(tmp_path, "b") / INDEX).read_bytes()


def test_the_stage_declares_what_it_takes_and_gives():
    assert build.STAGE.inputs == {"documents": "documents"}
    assert build.STAGE.output == "index"
