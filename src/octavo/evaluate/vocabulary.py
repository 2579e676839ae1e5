"""Vocabulary: what the tokenizer makes of languages, numbers, white space and code, as a section of the report."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from octavo.evaluate.charts import Amount, Range, amounts, ranges
from octavo.evaluate.markup import card, codes, listed, note, packed, section, table, tiles

MOST_LANGUAGES = 24
MOST_PIECES = 24
FEW_LINES = 200
"""Parallel lines below which the page says that they are few."""
COUNTED = {
    "ok": ("whole, and reached by some text", "good"),
    "undecodable": ("parts of characters (broken UTF-8 alone)", "muted"),
    "unreachable single": ("one character, reached by no text", "bad"),
    "unreachable multi": ("several characters, reached by no text", "bad"),
    "unreachable special": ("special, never made of text", "muted"),
}


def vocabulary(audit: Mapping[str, Any]) -> str:
    """The section, from the audit of the kind `audit`."""
    cards = [_languages(audit["languages"]), _tokens(audit), _numbers(audit["shapes"]), _samples(audit["shapes"])]
    lead = _origin(audit.get("origin", "")) + tiles(_glance(audit)) + listed(audit["verdicts"])
    return section("tokenizer", "The tokenizer", lead + packed(cards) + _pieces(audit))


def _origin(base: str) -> str:
    if not base:
        return ""
    return f"<p>It came with the base {escape(base)}, whose model knows no other: these documents did not shape it.</p>"


def _glance(audit: Mapping[str, Any]) -> list[tuple[str, str]]:
    usage, languages = audit["usage"], audit["languages"]
    found = [(f"{audit['vocabulary']:,}", f"tokens, {audit['model']}")]
    found.append((f"{usage['bytes_per_token']:.2f}", "bytes a token in the documents"))
    if len(languages["rows"]) > 1:
        found.append((f"× {languages['median']:.2f}", f"the median language, {languages['base']} = 1"))
    found.append((f"{usage['never_used']:,}", "tokens that no document needs"))
    return found


def _languages(report: Mapping[str, Any]) -> str:
    rows = []
    for row in report["rows"][:MOST_LANGUAGES]:
        low, high = (row["premium"] if row[end] is None else row[end] for end in ("low", "high"))
        text = f"{row['premium']:.2f}" + ("" if row["low"] is None else f" ({low:.2f} – {high:.2f})")
        if row["valid"]:
            rows.append(Range(row["language"], row["premium"], low, high, text))
    told = (
        f"Tokens for the same {report['sentences']:,} lines, {report['base']} = 1 (tick); band: 95 %. Dearest over "
        f"cheapest {report['parity']:.2f}, Gini {report['gini']:.2f}."
    )
    few = (
        f" {report['sentences']:,} lines are few: a text of another sort may cost more or less. "
        '[audit] parallel = "FILE" in project.toml takes more of them.'
        if report["sentences"] < FEW_LINES
        else ""
    )
    left = len(report["rows"]) - MOST_LANGUAGES
    more = f" {left} cheaper languages are not drawn." if left > 0 else ""
    drawn = ranges("Tokens for the same content", rows, what=f"Times {report['base']}", mark=1.0) if rows else ""
    return card(
        "What the same content costs in each language", drawn + note(told + more + few) + listed(report["left_out"])
    )


def _tokens(audit: Mapping[str, Any]) -> str:
    counts, usage = audit["tokens"]["counts"], audit["usage"]
    rows = [
        Amount(COUNTED[name][0], count, f"{count:,}", COUNTED[name][1])
        for name, count in counts.items()
        if count or "unreachable" in name
    ]
    rows += [
        Amount(
            "used, or needed to write any text",
            audit["vocabulary"] - _idle(usage),
            f"{audit['vocabulary'] - _idle(usage):,}",
        ),
        Amount("never used, and nothing needs them", usage["never_used"], f"{usage['never_used']:,}", "bad"),
        Amount(
            "only a step to longer tokens", usage["only_inside_others"], f"{usage['only_inside_others']:,}", "muted"
        ),
    ]
    said = (
        f"{usage['tokens']:,} tokens in {usage['records']:,} documents, as training reads them. Single bytes and "
        "special tokens are needed in any case."
    )
    if usage["share"] < 1:
        said += (
            f" These are {usage['share']:.0%} of the documents, an even sample: the rest may use some of the others."
        )
    drawn = amounts("Tokens of the vocabulary", rows, what="Tokens", largest=audit["vocabulary"])
    return card("What becomes of the tokens", drawn + note(said))


def _idle(usage: Mapping[str, Any]) -> int:
    return int(usage["never_used"] + usage["only_inside_others"])


def _numbers(shapes: Mapping[str, Any]) -> str:
    rows = [[str(length), _cuts(cuts)] for length, cuts in shapes["digits"].items()]
    alike = (
        "All numbers of a length are cut alike, so that places stand at the same tokens."
        if shapes["uniform_digits"]
        else "Numbers of one length are cut in different ways, which makes arithmetic harder to learn."
    )
    return card("How numbers are cut", table(["digits", "are cut as"], rows) + note(alike))


def _cuts(cuts: Mapping[str, int]) -> str:
    total = sum(cuts.values())
    shown = [f"{cut} ({count / total:.0%})" if len(cuts) > 1 else cut for cut, count in list(cuts.items())[:3]]
    return ", ".join(shown) + (f" and {len(cuts) - 3} more" if len(cuts) > 3 else "")


def _samples(shapes: Mapping[str, Any]) -> str:
    rows = [
        Amount(name, held["bytes_per_token"], f"{held['bytes_per_token']:.2f} bytes a token")
        for name, held in shapes["samples"].items()
    ]
    spaces = ", ".join(f"{count} → {tokens:+d}" for count, tokens in shapes["indentation"].items())
    capitals = ", ".join(f"{name} × {cost:.2f}" for name, cost in shapes["case_cost"].items())
    lost = shapes["round_trip"]
    back = f"What does not come back as it was: {', '.join(lost)}." if lost else "All of it comes back as it was."
    said = f"Spaces in front of a line → tokens more: {spaces}. Words in capitals, over small ones: {capitals}. {back}"
    return card("White space, code and other texts", amounts("Bytes a token", rows, what="Samples") + note(said))


def _pieces(audit: Mapping[str, Any]) -> str:
    """Tokens to look at, those of no use first."""
    groups = [("Never used", audit["usage"]["never_used_tokens"], audit["usage"]["never_used"])]
    for name, tokens in audit["tokens"]["tokens"].items():
        if name in ("unreachable single", "unreachable multi"):
            groups.append((name.capitalize(), tokens, audit["tokens"]["counts"][name]))
    return "".join(
        f"<details><summary>{name}: {count:,} tokens</summary><p>{codes(row['piece'] for row in rows[:MOST_PIECES])}"
        f"{f' and {count - MOST_PIECES:,} more' if count > MOST_PIECES else ''}</p></details>"
        for name, rows, count in groups
        if rows
    )
