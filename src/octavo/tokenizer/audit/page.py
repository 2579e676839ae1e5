"""Page: an audit as one HTML file with its style and bars inside, without a script or an address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark;--ground:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--bar:#2f6fb3;--byte:#9aa4ae;
--bad:#a4262c}
@media(prefers-color-scheme:dark){:root{--ground:#14181d;--ink:#e6e9ec;--soft:#a3adb8;--line:#39424c;--bar:#6ba4e0;
--byte:#66717d;--bad:#ff8f8f}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 4rem;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .25rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2.25rem 0 .5rem}
p{margin:.25rem 0 .75rem;max-width:46rem}.soft{color:var(--soft)}
ul.said{padding-left:1.2rem;max-width:46rem}ul.said li{margin:.2rem 0}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:.3rem .6rem .3rem 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}
td.text{text-align:left;white-space:normal;overflow-wrap:anywhere}
.bad{color:var(--bad)}svg{display:block;width:100%;height:auto;max-width:36rem}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
code{font:13px ui-monospace,monospace;border:1px solid var(--line);border-radius:4px;padding:0 .25rem;
display:inline-block;margin:.1rem .15rem .1rem 0;white-space:pre-wrap;overflow-wrap:anywhere;max-width:100%}
"""
MOST_PIECES = 40


def page(row: dict[str, Any]) -> str:
    """The page of what `Examination.as_json` gives."""
    name = f"{row['model']}, {row['vocabulary']:,} tokens"
    parts = [
        f"<h1>Audit of a tokenizer</h1><p class=soft>{escape(row['tokenizer'])} · {escape(name)}</p>",
        "<ul class=said>" + "".join(f"<li>{escape(said)}</li>" for said in row["verdicts"]) + "</ul>",
        _languages(row["languages"]),
        _tokens(row),
        _usage(row["usage"]) if row["usage"] else "",
        _embeddings(row) if row["embeddings"] else "",
        _shapes(row["shapes"]),
        _speed(row["speed"]) if row["speed"] else "",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Audit of a tokenizer: {escape(name)}</title><style>{STYLE}</style></head><body><main>"
        f"{''.join(parts)}</main></body></html>\n"
    )


def _languages(report: dict[str, Any]) -> str:
    head = ["language", "premium", "95 %", "bytes/token", "characters/token", "tokens/word", "cut words", "one token"]
    extra = [("price", "price"), ("context_sentences", "sentences in the window")]
    extra = [one for one in extra if any(row[one[0]] is not None for row in report["rows"])]
    rows = []
    for row in report["rows"]:
        interval = "" if row["low"] is None else f"{row['low']:.2f}–{row['high']:.2f}"
        cells = [row["language"], f"{row['premium']:.2f}" if row["valid"] else "too much unknown", interval]
        cells += [f"{row[key]:.2f}" for key in ("bytes_per_token", "characters_per_token")]
        cells.append("–" if row["fertility"] is None else f"{row['fertility']:.2f}")
        cells += ["–" if row[key] is None else f"{row[key]:.0%}" for key in ("continued", "single_token_rate")]
        cells += ["–" if row[key] is None else f"{row[key]:,.2f}" for key, _ in extra]
        rows.append(cells)
    summary = (
        f"{report['sentences']} lines of {report['parallel']} in {len(report['rows'])} languages. Tokens for the same "
        f"content, {report['base']} = 1: median {report['median']:.2f}, p90 {report['p90']:.2f}, dearest over cheapest "
        f"{report['parity']:.2f}, Gini {report['gini']:.2f}. Grey: what plain bytes would cost."
    )
    table = _table([*head, *(name for _, name in extra)], rows)
    return f"<h2>Languages</h2><p>{escape(summary)}</p>{_bars(report['rows'])}{table}"


