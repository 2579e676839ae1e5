"""Contamination on the fixtures of decon and on GSM8K items planted into news texts."""

import gzip
import json
import os
import random
from collections import defaultdict
from pathlib import Path

import pytest

from octavo.data.contamination.index import build_index
from octavo.data.contamination.items import item_of
from octavo.data.contamination.search import search

SHARED = Path(os.environ.get("OCTAVO_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "curation"


def rows_of(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there: set OCTAVO_SHARED to the folder that holds data/")
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


def test_every_fixture_with_an_agreed_answer_is_right():
    rows = rows_of("contamination_fixtures.jsonl.gz")
    references = defaultdict(list)
    for row in rows:
        if row["role"] == "reference":
            references[row["file"]].append(item_of({**row["record"], "id": str(row["line"])}, ""))
    judged = 0
    for row in rows:
        if row["role"] == "training" and (row["expected"] or "").startswith(("match", "no match")):
            index = build_index(references[row["against"]])
            found = {index.ids[hit.item] for hit in search(index, [row["record"]["text"]], 0.6)}
            least = {"match": 1, "no match": 0, "match (at least two)": 2}[row["expected"]]
            assert len(found) >= least, row
            if row["reference_lines"] is not None:
                assert found == {str(line) for line in row["reference_lines"]}, row
            judged += 1
    assert judged >= 12


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_items_with_a_tenth_of_their_words_edited_are_found_in_news(seed):
    items = [item_of(row, "") for row in rows_of("gsm8k_test_sample.jsonl.gz")]
    news = [row["text"] for row in rows_of("near_dup_articles.jsonl.gz")]
    index = build_index(items)
    r = random.Random(seed)
    words = [word for text in news[:100] for word in text.split()]
    texts, truth = [], []
    for item in r.sample(items, len(items) // 2):
        parts = item.question.split()
        for at in r.sample(range(len(parts)), round(0.1 * len(parts))):
            parts[at] = r.choice([r.choice(words), "", f"{parts[at]} {r.choice(words)}"])
        around = r.choice(news).split()
        at = r.randrange(len(around))
        texts.append(" ".join([*around[:at], *parts, *around[at:]]))
        truth.append(item.id)
    hits = search(index, [*texts, *news], 0.6)
    right = {hit.text for hit in hits if hit.text < len(truth) and truth[hit.text] == index.ids[hit.item]}
    assert len(right) >= 0.97 * len(truth)
    assert len(right) >= 0.99 * len(hits)
