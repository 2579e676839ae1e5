import json

import numpy as np
import pytest

from octavo.kinds.documents import Document
from octavo.knowledge.dense.bag import Shown
from octavo.knowledge.dense.foreign import Foreign, pooling_of
from octavo.knowledge.dense.layer import Vectors
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.index.index import Index
from octavo.knowledge.layers import open_index
from octavo.spine.errors import OctavoError

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "green", "query", "passage", ":", "fox", "leaf", "runs")


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A random BERT-like checkpoint in the form of Hugging Face."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=24, **shape)).save_pretrained(folder)
    return folder


def test_the_vectors_are_the_means_of_the_tokens(small):
    import torch
    from transformers import AutoModel, AutoTokenizer

    got = Foreign(small).questions(["red fox runs", "leaf"])
    model, names = AutoModel.from_pretrained(small).eval(), AutoTokenizer.from_pretrained(small)
    for row, text in zip(got, ("red fox runs", "leaf"), strict=True):
        with torch.no_grad():
            wanted = model(**names(text, return_tensors="pt")).last_hidden_state[0].mean(0).numpy()
        assert np.allclose(row, wanted / np.linalg.norm(wanted), atol=1e-5)


@pytest.mark.parametrize("kind", ["first", "last", "max"])
def test_pooling_is_as_the_files_say(small, tmp_path, kind):
    import shutil

    from octavo.knowledge.dense.foreign import POOLINGS

    folder = tmp_path / kind
    shutil.copytree(small, folder)
    (folder / "1_Pooling").mkdir()
    key = next(key for key, value in POOLINGS.items() if value == kind)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({key: True, "word_embedding_dimension": 32}))
    assert pooling_of(folder)[0] == kind
    alone, padded = Foreign(folder).questions(["leaf"]), Foreign(folder).questions(["leaf", "red fox runs red fox"])
    assert np.allclose(alone[0], padded[0], atol=1e-5)
    assert not np.allclose(alone, Foreign(small).questions(["leaf"]), atol=1e-3)


def test_prefixes_are_put_before_the_texts(small):
    plain, prefixed = Foreign(small), Foreign(small, question="query: ", passage="passage: ")
    assert np.allclose(prefixed.questions(["red fox"]), plain.questions(["query: red fox"]), atol=1e-6)
    assert np.allclose(prefixed.passages([Shown("fox", "red")]), plain.questions(["passage: fox\nred"]), atol=1e-6)


def test_a_text_longer_than_the_model_reads_is_cut(small):
    assert np.isfinite(Foreign(small).questions(["red fox " * 400])).all()


def test_an_index_keeps_and_finds_its_vectors(small, tmp_path):
    path = tmp_path / "i.sqlite"
    Index.build(path, [Document("a", "red fox runs"), Document("b", "green leaf")])
    with Index.open(path, write=True) as index:
        index.build_layer(Vectors(Foreign(small)))
    with open_index(path, write=True) as index:
        index.add([Document("c", "green fox")])
        view = index.view()
        assert {view.id_of(p) for p, _ in Dense(view).rank("c green fox", 3)} == {"a", "b", "c"}


def test_prompts_are_read_from_the_files_of_the_model(small, tmp_path):
    import shutil

    folder = tmp_path / "m"
    shutil.copytree(small, folder)
    about = folder / "config_sentence_transformers.json"
    about.write_text(json.dumps({"prompts": {"query": "query: ", "document": "passage: "}}))
    assert (Foreign(folder).question, Foreign(folder).passage) == ("query: ", "passage: ")
    assert (Foreign(folder, question="").question, Foreign(small).question) == ("", "")
    about.write_text(json.dumps({"prompts": {"query": 7}}))
    with pytest.raises(OctavoError) as error:
        Foreign(folder)
    assert error.value.code == "K033"


def test_an_index_is_made_added_to_and_searched_with_a_model_by_command(small, tmp_path, capsys):
    import shutil

    from octavo.cli.main import octavo_command

    def run(*arguments):
        octavo_command.main(args=["knowledge", *map(str, arguments)], standalone_mode=False)

    def first(question):
        capsys.readouterr()
        run("search", place, question, "--method", "dense", "--json", "-k", "1")
        return json.loads(capsys.readouterr().out)["hits"][0]["id"]

    folder, place, rows = tmp_path / "m", tmp_path / "i", tmp_path / "rows.jsonl"
    shutil.copytree(small, folder)
    rows.write_text("\n".join(json.dumps({"id": i, "text": i}) for i in ("red fox runs", "green leaf")))
    with pytest.raises(OctavoError) as error:
        run("index", rows, "-o", place, "--embed-prompts", "query: ", "passage: ")
    assert error.value.code == "K027"
    run("index", rows, "-o", place, "--without", "graph", "--embed", folder)
    assert first("green leaf green leaf") == "green leaf"
    rows.write_text(json.dumps({"id": "leaf", "text": "leaf leaf leaf"}))
    run("add", place, rows)
    assert first("leaf leaf leaf leaf") == "leaf"
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    for command in (("search", place, "leaf"), ("relearn", place), ("relearn", place, "--embed", small)):
        with pytest.raises(OctavoError) as error:
            run(*command)
        assert error.value.code == "K034"
    run("relearn", place, "--embed", small, "--no-canaries")
    assert first("leaf leaf leaf leaf") == "leaf"
    run("relearn", place)
    capsys.readouterr()
    run("generations", place, "--json")
    told = json.loads(capsys.readouterr().out)
    assert [row["relearnt"] for row in told] == [False, False, True, True]
    assert told[-1]["drift"]["kind"] == "floor"
    run("generations", place)
    shown = capsys.readouterr()
    assert "vectors anew" in shown.out
    assert "made when there were 3 passages; 0 came since" in shown.err
    run("rollback", place)
    assert first("leaf leaf leaf leaf") == "leaf"


def test_a_model_that_has_changed_is_refused(small, tmp_path):
    import shutil

    folder = tmp_path / "m"
    shutil.copytree(small, folder)
    known = Foreign(folder).facts()
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    with pytest.raises(OctavoError) as error:
        Foreign.again(known)
    assert error.value.code == "K034"


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(OctavoError) as error:
        Foreign(tmp_path)
    assert error.value.code == "K033"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("1_Pooling/config.json", {"pooling_mode_weightedmean_tokens": True}),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}),
        ("modules.json", [{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]),
    ],
)
def test_a_pooling_that_is_not_known_is_refused(tmp_path, name, content):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(OctavoError) as error:
        pooling_of(tmp_path)
    assert error.value.code == "K035"
