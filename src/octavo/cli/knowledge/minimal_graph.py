"""`octavo knowledge minimal-graph`: measure what a small graph of one type of entity adds to matching by text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say, table

if TYPE_CHECKING:
    from octavo.knowledge.entities.record import Rejected

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("left", type=_FILE)
@click.argument("right", type=_FILE)
@click.option(
    "-o",
    "--out",
    "output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REPORT",
    help="The report: .html, or .md; its numbers beside it as .json.",
)
@click.option(
    "--pairs", type=_FILE, help='Records that are the same: rows {"left", "right"} (default: shared aliases).'
)
@click.option(
    "--type", "kind", default="", help="Which entities: package, vendor … or names (default: package, or names)."
)
@json_option
def command(left: Path, right: Path, output: Path, pairs: Path | None, kind: str, as_json: bool) -> None:
    """Build a minimal graph for one type of entity and measure how much better entities are recognised with it.

    LEFT and RIGHT are records of two databases. Each name of the type on the left is matched to the names on the
    right: by names and texts alone, and with a graph of aliases and of what is mentioned together. Identifiers are
    hidden from both. What is the same comes from --pairs, or from aliases that records of both files declare.
    """
    import json

    from octavo.kinds.records import check_outputs
    from octavo.knowledge.entities.minimal.experiment import experiment
    from octavo.knowledge.entities.minimal.report import document, markdown, page
    from octavo.knowledge.entities.minimal.truth import declared_pairs, read_pairs
    from octavo.knowledge.entities.record import Record, ids_in, read_records

    numbers = output.with_suffix(".json")
    check_outputs([output, numbers], [left, right, *([pairs] if pairs else [])])
    with following():
        known = ids_in(left) | ids_in(right)
        rejected: list[Rejected] = []
        sides: list[list[Record]] = [
            read_records(path, blind=True, known=known, rejected=rejected) for path in (left, right)
        ]
        same = read_pairs(pairs) if pairs else declared_pairs(left, right)
        told = document(experiment(sides[0], sides[1], same, kind))
    told["rejected"] = [vars(one) for one in rejected]
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page(told) if output.suffix == ".html" else markdown(told), encoding="utf-8")
    numbers.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        answer_json(told)
    else:
        _print(told, output)


def _print(told: dict[str, Any], output: Path) -> None:
    answer(f"{told['left']['entities']:,} × {told['right']['entities']:,} entities of the type {told['type']}")
    rows = [["measure", "without the graph", "with it", "change [95 %]", "verdict"]]
    for one in told["change"]:
        change = f"{one['after'] - one['before']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
        rows.append([one["measure"], f"{one['before']:.3f}", f"{one['after']:.3f}", change, one["verdict"]])
    answer(table(rows))
    answer(f"won {len(told['won'])}, lost {len(told['lost'])} links")
    if told["rejected"]:
        say(f"{len(told['rejected'])} rows are no records; the report's .json lists them")
    say(f"octavo link LEFT RIGHT -o LINKS links whole records    {output} is the report")
