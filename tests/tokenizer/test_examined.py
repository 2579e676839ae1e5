"""The stage `audit` gives the same bytes each time, counts what training reads, and notices another parallel file."""

import json

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from octavo.kinds.audit import KIND, read_audit
from octavo.kinds.documents import Document, held_out, write_documents
from octavo.tokenizer.examined import STAGE, AuditSettings, run, sources


@pytest.fixture
def inputs(tmp_path):
    folders = {name: tmp_path / name for name in ("tokenizer", "documents")}
    for folder in folders.values():
        folder.mkdir()
    pieces = {piece: i for i, piece in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    pieces |= {"th": 256, "zq": 257}
    inner = Tokenizer(models.BPE(vocab=pieces, merges=[("t", "h"), ("z", "q")]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.save(str(folders["tokenizer"] / "tokenizer.json"))
    names = [f"n{number}" for number in range(400)]
    secret = next(name for name in names if held_out(name))
    texts = dict.fromkeys(names, "the other thing") | {secret: "zqzq"}
    write_documents(folders["documents"], [Document(name, text) for name, text in texts.items()])
    return folders


def audited(inputs, place, **settings):
    for name in ("out", "scratch"):
        (place / name).mkdir(parents=True)
    run(AuditSettings(**settings), inputs, place / "out", place / "scratch")
    KIND.check(place / "out")
    return place / "out"


def test_two_runs_give_the_same_bytes_which_name_no_place_and_no_time(inputs, tmp_path):
    one, other = (audited(inputs, tmp_path / name) / "audit.json" for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert str(tmp_path) not in one.read_text()
    assert "seconds" not in one.read_text()


def test_a_token_that_only_held_out_documents_use_is_never_used(inputs, tmp_path):
    found = read_audit(audited(inputs, tmp_path / "one"))
    assert [row["piece"] for row in found["usage"]["never_used_tokens"]] == ["zq"]
    told = KIND.describe(tmp_path / "one" / "out")
    assert (told["never_used"], told["vocabulary"], told["base"]) == (1, 258, "en")
    assert told["dearest"]["premium"] > 1


def test_parallel_lines_of_ones_own_are_taken_and_decide_the_recipe(inputs, tmp_path):
    assert sources(AuditSettings()) == {}
    file = tmp_path / "lines.jsonl"
    assert sources(AuditSettings(parallel=str(file))) == {"parallel": "missing"}
    rows = [{"lang": lang, "line": i, "text": lang * (i + 1)} for i in range(5) for lang in ("en", "ttt")]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert len(sources(AuditSettings(parallel=str(file)))["parallel"]) == 64
    found = read_audit(audited(inputs, tmp_path / "one", parallel=str(file)))
    assert {row["language"] for row in found["languages"]["rows"]} == {"en", "ttt"}
    assert str(tmp_path) not in json.dumps(found)


def test_the_stage_makes_an_audit_of_a_tokenizer_and_documents():
    assert (STAGE.output, dict(STAGE.inputs)) == ("audit", {"tokenizer": "tokenizer", "documents": "documents"})


def test_of_many_documents_an_even_sample_is_counted_the_same_each_time(inputs, tmp_path):
    long = [Document(f"n{number}", "the other thing " * 60) for number in range(3000)]
    write_documents(inputs["documents"], long)
    found = [read_audit(audited(inputs, tmp_path / name, sample_mb=1)) for name in ("one", "other")]
    share = found[0]["usage"]["share"]
    assert found[0] == found[1]
    assert 0.3 < share < 0.4
    assert abs(found[0]["usage"]["records"] - share * 3000) < 0.1 * 3000
    assert read_audit(audited(inputs, tmp_path / "whole"))["usage"]["records"] > 2900
