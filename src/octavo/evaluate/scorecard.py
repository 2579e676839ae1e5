"""Scorecard: the scores as a table that a terminal can show, each value with its interval, n and baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from octavo.kinds.scores import PERCENT, Score

GOOD, BAD, OPEN = "better", "worse", "no clear difference"
ARROWS = {"higher": "↑", "lower": "↓"}


def against_baseline(score: Score) -> str:
    """Whether the whole interval lies on the better or the worse side of the baseline; nothing without a baseline."""
    if score.baseline is None:
        return ""
    above, below = score.low > score.baseline, score.high < score.baseline
    if not (above or below):
        return OPEN
    return GOOD if above == (score.direction == "higher") else BAD


def number(score: Score, value: float) -> str:
    """A value of this score as people read it: shares in percent, others with three digits."""
    if score.unit == PERCENT:
        return f"{value:+.1f} %"
    if score.range == (0.0, 1.0) and not score.unit and is_share(score):
        return f"{100 * value:.1f} %"
    return f"{value:.3f}"


def is_share(score: Score) -> bool:
    """Whether the score is a share of counted things (shown in percent), not an area or an index."""
    return "area" not in score.method


def table(scores: Sequence[Score]) -> str:
    """The scorecard in plain text, one line a score."""
    rows = [("measure", "value", "95 % interval", "n", "baseline")]
    for score in scores:
        interval = f"[{number(score, score.low)}, {number(score, score.high)}]"
        baseline = ""
        if score.baseline is not None:
            baseline = f"{number(score, score.baseline)}  {score.baseline_name}: {against_baseline(score)}"
        n = f"{score.n:,}" + (f" ({score.unparsed} unparsed)" if score.unparsed else "")
        rows.append((f"{score.name} {ARROWS[score.direction]}", number(score, score.value), interval, n, baseline))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = []
    for row in rows:
        cells = (row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].rjust(widths[2]), row[3].rjust(widths[3]))
        lines.append("  ".join([*cells, row[4]]).rstrip())
    lines.insert(1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def about(
    documents: Mapping[str, Any] | None, tokenizer: Mapping[str, Any] | None, base: str | None = None
) -> list[str]:
    """A line about the documents and one about the tokenizer, of what their kinds `card` and `audit` describe, and one
    about what training began from; none for what a project made by an earlier version did not make."""
    lines = []
    if documents is not None:
        lines.append("documents  " + "; ".join(_documents(documents)))
    if tokenizer is not None:
        lines.append("tokenizer  " + "; ".join(_tokenizer(tokenizer)))
    if base:
        lines.append(f"base       {base}")
    return lines


def _documents(card: Mapping[str, Any]) -> list[str]:
    told = [f"{card['records']:,} records, {card['bytes']:,} bytes, {card['words']:,} words"]
    if (personal := card.get("personal")) is not None:
        held = personal.get("any")
        share = f"{held['share']:.1%} [{held['low']:.1%}, {held['high']:.1%}]" if held else "none found"
        told.append(f"with personal data: {share}")
    if duplicates := card.get("duplicates"):
        told.append(f"repeated: {duplicates['share']:.1%}")
    return [*told, f"digest {card['digest'][:12]}"]


def _tokenizer(audit: Mapping[str, Any]) -> list[str]:
    told = [f"{audit['vocabulary']:,} tokens, {audit['bytes_per_token']:.2f} bytes each"]
    if base := audit.get("origin"):
        told.append(f"came with the base {base}")
    if dearest := audit["dearest"]:
        between = "" if dearest["low"] is None else f" [{dearest['low']:.2f}, {dearest['high']:.2f}]"
        told.append(
            f"{dearest['language']} costs {dearest['premium']:.2f} × {audit['base']}{between}, on "
            f"{audit['sentences']:,} sentences"
        )
    return [*told, f"{audit['never_used']:,} never used, {audit['unreachable']:,} unreachable"]


def as_json(
    scores: Sequence[Score],
    facts: Mapping[str, Any],
    stages: Sequence[Mapping[str, Any]],
    documents: Mapping[str, Any],
    tokenizer: Mapping[str, Any],
) -> dict[str, Any]:
    """The scorecard as one JSON document; each score with its comparison to the baseline, and what the card of the
    documents and the audit of the tokenizer come to."""
    rows = [
        {**vars(score), "range": list(score.range), "against_baseline": against_baseline(score)} for score in scores
    ]
    return {
        "scores": rows,
        "facts": dict(facts),
        "documents": dict(documents),
        "tokenizer": dict(tokenizer),
        "stages": [dict(stage) for stage in stages],
    }
