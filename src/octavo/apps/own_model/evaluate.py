"""Evaluate: the stage that measures what came out: unseen text, answers, citations, abstention, claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from octavo.apps.own_model.amounts import EvaluateSettings
from octavo.spine.stage import Inputs, Stage


def sources(settings: EvaluateSettings) -> Mapping[str, str]:
    """The file of questions with its digest."""
    import hashlib

    from octavo.apps.own_model.questions import SHIPPED

    path = Path(settings.probe) if settings.probe else SHIPPED
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"}


def run(settings: EvaluateSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Measure everything; seconds go to the readings, not into the artifact."""
    from octavo.apps.own_model.examination import examine
    from octavo.apps.own_model.unseen import BASE, GIVEN, INSTRUCTED, unseen_text
    from octavo.data.decontaminate import held_out_in_training
    from octavo.kinds.documents import read_documents
    from octavo.kinds.foundation import read_foundation
    from octavo.kinds.scores import write_scores

    documents = list(read_documents(inputs["documents"]))
    known_too = held_out_in_training(inputs["documents"], scratch / "contamination", settings.contaminated_from)
    checkpoints = {BASE: inputs["base"], INSTRUCTED: inputs["model"]}
    given = read_foundation(inputs["given"])
    if not given.from_nothing:
        checkpoints = {GIVEN: inputs["given"], **checkpoints}
    reading = unseen_text(settings, documents, checkpoints, known_too)
    reading.facts["base"] = str(given)
    asked = examine(settings, documents, inputs["index"], inputs["model"])
    left_out = {**reading.left_out, **asked.left_out}
    facts = {**reading.facts, **asked.facts, "left out": left_out}
    write_scores(out, [*asked.scores, *reading.scores], [*asked.items, *reading.items], facts)


STAGE = Stage(
    name="evaluate",
    module=__name__,
    settings=EvaluateSettings,
    inputs={
        "documents": "documents",
        "given": "foundation",
        "base": "checkpoint",
        "model": "checkpoint",
        "index": "index",
    },
    output="scores",
    sources=sources,
)
