"""What went wrong, said as one `OctavoError`: wrong use, a full disk, a missing extra, no memory."""

from __future__ import annotations

import errno

import click

from octavo.spine.errors import WRONG_USE, OctavoError

EXTRAS = {"torch": "train", "fastapi": "serve", "uvicorn": "serve", "prometheus_client": "serve", "transformers": "dev"}


def as_octavo_error(error: Exception, given: list[str]) -> OctavoError | None:
    """The message for a known failure; None for an exception that only a developer can explain."""
    if isinstance(error, OctavoError):
        return error
    if isinstance(error, click.exceptions.Abort):
        return OctavoError("P002", "Stopped at the question", do="run the command again")
    if isinstance(error, click.ClickException):
        words = " ".join(["octavo", *given[:1]])
        return OctavoError("P002", error.format_message(), do=f"{words} --help", exit_code=WRONG_USE)
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        extra = EXTRAS[error.name]
        return OctavoError("P005", f"{error.name} is not installed", do=f"pip install 'octavo[{extra}]'")
    if isinstance(error, MemoryError):
        return OctavoError("S020", "There is not enough memory", do="close other programs or choose a smaller size")
    if isinstance(error, OSError):
        return _from_os_error(error)
    return None


def _from_os_error(error: OSError) -> OctavoError | None:
    where = str(error.filename or "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OctavoError(
            "S021",
            "The disk is full",
            where=where,
            do="free some space (octavo clean helps), then run the same command again",
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return OctavoError(
            "S022",
            "This place can't be written to",
            where=where,
            do="choose another --project, or change its permissions",
        )
    if error.errno == errno.ENOENT:
        return OctavoError(
            "P006", "There is no such file or folder", where=where, do="check the path", exit_code=WRONG_USE
        )
    return None
