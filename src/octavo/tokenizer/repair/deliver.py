"""Deliver: a repaired tokenizer, and the checkpoint that goes with it, put in place whole and audited again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.kinds.records import check_outputs
from octavo.spine import disk
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.shards import file_state
from octavo.tokenizer.audit.open import Opened, open_tokenizer
from octavo.tokenizer.audit.parallel import Parallel, shipped
from octavo.tokenizer.audit.tokens import MULTI, SINGLE, classify
from octavo.tokenizer.repair.compare import Comparison, compare
from octavo.tokenizer.repair.rows import Weighted, transfer
from octavo.tokenizer.repair.vocabulary import Repaired, write_repaired

SHOWN = 20


@dataclass(frozen=True)
class Outcome:
    """What a repair did, and the audit before and after it."""

    folder: str
    comparison: Comparison
    removed: list[str]
    added: list[str]
    rows: dict[str, int] | None
    """How many embedding rows were copied, mixed from others and dropped; None without a model."""
    unreachable: tuple[int, int]
    """Tokens that no text reaches, before and after."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "folder": self.folder,
            "vocabulary": list(self.comparison.vocabulary),
            "removed": len(self.removed),
            "removed_tokens": self.removed[:1000],
            "added": len(self.added),
            "added_tokens": self.added[:1000],
            "embedding_rows": self.rows,
            "unreachable": list(self.unreachable),
            "comparison": self.comparison.as_json(),
        }

    def table(self) -> list[list[str]]:
        """Before and after, the most changed languages first."""
        one = self.comparison
        rows = [
            ["", "before", "after", "after / before", "95 %", ""],
            ["vocabulary", f"{one.vocabulary[0]:,}", f"{one.vocabulary[1]:,}", "", "", ""],
            ["unreachable", f"{self.unreachable[0]:,}", f"{self.unreachable[1]:,}", "", "", ""],
            ["parity", f"{one.parity[0]:.2f}", f"{one.parity[1]:.2f}", "", "", ""],
            ["Gini", f"{one.gini[0]:.3f}", f"{one.gini[1]:.3f}", "", "", ""],
        ]
        for change in one.changes[:SHOWN]:
            interval = f"{change.low:.3f}–{change.high:.3f}"
            rows.append(
                [
                    f"{change.language}, tokens",
                    f"{change.before:,}",
                    f"{change.after:,}",
                    f"{change.ratio:.3f}",
                    interval,
                    change.verdict,
                ]
            )
        return rows


def check_place(out: Path, inputs: Sequence[Path]) -> None:
    """Refuse (T054) a folder that holds something, and (D020) an input as output, before any work is done."""
    check_outputs([out], inputs)
    if (out.parent / f".{out.name}.work").is_dir() and out.is_dir():
        return  # an attempt that was killed when all but the tidying up was done
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise OctavoError(
            "T054", f"There is something at {out} already", do="name a new folder with -o", exit_code=WRONG_USE
        )


def states(paths: Sequence[Path]) -> list[Any]:
    """What tells whether tokenizers, models and corpora are still the same, for a recipe."""
    found = []
    for path in paths:
        files = [path] if path.is_file() else sorted(one for one in path.iterdir() if one.is_file())
        found += [file_state(one) for one in files]
    return found


def corpus_states(paths: Sequence[Path]) -> list[Any]:
    """The same for the files and folders of a corpus."""
    return [file_state(path) for path in paths]


def deliver(
    old: Opened,
    repaired: Repaired,
    out: Path,
    scratch: Path,
    *,
    model: Path | None = None,
    weighted: Weighted | None = None,
    parallel: Parallel | None = None,
) -> Outcome:
    """Write the folder `out`: the tokenizer and, with `model`, the checkpoint for it; then audit both tokenizers.

    `weighted` says how new embedding rows are mixed where that is not the plain mean of their sources.
    """
    whole = scratch / "whole"
    disk.remove(whole)
    write_repaired(repaired, old, whole)
    rows = None
    if model is not None:
        sources = weighted or [(source, None) for source in repaired.sources]
        rows = transfer(model, whole, sources, old_size=old.top)
    new = open_tokenizer(whole)
    outcome = Outcome(
        str(out),
        compare(old, new, parallel or shipped()),
        repaired.removed,
        repaired.added,
        rows,
        (_unreachable(old), _unreachable(new)),
    )
    disk.remove(out)
    os.replace(whole, out)
    return outcome


def _unreachable(opened: Opened) -> int:
    return sum(category in (SINGLE, MULTI) for category in classify(opened).categories.values())
