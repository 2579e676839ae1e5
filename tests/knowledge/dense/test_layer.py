import sqlite3

import numpy as np
import pytest

from octavo.kinds.documents import Document
from octavo.knowledge.dense.bag import hashed
from octavo.knowledge.dense.layer import Vectors, drift, relearn
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.dense.store import CHUNK, decoded, facts, packed, read_vectors, row_type, unpacked
from octavo.knowledge.index.index import Index
from octavo.knowledge.layers import open_index
from octavo.spine.errors import OctavoError

COLOURS = ("amber", "azure", "crimson", "emerald", "indigo", "ivory", "magenta", "ochre", "russet", "violet")
PLANTS = ("acacia", "birch", "cedar", "daisy", "elm", "fern", "ginkgo", "hazel", "iris", "juniper", "kelp", "larch")


def garden(count):
    """Documents about plants in colours, each with a serial word of its own."""
    for number in range(count):
        plant, colour = PLANTS[number % len(PLANTS)], COLOURS[number % len(COLOURS)]
        yield Document(
            f"plot/{number}",
            f"The {plant} in plot {number} has {colour} leaves. It is watered by gardener{number} on Mondays. "
            f"Visitors admire its {colour} shade.",
            title=f"{plant.capitalize()} {number}",
        )


def made(path, count=240, **options):
    """An index of a garden with vectors, open to write."""
    Index.build(path, garden(count))
    index = Index.open(path, write=True)
    layer = Vectors(**options)
    index.build_layer(layer)
    index.attach(layer)
    return index


@pytest.fixture(scope="module")
def garden_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("garden") / "i.sqlite"
    made(path).close()
    return path


@pytest.fixture
def learnt(garden_file, tmp_path):
    """An index with learnt vectors, open to write."""
    path = tmp_path / "learnt.sqlite"
    path.write_bytes(garden_file.read_bytes())
    with open_index(path, write=True) as index:
        yield index


def found(index, question, k=3):
    view = index.view()
    return [view.id_of(passage) for passage, _ in Dense(view).rank(question, k)]


def test_vectors_are_learnt_and_find_what_is_asked(learnt):
    assert facts(learnt.connection)["kind"] == "learnt"
    assert found(learnt, "who waters the plot of gardener77?")[0] == "plot/77"
    assert all(int(i.partition("/")[2]) % 12 == 3 for i in found(learnt, "daisy"))


def test_the_same_documents_give_the_same_vectors(garden_file, tmp_path):
    dumps = []
    made(tmp_path / "again").close()
    for path in (garden_file, tmp_path / "again"):
        with open_index(path) as index:
            tables = ("dense_facts", "dense_words", "dense_vectors")
            dumps.append([list(index.connection.execute(f"SELECT * FROM {table}")) for table in tables])
    assert dumps[0] == dumps[1]


def test_few_documents_stay_at_the_floor_and_are_found(tmp_path):
    with made(tmp_path / "i.sqlite", 12) as index:
        assert facts(index.connection)["kind"] == "floor"
        assert found(index, "gardener7")[0] == "plot/7"


def test_learning_can_be_left_out(tmp_path):
    with made(tmp_path / "i.sqlite", 210, learning=False) as index:
        assert facts(index.connection)["kind"] == "floor"


def test_an_added_document_is_found_by_words_that_were_never_learnt(learnt):
    learnt.add([Document("new", "The zeppelin frobnicates quietly.", title="Zeppelin")])
    assert found(learnt, "what frobnicates?")[0] == "new"


