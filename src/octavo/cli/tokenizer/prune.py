"""`octavo tokenizer prune`: take out the tokens that a corpus never uses, and their rows of a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import repair_options
from octavo.cli.talk import answer, answer_json, following, say, table


@click.command(name="prune", help="Take out the tokens that a corpus never uses, and their rows of a checkpoint.")
@repair_options
@click.option(
    "--least",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Take out tokens that occur less often than this.",
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
    least: int,
) -> None:
    """Take out the tokens that a corpus never uses, and their rows of a checkpoint."""
    from octavo.data.read.records import as_corpus
    from octavo.spine.shards import kept_scratch
    from octavo.tokenizer.audit.open import open_tokenizer
    from octavo.tokenizer.audit.parallel import read_parallel
    from octavo.tokenizer.audit.usage import count_usage
    from octavo.tokenizer.repair.deliver import check_place, corpus_states, deliver, states
    from octavo.tokenizer.repair.prune import prune

    given = [one for one in (path, *corpus, model, parallel) if one]
    check_place(out, given)
    recipe: dict[str, Any] = {"repair": "prune", "corpus": corpus_states(corpus), "on": states([path])}
    recipe |= {"least": least}
    with following(), kept_scratch(out, recipe) as scratch:
        corpus = tuple(as_corpus(corpus, scratch / "read", on=on, workers=workers))
        old = open_tokenizer(path)
        text = read_parallel(parallel) if parallel else None
        usage = count_usage(path, corpus, scratch, on=on, workers=workers)
        outcome = deliver(old, prune(old, usage.counts, least=least), out, scratch, model=model, parallel=text)
    if as_json:
        answer_json(outcome.as_json())
        return
    answer(table(outcome.table()))
    say(f"{len(outcome.removed):,} tokens taken out; text that used none of them is cut as before")
    if outcome.rows is not None:
        say("embedding rows: " + ", ".join(f"{count:,} {what}" for what, count in outcome.rows.items()))
    say(f"next: octavo tokenizer audit {out}")
