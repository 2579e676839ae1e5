"""Files: the card of any files and folders, resumable beside its output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from octavo.data.passport.card import Look, make_card
from octavo.data.read.records import as_records
from octavo.kinds.records import check_outputs
from octavo.spine.disk import write_durably
from octavo.spine.shards import file_state, kept_scratch


def card_of(
    inputs: Sequence[Path], out: Path | None, look: Look, against: Sequence[Path], *, on: str, workers: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The card, written to `out` if given, and what could not be read."""
    check_outputs([out], [*inputs, *against])
    recipe = {"inputs": [file_state(path) for path in (*inputs, *against)], "look": asdict(look)}
    with kept_scratch(out, recipe) as scratch:
        files, unread = as_records(inputs, scratch / "read", on=on, workers=workers)
        names = [path.name for path in files]
        if len(files) == len(inputs):
            names = [path.name for path in inputs]
        card, _ = make_card(files, scratch / "card", look, names=names, against=against, on=on, workers=workers)
        if out is not None:
            write_durably(out, (json.dumps(card, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))
    return card, unread
