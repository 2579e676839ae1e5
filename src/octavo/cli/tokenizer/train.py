"""`octavo tokenizer train`: learn a tokenizer from texts: BPE, parity-aware BPE, WordPiece, Unigram or plain bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table

if TYPE_CHECKING:
    from octavo.kinds.records import Shard
    from octavo.tokenizer.learn.learner import Learnt
    from octavo.tokenizer.learn.terms import Terms

SHOWN_GROUPS = 20


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="IN…")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the tokenizer."
)
@click.option(
    "--algorithm",
    type=click.Choice(["bpe", "parity", "wordpiece", "unigram", "bytes"]),
    default="bpe",
    show_default=True,
    help="How tokens are found; parity is BPE that merges for the group that is worst off, bytes learns nothing.",
)
@click.option("--vocabulary", type=int, help="How many tokens (default: 32000; plain bytes: 261).")
@click.option(
    "--groups",
    type=click.Choice(["language", "domain"]),
    help="The field of the records that tells groups apart, for --temperature and parity.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(1, 1000),
    default=1.0,
    show_default=True,
    help="Balances groups: they count as if drawn with p ∝ n^(1/T). 1: as they are; 1000: all alike.",
)
@click.option(
    "--repeats",
    type=click.FloatRange(1),
    default=16.0,
    show_default=True,
    help="How often the text of a small group counts at most when groups are balanced.",
)
@click.option(
    "--parallel",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="Records of parallel text by which parity compares groups; nothing is learnt from them.",
)
@click.option(
    "--unit",
    type=click.Choice(["characters", "bytes", "records"]),
    help="What parity makes equal: tokens for a character, a byte, or a record (default with --parallel: records; "
    "else characters).",
)
@click.option(
    "--plain",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of the merges that parity makes for all groups together first.",
)
@click.option(
    "--window",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="Of how many merges in a row a group may take at most twice its even share (parity); 0: any.",
)
@click.option(
    "--rarest",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Leave out words that occur less often than this in their group.",
)
@click.option(
    "--memory",
    "memory_mb",
    type=click.IntRange(16),
    default=2048,
    show_default=True,
    metavar="MB",
    help="Memory that learning may take; when the words don't fit, the rarest are left out, and that is said.",
)
@executor_option
@workers_option
@json_option
def command(
    inputs: tuple[Path, ...],
    out: Path,
    algorithm: Any,
    vocabulary: int | None,
    groups: str | None,
    temperature: float,
    repeats: float,
    parallel: Path | None,
    unit: Any,
    plain: float,
    window: int,
    rarest: int,
    memory_mb: int,
    on: str,
    workers: int,
    as_json: bool,
) -> None:
    """Learn a tokenizer from the texts of records, folders or files IN…, into a folder that Hugging Face libraries
    read.

    Memory is bounded: words are counted into a table on disk. Killed, the same command goes on. The merges are those
    that the trainer of the tokenizers library finds in memory. Every text comes back exactly, by every algorithm.
    """
    from octavo.kinds.tokenizer import TOKENIZER
    from octavo.tokenizer.learn.terms import BYTES_VOCABULARY, Terms

    terms = Terms(
        algorithm=algorithm,
        vocabulary=vocabulary if vocabulary is not None else BYTES_VOCABULARY if algorithm == "bytes" else 32_000,
        groups=groups or "",
        temperature=temperature,
        repeats=repeats,
        unit=unit or ("records" if parallel else "characters"),
        plain=plain,
        window=window,
        rarest=rarest,
        memory_mb=memory_mb,
    )
    terms.check()
    with following():
        facts = _train(terms, inputs, out, parallel, on, workers)
    if as_json:
        answer_json(facts)
        return
    _show(facts)
    say(f"next: octavo tokenizer audit {out / TOKENIZER}")


def _train(
    terms: Terms, inputs: tuple[Path, ...], out: Path, parallel: Path | None, on: str, workers: int
) -> dict[str, Any]:
    from octavo.data.read.records import as_records
    from octavo.kinds.records import check_outputs, shards
    from octavo.kinds.tokenizer import CONFIG, TOKENIZER
    from octavo.spine.shards import file_state, kept_scratch
    from octavo.tokenizer.learn.learner import learn
    from octavo.tokenizer.train import write_tokenizer

    given = (*inputs, parallel) if parallel else inputs
    check_outputs([out, out / TOKENIZER, out / CONFIG], given)
    files = [file for path in given for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    states = [file_state(file) for file in files if file.is_file()]
    recipe = {"terms": terms.as_json(), "inputs": states, "parallel": parallel is not None, "form": 1}
    with kept_scratch(out, recipe) as scratch:
        texts, left_out = as_records(inputs, scratch / "read", on=on, workers=workers)
        parts = shards(texts, scratch / "unpacked")
        compared = shards([parallel], scratch / "parallel") if parallel else []
        learnt = learn(terms, parts, scratch, parallel=compared, on=on, workers=workers)
        out.mkdir(parents=True, exist_ok=True)
        write_tokenizer(learnt.tokenizer, out)
        return _facts(terms, learnt, parts, len(left_out)) | {"folder": str(out)}


def _facts(terms: Terms, learnt: Learnt, parts: list[Shard], left_out: int) -> dict[str, Any]:
    from octavo.tokenizer.learn.report import by_group, cut_words

    counted, table = learnt.counted, learnt.table
    groups = by_group(learnt.tokenizer, parts, terms.groups)
    size, tokens = sum(row["bytes"] for row in groups), sum(row["tokens"] for row in groups)
    facts: dict[str, Any] = {
        "algorithm": terms.algorithm,
        "vocabulary": learnt.tokenizer.get_vocab_size(),
        "bytes_per_token": size / max(1, tokens),
        "groups": groups,
        "words": cut_words(learnt.tokenizer, parts),
        "files_left_out": left_out,
    }
    if counted is None or table is None:
        return facts
    weights = dict(zip(counted.groups, table.weights, strict=True))
    for row in groups:
        row["weight"] = weights.get(row["group"], 1.0)
        if terms.algorithm == "parity":
            row["merges"] = learnt.chosen.get(row["group"], 0)
    return facts | {
        "records": sum(amount.records for amount in counted.learnt),
        "bytes": sum(amount.bytes_ for amount in counted.learnt),
        "distinct_words": len(table.words.lengths),
        "rarest": table.rarest,
        "words_left_out": table.left_out,
        "occurrences_left_out": table.left_out_share,
        "rows_left_out": counted.bad,
        "rows_left_out_first": [vars(row) for row in counted.shown],
    }


def _show(facts: dict[str, Any]) -> None:
    rows = [
        ["algorithm", facts["algorithm"]],
        ["vocabulary", f"{facts['vocabulary']:,} tokens"],
        ["bytes a token", f"{facts['bytes_per_token']:.2f}"],
    ]
    if "bytes" in facts:
        rows.insert(2, ["learnt from", f"{facts['records']:,} records, {facts['distinct_words']:,} distinct words"])
    answer(table(rows))
    if facts.get("words_left_out"):
        answer(
            f"left out: {facts['words_left_out']:,} words that occur less than {facts['rarest']} times in their group "
            f"({100 * facts['occurrences_left_out']:.2f} % of the text)"
        )
    for name, what in (("rows_left_out", "rows that are no records"), ("files_left_out", "files that can't be read")):
        if facts.get(name):
            answer(f"left out: {facts[name]:,} {what}")
    if len(facts["groups"]) > 1:
        answer("")
        _show_groups(facts["groups"])
    if facts["words"]:
        answer("")
        answer(table([[row["word"], " | ".join(piece.strip() for piece in row["pieces"])] for row in facts["words"]]))


def _show_groups(groups: list[dict[str, Any]]) -> None:
    worst = sorted(groups, key=lambda row: (row["bytes_per_token"], row["group"]))
    names = ["weight"] + (["merges"] if "merges" in groups[0] else []) if "weight" in groups[0] else []
    rows = [["group", "bytes a token", "characters a token", *names]]
    for row in worst[:SHOWN_GROUPS]:
        values = [f"{row['bytes_per_token']:.2f}", f"{row['characters'] / max(1, row['tokens']):.2f}"]
        values += [f"{row[name]:.2f}" if name == "weight" else f"{row[name]:,}" for name in names]
        rows.append([row["group"] or "(none)", *values])
    answer(table(rows))
    if len(worst) > SHOWN_GROUPS:
        answer(f"and {len(worst) - SHOWN_GROUPS} more groups that are better off (--json lists them)")
