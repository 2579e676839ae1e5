"""`octavo data review`: let several people label records, see how far they agree, find labels that are wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say, table
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.data.annotation.queue import Entry, Queue
    from octavo.kinds.scores import Score

_QUEUE = click.Path(path_type=Path, file_okay=False)
_PATH = click.Path(path_type=Path, exists=True)
_OUT = click.Path(path_type=Path, dir_okay=False)
_SHOWN = 10
_as_option = click.option("--as", "who", required=True, metavar="NAME", help="Who answers.")


@click.group()
def command() -> None:
    """Label records in a queue on disk, with several people at once.

    \b
    octavo data review new QUEUE --labels good,bad RECORDS.jsonl
    octavo data review answer QUEUE --as anna
    octavo data review agreement QUEUE
    octavo data review export QUEUE -o LABELS.jsonl
    """


@command.command()
@click.argument("queue", type=_QUEUE)
@click.argument("records", nargs=-1, type=_PATH)
@click.option("--labels", required=True, help="The labels, separated by commas, in their order.")
@click.option("--wanted", type=click.IntRange(1), default=2, show_default=True, help="Answers that each item needs.")
@click.option(
    "--level",
    type=click.Choice(["nominal", "ordinal", "interval"]),
    default="nominal",
    show_default=True,
    help="Whether the labels have an order, or are numbers.",
)
@click.option("--guide", default="", help="What annotators are told above each item.")
@json_option
def new(
    queue: Path, records: tuple[Path, ...], labels: str, wanted: int, level: str, guide: str, as_json: bool
) -> None:
    """Begin a queue in the folder QUEUE, with the records of some files."""
    from octavo.data.annotation.queue import Plan, create

    made = create(queue, Plan(tuple(part.strip() for part in labels.split(",")), wanted, level, guide))
    _add(made, records, as_json)


@command.command()
@click.argument("queue", type=_QUEUE)
@click.argument("records", nargs=-1, required=True, type=_PATH)
@json_option
def add(queue: Path, records: tuple[Path, ...], as_json: bool) -> None:
    """Add records, or another copy of the queue (a folder) with its answers; what is there already is not added again.

    A record with a field "gold" checks annotators: everybody gets it, and its label is known.
    """
    _add(_open(queue), records, as_json)


def _add(queue: Queue, paths: tuple[Path, ...], as_json: bool) -> None:
    from octavo.kinds.records import Bad, read_rows

    bad: list[Bad] = []
    items = answers = known = 0
    for path in paths:
        if path.is_dir():
            added, got = queue.merge(_open(path))
            answers += got
        else:
            added, there = queue.add(read_rows(path, bad))
            known += there
        items += added
    told = {"added": items, "already_there": known, "answers_added": answers, "items": len(queue.entries)}
    if as_json:
        answer_json({**told, "bad_rows": [vars(one) for one in bad]})
        return
    answer(table([[name.replace("_", " "), f"{count:,}"] for name, count in told.items()]))
    for one in bad[:_SHOWN]:
        say(f"{one.source}, row {one.row}: {one.reason}")
    say(f"next: octavo data review answer {queue.folder} --as NAME")


@command.command(name="next")
@click.argument("queue", type=_QUEUE)
@_as_option
@click.option("--disagreements", is_flag=True, help="An item that people disagree about, to be settled.")
@json_option
def next_(queue: Path, who: str, disagreements: bool, as_json: bool) -> None:
    """Show the item that NAME should answer now; it is kept for them for half an hour."""
    opened = _open(queue)
    entry = opened.next(who, disagreements=disagreements)
    if as_json:
        item = None if entry is None else _shown(entry, disagreements)
        answer_json({"item": item, "labels": opened.plan.labels, "left": opened.remaining(who)})
    elif entry is None:
        say("nothing is left")
    else:
        answer(f"{entry.row['id']}\n\n{entry.row['text']}")
        say(f"octavo data review answer {queue} --as {who} {entry.row['id']} {'|'.join(opened.plan.labels)}")


def _shown(entry: Entry, votes: bool) -> dict[str, Any]:
    return {**entry.row, **({"votes": entry.answers, "comments": entry.comments} if votes else {})}


@command.command(name="answer")
@click.argument("queue", type=_QUEUE)
@click.argument("item", required=False)
@click.argument("label", required=False)
@_as_option
@click.option("--skip", is_flag=True, help="Leave the item to others.")
@click.option("--comment", default="", help="Kept with the answer.")
@click.option("--final", is_flag=True, help="Settle what people disagree about.")
@json_option
def answer_(
    queue: Path, item: str | None, label: str | None, who: str, skip: bool, comment: str, final: bool, as_json: bool
) -> None:
    """Answer one ITEM with a LABEL; without them one after the other, or rows {"id", "label"} from a pipe.

    A later answer replaces the earlier one, which stays in the journal.
    """
    opened = _open(queue)
    if item is not None and (label is not None or skip):
        given = _give(opened, who, {"id": item, "label": label, "comment": comment, "skip": skip}, final)
    elif item is not None:
        raise OctavoError("D084", "An item needs a label", do="give a label, or --skip", exit_code=WRONG_USE)
    elif sys.stdin.isatty():
        given = _interactive(opened, who, final)
    else:
        given = sum(_give(opened, who, row, final) for row in _piped())
    told = {"answered": given, "left": opened.remaining(who)}
    if as_json:
        answer_json(told)
    else:
        answer(table([[name, f"{count:,}"] for name, count in told.items()]))


def _piped() -> Iterator[dict[str, Any]]:
    for row, line in enumerate(sys.stdin, 1):
        if line.isspace():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict) or "id" not in value or not (value.get("skip") or "label" in value):
            raise OctavoError("D091", f"Row {row} is no answer", do='each line: {"id", "label"}', exit_code=WRONG_USE)
        yield value


def _give(queue: Queue, who: str, row: dict[str, Any], final: bool) -> int:
    if row.get("skip"):
        queue.skip(who, str(row["id"]), comment=str(row.get("comment", "")))
    else:
        queue.answer(who, str(row["id"]), str(row["label"]), comment=str(row.get("comment", "")), final=final)
    return 1


def _interactive(queue: Queue, who: str, final: bool) -> int:
    from octavo.data.annotation.session import Desk, work

    desk = Desk(say, click.getchar, lambda what: click.prompt(what, default="", show_default=False, err=True))
    return work(queue, who, desk, final=final)


@command.command()
@click.argument("queue", type=_QUEUE)
@json_option
def status(queue: Path, as_json: bool) -> None:
    """How far the queue is, and how good each annotator seems."""
    from octavo.data.annotation.results import people_of, progress_of

    opened = _open(queue)
    told, people = progress_of(opened), people_of(opened)
    if as_json:
        answer_json({**told, "annotators": people})
        return
    answer(table([[name.replace("_", " "), f"{count:,}"] for name, count in told.items()]))
    if people:
        head = ["annotator", "answers", "skipped", "expected right", "checks right"]
        rows = [
            [p["annotator"], str(p["answers"]), str(p["skipped"]), f"{p['expected_right']:.2f}", _checks(p)]
            for p in people
        ]
        answer("\n" + table([head, *rows]))


def _checks(person: dict[str, Any]) -> str:
    if not person["checks"]:
        return "none seen"
    return f"{person['checks_right']:.2f} [{person['low']:.2f}, {person['high']:.2f}] of {person['checks']}"


@command.command()
@click.argument("queue", type=_QUEUE)
@json_option
def agreement(queue: Path, as_json: bool) -> None:
    """Krippendorff's alpha, Fleiss's kappa, and Cohen's kappa of each two annotators, with 95 % intervals."""
    from octavo.data.annotation.results import agreement_of

    scores, reasons = agreement_of(_open(queue))
    if as_json:
        answer_json({"scores": [vars(score) for score in scores], "not_given": reasons})
        return
    answer(_scores(scores) if scores else "no agreement can be computed yet")
    for reason in reasons:
        say(reason)


