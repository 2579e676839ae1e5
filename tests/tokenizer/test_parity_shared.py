"""On real parallel text parity-aware BPE is fairer than plain BPE of the same size."""

import gzip
import json
import os
from pathlib import Path

import pytest
from corpora import write

from octavo.kinds.records import shards
from octavo.tokenizer.learn.learner import learn
from octavo.tokenizer.learn.terms import Terms

SHARED = Path(os.environ.get("OCTAVO_SHARED") or Path(__file__).parents[3] / "shared")
LINES = SHARED / "data" / "curation" / "flores_devtest.jsonl.gz"
LANGUAGES = ("eng_Latn", "deu_Latn", "zho_Hans", "hin_Deva", "tam_Taml", "amh_Ethi")


def test_the_worst_language_pays_less_under_parity(tmp_path):
    if not LINES.exists():
        pytest.skip(f"{LINES} is absent")
    with gzip.open(LINES, "rt", encoding="utf-8") as lines:
        some = [row for row in map(json.loads, lines) if row["lang"] in LANGUAGES]
    made = [{"id": f"{r['lang']}{r['line']}", "text": r["text"], "language": r["lang"]} for r in some]
    seen = [row for row, r in zip(made, some, strict=True) if r["line"] <= 350]
    unseen = [row for row, r in zip(made, some, strict=True) if r["line"] > 350]
    source = shards([write(tmp_path / "seen.jsonl", seen)], tmp_path)
    worst = {}
    for algorithm in ("bpe", "parity"):
        terms = Terms(algorithm, 3000, groups="language", unit="records")
        learnt = learn(terms, source, tmp_path / algorithm, on="serial")
        tokens = dict.fromkeys(LANGUAGES, 0)
        for row in unseen:
            tokens[row["language"]] += len(learnt.tokenizer.encode(row["text"]).ids)
        worst[algorithm] = max(tokens.values()) / tokens["eng_Latn"]
    assert worst["parity"] < 0.9 * worst["bpe"]
