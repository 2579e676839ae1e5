"""`octavo data pii` and the stage `redact` over files: same bytes everywhere, resumable, nothing overwritten."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from octavo.cli.data.pii import command
from octavo.data.personal.teaching.sentences import Writer
from octavo.data.redact import RedactSettings, run, sources
from octavo.kinds.documents import Document, Removed, read_documents, read_removed, write_documents
from octavo.spine.errors import OctavoError
from octavo.spine.process.executors import NAMES
from tests.killing import killed_at_random

ROWS = [
    {"id": "a", "text": "Write to jane.doe@firm.org or call (212) 664-7665.", "licence": "MIT"},
    {"id": "b", "text": "Nothing to see here."},
    {"id": "c", "text": "My name is Jane Miller, card 4111 1111 1111 1111, again jane.doe@firm.org"},
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS) + "no record\n")
    return path


def _pii(*words: object) -> Result:
    result = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_spans_are_written_for_each_record_and_counted(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "spans.jsonl"
    result = _pii(source, "-o", out, "--json", "--executor", "serial")
    told = json.loads(result.stdout)
    spans = _rows(out)
    assert [row["id"] for row in spans] == ["a", "b", "c"]
    assert spans[1]["spans"] == []
    text = ROWS[0]["text"]
    assert [(text[s["start"] : s["end"]], s["type"]) for s in spans[0]["spans"]] == [
        ("jane.doe@firm.org", "EMAIL"),
        ("(212) 664-7665", "PHONE"),
    ]
    assert told["types"]["EMAIL"]["count"] == 2
    assert told["types"]["EMAIL"]["records"] == 2
    assert told["types"]["EMAIL"]["examples"] == ["j… d…@f… o…"] or "jane" not in str(told)
    assert told["records"] == 3
    assert told["unreadable"][0]["row"] == 4
    assert not list(tmp_path.glob(".*"))


def test_redacted_records_keep_their_other_fields(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "clean.jsonl"
    _pii(source, "--redact", out, "--executor", "serial")
    clean = _rows(out)
    assert clean[0] == {**ROWS[0], "text": "Write to [EMAIL] or call [PHONE]."}
    assert clean[1] == ROWS[1]
    assert clean[2]["text"] == "My name is [PERSON], card [CARD], again [EMAIL]"


def test_titles_are_searched_and_replaced_ids_only_listed(tmp_path: Path) -> None:
    source, out, spans = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "spans.jsonl"
    row = {"id": "joe@firm.org", "title": "Letter to jane.doe@firm.org", "text": "No names.", "author": "x@firm.org"}
    source.write_text(json.dumps(row) + "\n" + json.dumps({"id": "b", "text": "Nothing.", "title": None}) + "\n")
    told = json.loads(_pii(source, "-o", spans, "--redact", out, "--json", "--executor", "serial").stdout)
    assert _rows(out)[0] == {**row, "title": "Letter to [EMAIL]"}
    assert _rows(spans)[0]["spans"] == []
    assert _rows(spans)[0]["elsewhere"] == [{"field": "title", "start": 10, "end": 27, "type": "EMAIL", "score": 0.98}]
    assert told["in_titles"] == {"EMAIL": 1}
    assert told["ids"] == {"count": 1, "examples": ["j…@f… o…"]}
    assert "ids look like personal data" in _pii(source, "--executor", "serial").output


def test_what_is_found_does_not_depend_on_what_is_put_in_its_place(tmp_path: Path) -> None:
    writer = Writer(2)
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"id": at, "text": writer.sentence()[0]}) + "\n" for at in range(80)))
    key = tmp_path / "key"
    found = []
    for at, more in enumerate(
        (
            [],
            ["--redact", tmp_path / "a.jsonl"],
            ["--redact", tmp_path / "b.jsonl", "--mode", "pseudonym", "--key", key],
        )
    ):
        told = json.loads(_pii(source, "-o", tmp_path / f"{at}.jsonl", *more, "--json", "--executor", "serial").stdout)
        spans = [row["spans"] for row in _rows(tmp_path / f"{at}.jsonl")]
        found.append((spans, {name: facts["count"] for name, facts in told["types"].items()}))
    assert found[0] == found[1] == found[2]


def test_pseudonyms_are_the_same_in_all_records_under_one_key(source: Path, tmp_path: Path) -> None:
    outs = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for out in outs:
        _pii(source, "--redact", out, "--mode", "pseudonym", "--key", tmp_path / "key", "--executor", "serial")
    assert outs[0].read_bytes() == outs[1].read_bytes()
    first, _, third = _rows(outs[0])
    address = first["text"].split()[2]
    assert address.endswith("@example.com")
    assert third["text"].endswith(address)


@pytest.mark.parametrize("on", NAMES)
def test_every_executor_writes_the_same_bytes(on: str, source: Path, tmp_path: Path, monkeypatch) -> None:
    import octavo.kinds.records as records

    monkeypatch.setattr(records.shards, "__defaults__", (100,))
    wanted, got = tmp_path / "wanted", tmp_path / "got"
    for place, where in ((wanted, "serial"), (got, on)):
        _pii(source, "-o", place / "s.jsonl", "--redact", place / "c.jsonl", "--executor", where, "--workers", 2)
    for name in ("s.jsonl", "c.jsonl"):
        assert (wanted / name).read_bytes() == (got / name).read_bytes()


def test_killed_and_started_again_gives_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    with source.open("w") as out:
        for at in range(3_000):
            out.write(
                json.dumps({"id": at, "text": f"Mail a{at}@firm.org, call 212-664-{at % 10000:04d}. " * 4}) + "\n"
            )
    common = ["--types", "structured", "--executor", "serial"]
    _pii(source, "-o", tmp_path / "wanted.jsonl", *common)
    begin = [sys.executable, "-m", "octavo", "data", "pii", str(source), "-o", str(tmp_path / "got.jsonl"), *common]
    killed_at_random(begin, kills=3, longest=2, seed=1, env=dict(os.environ))
    assert (tmp_path / "got.jsonl").read_bytes() == (tmp_path / "wanted.jsonl").read_bytes()


def test_pseudonyms_without_a_key_are_wrong_use(source: Path, tmp_path: Path) -> None:
    with pytest.raises(OctavoError) as caught:
        _pii(source, "--redact", tmp_path / "c.jsonl", "--mode", "pseudonym")
    assert caught.value.code == "D073"
    assert caught.value.exit_code == 2


def _artifact(folder: Path) -> Path:
    folder.mkdir()
    documents = [Document(id=row["id"], text=row["text"], title="To joe@firm.org") for row in ROWS]
    removed = Document(id="x", text="mail joe@firm.org", title="To joe@firm.org")
    write_documents(folder, documents, [Removed(removed, "too short")])
    return folder


def _redacted(source: Path, place: Path, **values: object) -> Path:
    out = place / "out"
    out.mkdir(parents=True)
    run(RedactSettings(**values), {"documents": source}, out, place / "scratch")
    return out


def test_the_stage_only_counts_unless_told_otherwise(tmp_path: Path) -> None:
    source = _artifact(tmp_path / "documents")
    out = _redacted(source, tmp_path / "a")
    for name in ("documents.jsonl", "removed.jsonl"):
        assert (out / name).read_bytes() == (source / name).read_bytes()


def test_the_stage_replaces_in_kept_and_removed_documents(tmp_path: Path) -> None:
    out = _redacted(_artifact(tmp_path / "documents"), tmp_path / "a", action="redact")
    assert next(d.text for d in read_documents(out)) == "Write to [EMAIL] or call [PHONE]."
    assert {d.title for d in read_documents(out)} == {"To [EMAIL]"}
    assert [(r.document.text, r.document.title) for r in read_removed(out)] == [("mail [EMAIL]", "To [EMAIL]")]


def test_the_key_is_part_of_what_the_stage_reads(tmp_path: Path) -> None:
    assert sources(RedactSettings()) == {}
    digests = []
    for secret in ("one secret of many bytes", "another secret of many bytes"):
        (tmp_path / "key").write_text(secret)
        digests.append(sources(RedactSettings(action="pseudonym", key=str(tmp_path / "key")))["key"])
    assert digests[0] != digests[1]


def test_a_damaged_document_stops_the_stage(tmp_path: Path) -> None:
    source = _artifact(tmp_path / "documents")
    with (source / "documents.jsonl").open("a") as out:
        out.write("{broken\n")
    with pytest.raises(OctavoError) as caught:
        _redacted(source, tmp_path / "a")
    assert caught.value.code == "D074"
