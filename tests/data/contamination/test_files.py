"""Contamination in files: the command, every executor, a kill in between, and the stage."""

import gzip
import json
import sys

import pytest
from click.testing import CliRunner
from killing import killed_at_random
from problems import edited, planted, problem, prose

from octavo.cli.data.contamination import command
from octavo.data.contamination.files import search_files, without
from octavo.data.decontaminate import DecontaminateSettings, held_out_in_training, run, sources
from octavo.kinds.documents import Document, held_out, read_documents, read_removed, write_documents
from octavo.spine.errors import OctavoError


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path):
    data = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]


@pytest.fixture
def files(tmp_path):
    """Forty texts, of which ten hold an item; and twenty items."""
    texts = [prose(k) for k in range(30)] + [planted(edited(problem(k), 0.05, k)) for k in range(10)]
    train = write(tmp_path / "train.jsonl", [{"id": f"t{k}", "text": t, "source": "s"} for k, t in enumerate(texts)])
    items = [{"id": f"e{k}", "question": problem(k), "answer": "42"} for k in range(20)]
    return train, write(tmp_path / "items.jsonl", items)


def run_command(*arguments):
    done = CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("on", ["serial", "processes", "ray"])
def test_every_executor_finds_the_same(files, tmp_path, on, monkeypatch):
    monkeypatch.setattr("octavo.kinds.records.SHARD_BYTES", 9000)
    train, items = files
    found = search_files([train], [items], tmp_path / "s", on=on, workers=2)
    assert [(hit["train_id"], hit["eval_id"]) for hit in found.hits()] == [(f"t{30 + k}", f"e{k}") for k in range(10)]
    assert (found.documents, found.contaminated, found.items) == (40, 10, 20)


def test_the_command_writes_hits_and_clean_records_and_says_what_the_score_is_without(files, tmp_path):
    train, items = files
    hits, clean = tmp_path / "hits.jsonl", tmp_path / "clean.jsonl.gz"
    scores = write(tmp_path / "scores.jsonl", [{"id": f"e{k}", "score": int(k < 15)} for k in range(20)])
    given = [train, "--against", items, "-o", hits, "--clean", clean, "--scores", scores, "--json"]
    said = json.loads(run_command(*given))
    rows = read(hits)
    assert len(rows) == 10
    assert set(rows[0]) == {"train_id", "eval_id", "score", "start", "end"}
    assert [row["id"] for row in read(clean)] == [f"t{k}" for k in range(30)]
    values = {score["name"]: score["value"] for score in said["scores"]}
    assert values["score, all items"] == 0.75
    assert values["score, items not found"] == 0.5
    assert values["score, inflation"] == 0.25
    assert not list(tmp_path.glob(".*"))


def test_passages_can_be_cut_out_instead(files, tmp_path):
    train, items = files
    clean = tmp_path / "cut.jsonl"
    run_command(train, "--against", items, "--clean", clean, "--cut")
    rows = read(clean)
    assert len(rows) == 40
    assert all("bought" not in row["text"] for row in rows[30:])
    assert all(row["source"] == "s" for row in rows)


def test_overlapping_passages_are_cut_once():
    assert without("abcdefghij", [(5, 8), (1, 3), (2, 4)]) == "aeij"


def test_rows_that_hold_no_item_are_named_and_a_file_without_any_is_refused(files, tmp_path):
    train, items = files
    items.write_text(items.read_text() + "nonsense\n" + json.dumps({"title": "x"}) + "\n")
    said = json.loads(run_command(train, "--against", items, "--json"))
    assert [(bad["row"], bad["reason"]) for bad in said["bad_rows"]] == [(21, "not a JSON object"), (22, "no question")]
    empty = write(tmp_path / "empty.jsonl", [{"title": "x"}])
    with pytest.raises(OctavoError, match="D080"):
        search_files([train], [empty], tmp_path / "s")
    damaged = tmp_path / "items.jsonl.gz"
    damaged.write_bytes(gzip.compress(items.read_bytes())[:-20])
    with pytest.raises(OctavoError, match="D081"):
        search_files([train], [damaged], tmp_path / "s2")


