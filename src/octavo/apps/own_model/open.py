"""Open: what a project has made, as the engine that answers its questions."""

from __future__ import annotations

import calendar
import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.kinds.answer import Answer
from octavo.kinds.dialogues import Message
from octavo.kinds.documents import Document
from octavo.kinds.index import INDEX
from octavo.serve.followup import completed, is_follow_up
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.project import Project, open_project

if TYPE_CHECKING:
    from octavo.knowledge.answer.answer import Answerer

_log = logging.getLogger("octavo.serve")
LONGEST_QUESTION = 8_000
LOOK_BACK = 3
"""How many earlier questions are tried for what a follow-up is about."""
LOOK_AGAIN = 2.0
"""Seconds between two looks for a newer index."""


class ProjectEngine:
    """Answers from the index that a project's last completed run made; a newer one is taken up as soon as it is there.

    Safe to call from several threads.
    """

    def __init__(self, project: Project, *, mode: str = "quote", citations: int = 5) -> None:
        self.project, self.mode, self.citations = project, mode, citations
        self._lock = threading.Lock()
        self._looked = 0.0
        self._digest, self._unusable, self._created = "", "", 0
        self._writer = Writer(project.artifact("instruct")) if mode == "generate" else None
        self._answerer = self._take_up()

    @property
    def name(self) -> str:
        """The project's name."""
        return self.project.name

    @property
    def created(self) -> int:
        """When the index was made, in seconds since 1970."""
        return self._created

    def _take_up(self) -> Answerer:
        from octavo.knowledge.answer.answer import Answerer
        from octavo.knowledge.index.index import Index

        folder = self.project.artifact("index")
        manifest = self.project.latest("index")
        index = Index.open(folder / INDEX, immutable=True)
        answerer = Answerer(index, mode=self.mode, generator=self._writer)
        self._digest, self._looked = folder.name, time.monotonic()
        self._created = seconds_of(manifest.run) if manifest is not None else 0
        return answerer

    def _current(self) -> Answerer:
        """The answerer of the newest index, looked for now and then; the old one serves who still asks it."""
        with self._lock:
            if time.monotonic() - self._looked > LOOK_AGAIN:
                self._looked = time.monotonic()
                manifest = self.project.latest("index")
                if manifest is not None and manifest.artifact not in (self._digest, self._unusable):
                    self._swap(manifest.artifact)
            return self._answerer

    def _swap(self, digest: str) -> None:
        """Take up the newer index; one that can't be opened is said once and the one in use stays."""
        try:
            self._answerer = self._take_up()
        except OctavoError as error:
            self._unusable = digest
            _log.warning("the newer index is not taken up: %s %s", error.code, error.what)

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """The answer; a question that is empty (V005) or too long (V006) is refused."""
        asked = question.encode("utf-8", "replace").decode("utf-8").strip()
        if not asked:
            raise OctavoError("V005", "The question is empty", do='octavo ask "…"', exit_code=WRONG_USE)
        if len(asked) > LONGEST_QUESTION:
            raise OctavoError(
                "V006",
                f"The question has {len(asked):,} characters; {LONGEST_QUESTION:,} are the most",
                do="ask about one thing at a time",
                exit_code=WRONG_USE,
            )
        answerer = self._current()
        return answerer.ask(self._understood(answerer, asked, history), self.citations)

    def _understood(self, answerer: Answerer, question: str, history: Sequence[Message]) -> str:
        """A follow-up completed with the document from which the last question that stands alone was answered."""
        if not is_follow_up(question):
            return question
        earlier = [m.content for m in reversed(history) if m.role == "user" and m.content.strip()]
        whole = [text[:LONGEST_QUESTION] for text in earlier if not is_follow_up(text)]
        for text in whole[:LOOK_BACK]:
            answer = answerer.ask(text, 1)
            if not answer.declined:
                document = answerer.index.document(answer.citations[0].document)
                assert document is not None, "a citation names a document of its index"
                return completed(question, document.title or document.id)
        return question

    def stream(self, question: str, history: Sequence[Message] = ()) -> Iterator[str | Answer]:
        """The answer line by line, then itself: a text is checked before any of it is shown."""
        answer = self.ask(question, history)
        yield from re.findall(r"[^\n]*\n|[^\n]+", answer.answer)
        yield answer

    def document(self, document_id: str) -> Document | None:
        """A document of the index."""
        index = self._current().index
        with index.reading():
            return index.document(document_id)

    def token_spans(self, text: str) -> list[tuple[int, int]] | None:
        """Character spans of the tokens in the project's tokenizer; None when it has not trained one."""
        return None if self._tokenizer is None else self._tokenizer.encode(text, add_special_tokens=False).offsets

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        from octavo.kinds.tokenizer import TOKENIZER

        if self.project.latest("tokenizer") is None:
            return None
        return Tokenizer.from_file(str(self.project.artifact("tokenizer") / TOKENIZER))

    def check(self) -> None:
        """Read from the index; raises when it can't be read."""
        index = self._current().index
        with index.reading():
            index.fact("format")


class Writer:
    """Writes an answer for a prompt with the project's own model; one at a time, so that it keeps to its threads."""

    def __init__(self, checkpoint: Path) -> None:
        from octavo.model.checkpoint import read_checkpoint

        self._model, self._tokenizer = read_checkpoint(checkpoint)
        self._lock = threading.Lock()

    def generate(self, messages: Sequence[Message]) -> str:
        """The likeliest answer."""
        from octavo.model.generate import generate

        with self._lock:
            return generate(self._model, self._tokenizer, [messages])[0].text


def seconds_of(when: str) -> int:
    """`2031-04-05T06-07-08.000009Z`, as runs are named, in seconds since 1970."""
    parts = [int(part) for part in re.findall(r"\d+", when)[:6]]
    return calendar.timegm((*parts, 0, 0, 0)) if len(parts) == 6 else 0


def open_engine(folder: Path, *, mode: str = "quote", citations: int = 5) -> ProjectEngine:
    """The engine of the project in `folder`; S009 when it has not been run."""
    return ProjectEngine(open_project(folder), mode=mode, citations=citations)
