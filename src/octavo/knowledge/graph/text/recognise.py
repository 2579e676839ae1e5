"""Recogniser: the entities of a spaCy pipeline that lies on this machine, beside those found without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from octavo.knowledge.graph.text.extract import Mention
from octavo.knowledge.graph.text.keys import key_of
from octavo.spine.errors import WRONG_USE, OctavoError

NUMBERS = frozenset(("CARDINAL", "ORDINAL", "QUANTITY", "PERCENT", "MONEY"))
Recogniser = Callable[[str], list[Mention]]
"""From a text to its entities."""


def spacy_recogniser(folder: Path) -> Recogniser:
    """The named entities of a local spaCy pipeline; nothing is downloaded."""
    try:
        import spacy  # type: ignore[import-not-found,unused-ignore]
    except ModuleNotFoundError:
        raise OctavoError(
            "K045",
            "spaCy is not installed",
            do="pip install spacy; without it entities are found by names, capitals and code-like words",
            exit_code=WRONG_USE,
        ) from None
    if not (folder / "config.cfg").is_file():
        raise OctavoError(
            "K045",
            "This folder is no spaCy pipeline: it has no config.cfg",
            where=str(folder),
            do="give the folder of an installed pipeline",
            exit_code=WRONG_USE,
        )
    pipeline = spacy.load(folder)

    def recognise(text: str) -> list[Mention]:
        document = pipeline(text)
        order = {sentence.start: number for number, sentence in enumerate(document.sents)}
        found = []
        for entity in document.ents:
            kind = "number" if entity.label_ in NUMBERS else "date" if entity.label_ in ("DATE", "TIME") else "name"
            key = key_of(entity.text)
            if key:
                sentence = order.get(entity.sent.start, 0)
                found.append(Mention(entity.start_char, entity.end_char, entity.text, key, kind, sentence))
        return found

    return recognise
