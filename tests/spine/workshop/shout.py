"""Shout: every text in capitals; `deaf` drops all of it, so that the output stays the same whatever comes in."""

from __future__ import annotations

from pathlib import Path

from octavo.kinds.documents import Document, read_documents, write_documents
from octavo.spine.progress import reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Stage


class ShoutSettings(Settings):
    """How to shout."""

    mark: str = "!"
    """What ends a text."""
    deaf: bool = False
    """Whether nothing is heard."""
    fail: str = ""
    """How to fail: raise, exit, crash, full, link."""


def run(settings: ShoutSettings, inputs, out: Path, scratch: Path) -> None:
    """Write the documents in capitals."""
    from workshop.letters import loud

    fail(settings.fail, out)
    documents = [] if settings.deaf else list(read_documents(inputs["documents"]))
    reading(shouted=len(documents), first="yes")
    print("shouting", len(documents))
    write_documents(out, [Document(d.id, loud(d.text) + settings.mark) for d in documents])


def fail(how: str, out: Path) -> None:
    """Fail in one of the ways that a stage may."""
    import os

    if how == "raise":
        raise ZeroDivisionError("the stage divided by nothing")
    if how == "exit":
        os._exit(7)
    if how == "crash":
        os.abort()
    if how == "full":
        with (out / "documents.jsonl").open("wb") as file:
            for _ in range(64):
                file.write(bytes(1_000_000))
    if how == "link":
        (out / "more.jsonl").symlink_to("documents.jsonl")


STAGE = Stage("shout", __name__, ShoutSettings, "documents", {"documents": "documents"})
"""The stage."""
