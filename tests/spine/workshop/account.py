"""Account: writes down what the earlier stages cost; the one stage whose output knows the time."""

from __future__ import annotations

from pathlib import Path

from octavo.kinds.clock import read_clock
from octavo.kinds.documents import Document, write_documents
from octavo.spine.settings import Settings
from octavo.spine.stage import Stage


class AccountSettings(Settings):
    """None."""


def run(settings: AccountSettings, inputs, out: Path, scratch: Path) -> None:
    """One document a stage."""
    costs = read_clock(inputs["clock"])
    write_documents(out, [Document(c.stage, f"{c.seconds} {c.peak_memory} {c.observed}") for c in costs])


STAGE = Stage("account", __name__, AccountSettings, "documents", {"documents": "documents", "clock": "clock"})
"""The stage."""
