"""`octavo tokenizer extend`: add tokens learnt from new text to a BPE, behind those it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import repair_options
from octavo.cli.talk import answer, answer_json, following, say, table


@click.command(name="extend", help="Add tokens learnt from new text to a BPE, behind those it has.")
@repair_options
@click.option(
    "--tokens", type=click.IntRange(1), default=1000, show_default=True, help="How many tokens to add at most."
)
@click.option("--least", type=click.IntRange(2), default=2, show_default=True, help="How often a pair must occur.")
@click.option(
    "--rows",
    type=click.Choice(["mean", "similar"]),
    default="mean",
    show_default=True,
    help="A new row is the mean of the old tokens it replaces, or of the old tokens used like it.",
)
def command(
    path: Path,
    corpus: tuple[Path, ...],
    out: Path,
    model: Path | None,
    parallel: Path | None,
    on: str,
    workers: int,
    as_json: bool,
    tokens: int,
    least: int,
    rows: str,
) -> None:
    """Add tokens learnt from new text to a BPE, behind those it has."""
    from octavo.data.read.records import as_corpus
    from octavo.spine.shards import kept_scratch
    from octavo.tokenizer.audit.open import open_tokenizer
    from octavo.tokenizer.audit.parallel import read_parallel
    from octavo.tokenizer.repair.deliver import check_place, corpus_states, deliver, states
    from octavo.tokenizer.repair.extend import extend
    from octavo.tokenizer.repair.similar import similar

    given = [one for one in (path, *corpus, model, parallel) if one]
    check_place(out, given)
    recipe: dict[str, Any] = {"repair": "extend", "corpus": corpus_states(corpus), "on": states([path])}
    recipe |= {"tokens": tokens, "least": least}
    with following(), kept_scratch(out, recipe) as scratch:
        corpus = tuple(as_corpus(corpus, scratch / "read", on=on, workers=workers))
        old = open_tokenizer(path)
        text = read_parallel(parallel) if parallel else None
        repaired = extend(old, corpus, scratch, tokens=tokens, least=least, on=on, workers=workers)
        weighted = similar(old, repaired, corpus, scratch) if model and rows == "similar" else None
        outcome = deliver(old, repaired, out, scratch, model=model, weighted=weighted, parallel=text)
    if as_json:
        answer_json(outcome.as_json())
        return
    answer(table(outcome.table()))
    say(f"{len(outcome.added):,} tokens added; {outcome.comparison.unchanged:.0%} of the sentences are cut as before")
    if outcome.rows is not None:
        say("embedding rows: " + ", ".join(f"{count:,} {what}" for what, count in outcome.rows.items()))
    say(f"next: octavo tokenizer audit {out}")
