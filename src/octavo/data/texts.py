"""Texts: the few changes made to what was read before it is stored, so that every later offset counts into the same."""

from __future__ import annotations

import inspect
import re

_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff]")
_TRAILING = re.compile(r"(?<![ \t\u00a0])[ \t\u00a0]++$", re.MULTILINE)  # linear on a line of a million blanks
_BLANK = (" ", "\t", "\u00a0")
_HOLES = re.compile(r"^\$\{[A-Z_]+\}$\n?", re.MULTILINE)
_BLANKS = re.compile(r"\n{4,}")


def tidy(text: str) -> str:
    """One kind of newline, no control characters or lone surrogates, no blanks at line ends, no blank margins.

    Nothing else is changed: no Unicode normalisation, no re-wrapping.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNWANTED.sub("", text)
    if text[-1:] in _BLANK or any(blank + "\n" in text for blank in _BLANK):
        text = _TRAILING.sub("", text)
    if "\n\n\n\n" in text:
        text = _BLANKS.sub("\n\n\n", text)
    return text.strip("\n")


def docstring(raw: str) -> str:
    """A docstring as `inspect.getdoc` shows it (common indent removed), tidied, without unfilled template lines."""
    return _HOLES.sub("", tidy(inspect.cleandoc(raw))).strip()


def split_signature(name: str, text: str) -> tuple[list[str], str]:
    """Take call forms like `getattr(object, name[, default]) -> value` off the head of a docstring.

    Returns (`["(object, name[, default]) -> value"], the rest`). A text that is nothing but call forms is left whole,
    since it is all the documentation there is.
    """
    lines = text.split("\n")
    forms: list[str] = []
    at = 0
    while at < len(lines):
        taken = _call_form(name, lines, at)
        if taken == at:
            break
        forms.append(" ".join(" ".join(lines[at:taken]).split()))
        at = taken
        if at + 1 < len(lines) and lines[at] == "--" and not lines[at + 1]:
            at += 2
    rest = "\n".join(lines[at:]).strip("\n")
    if not forms or not rest or (at < len(lines) and lines[at].strip()):
        return [], text
    shown = [re.sub(r"\(\$\w+(?:, /)?(?:, )?", "(", form[form.index("(") :]) for form in forms]
    return list(dict.fromkeys(shown)), rest


_PREFIX = re.compile(r"[A-Za-z_][\w.]*")
_RESULT = re.compile(r"\s*(?:--?>\s*[^.!?;]{1,80})?\s*$")


def _call_form(name: str, lines: list[str], start: int) -> int:
    """The line after the call form that begins at `start`, or `start` when none does."""
    before, bracket, _ = lines[start].partition("(")
    if not bracket or not (before == name or (before.endswith("." + name) and _PREFIX.fullmatch(before))):
        return start
    depth = 0
    for number in range(start, min(start + 12, len(lines))):
        line = lines[number]
        for at, character in enumerate(line):
            if character in "([{":
                depth += 1
            elif character in ")]}":
                depth -= 1
                if depth == 0:
                    return number + 1 if _RESULT.match(line[at + 1 :]) else start
        if not line.strip():
            return start
    return start


_MARKDOWN = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?:([=\-~^\"'`*+#:.<>_])\1*\n)? ?(\S[^\n]*)\n([=\-~^\"'`*+#:.<>_])\3{2,}$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


def heading(text: str, suffix: str) -> str:
    """The first heading of a Markdown or reStructuredText document; of plain text, its first line if it is short."""
    head = text[:20_000]
    candidates = []
    if suffix in (".md", ".markdown", ""):
        plain = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), head)
        if (match := _MARKDOWN.search(plain)) is not None:
            candidates.append((match.start(), match[1]))
        head = plain
    if suffix != ".txt" and (match := _UNDERLINED.search(head)) is not None and match[2].strip() != "---":
        candidates.append((match.start(), match[2]))
    if candidates:
        return min(candidates)[1].strip()
    first = text.lstrip().split("\n", 1)[0].strip()
    return first if len(first) <= 80 and suffix in (".txt", ".text", "") else ""
