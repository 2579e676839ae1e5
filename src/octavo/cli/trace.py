"""`octavo trace`: from a document to everything that was made of it, and from an artifact back to its documents."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, open_with_steps, say, table
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.project import Project
from octavo.spine.stage import Step
from octavo.spine.store import Manifest

MOST_SHOWN = 20
"""Documents that a search for a text shows in full; the rest are counted."""


@click.command()
@click.argument("name", required=False)
@click.option("--text", help="All documents whose text holds this (a name, say), and which checkpoints saw them.")
@click.option("--all", "every", is_flag=True, help="Look in every kept artifact, not only in the latest of each stage.")
@click.option(
    "--documents",
    "listed",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the documents behind an artifact as JSON Lines.",
)
@project_option
@json_option
def command(name: str | None, text: str | None, every: bool, listed: Path | None, folder: Path, as_json: bool) -> None:
    """Trace NAME: a document, a stage, the beginning of an artifact's digest, or - for an answer of `ask --json`."""
    project, steps = open_with_steps(folder)
    if (name is None) == (text is None):
        raise OctavoError("P002", "Give either a NAME or --text", do="octavo trace --help", exit_code=WRONG_USE)
    if text is not None:
        _trace_text(project, steps, text, every, as_json)
    elif name == "-":
        _trace_answer(project, steps, every, as_json)
    elif made := _artifact(project, steps, str(name)):
        _trace_artifact(project, made, listed, as_json)
    else:
        _trace_document(project, steps, str(name), every, as_json)


def _artifact(project: Project, steps: Sequence[Step], name: str) -> Manifest | None:
    if any(step.name == name for step in steps):
        made = project.latest(name)
        if made is None:
            project.artifact(name)  # says that it has not been made yet
        return made
    if len(name) < 6 or not set(name) <= set("0123456789abcdef"):
        return None
    return next((m for m in reversed(project.store.manifests()) if m.artifact.startswith(name)), None)


def _trace_artifact(project: Project, made: Manifest, listed: Path | None, as_json: bool) -> None:
    from octavo.apps.trace import ancestry

    found = ancestry(project.store, made)
    if listed is not None:
        from octavo.kinds.records import encode_row
        from octavo.spine.disk import write_durably

        write_durably(listed, b"".join(map(encode_row, found.documents)))
    document = found.as_json()
    if as_json:
        answer_json(document)
        return
    rows = [["made", made.recipe.stage, made.kind, made.artifact[:12], f"run {made.run}"]]
    rows += [["from", m.recipe.stage, m.kind, m.artifact[:12], f"run {m.run}"] for m in found.origins]
    had = "had a part in it" if found.exact else "could have had a part in it"
    answer(f"{table(rows)}\n\n{len(found.documents):,} documents {had}; {document['sources']:,} sources were read")
    for what in ("licences", "packages"):
        counts = ", ".join(f"{name} {count:,}" for name, count in list(document[what].items())[:8])
        answer(f"{what}: {counts}" if counts else f"{what}: none")
    say(f"written to {listed}" if listed else "--documents FILE writes them, with their hashes")


def _trace_document(project: Project, steps: Sequence[Step], name: str, every: bool, as_json: bool) -> None:
    found = _passports(project, steps, [name], every)
    if not found:
        raise OctavoError(
            "P021",
            f'No document or artifact here is called "{name}"',
            where=str(project.folder),
            do="octavo show lists the stages; octavo trace --text finds documents by what they say",
            exit_code=WRONG_USE,
        )
    if as_json:
        answer_json(found[0])
    else:
        answer(_shown(found[0]))


def _trace_text(project: Project, steps: Sequence[Step], text: str, every: bool, as_json: bool) -> None:
    from octavo.apps.trace import documents_with, kept_artifacts

    artifacts = kept_artifacts(project, [step.name for step in steps], every=every)
    names = documents_with(project.store, artifacts, text)
    found = _passports(project, steps, names[:MOST_SHOWN], every)
    saw = sorted({mark["artifact"] for one in found for mark in one["marks"] if _saw(mark)})
    if as_json:
        answer_json({"text": text, "documents": names, "passports": found, "checkpoints": saw})
        return
    answer(f'{len(names):,} documents hold "{text}"' + (f"; of {MOST_SHOWN}:" if len(names) > MOST_SHOWN else ""))
    for one in found:
        answer("\n" + _shown(one))
    if names:
        answer("\ncheckpoints that saw one of these: " + (", ".join(digest[:12] for digest in saw) or "none"))


def _saw(mark: dict[str, Any]) -> bool:
    return bool(mark["kind"] == "checkpoint" and mark["holds"])


def _trace_answer(project: Project, steps: Sequence[Step], every: bool, as_json: bool) -> None:
    try:
        given = json.load(sys.stdin)
        names = list(dict.fromkeys(citation["document"] for citation in given["citations"]))
    except (ValueError, KeyError, TypeError):
        raise OctavoError(
            "P002", "stdin holds no answer", do="octavo ask --json QUESTION | octavo trace -", exit_code=WRONG_USE
        ) from None
    found = _passports(project, steps, names, every)
    if as_json:
        answer_json({"passports": found})
    else:
        answer("\n\n".join(map(_shown, found)) or "the answer cites no document")


def _passports(project: Project, steps: Sequence[Step], names: Sequence[str], every: bool) -> list[dict[str, Any]]:
    from octavo.apps.trace import kept_artifacts, passport

    artifacts = kept_artifacts(project, [step.name for step in steps], every=every)
    found = (passport(project.store, artifacts, name) for name in names)
    return [one.as_json() for one in found if one is not None]


def _shown(one: dict[str, Any]) -> str:
    about = one["document"]
    place = about.get("file", "") + (f":{about['line']}" if about.get("line") else "")
    head = "  ".join(filter(None, [about["id"], place, about.get("licence", "licence unknown"), about["hash"][:12]]))
    rows = [["+" if m["holds"] else "-", m["stage"], m["artifact"][:12], m["what"]] for m in one["marks"]]
    return f"{head}\n{table(rows)}"
