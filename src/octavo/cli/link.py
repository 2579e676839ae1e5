"""`octavo link`: find for each record of one database its counterpart in another, or that it has none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say, table
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.knowledge.entities.files import Outcome
    from octavo.knowledge.entities.link import Judged

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("words", nargs=-1, metavar="LEFT RIGHT | undo LINKS LEFT_ID RIGHT_ID")
@click.option("-o", "--out", "output", type=_FILE, help="The file of links, JSON Lines.")
@click.option(
    "--method",
    type=click.Choice(["text", "graph", "fused", "model"]),
    default="fused",
    show_default=True,
    help="By the text alone, by the fields and what hangs on them, by both, or judged by --model.",
)
@click.option(
    "--model", default="seed", show_default=True, help="Judge of --method model: a folder, or endpoint:URL#NAME."
)
@click.option("--blind", is_flag=True, help="Hide ids, aliases and links that carry one; declared ids count otherwise.")
@click.option("--pairs", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help='Fit the weights to known counterparts: rows {"left", "right"}.')  # fmt: skip
@click.option("-k", "candidates", type=click.IntRange(1, 1000), default=50, show_default=True,
              help="Most candidates a record.")  # fmt: skip
@click.option(
    "--threshold", type=click.FloatRange(0, 1), help="Probability of a link (default: comes with the weights)."
)
@click.option("--clusters", type=_FILE, help="Write who is one thing, joined only by strong evidence on each pair.")
@click.option("--rejected", type=_FILE, help="Write the rows that are no records, with the reason.")
@click.option("--again", is_flag=True, help="With undo: allow a pair again that was taken back.")
@json_option
def command(
    words: tuple[str, ...],
    output: Path | None,
    method: str,
    model: str,
    blind: bool,
    pairs: Path | None,
    candidates: int,
    threshold: float | None,
    clusters: Path | None,
    rejected: Path | None,
    again: bool,
    as_json: bool,
) -> None:
    """Link the records of LEFT to those of RIGHT.

    Both are JSON Lines with an id and a text, or a title, summary, details or description; packages, versions,
    references, weaknesses and dates are read where they are stated. Each record of LEFT gets a row {"left", "right",
    "score", "decision", "evidence"}; the decision is same, related (the same flaw, another package) or none. Run again
    with more records, it decides only what is new; the folder LINKS.state remembers.

    Give one file twice to find what stands in it more than once: no record is then linked to itself.

    octavo link undo LINKS LEFT_ID RIGHT_ID takes a link back; that pair is not proposed again.
    """
    if words[:1] == ("undo",) and len(words) == 4:
        _undo(Path(words[1]), words[2], words[3], again)
        return
    if len(words) != 2 or output is None:
        raise OctavoError(
            "K056",
            "Two files of records and a file of links are needed",
            do="octavo link LEFT.jsonl RIGHT.jsonl -o LINKS.jsonl",
            exit_code=WRONG_USE,
        )
    from octavo.kinds.records import check_outputs
    from octavo.knowledge.entities.files import Wanted, link_files

    left, right = (_existing(word) for word in words)
    check_outputs([output, clusters, rejected], [left, right, *([pairs] if pairs else [])])
    wanted = Wanted(method, blind, candidates, threshold, pairs, model if method == "model" else "", clusters, rejected)
    with following():
        done = link_files(left, right, output, wanted, _judge(method, model))
    if as_json:
        answer_json(done.as_json())
    else:
        _tell(done, output)


def _existing(word: str) -> Path:
    path = Path(word)
    if not path.is_file():
        raise OctavoError("K056", f"There is no file {word}", do="octavo link LEFT RIGHT -o LINKS", exit_code=WRONG_USE)
    return path


def _judge(method: str, model: str) -> Judged | None:
    if method != "model":
        return None
    from octavo.knowledge.entities.judge import judged, open_judge

    judge = open_judge(model)
    return lambda found, left, right: judged(found, left, right, judge)  # type: ignore[arg-type]


def _undo(links: Path, left: str, right: str, again: bool) -> None:
    from octavo.knowledge.entities.ledger import Ledger

    if not links.with_name(f"{links.name}.state").is_dir():
        raise OctavoError(
            "K056", f"{links} has no state beside it", likely="it was made elsewhere",
            do="link both files with octavo link first", exit_code=WRONG_USE,
        )  # fmt: skip
    ledger = Ledger(links)
    try:
        ledger.undo(left, right, again=again)
    finally:
        ledger.close()
    answer(f"{left} and {right}: " + ("allowed again" if again else "taken back; this pair is not proposed again"))


def _tell(done: Outcome, output: Path) -> None:
    rows = [("same", str(done.same)), ("related", str(done.related)), ("none", str(done.none))]
    answer(table([("decision", "records"), *rows]))
    say(f"{done.decided:,} of {done.left:,} records were decided now, against {done.right:,}; weights: {done.weights}")
    for reason, count in done.as_json()["rejected"].items():
        say(f"left out: {count:,} rows, {reason}")
    say(f"links with their evidence are in {output}; octavo link undo {output} LEFT_ID RIGHT_ID takes one back")