def _bars(rows: Sequence[dict[str, Any]]) -> str:
    """Premiums as bars with their intervals, the premium of bytes as a thin bar below each."""
    shown = [row for row in rows if row["valid"]]
    top = max((max(row["high"] or row["premium"], row["bytes_premium"]) for row in shown), default=1.0) or 1.0
    left, width, step = 84, 264, 24
    scale = width / top
    parts = []
    for at, row in enumerate(shown):
        y = at * step + 4
        parts.append(f'<text x="{left - 8}" y="{y + 11}" text-anchor="end">{escape(row["language"])}</text>')
        parts.append(f'<rect x="{left}" y="{y}" width="{row["premium"] * scale:.1f}" height="11" fill="var(--bar)"/>')
        thin = row["bytes_premium"] * scale
        parts.append(f'<rect x="{left}" y="{y + 13}" width="{thin:.1f}" height="3" fill="var(--byte)"/>')
        end = row["premium"]
        if row["low"] is not None:
            end, middle = row["high"], y + 5.5
            x = [left + row["low"] * scale, left + row["high"] * scale]
            parts.append(f'<path d="M{x[0]:.1f} {middle}H{x[1]:.1f}" stroke="var(--ink)" stroke-width="1.5"/>')
        parts.append(f'<text x="{left + end * scale + 6:.1f}" y="{y + 10}">{row["premium"]:.2f}</text>')
    height = len(shown) * step + 8
    one = left + scale
    line = f'<path d="M{one:.1f} 0V{height}" stroke="var(--soft)" stroke-dasharray="3 3"/>'
    label = "Premium of each language as a bar"
    return (
        f'<svg viewBox="0 0 {left + width + 56} {height}" role="img" aria-label="{label}">{"".join(parts)}{line}</svg>'
    )


def _tokens(row: dict[str, Any]) -> str:
    found = row["tokens"]
    rows = [[name, f"{count:,}"] for name, count in found["counts"].items()]
    rows.append(["surely in no text", f"{found['never_in_any_text']:,}"])
    listed = "".join(
        f"<p>{escape(name)}: {_pieces(tokens)}</p>"
        for name, tokens in found["tokens"].items()
        if name not in ("undecodable", "unreachable special")
    )
    return f"<h2>Tokens</h2>{_table(['what', 'tokens'], rows)}{listed}"


def _usage(found: dict[str, Any]) -> str:
    rows = [[name.replace("_", " "), f"{found[name]:,}"] for name in ("records", "bad_records", "tokens", "never_used")]
    rows.append(["only inside of other tokens", f"{found['only_inside_others']:,}"])
    rows += [[f"bytes per token, {lang}", f"{n:.2f}"] for lang, n in found["bytes_per_token_by_language"].items()]
    listed = _pieces(found["never_used_tokens"])
    return f"<h2>Use in the corpus</h2>{_table(['what', 'count'], rows)}<p>Never used: {listed or 'none'}</p>"


def _embeddings(row: dict[str, Any]) -> str:
    found = row["embeddings"]
    kind = "tied" if found["tied"] else "untied"
    text = f"{found['candidate_count']} tokens look under-trained by their {found['indicator']} ({kind} embeddings)."
    rows = [[name, f"{value:.2f}"] for name, value in found["auroc_against_counts"].items()]
    table = _table(["indicator", "AUROC against the corpus"], rows) if rows else ""
    asked = row["behaviour"]
    failed = [one for one in asked if "verified" in one["verdict"]]
    said = f"<p>Asked to repeat {len(asked)}, the model can't say {len(failed)}.</p>" if asked else ""
    if row["behaviour_not_asked"]:
        said = f"<p class=soft>Not asked to repeat any: {escape(row['behaviour_not_asked'])}</p>"
    return f"<h2>Training</h2><p>{escape(text)}</p><p>{_pieces(found['candidates'])}</p>{said}{table}"


def _shapes(found: dict[str, Any]) -> str:
    cuts = [[f"{n} digits", " or ".join(list(held)[:3])] for n, held in found["digits"].items()]
    samples = [[name, f"{held['bytes_per_token']:.2f}"] for name, held in found["samples"].items()]
    spaces = ", ".join(f"{n} → {tokens}" for n, tokens in found["indentation"].items())
    return (
        f"<h2>Numbers, spaces, code</h2>{_table(['numbers', 'are cut as'], cuts)}"
        f"<p>Spaces before a line → tokens: {escape(spaces)}</p>{_table(['sample', 'bytes per token'], samples)}"
    )


def _speed(rows: Sequence[dict[str, Any]]) -> str:
    cells = []
    for row in rows:
        power = "–" if row["exponent"] is None else f"{row['exponent']:.2f}"
        cells.append(
            [row["name"], power, f"{row['megabytes_per_second']:.1f}", "grows too fast" if row["steep"] else ""]
        )
    text = "Time to encode grows as size to this exponent; 1 is in proportion."
    return f"<h2>Long texts</h2><p>{text}</p>{_table(['text', 'exponent', 'MB/s', ''], cells)}"


def _pieces(rows: Sequence[dict[str, Any]]) -> str:
    more = f" and {len(rows) - MOST_PIECES} more" if len(rows) > MOST_PIECES else ""
    return "".join(f"<code>{escape(str(row['piece']))}</code>" for row in rows[:MOST_PIECES]) + more


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class=wide tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
