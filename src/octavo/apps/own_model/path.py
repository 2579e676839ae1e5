"""The path of `octavo run`: from documents to a model that answers with citations, and the scores that say how well."""

from __future__ import annotations

from octavo.align import dialogues, instruct
from octavo.apps.own_model import evaluate
from octavo.apps.own_model.closing import closing
from octavo.data import card, clean, collect, decontaminate, mix, redact
from octavo.evaluate import report
from octavo.knowledge import build
from octavo.pretrain import foundation, learn
from octavo.spine.stage import Step
from octavo.tokenizer import examined, train

__all__ = ["STAGES", "closing"]

STAGES = (
    # first, so that a base that does not fit is refused before anything is computed
    Step("base", foundation.STAGE),
    Step("collect", collect.STAGE),
    # before anything is compared or kept apart, so that no personal text is left in what was removed either
    Step("redact", redact.STAGE, {"documents": "collect"}),
    Step("clean", clean.STAGE, {"documents": "redact"}),
    Step("decontaminate", decontaminate.STAGE, {"documents": "clean"}),
    Step("mix", mix.STAGE, {"documents": "decontaminate"}),
    Step("card", card.STAGE, {"documents": "mix"}),
    Step("tokenizer", train.STAGE, {"documents": "mix", "base": "base"}),
    Step("audit", examined.STAGE, {"tokenizer": "tokenizer", "documents": "mix"}),
    Step("pretrain", learn.STAGE, {"documents": "mix", "tokenizer": "tokenizer", "base": "base"}),
    Step("dialogues", dialogues.STAGE, {"documents": "decontaminate"}),
    Step("instruct", instruct.STAGE, {"checkpoint": "pretrain", "dialogues": "dialogues", "documents": "mix"}),
    Step("index", build.STAGE, {"documents": "clean"}),
    Step(
        "evaluate",
        evaluate.STAGE,
        {"documents": "decontaminate", "given": "base", "base": "pretrain", "model": "instruct", "index": "index"},
    ),
    Step(
        "report",
        report.STAGE,
        {
            "collected": "collect",
            "cleaned": "clean",
            "documents": "decontaminate",
            "card": "card",
            "audit": "audit",
            "scores": "evaluate",
            "given": "base",
            "base": "pretrain",
            "model": "instruct",
            "index": "index",
        },
    ),
)
