"""`octavo tokenizer retrain`: learn a tokenizer anew, fair between languages if wished, and move a checkpoint to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import repair_options
from octavo.cli.talk import answer, answer_json, following, say, table

FILE = click.Path(path_type=Path, exists=True)


@click.command(
    name="retrain", help="Learn a tokenizer anew, fair between languages if wished, and move a checkpoint to it."
)
@repair_options
@click.option("--vocabulary", type=int, help="How many tokens (default: as many as before).")
@click.option("--groups", type=click.Choice(["language", "domain"]), help="Be fair between these: parity-aware merges.")
@click.option(
    "--compared", type=FILE, help="Records of parallel text by which groups are compared (default: by characters)."
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
    vocabulary: int | None,
    groups: str | None,
    compared: Path | None,
) -> None:
    """Learn a tokenizer anew, fair between languages if wished, and move a checkpoint to it."""
    from octavo.data.read.records import as_corpus
    from octavo.spine.shards import kept_scratch
    from octavo.tokenizer.audit.open import open_tokenizer
    from octavo.tokenizer.audit.parallel import read_parallel
    from octavo.tokenizer.learn.terms import Terms
    from octavo.tokenizer.repair.deliver import check_place, corpus_states, deliver, states
    from octavo.tokenizer.repair.retrain import retrain

    given = [one for one in (path, *corpus, model, parallel) if one]
    check_place(out, given)
    recipe: dict[str, Any] = {"repair": "retrain", "corpus": corpus_states(corpus), "on": states([path])}
    recipe |= {"vocabulary": vocabulary, "groups": groups, "compared": states([compared]) if compared else None}
    with following(), kept_scratch(out, recipe) as scratch:
        corpus = tuple(as_corpus(corpus, scratch / "read", on=on, workers=workers))
        old = open_tokenizer(path)
        text = read_parallel(parallel) if parallel else None
        terms = Terms(
            algorithm="parity" if groups else "bpe",
            vocabulary=vocabulary or old.size,
            groups=groups or "",
            unit="records" if compared else "characters",
        )
        repaired = retrain(old, corpus, scratch, terms, parallel=compared, on=on, workers=workers)
        outcome = deliver(old, repaired, out, scratch, model=model, parallel=text)
    if as_json:
        answer_json(outcome.as_json())
        return
    answer(table(outcome.table()))
    say(f"{len(outcome.added):,} tokens are new and {len(outcome.removed):,} are gone: train the model on")
    if outcome.rows is not None:
        say("embedding rows: " + ", ".join(f"{count:,} {what}" for what, count in outcome.rows.items()))
    say(f"next: octavo tokenizer audit {out}")
