import sqlite3

import numpy as np
import pytest

from octavo.kinds.documents import Document
from octavo.knowledge.dense.bag import hashed
from octavo.knowledge.dense.layer import Vectors, drift, embedder_of
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.dense.store import CHUNK, Store, decoded, packed, row_type, unpacked
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
    assert Store.now(learnt.connection).facts()["kind"] == "learnt"
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
        assert Store.now(index.connection).facts()["kind"] == "floor"
        assert found(index, "gardener7")[0] == "plot/7"


def test_learning_can_be_left_out(tmp_path):
    with made(tmp_path / "i.sqlite", 210, learning=False) as index:
        assert Store.now(index.connection).facts()["kind"] == "floor"


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


def test_learning_anew_takes_in_what_came_since_as_a_generation(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        index.add([Document("new", "The zeppelin frobnicates quietly.")])
        index.delete(["plot/7"])
        before, old = index.view().generation, found(index, "gardener9 zeppelin", 5)
        index.renew(Vectors())
        assert drift(index.connection).added == 0
        assert drift(index.connection).trained == 60
        assert found(index, "zeppelin")[0] == "new"
        view = index.view(before)
        assert [view.id_of(p) for p, _ in Dense(view).rank("gardener9 zeppelin", 5)] == old
        index.rollback()
        assert found(index, "gardener9 zeppelin", 5) == old
        assert drift(index.connection).added == 1


def words_by_edition(index):
    c = index.connection
    return [[row for (row,) in c.execute(f"SELECT word FROM {store.words_table}")] for store in Store.all(c)]


def test_what_was_gone_back_from_goes_with_the_next_change(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        index.renew(Vectors())
        index.rollback()
        index.add([Document("late", "A quagga.")])
        assert len(Store.all(index.connection)) == 1
        index.renew(Vectors())
        index.add([Document("later", "An okapi.")])
        assert found(index, "quagga")[0] == "late"
        assert found(index, "okapi")[0] == "later"
        assert "quagga" in words_by_edition(index)[1]


def test_vectors_that_a_trial_refuses_are_never_seen(tmp_path):
    def refuse(view):
        assert len(Store.all(view.index.connection)) == 2
        raise OctavoError("K021", "no")

    with made(tmp_path / "i.sqlite", 60) as index:
        before = index.view().generation
        with pytest.raises(OctavoError):
            index.renew(Vectors(), refuse)
        assert index.view().generation == before
        assert len(Store.all(index.connection)) == 1
        assert found(index, "gardener9")[0] == "plot/9"


def test_pruning_lets_go_of_vectors_that_no_generation_uses(tmp_path):
    with made(tmp_path / "i.sqlite", 60) as index:
        index.renew(Vectors())
        index.prune(2)
        assert len(Store.all(index.connection)) == 2
        index.prune(1)
        assert [store.edition for store in Store.all(index.connection)] == [1]
        assert found(index, "gardener9")[0] == "plot/9"
        names = {row[0] for row in index.connection.execute("SELECT name FROM sqlite_master")}
        assert "dense_words" not in names


def test_forgetting_reaches_the_vectors_of_all_editions(tmp_path):
    from octavo.knowledge.forget import forget

    with made(tmp_path / "index.sqlite", 60) as index:
        index.delete(["plot/8"])
        index.renew(Vectors())
        index.add([Document("late", "A quagga.")])
        index.renew(Vectors())
    assert forget(tmp_path, ["plot/7", "plot/8", "late"]).traces == ()
    with open_index(tmp_path / "index.sqlite") as index:
        for words in words_by_edition(index):
            assert not {"gardener7", "gardener8", "quagga"} & set(words)
            assert "gardener9" in words
        assert found(index, "gardener9")[0] == "plot/9"


def test_an_index_from_before_there_were_editions_is_read_and_learnt_anew(tmp_path):
    made(tmp_path / "i.sqlite", 60).close()
    with sqlite3.connect(tmp_path / "i.sqlite") as c:
        c.execute("DROP TABLE dense_editions")
    c.close()
    with open_index(tmp_path / "i.sqlite", write=True) as index:
        assert found(index, "gardener9")[0] == "plot/9"
        index.add([Document("new", "The zeppelin frobnicates quietly.")])
        index.renew(Vectors())
        assert found(index, "zeppelin")[0] == "new"
        assert index.rollback() == 2
        assert found(index, "gardener9")[0] == "plot/9"


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
    with pytest.raises(OctavoError) as error:
        embedder_of(Store(c, 0))
    assert error.value.code == "K032"


def test_stored_vectors_are_nearly_what_they_were():
    vectors = np.random.default_rng(0).standard_normal((50, 256)).astype(np.float32)
    assert np.abs(unpacked(packed(vectors)) - vectors).max() < 0.02
    assert not unpacked(packed(np.zeros((1, 256), np.float32))).any()


def test_vectors_are_written_over_the_edges_of_chunks():
    c = sqlite3.connect(":memory:")
    c.execute("CREATE TABLE dense_vectors (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    numbers = [CHUNK - 1, CHUNK, CHUNK + 3]
    store = Store(c, 0)
    store.write_vectors(numbers, np.eye(3, 8, dtype=np.float32))
    got = {start: unpacked(rows) for start, rows in store.read_vectors(CHUNK - 1, CHUNK + 4, 8)}
    assert store.held([CHUNK - 1, CHUNK + 1], 8) == [CHUNK - 1]
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
