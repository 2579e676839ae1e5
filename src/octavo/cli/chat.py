"""`octavo chat`: a conversation with the documents in the terminal, or over a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from octavo.cli.ask import mode_option
from octavo.cli.options import json_option, project_option
from octavo.spine.errors import WORK_FAILED, OctavoError

if TYPE_CHECKING:
    from octavo.apps.own_model.open import ProjectEngine
    from octavo.kinds.answer import Answer, Citation
    from octavo.kinds.dialogues import Message

HELP = "/show N opens citation N, /quit or Ctrl-D ends"
AROUND = 600
"""Characters before and after the cited span that `/show` prints."""


@click.command()
@project_option
@mode_option
@json_option
def command(folder: Path, mode: str, as_json: bool) -> int | None:
    """Talk with the documents: a question a line, follow-ups such as "and its parameters?" included."""
    from octavo.apps.own_model.open import open_engine
    from octavo.cli.talk import say

    engine = open_engine(folder, mode=mode)
    person = sys.stdin.isatty()
    if person:
        say(f"{engine.name}: ask a question. {HELP}.")
    return Conversation(engine, as_json).hold(_lines(person))


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

    def __init__(self, engine: ProjectEngine, as_json: bool) -> None:
        self.engine, self.as_json = engine, as_json
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
                else:
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
        from octavo.serve.readable import below

        found = self._said(question)
        if self.as_json:
            answer_json(found.as_json())
        else:
            click.echo("\n".join([*below(found, self.engine.document), ""]))
        self._citations = found.citations
        self._turns += [Message("user", question), Message("assistant", found.answer)]

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
