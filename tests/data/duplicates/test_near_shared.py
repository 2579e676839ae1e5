"""On the shared news texts: the planted pairs are found, nothing else, and edited copies are."""

import gzip
import json
import os
import random
from pathlib import Path

import pytest
from texts_ import found

from octavo.data.edits import scattered

SHARED = Path(os.environ.get("OCTAVO_SHARED") or Path(__file__).parents[4] / "shared") / "data" / "curation"


def rows_of(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"there is no {path}: set OCTAVO_SHARED to the folder that holds it")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_all_planted_pairs_of_the_news_texts_are_found_and_no_other(tmp_path):
    rows = rows_of("near_dup_articles.jsonl.gz")
    pairs = {frozenset((rows[row]["id"], rows[kept]["id"])) for row, kept, _, _ in found(tmp_path, rows)}
    assert pairs == {frozenset((row["a"], row["b"])) for row in rows_of("near_dup_truth.jsonl.gz")}


@pytest.mark.parametrize(("share", "least"), [(0.05, 0.95), (0.10, 0.90)])
def test_edited_news_texts_are_found(tmp_path, share, least):
    paired = {name for row in rows_of("near_dup_truth.jsonl.gz") for name in (row["a"], row["b"])}
    texts = [row["text"] for row in rows_of("near_dup_articles.jsonl.gz") if row["id"] not in paired][:500]
    words = " ".join(texts).split()
    rng = random.Random(5)
    pairs = found(tmp_path, texts + [scattered(text, share, words, rng) for text in texts])
    right = sum(abs(row - kept) == 500 for row, kept, _, _ in pairs)
    assert right / 500 >= least
    assert right / len(pairs) >= 0.99
