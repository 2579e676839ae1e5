"""`octavo remember`: keep something in the project's memory, to be recalled, cited, corrected and forgotten."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option


@click.command()
@click.argument("text")
@project_option
@click.option("--about", "cue", default="", metavar="QUESTION", help="The question that TEXT answers.")
@click.option("--supersedes", type=click.IntRange(1), metavar="ID", help="The memory that this is a newer version of.")
@click.option("--until", metavar="DATE", help="Let it hold only until then, such as 2031-04-05.")
@click.option("--keep", is_flag=True, help="Keep what it seems to contradict as well.")
@json_option
def command(
    text: str, folder: Path, cue: str, supersedes: int | None, until: str | None, keep: bool, as_json: bool
) -> None:
    """Remember TEXT. A statement that gives another value for what an earlier one said supersedes it; both stay."""
    from octavo.cli.talk import answer, answer_json, say
    from octavo.knowledge.memory.episode import seconds_of
    from octavo.knowledge.memory.memory import Memory
    from octavo.knowledge.memory.project import place
    from octavo.spine.project import open_project

    end = seconds_of(until) if until else None
    with Memory.create(place(open_project(folder).folder)) as memory:
        made = memory.remember(text, cue=cue, supersedes=supersedes, until=end, keep=keep)
        old = memory.episode(made.supersedes) if made.supersedes is not None else None
    if as_json:
        answer_json(made.as_json())
        return
    answer(f"[{made.citation}]")
    if old is not None:
        say(f"supersedes [{old.citation}]: {old.text}")
        if supersedes is None:
            say(f"if both hold: octavo memory forget {made.number}, then remember it with --keep")
    say("next: octavo memory recall …, or ask: octavo ask …")
