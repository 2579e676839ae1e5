"""`octavo data contamination`: find the training texts that hold evaluation items, and what that does to a score."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.data.contamination.files import Contamination
    from octavo.kinds.scores import Score

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SHOWN = 10


@click.command()
@click.argument("train", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="TRAIN…")
@click.option("--against", multiple=True, required=True, type=_FILE, help="Evaluation items; can be given again.")
@click.option(
    "-o", "--out", "output", type=click.Path(path_type=Path), help="Write one row for each item found in a text."
)
@click.option("--clean", type=click.Path(path_type=Path), help="Write the training records without contaminated ones.")
@click.option("--cut", is_flag=True, help="With --clean: cut out the passages found instead of whole records.")
@click.option("--scores", type=_FILE, help='Rows {"id", "score"} of the evaluation: give the score without the items.')
@click.option(
    "--mode",
    type=click.Choice(["fuzzy", "ngram"]),
    default="fuzzy",
    show_default=True,
    help="Word by word, or any 13 words in a row.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0.3, 1),
    default=0.6,
    show_default=True,
    help="Share of an item's words that must be there (fuzzy).",
)
@executor_option
@workers_option
@json_option
def command(
    train: tuple[Path, ...],
    against: tuple[Path, ...],
    output: Path | None,
    clean: Path | None,
    cut: bool,
    scores: Path | None,
    mode: str,
    threshold: float,
    on: str,
    workers: int,
    as_json: bool,
) -> None:
    """Search the texts of TRAIN for evaluation items, edited copies included.

    TRAIN is files or folders of any kind that `octavo data read` knows. The files of --against hold question, answer,
    choices and passage, or one text, for each item. Each row of -o is {"train_id", "eval_id", "score", "start", "end"}:
    the score is the share of the item that stands between the two places of the text. Copies with other numbers are
    not hits.
    """
    from octavo.data.contamination.files import clean_files, search_files
    from octavo.data.read.records import as_records
    from octavo.kinds.records import check_outputs, write_rows
    from octavo.spine.shards import file_state, kept_scratch

    check_outputs([output, clean], [*train, *against, *([scores] if scores else [])])
    if cut and clean is None:
        raise OctavoError("D082", "--cut says how --clean works", do="add --clean FILE", exit_code=WRONG_USE)
    measured = _read_scores(scores) if scores else None
    recipe = {"mode": mode, "threshold": threshold, "inputs": [file_state(path) for path in (*train, *against)]}
    with following(), kept_scratch(output or clean, recipe) as scratch:
        texts, unread = as_records(train, scratch / "read", on=on, workers=workers)
        found = search_files(texts, against, scratch, mode=mode, threshold=threshold, on=on, workers=workers)
        summary = _summary(found) | {"not_read": len(unread)}
        if output is not None:
            write_rows(output, found.hits())
        if clean is not None:
            summary["left_out"] = clean_files(found, scratch, clean, cut=cut, on=on, workers=workers)
        with closing(found.hits()) as hits:
            summary["first"] = list(islice(hits, _SHOWN))
    told = _with_and_without(measured, found) if measured is not None else []
    if as_json:
        answer_json({**summary, "scores": [vars(score) for score in told]})
    else:
        _print(summary, told, output, clean)


def _read_scores(path: Path) -> dict[str, float]:
    from octavo.data.contamination.items import read_scores

    return read_scores(path)


def _with_and_without(scores: dict[str, float], found: Contamination) -> list[Score]:
    from octavo.measures.contamination import with_and_without

    return with_and_without(scores, found.found)


def _summary(found: Contamination) -> dict[str, Any]:
    return {
        "documents": found.documents,
        "contaminated": found.contaminated,
        "items": found.items,
        "items_found": len(found.found),
        "items_too_short": found.short,
        "bad_rows": [vars(one) for one in found.bad],
    }


def _print(summary: dict[str, Any], scores: list[Score], output: Path | None, clean: Path | None) -> None:
    rows = [
        ["training texts", f"{summary['documents']:,}"],
        ["  that hold an item", f"{summary['contaminated']:,}"],
        ["evaluation items", f"{summary['items']:,}"],
        ["  found in a text", f"{summary['items_found']:,}"],
        ["  too short to be told from chance", f"{len(summary['items_too_short']):,}"],
    ]
    rows += [["rows that could not be read", f"{len(summary['bad_rows']):,}"]] if summary["bad_rows"] else []
    rows += [["files that could not be read", f"{summary['not_read']:,}"]] if summary["not_read"] else []
    rows += [["records left out", f"{summary['left_out']:,}"]] if clean is not None else []
    answer(table(rows))
    if summary["first"]:
        head = ["score", "item", "text", "from", "to"]
        shown = [
            [f"{h['score']:.2f}", h["eval_id"], h["train_id"], str(h["start"]), str(h["end"])] for h in summary["first"]
        ]
        answer("\n" + table([head, *shown]))
    if scores:
        lines = [[s.name, f"{s.value:.4f}", f"[{s.low:.4f}, {s.high:.4f}]", f"n = {s.n}"] for s in scores]
        answer("\n" + table(lines))
    for one in summary["bad_rows"][:_SHOWN]:
        say(f"{one['source']}, row {one['row']}: {one['reason']}")
    if output is None and summary["contaminated"]:
        say("all hits: -o HITS.jsonl    the texts without them: --clean CLEAN.jsonl")
