"""What went wrong, said as one `OctavoError`: wrong use, a missing file, and what `spine.disk` knows of machines."""

from __future__ import annotations

import errno

import click

from octavo.spine.disk import known_failure
from octavo.spine.errors import WRONG_USE, OctavoError


def as_octavo_error(error: Exception, given: list[str]) -> OctavoError | None:
    """The message for a known failure; None for an exception that only a developer can explain."""
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        words = context.command_path if context is not None else " ".join(["octavo", *given[:1]])
        return OctavoError("P002", error.format_message(), do=f"{words} --help", exit_code=WRONG_USE)
    if isinstance(error, OSError) and error.errno == errno.ENOENT:
        where = str(error.filename or "")
        return OctavoError(
            "P006", "There is no such file or folder", where=where, do="check the path", exit_code=WRONG_USE
        )
    return known_failure(error)
