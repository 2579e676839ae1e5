"""Follow-up: complete "and its parameters?" with the document that the turn before was answered from."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ASPECTS = _words(
    "accept accepts alias aliases argument arguments attribute attributes base bases class default defaults defined "
    "description documented error errors example examples exception exceptions file give gives input keyword "
    "keywords line location methods module name names option optional options output overload overloads package "
    "parameter parameters raise raised raises return returned returns signature subclasses type types value values "
    "version"
)
"""What one asks about a thing without naming it; a question of only these words needs a thing to be about."""

_FILLERS = _words(
    "a about all also am an and any are as at be by can could did do does else exactly for from give has have how i if "
    "in is list many me mean more most of ok on one only or please possible say show so some take takes tell than "
    "thanks the then there to use used was what when where which who why will with would you"
)
_POINTERS = _words("it its it's that this these those they them their")
_NAME = re.compile(r"[`_(]|\w\.\w|[a-z][A-Z]|[A-Z]{2}")
"""Something written like an identifier: such a question names its own subject."""
_SUBJECT_IS_POINTER = re.compile(
    r"^(?:and |but |so |then |or |ok,? )?"
    r"(?:(?:how|what|when|where|why|which \w+|what \w+) )?"
    r"(?:does|do|did|is|are|was|can|could|will|would|should|has|have) (?P<pointer>it|they|this|that)\b",
    re.IGNORECASE,
)
_OPENS_NEW = _words("i you me we a an there any all list one")
"""Words of a question that stands alone even if all it names are aspects: "how do I raise an exception?"."""
_LEANS_BACK = re.compile(r"^(?:and|what about|how about)\b|\bthe\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
_PLAIN = re.compile(r"\b(?:it|they|them|this(?: one)?|that(?: one)?|these|those)\b", re.IGNORECASE)


def is_follow_up(question: str) -> bool:
    """Whether a question can't stand alone: it names nothing, and asks only for aspects or has a pronoun as subject.

    It errs to False: a question wrongly taken for a follow-up would be answered about another thing.
    """
    if _NAME.search(question):
        return False
    words = re.findall(r"[\w']+", question.lower())
    content = [word for word in words if word not in _FILLERS and word not in _POINTERS]
    pointing = any(word in _POINTERS for word in words)
    if all(word in ASPECTS for word in content):
        return pointing or (bool(content) and _LEANS_BACK.search(question) is not None and _OPENS_NEW.isdisjoint(words))
    return _SUBJECT_IS_POINTER.search(question) is not None and len(content) <= 3


def completed(question: str, subject: str) -> str:
    """The follow-up with `subject` in the place of its pronoun, or added at the end when it has none.

    A subject of several words (the heading of a file) reads badly in the place of a pronoun and is put behind.
    """
    if len(subject.split()) > 1:
        return f"{question} ({subject})"
    if (found := _SUBJECT_IS_POINTER.search(question)) is not None:
        start, end = found.span("pointer")
        return question[:start] + subject + question[end:]
    for pattern, word in ((_POSSESSIVE, f"{subject}'s"), (_PLAIN, subject)):
        if (place := pattern.search(question)) is not None:
            return question[: place.start()] + word + question[place.end() :]
    body = question.rstrip(" ?!.")
    return f"{body} of {subject}{question[len(body) :].strip() or '?'}"
