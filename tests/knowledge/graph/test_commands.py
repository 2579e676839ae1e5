import json

import pytest
from worlds_graph import WORLD

from octavo.cli.main import octavo_command
from octavo.spine.errors import OctavoError


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graph")
    rows = [{"id": r.document.id, "title": r.document.title, "text": r.document.text} for r in WORLD]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    run("index", str(folder / "rows.jsonl"), "-o", str(folder / "index"), "--without", "dense", "--no-canaries")
    return folder


def run(*arguments):
    octavo_command.main(args=["knowledge", *arguments], standalone_mode=False)


def told(capsys, *arguments):
    capsys.readouterr()
    run(*arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_graph_is_searched_and_exported(place, capsys):
    found = told(capsys, "search", str(place / "index"), "Where is Ada Verrin from?", "--method", "graph")
    assert found["hits"][0]["id"] == "ada"
    counts = told(capsys, "graph-export", str(place / "index"), "-o", str(place / "g.nt"))
    assert counts["passages"] == len(WORLD)


def test_an_overview_is_given(place, capsys):
    assert "topics" in told(capsys, "overview", str(place / "index"))


def test_merges_are_listed_split_and_followed_again(place, capsys):
    index = str(place / "index")
    (row,) = told(capsys, "merges", index)["merges"]
    assert (row["gone"], row["state"]) == ("lsu", "followed")
    assert told(capsys, "merges", index, "--split", str(row["id"]))["merges"][0]["state"] == "split"
    assert told(capsys, "merges", index, "--again", str(row["id"]))["merges"][0]["state"] == "followed"
    with pytest.raises(OctavoError) as caught:
        run("merges", index, "--split", "1", "--find")
    assert caught.value.code == "K047"


def test_gaps_are_counted(place, capsys):
    questions = place / "questions.jsonl"
    questions.write_text(json.dumps({"question": "Where is Ada Verrin from?", "gold": ["ada"]}), encoding="utf-8")
    assert told(capsys, "gaps", str(place / "index"), "--file", str(questions))["causes"] == {"no gap": 1}
    questions.write_text("[1]", encoding="utf-8")
    with pytest.raises(OctavoError) as caught:
        run("gaps", str(place / "index"), "--file", str(questions))
    assert caught.value.code == "K046"


def test_an_index_without_a_graph_is_told(place, capsys):
    bare = str(place / "bare")
    run("index", str(place / "rows.jsonl"), "-o", bare, "--without", "dense", "--without", "graph", "--no-canaries")
    with pytest.raises(OctavoError) as caught:
        run("overview", bare)
    assert caught.value.code == "K043"
