"""`octavo knowledge` on plain files: made whole or not at all, searched, changed, gone back from, forgotten."""

import json
import sys

import pytest
from killing import killed_at_random

from octavo.cli.main import main
from octavo.knowledge.index.index import Index

THINGS = ("otter", "lamp", "harbour", "violin", "granite", "comet", "saffron", "ledger", "turbine", "meadow")


def rows(count, first=0):
    return [
        {
            "id": f"n{n}",
            "title": f"Note {n}",
            "text": f"The {THINGS[n % 10]} number{n} hums in Veldhoven{n}.",
            "shelf": n,
        }
        for n in range(first, first + count)
    ]


def written(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def called(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as ended:
        main(["knowledge", *map(str, arguments)])
    said = capsys.readouterr()
    assert ended.value.code == code, said.err
    return said


@pytest.fixture
def place(tmp_path, capsys):
    passages = written(tmp_path / "passages.jsonl", [*rows(30), {"id": "n1", "text": "twice"}, {"id": "bare"}])
    made = called(capsys, "index", passages, "-o", tmp_path / "index", "--without", "dense", "--without", "graph")
    assert "2 rows were rejected" in made.err
    return tmp_path / "index"


def test_a_file_of_questions_gives_a_line_each(place, tmp_path, capsys):
    questions = [
        {"id": "q1", "question": "number7 in veldhoven7"},
        {"question": "turbine"},
        {"id": 3, "question": "zzz"},
    ]
    file = written(tmp_path / "q.jsonl", questions)
    said = called(capsys, "search", place, "--file", file, "-k", 2, "--json").out
    first, second, third = map(json.loads, said.splitlines())
    assert first["id"] == "q1"
    assert first["hits"][0]["id"] == "n7"
    assert first["hits"][0]["score"] > 0
    assert (second["id"], len(second["hits"])) == (2, 2)
    assert third == {"id": 3, "hits": []}
    file.write_text(file.read_text() + "nonsense\n")
    assert "line 4" in called(capsys, "search", place, "--file", file, code=1).err


def test_a_question_shows_the_words_found(place, capsys):
    said = called(capsys, "search", place, "where is the saffron number16?").out
    assert said.splitlines()[0].split()[1:] == ["n16", "The", "saffron", "number16", "hums", "in", "Veldhoven16."]
    assert json.loads(called(capsys, "search", place, "saffron number16", "--json").out)["hits"][0]["id"] == "n16"


def test_changes_are_generations_that_one_can_go_back_from(place, tmp_path, capsys):
    more = written(tmp_path / "more.jsonl", [*rows(2, 30), {"id": "n3", "text": "Now an astrolabe lies here."}])
    added = json.loads(called(capsys, "add", place, more, "--json").out)
    assert (added["generation"], added["added"], added["replaced"]) == (2, 2, 1)
    assert "n3" in called(capsys, "search", place, "astrolabe").out
    assert not called(capsys, "search", place, "astrolabe", "--as-of", 1).out
    called(capsys, "delete", place, "n4", "n5")
    listed = json.loads(called(capsys, "generations", place, "--json").out)
    assert [(one["number"], one["documents"]) for one in listed] == [(1, 30), (2, 32), (3, 30)]
    assert "generation 2" in called(capsys, "rollback", place).out
    assert "n5" in called(capsys, "search", place, "comet number5").out
    assert "undone" in called(capsys, "generations", place).out
    called(capsys, "rollback", place, "--to", 1)
    called(capsys, "delete", place, "n0")
    assert "2 generations" not in called(capsys, "prune", place, "--keep", 2).out


def test_a_canary_refuses_a_change_and_the_index_stays(place, tmp_path, capsys):
    canaries = written(tmp_path / "canaries.jsonl", [{"question": "veldhoven9 number9", "id": "n9"}])
    refused = called(capsys, "delete", place, "n9", "--canaries", canaries, code=1)
    assert "K021" in refused.err
    assert "in place of n9" in refused.err
    assert len(json.loads(called(capsys, "generations", place, "--json").out)) == 1
    called(capsys, "delete", place, "n9", "--canaries", canaries, "--no-canaries", code=0)
    canaries.write_text("[]\n")
    assert "K020" in called(capsys, "delete", place, "n8", "--canaries", canaries, code=2).err


def test_what_is_forgotten_is_proved_to_be_gone(place, capsys):
    proof = json.loads(called(capsys, "forget", place, "n12", "--json").out)
    assert proof["proved"]
    assert not any(proof["tables"].values())
    assert b"Veldhoven12" not in (place / "index.sqlite").read_bytes()
    assert "found                      0" in called(capsys, "forget", place, "n13").out
    assert "K013" in called(capsys, "forget", place, "n13", code=2).err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["search", "INDEX"], 2, "K025"),
        (["search", "INDEX", "otter", "-k", "0"], 2, "K019"),
        (["search", "INDEX", "otter", "--method", "graph"], 2, "K018"),
        (["search", "INDEX", "otter", "--as-of", "9"], 2, "K012"),
        (["search", "nowhere", "otter"], 2, ""),
        (["rollback", "INDEX"], 2, "K012"),
        (["index", "-o", "INDEX"], 2, "K022"),
        (["delete", "INDEX", "nobody"], 2, "K013"),
    ],
)
def test_wrong_use_is_told(place, capsys, arguments, code, said):
    assert said in called(capsys, *(place if one == "INDEX" else one for one in arguments), code=code).err


def test_an_index_of_another_version_or_a_damaged_one_is_told(place, capsys):
    path = place / "index.sqlite"
    with Index.open(path, write=True) as index, index.transaction():
        index.facts["format"] = 1
    assert "K002" in called(capsys, "search", place, "otter", code=1).err
    path.write_bytes(b"not an index at all" * 1000)
    for verb in (["search", place, "otter"], ["generations", place], ["forget", place, "n1"], ["delete", place, "n1"]):
        assert "K006" in called(capsys, *verb, code=1).err


def test_an_index_that_is_killed_while_it_is_made_is_made_by_the_next_run(tmp_path):
    passages = written(tmp_path / "passages.jsonl", rows(3000))
    code = "import sys; from octavo.cli.main import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "knowledge", "index", str(passages), "-o", str(tmp_path / "index")]
    command += ["--without", "dense", "--without", "graph"]
    killed_at_random(command, kills=3, longest=2.5, seed=5, once=True)
    with Index.open(tmp_path / "index" / "index.sqlite") as index:
        assert len(index) == 3000
    assert not [path for path in (tmp_path / "index").iterdir() if "draft" in path.name]
