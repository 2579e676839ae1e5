"""Project: the memory of a project: what was told and corrected is consulted, conversations are noted."""

from __future__ import annotations

import re
from pathlib import Path

from octavo.knowledge.memory.episode import Episode
from octavo.knowledge.memory.memory import Memory

FILE = "memory.sqlite"
INDEX = "memory-index.sqlite"
"""Where consolidated memories go unless another index is named."""
SAID = ("told", "correction")
"""What may be given as an answer; a noted conversation may be wrong."""
LONGEST_NOTE = 1200
"""Characters of an answer that are noted."""
_CORRECTION = re.compile(
    r"^(?:no|nope|wrong|that(?:'|’)?s (?:wrong|not right|not true|incorrect)|that is (?:wrong|not right|incorrect)|"
    r"not (?:quite|right))\s*[,.;:!–—-]+\s*(?P<right>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)


def place(folder: Path) -> Path:
    """The file of the memory of the project in `folder`."""
    return folder / ".octavo" / FILE


def corrected(line: str) -> str:
    """What a line such as "No, it is on Fridays" puts right; empty when it corrects nothing."""
    found = _CORRECTION.match(line.strip())
    return found["right"].strip() if found else ""


def consult(folder: Path, question: str) -> Episode | None:
    """What the project's memory knows about a question, when the gate recognises it; that it was used is noted."""
    file = place(folder)
    if not file.is_file():
        return None
    with Memory.open(file) as memory:
        found = memory.recall(question, 1, kinds=SAID).best
    if found is not None:
        with Memory.open(file, write=True) as memory:
            memory.use([found.number])
    return found


class Notes:
    """The turns of one conversation, as they go into the project's memory."""

    def __init__(self, folder: Path, session: str) -> None:
        self.folder, self.session = folder, session
        self._question = ""
        self._turn: int | None = None

    def turn(self, question: str, answer: str) -> None:
        """Note a question with its answer."""
        text = answer.strip()[:LONGEST_NOTE] or "(no answer)"
        with Memory.create(place(self.folder)) as memory:
            noted = memory.remember(text, kind="conversation", cue=question[:LONGEST_NOTE], session=self.session)
        self._question, self._turn = question[:LONGEST_NOTE], noted.number

    def correct(self, right: str) -> Episode:
        """Remember what is right instead of the last answer; that answer is superseded by it."""
        with Memory.create(place(self.folder)) as memory:
            made = memory.remember(right, kind="correction", cue=self._question, session=self.session)
            if self._turn is not None:
                memory.supersede(self._turn, made.number)
        self._turn = None
        return made

    @property
    def can_correct(self) -> bool:
        """Whether there is an answer that a correction would be about."""
        return self._question != ""
