"""Report: the scorecard as one self-contained page and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

PAGE = "report.html"
SCORECARD = "scorecard.json"


def describe(folder: Path) -> dict[str, Any]:
    """The page's size and how many scores it shows."""
    scorecard = json.loads((folder / SCORECARD).read_text(encoding="utf-8"))
    return {"page": str(folder / PAGE), "bytes": (folder / PAGE).stat().st_size, "scores": len(scorecard["scores"])}


KIND = Kind("report", (PAGE, SCORECARD), describe)
