"""`octavo chat`: a conversation with the documents in the terminal, or over a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from octavo.cli.ask import mode_option, remembered
from octavo.cli.options import json_option, memory_option, project_option
from octavo.spine.errors import WORK_FAILED, OctavoError

if TYPE_CHECKING:
    from octavo.apps.own_model.open import ProjectEngine
    from octavo.kinds.answer import Answer, Citation
    from octavo.kinds.dialogues import Message
    from octavo.knowledge.memory.project import Notes

HELP = "/show N opens citation N, /correct TEXT remembers what is right, /quit or Ctrl-D ends"
AROUND = 600
"""Characters before and after the cited span that `/show` prints."""


@click.command()
@project_option
@mode_option
@memory_option
@json_option
def command(folder: Path, mode: str, remember: bool, as_json: bool) -> int | None:
    """Talk with the documents: a question a line, follow-ups such as "and its parameters?" included."""
    from octavo.apps.own_model.open import open_engine
    from octavo.cli.talk import say

    engine = open_engine(folder, mode=mode)
    person = sys.stdin.isatty()
    if person:
        say(f"{engine.name}: ask a question. {HELP}.")
    return Conversation(engine, as_json, _notes(engine) if remember else None).hold(_lines(person))


def _notes(engine: ProjectEngine) -> Notes:
    """Where this conversation is noted: in the project's memory, as a session of its own."""
    import uuid

    from octavo.knowledge.memory.project import Notes

    return Notes(engine.project.folder, uuid.uuid4().hex[:12])


def _lines(person: bool) -> Iterator[str]:
    """What is typed, line by line, until /quit or the end."""
    if person:
        import readline  # noqa: F401 (gives `input` its editing and its history)
    while True:
        try:
            line = input("› ") if person else sys.stdin.buffer.readline().decode("utf-8", "replace")
        except EOFError:
            click.echo(err=True)
            return
        except KeyboardInterrupt:  # clears the line, as a shell does
            if not person:
                raise
            click.echo(err=True)
            continue
        if line.strip() == "/quit" or (not person and not line):
            return
        if line.strip():
            yield line.strip()


class Conversation:
    """The turns so far and the citations of the last answer."""

    def __init__(self, engine: ProjectEngine, as_json: bool, notes: Notes | None = None) -> None:
        self.engine, self.as_json, self.notes = engine, as_json, notes
        self._turns: list[Message] = []
        self._citations: tuple[Citation, ...] = ()

    def hold(self, lines: Iterator[str]) -> int | None:
        """Answer line after line; 1 when a question could not be answered at all."""
        from octavo.cli.talk import say

        failed = False
        for line in lines:
            try:
                if line.startswith("/"):
                    self._obey(line)
                elif not self._corrected(line):
                    self._answer(line)
            except OctavoError as error:
                failed = True
                say(str(error))
            except KeyboardInterrupt:
                if not sys.stdin.isatty():
                    raise
                say("stopped")
        return WORK_FAILED if failed else None

    def _answer(self, question: str) -> None:
        from octavo.cli.talk import answer_json
        from octavo.kinds.dialogues import Message
        from octavo.serve.readable import below, plain

        known = remembered(self.notes.folder, question) if self.notes else None
        if known and not self.as_json:
            click.echo(f"{plain(known.text)} [{known.citation}]\n")
        found = self._said(question)
        if self.as_json:
            answer_json({**found.as_json(), **({"memory": known.as_json()} if known else {})})
        else:
            click.echo("\n".join([*below(found, self.engine.document), ""]))
        self._citations = found.citations
        self._turns += [Message("user", question), Message("assistant", found.answer)]
        if self.notes:
            self.notes.turn(question, found.answer)

    def _corrected(self, line: str) -> bool:
        """Whether a line puts the last answer right, such as "No, it is on Fridays"; what is right is remembered."""
        from octavo.knowledge.memory.project import corrected

        right = corrected(line) if self.notes and self.notes.can_correct else ""
        if right:
            self._correct(right)
        return bool(right)

    def _correct(self, right: str) -> None:
        from octavo.cli.talk import say

        assert self.notes is not None
        made = self.notes.correct(right)
        say(f"remembered [{made.citation}]; octavo memory forget {made.number} takes it out again")

    def _said(self, question: str) -> Answer:
        """The answer, printed as it comes."""
        from octavo.cli.talk import say
        from octavo.serve.readable import plain

        found: Answer | None = None
        for piece in self.engine.stream(question, self._turns):
            if not isinstance(piece, str):
                found = piece
            elif not self.as_json:
                click.echo(plain(piece), nl=False)
        assert found is not None, "an engine's stream ends with the Answer"
        if not self.as_json:
            click.echo()
            if found.question != question:
                say(f"    understood as: {plain(found.question)}")
        return found

    def _obey(self, line: str) -> None:
        from octavo.cli.talk import say
        from octavo.serve.readable import plain

        word, _, number = line.partition(" ")
        if word == "/correct" and number.strip() and self.notes:
            self._correct(number.strip())
            return
        if word != "/show" or not number.strip().isdecimal():
            say(HELP)
            return
        place = int(number) - 1
        if not 0 <= place < len(self._citations):
            say(f"the last answer has {len(self._citations)} citations")
            return
        citation = self._citations[place]
        document = self.engine.document(citation.document)
        assert document is not None, "a citation names a document of the index"
        before = document.text[max(0, citation.start - AROUND) : citation.start]
        after = document.text[citation.end : citation.end + AROUND]
        marked = click.style(plain(citation.text), bold=True, underline=True)
        click.echo(f"{plain(document.id)}\n\n{plain(before)}{marked}{plain(after)}\n")
