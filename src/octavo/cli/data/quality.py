"""`octavo data quality`: train a small classifier on good and bad texts, and score records with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say, table


@click.group()
def command() -> None:
    """Train a small quality classifier on examples, and score records with it."""


@command.command("train")
@click.option("--good", type=click.Path(path_type=Path, exists=True), multiple=True, required=True, metavar="FILE")
@click.option("--bad", type=click.Path(path_type=Path, exists=True), multiple=True, required=True, metavar="FILE")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="MODEL", help="The model's file.")
@click.option(
    "--keep",
    type=click.FloatRange(0.5, 1.0),
    default=0.95,
    show_default=True,
    help="Share of good texts that the model's threshold keeps.",
)
@click.option(
    "--most", type=click.IntRange(20), default=10_000, show_default=True, help="Texts of each sort to learn from."
)
@json_option
def train_command(
    good: tuple[Path, ...], bad: tuple[Path, ...], out: Path, keep: float, most: int, as_json: bool
) -> None:
    """Learn to tell the texts of --good from those of --bad (records, or any files that `octavo data read` knows).

    Prints how well that works on texts the model had not seen, what the length alone reaches, and the threshold with
    the shares of good and bad texts that it removes.
    """
    from octavo.data.quality.classifier import sample, save, train
    from octavo.kinds.records import check_outputs

    check_outputs([out], [*good, *bad])
    with following():
        model = train(sample(_rows(good, out), most), sample(_rows(bad, out), most), keep)
    save(model, out)
    found = model.trained
    if as_json:
        answer_json({"model": str(out), **asdict(found)})
        return
    rows = [
        ["good texts", f"{found.good:,}"],
        ["bad texts", f"{found.bad:,}"],
        ["area under the curve", _within(found.auc, found.auc_interval)],
        ["  by the length alone", _within(found.length_auc, found.length_interval)],
        ["calibration error", f"{found.calibration_error:.3f}"],
        ["threshold", f"{found.threshold:.3f}"],
        ["  good texts removed", _within(found.good_removed, found.good_removed_interval)],
        ["  bad texts removed", _within(found.bad_removed, found.bad_removed_interval)],
    ]
    answer(table(rows))
    if found.auc_interval[0] <= found.length_interval[1]:
        say("the classifier is not surely better than the length of the texts: look at what the examples differ in")
    say(f"next: octavo data clean IN -o OUT --classifier {out}")


@command.command("score")
@click.argument("inputs", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True, metavar="IN…")
@click.option("-m", "--model", type=click.Path(path_type=Path, exists=True), required=True, metavar="MODEL")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The scored records.")
@json_option
def score_command(inputs: tuple[Path, ...], model: Path, out: Path, as_json: bool) -> None:
    """Write the records with their score in the field `quality`: how likely each is a good one, 0 … 1."""
    from octavo.data.quality.classifier import load
    from octavo.data.quality.sieve import batched
    from octavo.kinds.records import check_outputs, write_rows

    check_outputs([out], [*inputs, model])
    known = load(str(model))
    below = 0

    def scored() -> Iterator[dict[str, Any]]:
        nonlocal below
        for batch in batched(_rows(inputs, out)):
            for row, score in zip(batch, known.scores([row["text"] for row in batch]), strict=True):
                below += score < known.threshold
                yield {**row, "quality": round(score, 4)}

    with following():
        count = write_rows(out, scored())
    if as_json:
        answer_json({"records": count, "below": below, "threshold": known.threshold, "out": str(out)})
        return
    answer(table([["records", f"{count:,}"], [f"below the threshold {known.threshold:.3f}", f"{below:,}"]]))


def _rows(paths: tuple[Path, ...], out: Path) -> Iterator[dict[str, Any]]:
    """The records of the files; what is no record is told of."""
    from tempfile import TemporaryDirectory

    from octavo.data.read.records import as_records
    from octavo.kinds.records import Bad, read_rows

    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        files, unread = as_records(paths, Path(scratch))
        bad: list[Bad] = []
        for path in files:
            yield from read_rows(path, bad)
    if bad or unread:
        say(f"{len(bad)} rows are no records and {len(unread)} files could not be read; they were passed over")


def _within(value: float, interval: tuple[float, float]) -> str:
    return f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"