@command.command()
@click.argument("source", type=_PATH)
@click.option("-o", "--out", "output", type=_OUT, help="Write the suspected records, most suspected first.")
@click.option("--queue", "again", type=_QUEUE, help="Begin a new queue with the suspected records.")
@click.option("--probabilities", type=_PATH, help='Rows {"id", "p": […]} of a model that did not train on these.')
@click.option("--field", default="label", show_default=True, help="Where the records of a file have their label.")
@click.option(
    "--prune",
    type=click.Choice(["both", "class", "noise rate", "confident"]),
    default="both",
    show_default=True,
    help="How many are suspected: see the paper on confident learning.",
)
@click.option(
    "--rank",
    type=click.Choice(["self-confidence", "normalised margin"]),
    default="self-confidence",
    show_default=True,
    help="What puts them in order.",
)
@json_option
def errors(
    source: Path,
    output: Path | None,
    again: Path | None,
    probabilities: Path | None,
    field: str,
    prune: str,
    rank: str,
    as_json: bool,
) -> None:
    """Find labels that are probably wrong, in a queue's answers or in a file of labelled records.

    By confident learning, on the probabilities of a small model that never saw the record it judges, or on given ones.
    """
    from octavo.data.annotation.results import suspects
    from octavo.data.annotation.sources import labelled_rows, read_probabilities
    from octavo.kinds.records import Bad, check_outputs, write_rows

    bad: list[Bad] = []
    check_outputs([output], [path for path in (source, probabilities) if path and path.is_file()])
    with following():
        rows, labels = labelled_rows(source, field, bad)
        found, share = suspects(rows, labels, read_probabilities(probabilities), prune, rank)
    if output is not None:
        write_rows(output, found)
    if again is not None:
        _new_queue(again, labels, 2, found)
    if as_json:
        told = {"records": len(rows), "suspected": found if output is None else len(found), "noise": vars(share)}
        answer_json({**told, "bad_rows": [vars(one) for one in bad]})
        return
    for one in bad[:_SHOWN]:
        say(f"{one.source}, row {one.row}: {one.reason}")
    counts = [["records", f"{len(rows):,}"], ["suspected", f"{len(found):,}"], ["without a label", f"{len(bad):,}"]]
    answer(table(counts) + "\n" + _scores([share]))
    head = ["own", "label", "likely", "id"]
    rows_shown = [[f"{r['self_confidence']:.2f}", r["label"], r["likely"], r["id"]] for r in found[:_SHOWN]]
    answer("\n" + table([head, *rows_shown]) if rows_shown else "")


