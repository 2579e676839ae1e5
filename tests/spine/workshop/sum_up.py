"""Sum up: adds numbers step by step, slowly, and goes on where it was killed; its state is in scratch."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

from octavo.kinds.documents import Document, read_documents, write_documents
from octavo.spine.progress import progress, reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Stage


class SumSettings(Settings):
    """How long to sum."""

    steps: int = 20
    """How many steps."""
    pause: float = 0.0
    """Seconds between two steps."""
    seed: int = 0
    """Where the sum begins."""


def run(settings: SumSettings, inputs, out: Path, scratch: Path) -> None:
    """Write the sum: a chain of digests, each over the one before it."""
    state_file = scratch / "state.json"
    start = "".join(d.text for d in read_documents(inputs["documents"]))
    state = {"step": 0, "sum": f"{settings.seed} {start}", "resumed": 0}
    if state_file.exists():
        state = json.loads(state_file.read_text())
        state["resumed"] += 1
    bar = progress("sum", settings.steps, "steps")
    bar.advance(state["step"])
    while state["step"] < settings.steps:
        state["sum"] = hashlib.sha256(state["sum"].encode()).hexdigest()
        state["step"] += 1
        partial = scratch / "state.partial"
        partial.write_text(json.dumps(state))
        os.replace(partial, state_file)
        bar.advance()
        time.sleep(settings.pause)
    reading(steps=state["step"], resumed=state["resumed"])
    write_documents(out, [Document("sum", state["sum"])])


STAGE = Stage("sum_up", __name__, SumSettings, "documents", {"documents": "documents"})
"""The stage."""
