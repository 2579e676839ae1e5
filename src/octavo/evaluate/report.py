"""Report: the stage that puts scores, documents, tokenizer, losses, trials and costs on one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from octavo.kinds.trials import STORE, digests
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class ReportSettings(Settings):
    """What the report page is called."""

    title: str = "What this model can do"
    """The heading of the page."""


def sources(settings: ReportSettings) -> Mapping[str, str]:
    """The kept trials: a new one makes a new page."""
    return digests(STORE)


def run(settings: ReportSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write `report.html` and `scorecard.json`."""
    import json

    from octavo.evaluate.page import page
    from octavo.evaluate.scorecard import as_json
    from octavo.evaluate.story import gather
    from octavo.kinds import audit, card
    from octavo.kinds.report import PAGE, SCORECARD

    story = gather(inputs)
    (out / PAGE).write_bytes(page(story, settings.title).encode("utf-8", "replace"))
    about = card.describe(inputs["card"]), audit.describe(inputs["audit"])
    document = as_json(story.scores, story.facts, [vars(stage) for stage in story.stages], *about)
    (out / SCORECARD).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


STAGE = Stage(
    name="report",
    module=__name__,
    settings=ReportSettings,
    inputs={
        "collected": "documents",
        "cleaned": "documents",
        "documents": "documents",
        "card": "card",
        "audit": "audit",
        "scores": "scores",
        "given": "foundation",
        "base": "checkpoint",
        "model": "checkpoint",
        "index": "index",
        "clock": "clock",
    },
    output="report",
    sources=sources,
)
