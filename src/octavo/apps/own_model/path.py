"""The path of `octavo run`: from documents to a model that answers with citations, and the scores that say how well."""

from __future__ import annotations

from octavo.align import dialogues, instruct
from octavo.apps.own_model import evaluate
from octavo.apps.own_model.closing import closing
from octavo.data import clean, collect
from octavo.evaluate import report
from octavo.knowledge import build
from octavo.pretrain import scratch
from octavo.spine.stage import Step
from octavo.tokenizer import train

__all__ = ["STAGES", "closing"]

STAGES = (
    Step("collect", collect.STAGE),
    Step("clean", clean.STAGE, {"documents": "collect"}),
    Step("tokenizer", train.STAGE, {"documents": "clean"}),
    Step("pretrain", scratch.STAGE, {"documents": "clean", "tokenizer": "tokenizer"}),
    Step("dialogues", dialogues.STAGE, {"documents": "clean"}),
    Step("instruct", instruct.STAGE, {"checkpoint": "pretrain", "dialogues": "dialogues"}),
    Step("index", build.STAGE, {"documents": "clean"}),
    Step(
        "evaluate",
        evaluate.STAGE,
        {"documents": "clean", "base": "pretrain", "model": "instruct", "index": "index"},
    ),
    Step(
        "report",
        report.STAGE,
        {"documents": "clean", "scores": "evaluate", "base": "pretrain", "model": "instruct", "index": "index"},
    ),
)
