"""A small finished path, written through the kinds, for the report to tell."""

import json
import math
import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from evaluate_parts import a_card

from octavo.kinds.card import write_card
from octavo.kinds.documents import Document, Removed, write_documents
from octavo.kinds.foundation import Foundation, write_foundation
from octavo.kinds.scores import Score, write_scores


@pytest.fixture(scope="session")
def audit(tmp_path_factory) -> Path:
    """What the stage `audit` makes of a small tokenizer; the token that no document uses looks like markup."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    from octavo.tokenizer.examined import AuditSettings, run

    folder = tmp_path_factory.mktemp("audited")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "e"), ("x", "t"), ("te", "xt"), ("<", "b"), ("<b", ">")]
    pieces = [*letters, *(a + b for a, b in merges)]
    inner = Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    for name in ("tokenizer", "documents", "out", "scratch"):
        (folder / name).mkdir()
    inner.save(str(folder / "tokenizer" / "tokenizer.json"))
    write_documents(folder / "documents", [Document(f"d{i}", "text of a document") for i in range(20)])
    run(
        AuditSettings(),
        {name: folder / name for name in ("tokenizer", "documents")},
        folder / "out",
        folder / "scratch",
    )
    return folder / "out"


def write_checkpoint(folder: Path, name: str, steps: int) -> None:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["Qwen3ForCausalLM"], "vocab_size": 4096}))
    summary = {"parameters": 3_400_000, "tokens": 5_100_000, "final_loss": 3.1, "size": "small", "method": name}
    (folder / "training.json").write_text(json.dumps(summary))
    rows = [{"step": i, "loss": 3 + 5.3 * math.exp(-i / 40), "lr": 0.001, "tokens": i * 100} for i in range(1, steps)]
    (folder / "training.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def item(number: int, outcome: str) -> dict:
    return {
        "measure": "answers",
        "mode": "quote",
        "id": f"q{number}",
        "set": "named",
        "question": f"what does <json>.dumps & co return ({number})?",
        "accept": ["json.dumps"],
        "answer": "Serialize ``obj`` to a JSON formatted ``str``. " * 4,
        "declined": "declined" in outcome,
        "cited": ["json.dumps", "json.dump"],
        "confidence": 0.83,
        "reason": "nothing in the documents matches" if "declined" in outcome else "",
        "outcome": outcome,
    }


@pytest.fixture
def inputs(tmp_path: Path, audit: Path) -> dict[str, Path]:
    made = ("collected", "cleaned", "documents", "card", "given", "scores", "index", "clock")
    folders = {name: tmp_path / name for name in (*made, "base", "model")} | {"audit": audit}
    for name in made:
        folders[name].mkdir()
    write_card(folders["card"], a_card())
    write_foundation(folders["given"], Foundation())
    documents = [
        Document(f"pkg{i % 17}.f{i}", "text " * 20, "function", package=f"package-{i % 17}") for i in range(300)
    ]
    removed = [Removed(Document(f"old.h{i}", "x"), "too short", detail="3 characters") for i in range(25)]
    write_documents(folders["collected"], documents, removed)
    removed += [Removed(Document(f"old.g{i}", "x"), "exact duplicate", duplicate_of="pkg1.f1") for i in range(60)]
    write_documents(folders["cleaned"], documents, removed)
    removed += [Removed(Document(f"old.i{i}", "x"), "evaluation item") for i in range(5)]
    write_documents(folders["documents"], documents, removed)
    scores = [
        Score(
            "bits per byte, base",
            1.62,
            280,
            1.55,
            1.7,
            "lower",
            "bits per byte",
            (0.0, 32.0),
            baseline=2.4,
            baseline_name="lzma",
        ),
        Score(
            "named: first citation right",
            0.983,
            180,
            0.95,
            0.995,
            "higher",
            method="share, Wilson",
            baseline=0.0001,
            baseline_name="1 of 9,000 at random",
        ),
        Score(
            "unanswerable declined",
            0.9,
            60,
            0.8,
            0.95,
            "higher",
            method="share, Wilson",
            baseline=0.3,
            baseline_name="declining as often, at random",
        ),
        Score(
            "answerable declined",
            0.08,
            180,
            0.05,
            0.12,
            "lower",
            method="share, Wilson",
            baseline=0.3,
            baseline_name="declining as often, at random",
        ),
        Score(
            "risk–coverage area",
            0.2,
            240,
            0.15,
            0.26,
            "lower",
            method="area",
            baseline=0.24,
            baseline_name="same answers, any order",
        ),
        Score(
            "unsupported claims, generate",
            0.71,
            42,
            0.6,
            0.82,
            "lower",
            method="share",
            unparsed=2,
            baseline=0.7,
            baseline_name="length only",
        ),
    ]
    outcomes = ["right", "wrong", "declined, unanswerable", "declined, answerable", "answered, unanswerable"]
    curve = [[i / 100, round(0.3 * (i / 100) ** 2, 4)] for i in range(1, 101)]
    facts = {
        "curves": {"quote": curve, "generate": [[x, min(1.0, 0.5 + y)] for x, y in curve]},
        "left out": {"probe questions whose accepted documents are not in this index": 41},
    }
    write_scores(folders["scores"], scores, [item(i, o) for i, o in enumerate(outcomes * 2)], facts)
    write_checkpoint(folders["base"], "from scratch", 400)
    write_checkpoint(folders["model"], "instruction", 90)
    with sqlite3.connect(folders["index"] / "index.sqlite") as connection:
        connection.execute("CREATE TABLE metadata (key, value)")
        connection.execute("INSERT INTO metadata VALUES ('generation', '1')")
        connection.execute("CREATE TABLE documents (passages, born, died)")
        connection.executemany("INSERT INTO documents VALUES (?, 1, 9)", [(2 + i % 2,) for i in range(360)])
        connection.execute("CREATE TABLE terms (x)")
        connection.executemany("INSERT INTO terms VALUES (?)", [(i,) for i in range(5000)])
        connection.execute("CREATE TABLE layers (name, ready)")
    stages = [
        {
            "stage": name,
            "seconds": seconds,
            "peak_memory": memory * 2**20,
            "attempts": 1,
            "observed": {"loss": 3.1} if name == "pretrain" else {},
        }
        for name, seconds, memory in (
            ("collect", 61.2, 410),
            ("clean", 30.5, 380),
            ("pretrain", 128.0, 1400),
            ("index", 22.0, 300),
        )
    ]
    (folders["clock"] / "clock.json").write_text(json.dumps(stages))
    return folders
