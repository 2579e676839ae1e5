"""Recogniser: the entities of a spaCy pipeline that lies on this machine, beside those found without one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from octavo.knowledge.graph.text.extract import Mention
from octavo.knowledge.graph.text.keys import key_of, tokens
from octavo.spine.errors import WRONG_USE, OctavoError

NUMBERS = frozenset(("CARDINAL", "ORDINAL", "QUANTITY", "PERCENT", "MONEY"))


class Recogniser:
    """The named entities of a local spaCy pipeline: a folder, or the name of an installed package that holds one.
    Nothing is downloaded; opening a pipeline runs the code of the components that it names."""

    def __init__(self, place: str) -> None:
        folder = folder_of(place)
        try:
            import spacy  # type: ignore[import-not-found,unused-ignore]
        except ModuleNotFoundError:
            raise OctavoError(
                "K045",
                "spaCy is not installed",
                do="pip install spacy; without it entities are found by names, capitals and code-like words",
                exit_code=WRONG_USE,
            ) from None
        self.place, self.digest = str(folder.resolve()) if Path(place).is_dir() else place, digest_of(folder)
        try:
            self._pipeline: Any = spacy.load(folder)
        except (OSError, ValueError, ImportError) as error:
            raise _unusable(place, str(error).splitlines()[0] if str(error) else repr(error)) from None

    def __call__(self, text: str) -> list[Mention]:
        """The entities of a text, each with its sentence as `extract.mentions` counts them."""
        opens = [token.start for token in tokens(text) if token.opens]
        found = []
        for entity in self._pipeline(text).ents:
            kind = "number" if entity.label_ in NUMBERS else "date" if entity.label_ in ("DATE", "TIME") else "name"
            key = key_of(entity.text)
            if key:
                sentence = max(0, bisect_right(opens, entity.start_char) - 1)
                found.append(Mention(entity.start_char, entity.end_char, entity.text, key, kind, sentence))
        return found

    def facts(self) -> dict[str, str]:
        """What an index keeps of it."""
        return {"place": self.place, "digest": self.digest}

    @classmethod
    def again(cls, known: Mapping[str, str]) -> Recogniser:
        """The pipeline that the graph of an index was made with; an error when it is gone or another now."""
        key = (known["place"], known["digest"])
        if key not in _OPENED:
            made = cls(known["place"])
            if made.digest != known["digest"]:
                raise OctavoError(
                    "K048",
                    "The spaCy pipeline is not the one that the graph of this index was made with",
                    where=known["place"],
                    likely="it was updated or replaced",
                    do="put the old one back, or make the index again; the other methods of search work now",
                )
            _OPENED.clear()
            _OPENED[key] = made
        return _OPENED[key]


_OPENED: dict[tuple[str, str], Recogniser] = {}
"""The pipeline that was opened last."""


def folder_of(place: str) -> Path:
    """The folder of a pipeline, given as itself or as the name of an installed package."""
    folder = Path(place)
    if not folder.is_dir() and place.isidentifier():
        found = find_spec(place)
        homes = list(found.submodule_search_locations or ()) if found else []
        inside = [path.parent for home in homes for path in sorted(Path(home).glob("*/config.cfg"))]
        folder = inside[-1] if inside else folder
    if not (folder / "config.cfg").is_file():
        raise _unusable(place, "it has no config.cfg" if folder.is_dir() else "there is no such folder or package")
    return folder


def digest_of(folder: Path) -> str:
    """A digest of all files of a pipeline."""
    whole = blake2b(digest_size=16)
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        whole.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
        with path.open("rb") as data:
            while block := data.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()


def _unusable(place: str, why: str) -> OctavoError:
    return OctavoError(
        "K045",
        f"There is no spaCy pipeline: {why}",
        where=place,
        do="give the folder of a pipeline, or the name of an installed package that holds one",
        exit_code=WRONG_USE,
    )
