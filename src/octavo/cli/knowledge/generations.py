"""`octavo knowledge generations`: what an index was after each change, as far back as it is kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, say, table


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@json_option
def command(place: Path, as_json: bool) -> None:
    """List the generations that INDEX can be searched as of, oldest first, and whether its vectors still fit."""
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.layers import drift, open_index, relearnt

    with open_index(file_of(place)) as index:
        found = index.generations()
        counts = [len(index.view(one.number).documents()) for one in found]
        moved, anew = drift(index), relearnt(index)
    if as_json:
        answer_json(
            [
                {
                    **asdict(one),
                    "documents": count,
                    "relearnt": one.number in anew,
                    "drift": asdict(moved) if moved and one.current else None,
                }
                for one, count in zip(found, counts, strict=True)
            ]
        )
        return
    rows = [("generation", "documents", "added", "deleted", "made", "")]
    for one, count in zip(found, counts, strict=True):
        state = "current" if one.current else "undone" if one.undone else ""
        note = ", ".join(word for word in (state, "vectors anew" if one.number in anew else "") if word)
        rows.append((str(one.number), f"{count:,}", f"{one.added:,}", f"{one.deleted:,}", one.made, note))
    answer(table(rows))
    if moved and moved.kind in ("learnt", "floor"):
        say(
            f"vectors: made when there were {moved.trained:,} passages; {moved.added:,} came since, "
            f"{moved.unknown:.0%} of their words have no vector of their own"
            + (f": octavo knowledge relearn {place}" if moved.due else "")
        )
    say(f'next: octavo knowledge search {place} "…" --as-of N, or octavo knowledge rollback {place}')
