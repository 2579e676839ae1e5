"""Mask: identifiers taken out of a record, so that it must be recognised by what it says."""

from __future__ import annotations

import re
from collections.abc import Set

FAMILIES = re.compile(
    r"(?<![A-Za-z0-9])(?:GHSA(?:-[0-9a-z]{4}){3}|SNYK-[A-Z]+-[A-Z0-9-]+|[A-Z][A-Z0-9]+-(?:masked-[0-9a-f]+|[0-9]{4}-[0-9]{2,}))",
    re.IGNORECASE,
)
"""Numbers that databases give: `CVE-2024-1394`, `GHSA-xxxx-xxxx-xxxx`, `GO-2024-2660`, `RUSTSEC-2020-0121` …"""

_TOKEN = re.compile(r"[^\s\"'<>()\[\],;]+")
_PLACE = "[ID]"


def mask_text(text: str, known: Set[str] = frozenset()) -> str:
    """The text with a blank for each identifier: of `FAMILIES`, in `known`, and for marks of earlier masking."""
    text = FAMILIES.sub(" ", text.replace(_PLACE, " "))
    if not known:
        return text
    return _TOKEN.sub(lambda found: " " if found.group().strip(".:") in known else found.group(), text)


def names_an_id(value: str, known: Set[str] = frozenset()) -> bool:
    """Whether a short value or a URL carries an identifier."""
    if _PLACE in value or FAMILIES.search(value):
        return True
    return bool(known) and any(part in known for part in re.split(r"[/?#=&]", value))
