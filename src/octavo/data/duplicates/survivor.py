"""Survivor: which of several copies is kept. A policy gives each record a number; the smallest survives, then the
record that stands first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

POLICIES = ("longest", "newest", "licence", "annotated", "used", "first")

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_ROOM = 1 << 40
"""Lengths are smaller than this, so that one number holds what comes first and then the length."""
_LATEST, _SHORT_ROOM = 320_000_000_000, 1 << 24
"""Seconds after the year 1 that no date reaches; room for lengths beside them."""

_LICENCES: tuple[tuple[str, ...], ...] = (
    ("cc0", "public domain", "publicdomain", "unlicense", "0bsd", "pddl", "wtfpl"),
    ("mit", "bsd", "apache", "isc", "zlib", "psf", "python", "boost", "bsl-1.0", "hpnd"),
    ("cc-by", "cc by", "ogl", "odc-by"),
    ("mpl", "lgpl", "epl", "cddl", "cc-by-sa", "cc by-sa", "odbl", "gfdl"),
    ("gpl", "agpl", "eupl"),
    ("nc", "nd", "proprietary", "all rights reserved", "commercial"),
)
"""Marks of licences, from those that ask least to those that forbid most; where several fit, the strictest counts."""
_MARKS = tuple(
    re.compile(r"(?<![a-z0-9])(?:" + "|".join(map(re.escape, marks)) + r")(?![a-uw-z])") for marks in _LICENCES
)


def survival(policy: str, row: Mapping[str, Any]) -> int:
    """The number of a record under a policy; the copy with the smallest survives.

    longest: the longest text. newest: the latest `date`, records without one last. licence: the most permissive
    `licence`, records without one last. annotated: what people have checked. used: the most `uses`, then the
    shallowest and shortest id. first: the first that was read. All but the last two then prefer the longer text.
    """
    size = _ROOM - 1 - min(len(row["text"]), _ROOM - 1)
    if policy == "longest":
        return size
    if policy == "newest":
        shortness = _SHORT_ROOM - 1 - min(len(row["text"]), _SHORT_ROOM - 1)
        return (_LATEST - _seconds(row.get("date"))) * _SHORT_ROOM + shortness
    if policy == "licence":
        return permissiveness(str(row.get("licence") or "")) * _ROOM + size
    if policy == "annotated":
        return (0 if row.get("annotated") in (True, 1) else 1) * _ROOM + size
    if policy == "used":
        known = row.get("uses")
        uses = known if isinstance(known, int) and known > 0 else 0
        name = str(row["id"])
        return (
            -min(uses, 2**30) * 2**32 + min(len(re.findall(r"[./]", name)), 2**12) * 2**16 + min(len(name), 2**16 - 1)
        )
    assert policy == "first", policy
    return 0


def _seconds(date: object) -> int:
    """Seconds since the year 1 of an ISO date (a year or a month alone count from their first day); 0 for none."""
    if not isinstance(date, str):
        return 0
    text = date.strip()
    if re.fullmatch(r"\d{4}(-\d{2})?", text):
        text += "-01-01" if len(text) == 4 else "-01"
    try:
        when = datetime.fromisoformat(text)
        return max(1, int((when.replace(tzinfo=when.tzinfo or UTC) - _YEAR_ONE).total_seconds()))
    except (ValueError, OverflowError):
        return 0


def permissiveness(licence: str) -> int:
    """0 for a licence that asks for nothing, up to 5 for one that forbids most; 6 when it isn't known."""
    lowered = licence.lower()
    return max((rank for rank, marks in enumerate(_MARKS) if marks.search(lowered)), default=len(_MARKS))