@command.command()
@click.argument("queue", type=_QUEUE)
@click.option(
    "-o", "--out", "output", type=_OUT, help="Write the answered records with label, weight, agreement and votes."
)
@click.option(
    "--method",
    type=click.Choice(["dawid-skene", "majority"]),
    default="dawid-skene",
    show_default=True,
    help="Whether good annotators count for more.",
)
@click.option("--queue", "again", type=_QUEUE, help="Begin a new queue with items to look at again.")
@click.option(
    "--which",
    type=click.Choice(["disagreements", "unsure"]),
    default="disagreements",
    show_default=True,
    help="Which items go to the new queue.",
)
@click.option("--below", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="Weight of unsure labels.")
@json_option
def export(
    queue: Path, output: Path | None, method: str, again: Path | None, which: str, below: float, as_json: bool
) -> None:
    """Write the labels with their weights, or put what is unclear into a new queue."""
    from octavo.data.annotation.results import again as to_repeat
    from octavo.data.annotation.results import labelled
    from octavo.kinds.records import encode_row, write_rows

    opened = _open(queue)
    if again is not None:
        rows = to_repeat(opened, which, below)
        _new_queue(again, opened.plan.labels, opened.plan.wanted, rows, opened.plan.level, opened.plan.guide)
        told: dict[str, Any] = {"items": len(rows), "queue": str(again)}
    elif output is not None:
        told = {"records": write_rows(output, labelled(opened, method=method)), "output": str(output)}
    else:
        told = {"records": list(labelled(opened, method=method))}
        if not as_json:
            for row in told["records"]:
                answer(encode_row(row).decode().rstrip("\n"))
            return
    if as_json:
        answer_json(told)
    else:
        answer(table([[name, f"{value}"] for name, value in told.items()]))


def _new_queue(
    folder: Path, labels: Any, wanted: int, rows: list[dict[str, Any]], level: str = "nominal", guide: str = ""
) -> None:
    from octavo.data.annotation.queue import Plan, create

    create(folder, Plan(tuple(labels), wanted, level, guide)).add(rows)
    say(f"next: octavo data review answer {folder} --as NAME")


def _open(folder: Path) -> Queue:
    from octavo.data.annotation.queue import Queue

    return Queue(folder)


def _scores(scores: list[Score]) -> str:
    return table([[s.name, f"{s.value:.3f}", f"[{s.low:.3f}, {s.high:.3f}]", f"n = {s.n}"] for s in scores])
