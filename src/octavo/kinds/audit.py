"""Audit: what examining a tokenizer found: costs by language, idle and broken tokens, how things are cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

AUDIT = "audit.json"


def write_audit(folder: Path, audit: Mapping[str, Any]) -> None:
    """Write the artifact's file."""
    text = json.dumps(audit, ensure_ascii=False, indent=1) + "\n"
    (folder / AUDIT).write_bytes(text.encode("utf-8", "replace"))


def read_audit(folder: Path) -> dict[str, Any]:
    """The audit in an artifact's folder."""
    found: dict[str, Any] = json.loads((folder / AUDIT).read_text(encoding="utf-8"))
    return found


def describe(folder: Path) -> dict[str, Any]:
    """The numbers that matter most; the dearest language is named with what it costs over the base."""
    audit = read_audit(folder)
    languages, counts, usage = audit["languages"], audit["tokens"]["counts"], audit["usage"]
    compared = [row for row in languages["rows"] if row["valid"] and row["language"] != languages["base"]]
    return {
        "model": audit["model"],
        "origin": audit.get("origin", ""),
        "vocabulary": audit["vocabulary"],
        "bytes_per_token": round(usage["bytes_per_token"], 4),
        "dearest": {name: compared[0][name] for name in ("language", "premium", "low", "high")} if compared else None,
        "base": languages["base"],
        "sentences": languages["sentences"],
        "unreachable": counts["unreachable single"] + counts["unreachable multi"],
        "parts_of_characters": counts["undecodable"],
        "never_used": usage["never_used"],
    }


KIND = Kind("audit", (AUDIT,), describe)
