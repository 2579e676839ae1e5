"""`octavo tokenizer audit`: what a tokenizer costs each language, what is wrong with its tokens, and how fast it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table

if TYPE_CHECKING:
    from octavo.tokenizer.audit.examine import Examination

SHOWN = 15
FILE = click.Path(path_type=Path, exists=True)


@click.command(
    name="audit", help="What a tokenizer costs each language, what is wrong with its tokens, how fast it is."
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--parallel", type=FILE, help='Rows {"lang", "line", "text"}: the same lines in several languages.')
@click.option("--base", default="", help="The language that the others are compared with (default: English).")
@click.option(
    "--clusters", type=FILE, help='Rows {"line", "url"}: which lines come from one article, for the intervals.'
)
@click.option("--corpus", type=FILE, multiple=True, help="Files, folders or a documents artifact to count tokens in.")
@click.option("--model", type=FILE, help="A checkpoint folder: look for under-trained tokens in its embedding.")
@click.option("--reference", type=FILE, help="Another tokenizer to compare lengths with.")
@click.option("--price", type=float, help="Price of a million tokens: what the same content costs in each language.")
@click.option("--context", type=int, help="A window in tokens: how many sentences of each language fit.")
@click.option("--speed/--no-speed", default=True, help="Time the encoding of long, unfortunate texts.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Keep all that was found as JSON.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Keep it as one page.")
@click.option("--all", "every", is_flag=True, help=f"Show every language, not only the {SHOWN} dearest.")
@executor_option
@workers_option
@json_option
def command(
    path: Path,
    parallel: Path | None,
    base: str,
    clusters: Path | None,
    corpus: tuple[Path, ...],
    out: Path | None,
    html: Path | None,
    every: bool,
    as_json: bool,
    **rest: Any,
) -> None:
    """Examine a tokenizer.json, a sentencepiece model or a rank file."""
    from octavo.data.read.records import as_corpus
    from octavo.kinds.records import check_outputs
    from octavo.spine.disk import write_durably
    from octavo.tokenizer.audit.examine import Wanted, examine
    from octavo.tokenizer.audit.parallel import read_parallel

    check_outputs([out, html], [one for one in (path, parallel, clusters, *corpus) if one])
    with following(), tempfile.TemporaryDirectory(prefix="octavo-audit-") as scratch:
        text = read_parallel(parallel, base, clusters) if parallel else None
        read = as_corpus(corpus, Path(scratch) / "read", on=rest["on"], workers=rest["workers"])
        found = examine(path, Wanted(text, tuple(read), **rest), Path(scratch))
    row = found.as_json()
    if out:
        import json

        write_durably(out, (json.dumps(row, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    if html:
        from octavo.tokenizer.audit.page import page

        write_durably(html, page(row).encode("utf-8", "replace"))
    if as_json:
        answer_json(row)
        return
    answer(readable(found, every=every))
    for place in (out, html):
        if place:
            say(f"kept in {place}")


def readable(found: Examination, *, every: bool = False) -> str:
    """The audit for a terminal."""
    opened = found.opened
    parts = [
        f"{opened.path}: {opened.model}, {opened.size:,} tokens ({opened.form})",
        _languages(found, every),
        _tokens(found),
        _shapes(found),
    ]
    if found.growth:
        parts.append(_speed(found))
    parts.append("\n".join(f"- {said}" for said in found.verdicts()))
    return "\n\n".join(parts)


def _languages(found: Examination, every: bool) -> str:
    report = found.languages
    shown = report.rows if every else report.rows[:SHOWN]
    head = ["language", "premium", "95 %", "bytes/tok", "chars/tok", "tok/word", "cut words", "one token", "as bytes"]
    price, context = any(row.price is not None for row in shown), any(row.context_sentences for row in shown)
    extra = [name for name, wanted in (("price", price), ("sentences", context)) if wanted]
    rows = [[*head, *extra, ""]]
    for row in shown:
        rows.append(
            [
                row.language,
                f"{row.premium:.2f}",
                f"{row.low:.2f}–{row.high:.2f}" if row.low is not None else "",
                f"{row.bytes_per_token:.2f}",
                f"{row.characters_per_token:.2f}",
                "–" if row.fertility is None else f"{row.fertility:.2f}",
                "–" if row.continued is None else f"{row.continued:.0%}",
                "–" if row.single_token_rate is None else f"{row.single_token_rate:.0%}",
                f"{row.bytes_premium:.2f}",
                *([f"{row.price:.2f}"] if row.price is not None else []),
                *([f"{row.context_sentences:,.0f}"] if row.context_sentences else []),
                "" if row.valid else "too much is unknown",
            ]
        )
    more = f"\n… and {len(report.rows) - len(shown)} more (--all)" if len(report.rows) > len(shown) else ""
    summary = (
        f"{report.sentences} lines of {report.parallel} in {len(report.rows)} languages, against {report.base}: "
        f"median {report.median:.2f}, p90 {report.p90:.2f}, parity {report.parity:.2f}, Gini {report.gini:.2f}"
    )
    return f"{summary}\n{table(rows)}{more}"


def _tokens(found: Examination) -> str:
    rows = [["tokens", ""], *([name, f"{count:,}"] for name, count in found.tokens.counts.items() if count)]
    if found.usage is not None:
        used = found.usage.as_json(found.opened)
        rows += [
            [
                "in the corpus",
                f"{used['tokens']:,} of {used['records']:,} records, {used['bytes_per_token']:.2f} bytes each",
            ],
            ["never used", f"{used['never_used']:,}  {_pieces(used['never_used_tokens'])}"],
            ["only inside others", f"{used['only_inside_others']:,}  {_pieces(used['only_inside_others_tokens'])}"],
        ]
    if found.indicators is not None:
        shown = found.indicators.as_json(found.opened)
        rows.append(["look under-trained", f"{shown['candidate_count']:,}  {_pieces(shown['candidates'])}"])
    if found.not_asked:
        rows.append(["not asked", found.not_asked])
    return table(rows)


def _pieces(rows: list[dict[str, Any]]) -> str:
    return " ".join(repr(row["piece"]) for row in rows[:6])


def _shapes(found: Examination) -> str:
    shapes = found.shapes
    cuts = "  ".join(f"{n}: {' or '.join(list(held)[:2])}" for n, held in shapes.digits.items())
    rows = [["digits", cuts], ["spaces → tokens", "  ".join(f"{n}: {t}" for n, t in shapes.indentation.items())]]
    rows += [[name, f"{held['bytes_per_token']:.2f} bytes a token"] for name, held in shapes.samples.items()]
    rows.append(["capitals", "  ".join(f"{name} × {cost:.2f}" for name, cost in shapes.case_cost.items())])
    return table(rows)


def _speed(found: Examination) -> str:
    rows = [["long text", "exponent", "MB/s", ""]]
    for growth in found.growth:
        about = "grows too fast" if growth.steep else ""
        if growth.stopped_before:
            about += f", {growth.stopped_before:,} characters were not tried"
        power = "–" if growth.exponent is None else f"{growth.exponent:.2f}"
        rows.append([growth.name, power, f"{growth.megabytes_per_second:.1f}", about])
    return table(rows)
