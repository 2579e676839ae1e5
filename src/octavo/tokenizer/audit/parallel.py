"""Parallel text: the same sentences in several languages, from a file of rows, or the small set that is shipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from octavo.kinds.records import open_packed, read_rows
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

BASES = ("eng_Latn", "en", "eng", "English", "english")


@dataclass(frozen=True)
class Parallel:
    """Sentences of several languages in the same order; `clusters` name what belongs together (an article)."""

    name: str
    texts: dict[str, list[str]]
    base: str
    clusters: list[str] | None = None
    left_out: list[str] = field(default_factory=list)
    """What of the file could not be compared, in words."""


def read_parallel(path: Path, base: str = "", clusters: Path | None = None) -> Parallel:
    """Rows `{"lang", "line", "text"}`; a `url` or `cluster` in the rows, or in the rows of the file `clusters`, says
    which lines belong together. Lines that not all languages have are left out and counted."""
    groups: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for row in read_rows(path):
        if row.get("lang") is None or row.get("line") is None:
            raise OctavoError(
                "T042",
                "This is no parallel text: a row has no lang or no line",
                where=str(path),
                do='each row must be {"lang": "fra", "line": 7, "text": …}; lines of one number mean the same',
                exit_code=WRONG_USE,
            )
        line = str(row["line"])
        groups.setdefault(str(row["lang"]), {})[line] = row["text"]
        if (name := row.get("url") or row.get("cluster")) is not None:
            names[line] = str(name)
    for row in _plain_rows(clusters) if clusters else ():
        if (name := row.get("url") or row.get("cluster")) is not None:
            names[str(row.get("line"))] = str(name)
    chosen = _base(base, sorted(groups), path)
    lines, left_out = _shared_lines(groups, chosen)
    if not lines:
        raise OctavoError("T042", "The languages share no line", where=str(path), exit_code=WRONG_USE)
    kept = {lang: [held[line] for line in lines] for lang, held in sorted(groups.items()) if lang not in left_out}
    known = [names.get(line, f"line {line}") for line in lines] if names else None
    return Parallel(path.name, kept, chosen, known, [f"{lang}: {why}" for lang, why in sorted(left_out.items())])


def _shared_lines(groups: dict[str, dict[str, str]], base: str) -> tuple[list[str], dict[str, str]]:
    """The lines all kept languages have, and the languages with less than half of the base's lines."""
    wanted = set(groups[base])
    left_out = {
        lang: f"only {len(wanted & set(held))} of {len(wanted)} lines"
        for lang, held in groups.items()
        if len(wanted & set(held)) < len(wanted) / 2
    }
    for lang, held in groups.items():
        if lang not in left_out:
            wanted &= set(held)
    return sorted(wanted, key=lambda line: (len(line), line)), left_out


def _base(given: str, languages: list[str], path: Path) -> str:
    chosen = given or next((name for name in BASES if name in languages), "")
    if chosen in languages:
        return chosen
    what = f'There is no language "{chosen}"{nearest(chosen, languages)}' if chosen else "It has no English"
    raise OctavoError(
        "T043",
        f"{what} to compare the others with",
        where=str(path),
        do=f"give --base, one of: {', '.join(languages[:12])}",
        exit_code=WRONG_USE,
    )


def _plain_rows(path: Path) -> Iterator[dict[str, Any]]:
    with open_packed(path) as lines:
        for line in lines:
            yield json.loads(line)


def shipped() -> Parallel:
    """The sentences that come with Octavo: few and short, for a first look when there is no parallel text at hand."""
    with resources.files("octavo.tokenizer.audit").joinpath("sentences.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return Parallel("the shipped sentences", {lang: [row[lang] for row in rows] for lang in sorted(rows[0])}, "en")


def samples() -> dict[str, str]:
    """Shipped texts of other sorts: code, numbers, addresses, emoji and the like, by name."""
    text = resources.files("octavo.tokenizer.audit").joinpath("samples.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found
