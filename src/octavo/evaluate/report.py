"""Report: the stage that puts scores, path, losses, time and examples on one self-contained page."""

from __future__ import annotations

from pathlib import Path

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class ReportSettings(Settings):
    """What the report page is called."""

    title: str = "What this model can do"
    """The heading of the page."""


def run(settings: ReportSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write `report.html` and `scorecard.json`."""
    import json

    from octavo.evaluate.page import page
    from octavo.evaluate.scorecard import as_json
    from octavo.evaluate.story import gather
    from octavo.kinds.report import PAGE, SCORECARD

    story = gather(inputs)
    (out / PAGE).write_bytes(page(story, settings.title).encode("utf-8", "replace"))
    document = as_json(story.scores, story.facts, [vars(stage) for stage in story.stages])
    (out / SCORECARD).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


STAGE = Stage(
    name="report",
    module=__name__,
    settings=ReportSettings,
    inputs={
        "documents": "documents",
        "scores": "scores",
        "base": "checkpoint",
        "model": "checkpoint",
        "index": "index",
        "clock": "clock",
    },
    output="report",
)
