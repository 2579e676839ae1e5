import gzip
import json
import os
from pathlib import Path

import pytest

from octavo.kinds.documents import Document
from octavo.knowledge.graph.ranker import Walk
from octavo.knowledge.index.sparse import Sparse
from octavo.measures.recall import recall_at

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("OCTAVO_SHARED", ROOT.parent / "shared")) / "data/factuality"


def rows(name):
    if not (FOLDER / name).is_file():
        pytest.skip(f"{FOLDER / name} is not there")
    with gzip.open(FOLDER / name) as lines:
        return [json.loads(line) for line in lines]


def test_the_walk_finds_far_more_of_the_evidence_of_several_hops_than_words_do(build):
    questions = rows("musique100_questions.jsonl.gz")[:30]
    index = build([Document(p["id"], p["text"], title=p["title"]) for p in rows("musique100_passages.jsonl.gz")])
    view = index.view()

    def recall(ranker):
        found = [[view.id_of(p) for p, _ in ranker.rank(q["question"], 5)] for q in questions]
        gold = [{p["passage"] for p in q["paragraphs"] if p["supporting"]} for q in questions]
        return sum(recall_at(f, sorted(g), 5) for f, g in zip(found, gold)) / len(questions)

    assert recall(Walk(view)) > recall(Sparse(view)) + 0.1