def test_two_files_may_number_their_items_alike(files, tmp_path):
    train, _ = files
    both = [write(tmp_path / f"{name}.jsonl", [{"id": 1, "question": problem(k)}]) for k, name in enumerate("ab")]
    found = search_files([train], both, tmp_path / "s", on="serial")
    assert [hit["eval_id"] for hit in found.hits()] == ["1", "b.jsonl:1"]


def test_scores_that_are_none_and_cut_without_clean_are_refused(files, tmp_path):
    train, items = files
    wrong = write(tmp_path / "scores.jsonl", [{"id": "e0"}])
    with pytest.raises(OctavoError, match="D083"):
        run_command(train, "--against", items, "--scores", wrong)
    with pytest.raises(OctavoError, match="D082"):
        run_command(train, "--against", items, "--cut")


def test_a_killed_search_goes_on_to_the_same_rows(files, tmp_path):
    train, items = files
    undisturbed, killed = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    given = [str(train), "--against", str(items), "--executor", "serial", "-o"]
    run_command(*given, undisturbed)
    call = [sys.executable, "-m", "octavo", "data", "contamination", *given, str(killed)]
    killed_at_random(call, kills=4, longest=1.0, seed=1)
    assert killed.read_bytes() == undisturbed.read_bytes()
    assert not list(tmp_path.glob(".*"))


def documents():
    """Texts under ids of which some are kept from training; one training text holds a held-out one."""
    ids = [f"doc{k}" for k in range(2000)]
    kept_out = [name for name in ids if held_out(name)][:5]
    rest = [name for name in ids if not held_out(name)][:60]
    rows = [Document(name, prose(k, 60)) for k, name in enumerate(kept_out)]
    rows += [Document(name, prose(100 + k, 120)) for k, name in enumerate(rest)]
    rows.append(Document("copies", f"{prose(900, 50)} {rows[2].text} {prose(901, 50)}"))
    rows.append(Document("leaks", f"{prose(902, 50)} {problem(3)}"))
    return rows, kept_out


def test_the_stage_takes_out_what_holds_items_or_held_out_documents(tmp_path):
    source, out, scratch = tmp_path / "in", tmp_path / "out", tmp_path / "scratch"
    for folder in (source, out, scratch):
        folder.mkdir()
    rows, kept_out = documents()
    write_documents(source, rows)
    items = write(tmp_path / "items.jsonl", [{"id": "sum", "question": problem(3)}])
    settings = DecontaminateSettings(against=(str(items),), executor="serial")
    run(settings, {"documents": source}, out, scratch)
    assert [d.id for d in read_documents(out)] == [d.id for d in rows if d.id not in ("copies", "leaks")]
    removed = {r.document.id: (r.reason, r.detail) for r in read_removed(out)}
    assert removed == {
        "copies": ("contaminates", f"document {kept_out[2]}"),
        "leaks": ("contaminates", "item sum"),
    }


def test_held_out_documents_in_the_training_texts_can_be_named(tmp_path):
    (tmp_path / "in").mkdir()
    rows, kept_out = documents()
    write_documents(tmp_path / "in", rows)
    assert held_out_in_training(tmp_path / "in", tmp_path / "scratch") == {kept_out[2]: ["copies"]}


def test_counting_removes_nothing(tmp_path):
    source, out, scratch = tmp_path / "in", tmp_path / "out", tmp_path / "scratch"
    for folder in (source, out, scratch):
        folder.mkdir()
    rows, _ = documents()
    write_documents(source, rows)
    run(DecontaminateSettings(action="count", executor="serial"), {"documents": source}, out, scratch)
    assert (out / "documents.jsonl").read_bytes() == (source / "documents.jsonl").read_bytes()


def test_an_evaluation_file_that_is_not_there_is_named():
    with pytest.raises(OctavoError, match="D092"):
        sources(DecontaminateSettings(against=("nowhere.jsonl",)))
