"""Retrain: a new tokenizer in the place of an old one, and where each of its tokens comes from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from octavo.kinds.records import shards
from octavo.tokenizer.audit.open import Opened
from octavo.tokenizer.audit.usage import corpus_files
from octavo.tokenizer.learn.learner import learn
from octavo.tokenizer.learn.terms import Terms
from octavo.tokenizer.repair.carry import carried
from octavo.tokenizer.repair.vocabulary import Repaired


def retrain(
    old: Opened,
    corpus: Sequence[Path],
    scratch: Path,
    terms: Terms,
    *,
    parallel: Path | None = None,
    on: str = "processes",
    workers: int = 0,
) -> Repaired:
    """Learn a tokenizer by `terms` from `corpus`; each new token's sources are its old namesake or old pieces."""
    found = []
    for number, (path, _) in enumerate(corpus_files(corpus)):
        found += shards([path], scratch / f"plain-{number:04d}")
    compared = shards([parallel], scratch / "parallel") if parallel else []
    learnt = learn(terms, found, scratch / "learn", parallel=compared, on=on, workers=workers)
    new = Opened(old.path, learnt.tokenizer, "tokenizer.json")
    was, now = set(old.pieces), set(new.pieces)
    return Repaired(
        json.loads(learnt.tokenizer.to_str()),
        carried(old, new),
        new.pieces,
        [piece for piece in old.pieces if piece is not None and piece not in now],
        [piece for piece in new.pieces if piece is not None and piece not in was],
    )
