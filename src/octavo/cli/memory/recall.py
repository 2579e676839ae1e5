"""`octavo memory recall`: what a cue brings back: a question, a few words, a part of what was said."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option


@click.command()
@click.argument("cue")
@project_option
@click.option("-k", "count", type=click.IntRange(1, 100), default=5, show_default=True, help="Most memories.")
@click.option("--at", "moment", metavar="DATE", help="As things stood then, such as 2031-04-05.")
@json_option
def command(cue: str, folder: Path, count: int, moment: str | None, as_json: bool) -> None:
    """Recall what CUE brings back, best first, each with its citation."""
    from octavo.cli.talk import answer, answer_json, say, table
    from octavo.knowledge.memory.episode import seconds_of
    from octavo.knowledge.memory.memory import Memory
    from octavo.knowledge.memory.project import place
    from octavo.serve.readable import plain
    from octavo.spine.project import open_project

    at = seconds_of(moment) if moment else None
    with Memory.open(place(open_project(folder).folder)) as memory:
        found = memory.recall(cue, count, at=at)
    if as_json:
        hits = [
            {**one.episode.as_json(), "activation": round(one.activation, 4), "direct": one.direct}
            for one in found.remembered
        ]
        answer_json({"cue": cue, "recognised": found.recognised, "certainty": round(found.certainty, 4), "hits": hits})
        return
    rows = []
    for one in found.remembered:
        text = plain(" ".join(f"{one.episode.cue} {one.episode.text}".split()))[:300]
        rows.append((f"[{one.episode.citation}]", f"{one.activation:.2f}", "" if one.direct else "connected", text))
    if rows:
        answer(table(rows))
    if not found.recognised:
        say(f"not recognised (certainty {found.certainty:.2f}): ask and chat would leave the memory out")