def test_adding_grows_the_kept_matrix(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        found(index, "birch")
        for number in range(3):
            index.add([Document(f"new{number}", f"A marmot{number} sleeps.")])
            assert found(index, f"marmot{number}")[0] == f"new{number}"


def test_a_deleted_document_is_not_found_and_an_older_generation_still_finds_it(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        before = index.view().generation
        index.delete(["plot/7"])
        assert "plot/7" not in found(index, "gardener7", 60)
        old = index.view(before)
        assert old.id_of(Dense(old).rank("gardener7", 1)[0][0]) == "plot/7"


def test_forgetting_leaves_no_trace_in_the_layer(learnt):
    layer, number = learnt.layers[0], learnt.number_of("plot/77")
    documents = {number: learnt.document("plot/77")}
    gone = np.array([learnt.first_of(number)], np.uint32)
    with learnt.transaction() as c:
        assert layer.traces(c, gone, documents) == [f"the vector of passage {gone[0]}"]
        layer.forget(c, gone, documents)
        assert layer.traces(c, gone, documents) == []
        left = [row[0] for row in c.execute("SELECT word FROM dense_words")]
    assert "gardener77" not in left
    assert "larch" in left
    assert drift(learnt.connection).forgotten == 1


def test_drift_tells_when_added_words_are_strange(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        assert not drift(index.connection).due
        strange = [Document(f"s{n}", " ".join(f"word{n}x{i}" for i in range(60))) for n in range(40)]
        index.add(strange)
        told = drift(index.connection)
        assert told.due
        assert told.unknown > 0.9
        assert told.added == 40


def test_learning_anew_takes_in_what_came_since(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        index.add([Document("new", "The zeppelin frobnicates quietly.")])
        with index.transaction() as c:
            relearn(c)
        index.build_layer(Vectors())
        assert drift(index.connection).added == 0
        assert found(index, "zeppelin")[0] == "new"


def test_a_vector_of_the_wrong_size_is_an_error(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        index.connection.execute("UPDATE dense_vectors SET data = substr(data, 1, 1000)")
        with pytest.raises(OctavoError, match="wrong size") as error:
            found(index, "birch")
        assert error.value.code == "K030"


def test_a_word_of_the_wrong_size_is_an_error(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        index.connection.execute("UPDATE dense_words SET vector = zeroblob(520)")
        with pytest.raises(OctavoError) as error:
            found(index, "birch")
        assert error.value.code == "K030"


def test_a_scale_that_is_no_number_is_an_error():
    rows = packed(np.ones((1, 8), np.float32))
    rows["scale"] = np.nan
    with pytest.raises(OctavoError) as error:
        decoded(rows.tobytes(), 8)
    assert error.value.code == "K031"


def test_a_layer_without_a_passage_says_so():
    c = sqlite3.connect(":memory:")
    for statement in Vectors.schema.split(";"):
        c.execute(statement)
    from octavo.knowledge.dense.layer import embedder_of

    with pytest.raises(OctavoError) as error:
        embedder_of(c)
    assert error.value.code == "K032"


def test_stored_vectors_are_nearly_what_they_were():
    vectors = np.random.default_rng(0).standard_normal((50, 256)).astype(np.float32)
    assert np.abs(unpacked(packed(vectors)) - vectors).max() < 0.02
    assert not unpacked(packed(np.zeros((1, 256), np.float32))).any()


def test_vectors_are_written_over_the_edges_of_chunks():
    from octavo.knowledge.dense.store import write_vectors

    c = sqlite3.connect(":memory:")
    c.execute("CREATE TABLE dense_vectors (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    numbers = [CHUNK - 1, CHUNK, CHUNK + 3]
    write_vectors(c, numbers, np.eye(3, 8, dtype=np.float32))
    got = {start: unpacked(rows) for start, rows in read_vectors(c, CHUNK - 1, CHUNK + 4, 8)}
    assert got[CHUNK - 1].argmax() == 0
    assert got[CHUNK][0].argmax() == 1
    assert not got[CHUNK][1:3].any()
    assert got[CHUNK][3].argmax() == 2
    assert row_type(8).itemsize == 12


def test_hashed_words_are_of_length_one_and_nearly_orthogonal():
    rows = np.stack([hashed(f"w{n}") for n in range(200)])
    products = rows @ rows.T
    assert np.allclose(np.diag(products), 1, atol=1e-5)
    assert np.abs(products - np.eye(200)).max() < 0.4
    assert hashed("naïve", 384).shape == (384,)
