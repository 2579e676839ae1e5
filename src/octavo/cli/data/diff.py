"""`octavo data diff`: what changed between two cards, two collections of records, or two runs of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, open_with_steps, say, table
from octavo.spine.errors import WRONG_USE, OctavoError

SHOWN = 40
"""Rows of a difference that are shown; --json gives all."""
FOLLOWS = (".low", ".high", ".share", ".spans")
"""What changes with the counts beside it."""


@click.command()
@click.argument("before", required=False)
@click.argument("after", required=False)
@click.option(
    "-o", "out", type=click.Path(path_type=Path, dir_okay=False), help='Write {"id", "change"} for each changed record.'
)
@click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Compare cards of this project's runs: BEFORE and AFTER are beginnings of digests (default: the latest two).",
)
@json_option
def command(before: str | None, after: str | None, out: Path | None, folder: Path | None, as_json: bool) -> None:
    """Compare BEFORE with AFTER: files of records (then also record by record), or cards made by `octavo data card`."""
    if folder is not None:
        old, new = _cards_of_runs(folder, before, after)
        _show(old, new, None, as_json)
        return
    if before is None or after is None:
        raise OctavoError("P002", "Give two files to compare", do="octavo data diff --help", exit_code=WRONG_USE)
    paths = Path(before), Path(after)
    for path in paths:
        path.stat()
    with following():
        if paths[0].suffix == ".json" and paths[1].suffix == ".json":
            from octavo.kinds.card import read_card

            _show(read_card(paths[0]), read_card(paths[1]), None, as_json)
        else:
            _compare_records(paths[0], paths[1], out, as_json)


def _compare_records(before: Path, after: Path, out: Path | None, as_json: bool) -> None:
    import tempfile

    from octavo.data.passport.card import Look
    from octavo.data.passport.diff import changed_rows, compare_records
    from octavo.data.passport.files import card_of
    from octavo.data.read.records import as_records
    from octavo.kinds.records import check_outputs, write_rows

    check_outputs([out], [before, after])
    with tempfile.TemporaryDirectory(prefix="octavo-diff-") as scratch:
        sides = [as_records([path], Path(scratch) / str(at))[0] for at, path in enumerate((before, after))]
        changes, both = compare_records(*sides)
        if out is not None:
            write_rows(out, changed_rows(sides[0], sides[1], both))
        look = Look(languages=False)
        cards = [card_of(side, None, look, (), on="processes", workers=0)[0] for side in sides]
    _show(cards[0], cards[1], vars(changes), as_json)
    say(f"written to {out}" if out else "-o FILE lists the changed records")


def _cards_of_runs(folder: Path, before: str | None, after: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    from octavo.kinds.card import read_card

    project, _ = open_with_steps(folder)
    store = project.store
    kept = [m for m in store.manifests() if m.kind == "card" and store.object(m.artifact).is_dir()]
    digests = list(dict.fromkeys(m.artifact for m in kept))
    chosen = []
    for wanted, otherwise in ((before, -2), (after, -1)):
        matching = [d for d in digests if wanted is not None and d.startswith(wanted)]
        if wanted is None and len(digests) >= 2:
            matching = [digests[otherwise]]
        if not matching:
            raise OctavoError(
                "D111",
                f'No card begins with "{wanted}"' if wanted else "There are not two different cards to compare",
                where=str(folder),
                likely="" if wanted else "the documents are the same as in the first run",
                do=f"the cards are: {', '.join(d[:12] for d in digests) or 'none yet; octavo run'}",
                exit_code=WRONG_USE,
            )
        chosen.append(read_card(store.object(matching[0])))
    return chosen[0], chosen[1]


def _show(old: dict[str, Any], new: dict[str, Any], changes: dict[str, int] | None, as_json: bool) -> None:
    from octavo.data.passport.diff import compare_cards

    rows = compare_cards(old, new)
    same = old["digest"] == new["digest"]
    if as_json:
        answer_json({"same_records": same, "records": changes, "card": rows})
        return
    if same:
        answer("the same records (digest " + new["digest"][:16] + ")")
    if changes is not None:
        answer(table([[name.replace("_", " "), f"{number:,}"] for name, number in changes.items()]) + "\n")
    telling = [row for row in rows if not row["what"].endswith(FOLLOWS)][:SHOWN]
    shown = [[row["what"], _cell(row["before"]), "→", _cell(row["after"]), _step(row)] for row in telling]
    answer(table(shown) if shown else "no value of the cards differs")
    if len(rows) > len(shown):
        say(f"{len(rows) - len(shown):,} more values differ; --json lists them")


def _cell(value: Any) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)


def _step(row: dict[str, Any]) -> str:
    old, new = row["before"], row["after"]
    if not all(isinstance(value, int | float) for value in (old, new)) or not old:
        return ""
    return f"{(new - old) / old:+.1%}"
