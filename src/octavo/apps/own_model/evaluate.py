"""Evaluate: the stage that measures what came out: unseen text, answers, citations, abstention, claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class EvaluateSettings(Settings):
    """How much is measured, and with which questions."""

    probe: str = ""
    """A JSON Lines file of questions (`id`, `question`, `set`, `accept`); empty: the shipped probe for the embedded
    default, questions made from the documents for a folder."""
    questions: int = 200
    """Ask at most so many questions of each set; 0: all."""
    generated: int = 20
    """Answer so many of the questions in generate mode too; 0: none."""
    first: int = 5
    """Citations asked for with each answer."""
    held_out_documents: int = 300
    """Read at most so many documents that no training saw."""
    held_out_bytes: int = 60_000
    """Read at most so many bytes of them."""
    compressor_bytes: int = 1_000_000
    """Training text that the compressor, the baseline of bits per byte, may see first."""


def sources(settings: EvaluateSettings) -> Mapping[str, str]:
    """The file of questions with its digest."""
    import hashlib

    from octavo.apps.own_model.questions import SHIPPED

    path = Path(settings.probe) if settings.probe else SHIPPED
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"}


def run(settings: EvaluateSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Measure everything; seconds go to the readings, not into the artifact."""
    from octavo.apps.own_model.examination import examine
    from octavo.apps.own_model.unseen import unseen_text
    from octavo.kinds.documents import read_documents
    from octavo.kinds.scores import write_scores

    documents = list(read_documents(inputs["documents"]))
    reading = unseen_text(settings, documents, inputs["base"], inputs["model"])
    asked = examine(settings, documents, inputs["index"], inputs["model"])
    left_out = {**reading.left_out, **asked.left_out}
    facts = {**reading.facts, **asked.facts, "left out": left_out}
    write_scores(out, [*asked.scores, *reading.scores], [*asked.items, *reading.items], facts)


STAGE = Stage(
    name="evaluate",
    module=__name__,
    settings=EvaluateSettings,
    inputs={"documents": "documents", "base": "checkpoint", "model": "checkpoint", "index": "index"},
    output="scores",
    sources=sources,
)
