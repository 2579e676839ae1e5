"""`octavo memory forget`: take memories out of the file and of all that was made of them, and prove it."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option
from octavo.spine.errors import WORK_FAILED


@click.command()
@click.argument("numbers", nargs=-1, type=click.IntRange(1), required=True, metavar="ID…")
@project_option
@json_option
def command(numbers: tuple[int, ...], folder: Path, as_json: bool) -> int | None:
    """Forget the memories with these numbers: text, codes, names and, where they became documents, these."""
    from octavo.cli.talk import answer, answer_json, say
    from octavo.knowledge.memory.consolidate import forget_documents
    from octavo.knowledge.memory.memory import Memory
    from octavo.knowledge.memory.project import place
    from octavo.spine.project import open_project

    with Memory.open(place(open_project(folder).folder), write=True) as memory:
        for number in numbers:
            memory.episode(number)
        documents, left = forget_documents(memory, numbers)
        done = memory.forget(numbers)
        count = len(memory)
    left = [*left, *done.left]
    if as_json:
        answer_json({"forgotten": list(done.numbers), "documents": documents, "left": left, "looked for": done.checked})
    else:
        answer("\n".join([f"forgotten: {', '.join(map(str, done.numbers))}", *left]))
        if not left:
            say(f"nothing of them is left in the file ({done.checked} texts looked for); {count:,} memories stay")
    return WORK_FAILED if left else None
