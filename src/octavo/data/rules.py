"""Rules: what is too short or says nothing of its own, each verdict with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable

from octavo.kinds.documents import Document

Verdict = tuple[str, str]
"""(reason, detail)"""

_LETTER = re.compile(r"[^\W\d_]")

_BOILERPLATE = tuple(
    (name, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for name, pattern in (
        ("slot", r"Initialize self\.\s+See help\(type\(self\)\) for accurate signature\."),
        ("slot", r"Create and return a new object\.\s+See help\(type\) for accurate signature\."),
        ("slot", r"Return (repr|str|hash|len|bool|iter|getattr|setattr)\(self\)\."),
        ("slot", r"Return self\."),
        ("slot", r"Implement [a-z]+\(self(, \w+)*\)\.?"),
        ("slot", r"Helper for (pickle|copy)\.?"),
        ("slot", r"(Return state information for pickling|Pickle support|Default object formatter)\.?"),
        ("slot", r"Size of object in memory, in bytes\.?"),
        ("slot", r"See PEP 585\.?"),
        ("slot", r"Private method returning an estimate of len\(list\(it\)\)\.?"),
        ("slot", r"Abstract classes can override this to customize issubclass\(\)\..{0,250}"),
        (
            "refers elsewhere",
            r"\(?see (the )?(also )?(the )?(base|parent|super) ?class(es)?( documentation| for details)?\)?\.?",
        ),
        (
            "refers elsewhere",
            r"\(?(inherit(s|ed)?( docs?| docstring| documentation)?( from \S+)?|inherit-doc|@?inheritdoc)\)?\.?",
        ),
        ("generated", r"Alias for field number \d+"),
        ("generated", r"An enumeration\."),
        ("generated", r"list of weak references to the object( \(if defined\))?"),
        ("generated", r"dictionary for instance variables( \(if defined\))?"),
        ("generated", r"The module of the class\.?"),
        (
            "not written",
            r"\W*(todo|fixme|xxx|tbd|docstring|to be (written|documented)|not (yet )?documented|undocumented|deprecated"
            r"|internal|n/a|none|no docs?|placeholder)\b\W*(docstring|documentation|docs?)?\W*",
        ),
        ("not written", r"(\.\. )?(autoclass|automodule|autofunction)::\s+\S+"),
    )
)

_OPERATOR = re.compile(r"Return [^\w\s]*(self|value)\b[^.\n]{0,20}\.")
"""What the slots of operators say: `Return self+value.`, `Return ~self.`"""

_LICENCE = re.compile(
    r"licensed under the|permission is hereby granted|redistribution and use in source|all rights reserved"
    r"|without warrant(y|ies)|gnu (lesser |affero )?general public",
    re.IGNORECASE,
)


def too_short(text: str, shortest: int) -> Verdict | None:
    """Fewer than `shortest` characters, or hardly a letter."""
    text = text.strip()
    if len(text) < shortest:
        return "too short", f"{len(text)} characters"
    if sum(1 for _ in zip(range(5), _LETTER.finditer(text), strict=False)) < 5:
        return "no words", f"{len(text)} characters"
    return None


def boilerplate(document: Document) -> Verdict | None:
    """Sentences that are the same for any object."""
    text = document.text.strip()
    if len(text) > 400:
        return None
    if document.id.endswith("__") and _OPERATOR.fullmatch(text):
        return "boilerplate", "slot"
    for name, pattern in _BOILERPLATE:
        if pattern.fullmatch(text):
            return "boilerplate", name
    return None


def licence(document: Document) -> Verdict | None:
    """Module documentation that holds the licence and little else; licence files of a folder are wanted texts."""
    if document.kind != "module" or not _LICENCE.search(document.text):
        return None
    paragraphs = re.split(r"\n\s*\n", document.text)
    own = sum(len(p) for p in paragraphs if not _LICENCE.search(p) and not re.search(r"copyright|\(c\) \d{4}", p, re.I))
    legal = len(document.text) - own
    return ("licence text", f"{legal} of {len(document.text)} characters") if own < 80 else None


def verdict(document: Document, shortest: int) -> Verdict | None:
    """The first rule that removes the document, or None."""
    checks: tuple[Callable[[], Verdict | None], ...] = (
        lambda: too_short(document.text, shortest),
        lambda: boilerplate(document),
        lambda: licence(document),
    )
    return next((found for check in checks if (found := check()) is not None), None)
