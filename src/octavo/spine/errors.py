"""The one exception a user may see: what happened, where, likely why, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

WORK_FAILED = 1
WRONG_USE = 2


class OctavoError(Exception):
    """A mistake or failure that is explained to the user without a traceback.

    `code` is a letter for the part (`P` project and settings, `S` store and run, `D` data, `T` training and
    models, `K` knowledge, `V` serving, `C` challenges) and three digits; each is documented in `docs/errors.md`.
    `exit_code` is 1 when the work failed and 2 when the command was used wrongly.
    """

    def __init__(
        self, code: str, what: str, *, where: str = "", likely: str = "", do: str = "", exit_code: int = WORK_FAILED
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.likely = likely
        self.do = do
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[Any, ...]:
        """What a worker process raises arrives whole."""
        return _again, (self.code, self.what, self.where, self.likely, self.do, self.exit_code)

    def __str__(self) -> str:
        lines = [f"{self.code}  {self.what}"]
        lines += [f"      {label:<7}{text}" for label, text in self._details() if text]
        return "\n".join(lines)

    def _details(self) -> list[tuple[str, str]]:
        return [("in", self.where), ("likely", self.likely), ("do", self.do), ("more", f"octavo explain {self.code}")]

    def as_json(self) -> dict[str, str | int]:
        """The same message for `--json`."""
        return {
            "code": self.code,
            "error": self.what,
            "in": self.where,
            "likely": self.likely,
            "do": self.do,
            "exit_code": self.exit_code,
        }


def _again(code: str, what: str, where: str, likely: str, do: str, exit_code: int) -> OctavoError:
    return OctavoError(code, what, where=where, likely=likely, do=do, exit_code=exit_code)


def nearest(word: str, options: Iterable[str]) -> str:
    """`, did you mean "…"?` for the option most like `word`, or nothing when none is close."""
    close = difflib.get_close_matches(word, list(options), n=1, cutoff=0.5)
    return f', did you mean "{close[0]}"?' if close else ""
