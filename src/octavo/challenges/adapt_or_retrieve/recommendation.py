"""Recommendation: which way a trial speaks for, and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from octavo.challenges.adapt_or_retrieve.ground import DEFAULT
from octavo.challenges.trial import Trial


def recommend(tried: Trial) -> list[str]:
    """Lines for the end of the table: the choice, why, when another would be better, and what it rests on."""
    trial = tried.as_json()
    ways = {one["name"]: _values(one["effects"]) for one in trial["responses"]}
    ways[trial["baseline"]["name"]] = {one["name"]: one for one in trial["baseline"]["scores"]}
    flops = {one["name"]: one["cost"]["flops"] or 0.0 for one in (*trial["responses"], trial["baseline"])}
    best = max(ways, key=lambda name: ways[name]["right"]["value"])
    # What can't be told from the best by its interval, and takes the least work, is the choice.
    level = [name for name in ways if ways[name]["right"]["high"] >= ways[best]["right"]["value"]]
    choice = min(level, key=lambda name: (flops[name], name))
    mine = ways[choice]
    others = sorted((name for name in ways if name != choice), key=lambda name: -ways[name]["right"]["value"])
    lines = [
        f"Recommended: {choice}: {_said(mine['right'])} of the questions right, {_said(mine['right, changed'])} where "
        f"documents changed, {mine['false answers']['value']:.2f} false answers, {flops[choice]:.2g} FLOPs."
    ]
    for name in others:
        one = ways[name]
        forgot = 100 * (one["bits per byte"]["value"] / max(mine["bits per byte"]["value"], 1e-9) - 1)
        ratio = f"{flops[name] / flops[choice]:.1f}×" if flops[choice] else "more than 1×"
        lines.append(
            f"  {name}: {_said(one['right'])} right (seen {one['right, seen']['value']:.2f}, changed "
            f"{one['right, changed']['value']:.2f}, never seen {one['right, never seen']['value']:.2f}), "
            f"{ratio} its FLOPs, {one['update seconds']['value']:.1f} s for news, {forgot:+.1f} % bits of other texts."
        )
    if choice != best:
        lines.append(f"  {best} has the highest share, but {choice} lies within what the intervals can tell, for less.")
    lines += [
        f"It rests on {trial['items']} rows, {len(trial['seeds'])} seeds, invented short documents of two facts, a "
        f"model of 7 million parameters, BM25, and training on {DEFAULT.tokens:,} tokens at one learning rate.",
        "It does not tell: larger models or budgets, documents that must be understood rather than looked up, style "
        "and skills (what tuning is for), or questions that share no word with the document.",
    ]
    return lines


def _values(effects: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {one["measure"]: one["after"] for one in effects}


def _said(score: Mapping[str, Any]) -> str:
    return f"{score['value']:.2f} [{score['low']:.2f}, {score['high']:.2f}]"
