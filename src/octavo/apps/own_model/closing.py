"""Closing: what a finished run prints: the scorecard, the page's place, three questions answered with citations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from octavo.spine.project import Project

ENVIRONMENT_QUESTIONS = (
    "What does itertools.pairwise return?",
    "How do I delete a folder with everything in it?",
    "Which class counts how often each element occurs?",
)
"""Asked of the documentation of the Python environment; of a folder, three from the evaluation are asked."""


def closing(project: Project, artifacts: Mapping[str, Path]) -> str:
    """The text that `octavo run` ends with; puts `report.html` beside `project.toml`."""
    from octavo.evaluate.place import place_page
    from octavo.evaluate.scorecard import about, table
    from octavo.kinds import audit, card
    from octavo.kinds.scores import read_scores

    scores, facts = read_scores(artifacts["evaluate"])
    page = place_page(artifacts["report"], project.folder)
    lines = about(card.describe(artifacts["card"]), audit.describe(artifacts["audit"]), facts.get("base"))
    return "\n\n".join([table(scores), "\n".join([*lines, f"report     {page}"]), *_examples(artifacts)])


def _examples(artifacts: Mapping[str, Path]) -> list[str]:
    from octavo.kinds.index import INDEX
    from octavo.knowledge.answer.answer import Answerer
    from octavo.knowledge.index.index import Index
    from octavo.serve.readable import as_lines

    with Index.open(artifacts["index"] / INDEX, immutable=True) as index:
        known = index.document("itertools.pairwise") is not None
        questions = ENVIRONMENT_QUESTIONS if known else _answered(artifacts["evaluate"])
        answerer = Answerer(index)
        asked = [(question, answerer.ask(question, k=1)) for question in questions]
        return ["\n".join([f"> {question}", *as_lines(answer, index.document)]) for question, answer in asked]


def _answered(scores: Path, wanted: int = 3) -> list[str]:
    """Questions of the evaluation that were answered right, about different documents."""
    from octavo.kinds.scores import ITEMS

    found: dict[str, str] = {}
    with (scores / ITEMS).open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row.get("mode") == "quote" and row.get("outcome") == "right" and row.get("set") == "free":
                found.setdefault(row["cited"][0], row["question"])
            if len(found) == wanted:
                break
    return list(found.values())
