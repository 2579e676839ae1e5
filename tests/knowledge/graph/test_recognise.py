"""Recogniser: a spaCy pipeline finds names for the graph; where spaCy is not installed its absence is tested."""

import json
import shutil
import sqlite3

import pytest

from octavo.cli.main import octavo_command
from octavo.knowledge.layers import open_index
from octavo.spine.errors import OctavoError

ROWS = (
    {"id": "mill", "text": "In the valley the old millrace turns a wheel. It was dug by monks."},
    {"id": "wheel", "text": "The wheel below the millrace is of oak. A carpenter repairs it each spring."},
    {"id": "fair", "text": "A fair is held in the square. Sheep and wool are sold."},
)
PATTERNS = [{"label": "PLACE", "pattern": "millrace"}, {"label": "DATE", "pattern": "spring"}]


def run(*arguments):
    octavo_command.main(args=["knowledge", *map(str, arguments)], standalone_mode=False)


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


@pytest.fixture
def pipeline(tmp_path):
    """A blank English pipeline with an entity ruler: no weights."""
    spacy = pytest.importorskip("spacy")
    made = spacy.blank("en")
    made.add_pipe("entity_ruler").add_patterns(PATTERNS)
    made.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline"


def entities(place):
    with open_index(place / "index.sqlite") as index:
        return dict(index.connection.execute("SELECT key, passages FROM graph_entities"))


def test_names_that_only_the_pipeline_finds_are_in_the_graph_and_asked_for(rows, pipeline, tmp_path, capsys):
    run("index", rows, "-o", tmp_path / "plain", "--without", "dense")
    run("index", rows, "-o", tmp_path / "named", "--without", "dense", "--names-by", pipeline)
    assert "millrace" not in entities(tmp_path / "plain")
    assert entities(tmp_path / "named")["millrace"] == 2
    (tmp_path / "more.jsonl").write_text('{"id": "new", "text": "Ducks swim in the millrace."}', encoding="utf-8")
    run("add", tmp_path / "named", tmp_path / "more.jsonl")
    assert entities(tmp_path / "named")["millrace"] == 3
    capsys.readouterr()
    run("search", tmp_path / "named", "what is at the millrace?", "--method", "graph", "--json")
    hits = json.loads(capsys.readouterr().out)["hits"]
    assert {hit["id"] for hit in hits[:3]} == {"mill", "wheel", "new"}


def test_a_pipeline_that_has_changed_or_gone_is_refused(rows, pipeline, tmp_path):
    from octavo.knowledge.graph.text import recognise

    run("index", rows, "-o", tmp_path / "i", "--without", "dense", "--names-by", pipeline)
    (pipeline / "meta.json").write_text((pipeline / "meta.json").read_text() + "\n")
    recognise._OPENED.clear()
    with pytest.raises(OctavoError) as caught:
        run("search", tmp_path / "i", "millrace", "--method", "graph")
    assert caught.value.code == "K048"
    shutil.rmtree(pipeline)
    with pytest.raises(OctavoError) as caught:
        run("search", tmp_path / "i", "millrace", "--method", "graph")
    assert caught.value.code == "K045"
    run("search", tmp_path / "i", "millrace", "--method", "sparse")


def test_an_index_made_with_a_pipeline_that_is_not_here_says_so(rows, tmp_path):
    run("index", rows, "-o", tmp_path / "i", "--without", "dense")
    with sqlite3.connect(tmp_path / "i" / "index.sqlite") as c:
        known = [("place", str(tmp_path / "gone")), ("digest", "0")]
        c.executemany("INSERT INTO graph_settings VALUES (?, ?)", known)
    c.close()
    for command in (("search", tmp_path / "i", "millrace", "--method", "graph"), ("add", tmp_path / "i", rows)):
        if command[0] == "add":
            rows.write_text('{"id": "new", "text": "Ducks swim in the millrace."}', encoding="utf-8")
        with pytest.raises(OctavoError) as caught:
            run(*command)
        assert caught.value.code == "K045"
    run("search", tmp_path / "i", "millrace", "--method", "sparse")


def test_a_layer_that_is_left_out_is_not_given_a_pipeline(rows, tmp_path):
    with pytest.raises(OctavoError) as caught:
        run("index", rows, "-o", tmp_path / "i", "--without", "graph", "--names-by", tmp_path)
    assert caught.value.code == "K027"
    assert not (tmp_path / "i").exists()
