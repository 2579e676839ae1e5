import gzip
import json
import os
from pathlib import Path

import pytest

from octavo.kinds.documents import Document
from octavo.knowledge.dense.layer import Vectors
from octavo.knowledge.index.index import Index
from octavo.knowledge.search import search

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("OCTAVO_SHARED", ROOT.parent / "shared")) / "data" / "factuality"


def rows(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the MuSiQue passages are not there: {path}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_even_the_floor_finds_more_of_what_questions_of_several_hops_need_than_bm25(tmp_path):
    passages, questions = rows("musique100_passages.jsonl.gz"), rows("musique100_questions.jsonl.gz")
    path = tmp_path / "i.sqlite"
    Index.build(path, [Document(p["id"], p["text"], title=p["title"]) for p in passages])
    recall = dict.fromkeys(("sparse", "hybrid"), 0.0)
    with Index.open(path, write=True) as index:
        index.build_layer(Vectors(learning=False))
        for question in questions:
            gold = {p["passage"] for p in question["paragraphs"] if p["supporting"]}
            for method in recall:
                found = {one.id for one in search(index.view(), question["question"], 5, method)}
                recall[method] += len(found & gold) / len(gold) / len(questions)
    assert recall["hybrid"] > recall["sparse"] + 0.03
