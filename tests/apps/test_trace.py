"""A document is followed to everything that was made of it, and an artifact back to its documents."""

import contextlib
import io
import json
import sys

import pytest

from octavo.cli.main import main
from octavo.kinds.documents import held_out

TEXT = "# The {0}\n\nThe {0} is in room {1}. It is cleaned by the keeper every {1} days, as the rules of the house say."
NAMES = [f"note{number}.md" for number in range(12)]
LEARNT = next(name for name in NAMES if not held_out(name))


def octavo(*arguments, stdin=""):
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    finally:
        sys.stdin = before
    raise AssertionError("a command ends by exiting")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    docs = folder / "docs"
    docs.mkdir()
    for number, name in enumerate(NAMES):
        (docs / name).write_text(TEXT.format(f"instrument {'abcdefghijkl'[number] * 3}", number + 2))
    (docs / "copy-of-a-note.md").write_text((docs / LEARNT).read_text())
    octavo("new", folder / "mine", "--docs", docs, "--base", "scratch")
    tiny = [f"{stage}.{field}" for stage, field in (("tokenizer", "size=tiny"), ("pretrain", "size=tiny"))]
    few = ["pretrain.steps=2", "instruct.steps=1"]
    sets = [part for value in (*tiny, *few) for part in ("--set", value)]
    for last in ("instruct", "index"):
        code, _, err = octavo("run", "--until", last, "--project", folder / "mine", *sets)
        assert code == 0, err
    return folder / "mine"


def passport(project, name):
    code, out, _ = octavo("trace", name, "--project", project, "--json")
    assert code == 0
    found = json.loads(out)
    return found["document"], {mark["stage"]: mark for mark in found["marks"]}


def test_a_document_is_followed_into_every_artifact(project):
    document, marks = passport(project, LEARNT)
    assert (document["id"], document["file"]) == (LEARNT, LEARNT)
    assert len(document["hash"]) == 32
    assert all(marks[stage]["holds"] for stage in ("collect", "clean", "tokenizer", "pretrain", "dialogues", "index"))
    assert set(marks["pretrain"]["facts"]["steps"]) <= {0, 1}
    assert marks["pretrain"]["facts"]["steps"]
    assert marks["index"]["facts"]["passages"] == 1
    assert "training began from scratch" in marks["base"]["what"]
    assert "its base" not in marks["pretrain"]["what"]


def test_a_removed_document_says_why_and_that_no_checkpoint_saw_it(project):
    removed = next(name for name in (LEARNT, "copy-of-a-note.md") if not passport(project, name)[1]["clean"]["holds"])
    _, marks = passport(project, removed)
    assert marks["collect"]["holds"]
    assert "duplicate" in marks["clean"]["what"]
    assert not marks["pretrain"]["holds"]
    assert not marks["tokenizer"]["holds"]


def test_a_checkpoint_leads_back_to_what_it_saw(project, tmp_path):
    code, out, _ = octavo("trace", "instruct", "--project", project, "--json", "--documents", tmp_path / "list.jsonl")
    found = json.loads(out)
    rows = [json.loads(line) for line in (tmp_path / "list.jsonl").read_text().splitlines()]
    assert (code, found["exact"], len(rows)) == (0, True, found["documents"])
    assert {"pretrain", "dialogues", "tokenizer"} <= {one["stage"] for one in found["from"]}
    assert not any(held_out(row["id"]) for row in rows)
    assert all(row["tokens"] > 0 and row["hash"] for row in rows)
    code, again, _ = octavo("trace", found["artifact"][:12], "--project", project, "--json")
    assert json.loads(again)["artifact"] == found["artifact"]


def test_a_text_is_found_in_all_documents_that_hold_it(project):
    code, out, _ = octavo("trace", "--text", "INSTRUMENT AAA", "--project", project, "--json")
    found = json.loads(out)
    assert code == 0
    assert "note0.md" in found["documents"]
    expected = not held_out("note0.md")
    assert bool(found["checkpoints"]) == expected


def test_the_documents_of_an_answer_are_traced(project):
    answer = json.dumps({"citations": [{"document": LEARNT, "start": 0, "end": 3, "text": "# T"}]})
    code, out, _ = octavo("trace", "-", "--project", project, stdin=answer)
    assert code == 0
    assert out.startswith(LEARNT)
    assert octavo("trace", "-", "--project", project, stdin="no answer")[0] == 2


def test_an_unknown_name_is_wrong_use(project):
    code, _, err = octavo("trace", "nothing.md", "--project", project)
    assert code == 2
    assert "P021" in err
    assert octavo("trace", "--project", project)[0] == 2
