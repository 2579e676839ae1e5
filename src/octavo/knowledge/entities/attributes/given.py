"""Given: the fields of a record of any kind as its database gives them, and what of them finds candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from octavo.knowledge.entities.attributes.values import date_of, number_of, version_of, words
from octavo.knowledge.index.terms import text_terms

STRUCTURED = frozenset({"packages", "affected", "references", "cwes"})
"""Fields of advisories; a record with one of them is read as an advisory (`fields.typed_fields`)."""
_SILENT = frozenset({"id", "aliases", "split", "cluster", "masked", "source", "path"})
MOST_CHARACTERS = 400
"""Of each value that are compared field by field; the whole text is compared as text."""
MOST_KEYS = 60
DEEPEST = 3


def given_of(row: Mapping[str, Any], clean: Callable[[str], str]) -> dict[str, str]:
    """Field → what it holds, several values joined; `clean` takes identifiers out. Nested fields have their path."""
    if STRUCTURED & row.keys():
        return {}
    found: dict[str, list[str]] = {}
    for key, value in _leaves(row, "", 0):
        if plain := clean(" ".join(str(value).split())[: 4 * MOST_CHARACTERS]).strip():
            found.setdefault(key, []).append(plain)
    kept = sorted(found.items())[:MOST_KEYS]
    return {key: " ".join(values)[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8") for key, values in kept}


def _leaves(row: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if depth == 0 and key in _SILENT:
            continue
        place = f"{path}.{key}" if path else str(key)
        for one in value[:MOST_KEYS] if isinstance(value, list) else (value,):
            if isinstance(one, Mapping) and depth < DEEPEST:
                yield from _leaves(one, place, depth + 1)
            elif isinstance(one, str | int | float) and not isinstance(one, bool):
                yield place, one


def said_terms(given: Mapping[str, str], text: str) -> Iterable[str]:
    """Stems of all values, and of the text beyond them."""
    for value in given.values():
        yield from text_terms(value)
    if len(text) > MOST_CHARACTERS:
        yield from text_terms(text)


def typed_terms(given: Mapping[str, str]) -> Iterable[str]:
    """Dates, versions and numbers in one way of writing; tokens, and runs of three letters of each word."""
    for value in given.values():
        if date := date_of(value):
            yield from (f"year={date[0]}", f"date={date[0]}-{date[1]}-{date[2]}")
        elif version := version_of(value):
            yield f"version={'.'.join(map(str, version))}"
        elif number := number_of(value):
            yield f"number={number[0]:.2g}"
        else:
            for token in words(value):
                yield f"word={token}"
                padded = f"^{token}$"
                if not token.isdigit():
                    yield from (f"run={padded[at : at + 3]}" for at in range(len(padded) - 2))
