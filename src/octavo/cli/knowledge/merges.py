"""`octavo knowledge merges`: which names count as one entity, why, and taking that back."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say, table
from octavo.spine.errors import WRONG_USE, OctavoError


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.option("--split", "split", type=int, metavar="ID", help="Take merge ID back; it stays in the log.")
@click.option("--again", type=int, metavar="ID", help="Follow merge ID again.")
@click.option("--merge", "pair", nargs=2, metavar="NAME OTHER", help="Say that OTHER is another name of NAME.")
@click.option("--because", default="said by hand", show_default=True, help="The evidence that is noted with --merge.")
@click.option("--find", "find", is_flag=True, help="Look for names with initials that fit a full name, by context.")
@json_option
def command(
    place: Path,
    split: int | None,
    again: int | None,
    pair: tuple[str, str] | None,
    because: str,
    find: bool,
    as_json: bool,
) -> None:
    """List the log of merges of INDEX: what is followed, what was split, and what is refused because the name is a
    homonym, the attributes contradict each other, or the evidence is a chain with a link missing."""
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.graph.initials import find_initials
    from octavo.knowledge.graph.matrix import followed, graph_view
    from octavo.knowledge.graph.merges import merge, read_log, set_split
    from octavo.knowledge.layers import open_index

    wanted = [split is not None, again is not None, pair is not None, find]
    if sum(wanted) > 1:
        raise OctavoError("K047", "Only one thing at a time can be done to the log", do="leave out the other options",
                          exit_code=WRONG_USE)  # fmt: skip
    with open_index(file_of(place), write=any(wanted)) as index, following():
        graph_view(index)
        if split is not None or again is not None:
            row = set_split(index, int(split if split is not None else again or 0), split=split is not None)
            say(f'"{row.gone}" and "{row.kept}" are {"two" if row.split else "one"} again')
        elif pair is not None:
            say(f"merge {merge(index, pair[0], pair[1], because)} noted")
        elif find:
            say(f"{find_initials(index):,} merges of names with initials noted")
        view = graph_view(index)
        refused = {row.number: reason for row, reason in followed(view).refused}
        of = followed(view).of
        log = read_log(index.connection)
    rows = []
    for row in log:
        state = "split" if row.split else f"refused: {refused[row.number]}" if row.number in refused else (
            "followed" if row.gone in of or row.kept in of else "not seen")  # fmt: skip
        rows.append({"id": row.number, "kept": row.kept, "gone": row.gone, "kind": row.kind, "state": state,
                     "evidence": row.evidence, "passage": row.passage})  # fmt: skip
    if as_json:
        answer_json({"merges": rows})
        return
    if rows:
        shown = [[str(r["id"]), str(r["gone"]), "→", str(r["kept"]), str(r["kind"]), str(r["state"]),
                  str(r["evidence"])[:60]] for r in rows[:200]]  # fmt: skip
        answer(table(shown))
    say(f"{len(rows):,} merges, {len(refused):,} refused; --split ID takes one back" if rows else "nothing is merged")
