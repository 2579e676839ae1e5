"""`octavo knowledge index`: make an index, with vectors and a graph, of records in plain files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from octavo.cli.options import canary_options, embed_option, json_option
from octavo.cli.talk import answer, answer_json, following, say, size, table
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.knowledge.index.layer import Layer


def told(outcome: dict[str, object], place: Path, as_json: bool) -> None:
    """Print what a change did: a table, or one JSON document; what was rejected is said in any case."""
    rejected, reasons = outcome["rejected"], outcome["reasons"]
    assert isinstance(reasons, dict)
    if as_json:
        answer_json(outcome)
    else:
        shown = ("generation", "added", "replaced", "deleted", "unchanged", "documents", "passages", "rejected")
        rows = [(name, f"{outcome[name]:,}") for name in shown if outcome[name] or name in ("documents", "generation")]
        layers = outcome["layers"]
        assert isinstance(layers, dict)
        rows += [(f"layer {name}", f"{count:,} passages") for name, count in layers.items()]
        rows.append(("on disk", size(float(str(outcome["bytes"])))))
        answer(table(rows))
    if rejected:
        why = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items()))
        say(f"{rejected:,} rows were rejected ({why}): {place / 'rejected.jsonl'} lists them")


@click.command()
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PASSAGES…")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The new folder.")
@click.option(
    "--without", multiple=True, type=click.Choice(["dense", "graph"]), help="Leave a layer out; may be repeated."
)
@embed_option
@click.option(
    "--embed-prompts",
    nargs=2,
    metavar="QUESTION PASSAGE",
    help='What --embed puts before questions and passages (default: as its files say), such as "query: " "passage: ".',
)
@click.option(
    "--names-by",
    metavar="PIPELINE",
    help="Also take the names that this local spaCy pipeline (folder or installed package) finds into the graph.",
)
@click.option(
    "--passage",
    type=click.IntRange(100, 10_000),
    default=900,
    show_default=True,
    help="Aimed length of a passage in characters; it ends at a sentence or paragraph where it can.",
)
@canary_options
@json_option
def command(
    inputs: tuple[Path, ...],
    out: Path,
    without: tuple[str, ...],
    embed: Path | None,
    embed_prompts: tuple[str, str] | None,
    names_by: str | None,
    passage: int,
    canaries: Path | None,
    no_canaries: bool,
    as_json: bool,
) -> None:
    """Make the index OUT of PASSAGES: records {"id", "text", …}, one a line; .gz, .zst and Parquet too.

    Rows without text, with an id that was there before, or that are no records are listed in OUT/rejected.jsonl.
    A run that was stopped leaves no index; run it again.
    """
    from octavo.knowledge.canaries import read_canaries
    from octavo.knowledge.folder import make
    from octavo.knowledge.layers import LAYERS, installed

    if not inputs:
        raise OctavoError(
            "K022", "No files were given", do="octavo knowledge index PASSAGES.jsonl -o INDEX", exit_code=WRONG_USE
        )
    own = _own_layers(without, embed, embed_prompts, names_by)
    layers = [name for name in installed() if name not in without]
    for name in LAYERS:
        if name not in without and name not in layers:
            say(f"this installation can't make the layer {name}: the index is made without it")
    given = read_canaries(canaries) if canaries else None
    with following():
        outcome = make(inputs, out, layers=layers, given=own, length=passage, canaries=given, tried=not no_canaries)
    told(outcome.as_json(), out, as_json)
    say(f'next: octavo knowledge search {out} "…"')


def _own_layers(
    without: tuple[str, ...], embed: Path | None, prompts: tuple[str, str] | None, names_by: str | None
) -> dict[str, Layer]:
    """The layers that are not as by default."""
    from octavo.knowledge.layers import graph_by, vectors_of

    for option, given, layer in (("--embed", embed, "dense"), ("--names-by", names_by, "graph")):
        if given and layer in without:
            raise OctavoError(
                "K027", f"{option} and --without {layer} exclude each other", do="leave one out", exit_code=WRONG_USE
            )
    if prompts and not embed:
        raise OctavoError(
            "K027", "--embed-prompts says nothing without --embed", do="name the model", exit_code=WRONG_USE
        )
    own: dict[str, Layer] = {}
    if embed:
        question, passage = prompts or (None, None)
        own["dense"] = vectors_of(embed, question=question, passage=passage)
    if names_by:
        own["graph"] = graph_by(names_by)
    return own
