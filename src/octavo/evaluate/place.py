"""Place: the report page beside `project.toml`, where people find it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from octavo.kinds.report import PAGE


def place_page(report: Path, folder: Path) -> Path:
    """Copy the page of the artifact `report` to `<folder>/report.html`, whole or not at all; returns the new path.

    A copy and not a link: what a person may edit or move must not be what the store relies on.
    """
    target = folder / PAGE
    part = folder / f".{PAGE}.part"
    try:
        shutil.copyfile(report / PAGE, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target
