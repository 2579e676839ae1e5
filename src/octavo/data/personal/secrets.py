"""Secrets: keys and tokens of known services by their form, private keys, and passwords by the words before them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from octavo.data.personal.patterns import matches_near
from octavo.data.personal.spans import Span

_FORMS = (
    ("AKIA", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("ASIA", r"\bASIA[0-9A-Z]{16}\b"),
    ("ghp_", r"\bghp_[A-Za-z0-9]{36,}\b"),
    ("gho_", r"\bgho_[A-Za-z0-9]{36,}\b"),
    ("ghs_", r"\bghs_[A-Za-z0-9]{36,}\b"),
    ("ghu_", r"\bghu_[A-Za-z0-9]{36,}\b"),
    ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{40,}\b"),
    ("glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("hooks.slack.com", r"\bhooks\.slack\.com/services/[A-Za-z0-9/]{20,}"),
    ("AIza", r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    ("ya29.", r"\bya29\.[A-Za-z0-9_-]{20,}"),
    ("GOCSPX-", r"\bGOCSPX-[A-Za-z0-9_-]{20,}"),
    ("eyJ", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ("sk-", r"\bsk-(?:[a-z]{2,12}-)*[A-Za-z0-9_-]{20,}"),
    ("k_live_", r"\b[sr]k_live_[A-Za-z0-9]{16,}\b"),
    ("k_test_", r"\b[sr]k_test_[A-Za-z0-9]{16,}\b"),
    ("npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi-", r"\bpypi-[A-Za-z0-9_-]{50,}"),
    ("hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("SG.", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("dop_v1_", r"\bdop_v1_[a-f0-9]{64}\b"),
    ("AccountKey=", r"AccountKey=([A-Za-z0-9+/]{60,}={0,2})"),
)
_KNOWN = tuple((trigger, re.compile(pattern)) for trigger, pattern in _FORMS)
_BLOCK = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[^\x00]{0,8000}?(?:-----END [A-Z0-9 ]*-----|(?=\x00)|\Z)"
)
_NAMED = re.compile(
    r"(?i)(?:passw(?:or)?d|passwd|passphrase|pwd|secret(?:[_-]?(?:access)?[_-]?key)?|(?:api|access|auth|private|client)[_-]?"
    r"(?:key|token|secret)|token|bearer|credentials?)[\"']?"
    r"(?:[ ]?[=:]{1,2}[ ]?|[ ](?:is|was)[ :]{1,2}|[ ])[\"']?([^\s\x00\"'<>,;()\[\]{}]{6,200})"
)
_WORDS = (
    "assw",
    "ASSW",
    "wd=",
    "wd:",
    "ecret",
    "ECRET",
    "oken",
    "OKEN",
    "_key",
    "_KEY",
    "-key",
    "apikey",
    "ApiKey",
    "earer",
    "redential",
)
_PLACEHOLDER = re.compile(
    r"(?i)(?:your|my|the|some|example|changeme|xxx+|\*+|\.\.+|none|null|true|false|test|dummy|todo|password|secret|token)"
)


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)


def secrets(text: str) -> Iterator[Span]:
    """Keys, tokens, private keys and passwords that stand in a text."""
    for trigger, pattern in _KNOWN:
        if trigger in text:
            for match in pattern.finditer(text):
                group = 1 if pattern.groups else 0
                if trigger != "sk-" or any(letter.isdigit() for letter in match.group()):
                    yield Span(match.start(group), match.end(group), "SECRET", 0.98)
    if "PRIVATE KEY" in text:
        for match in _BLOCK.finditer(text):
            yield Span(match.start(), match.end(), "SECRET", 1.0)
    for match in matches_near(text, _WORDS, _NAMED, 14, 240):
        yield from _named(match)


def _named(match: re.Match[str]) -> Iterator[Span]:
    """A value after a word such as `password`: written with `=`, `:` or `is`, or random enough by itself."""
    value = match.group(1).rstrip(".!?")
    given = (
        any(mark in text_between(match) for mark in "=:")
        or " is" in text_between(match)
        or " was" in text_between(match)
    )
    if len(value) < 6 or _PLACEHOLDER.match(value) or value.isalpha():
        return
    kinds = sum((any(c.islower() for c in value), any(c.isupper() for c in value), any(c.isdigit() for c in value)))
    random = len(value) >= 16 and entropy(value) >= 3.5 and kinds >= 2
    if any(mark in value for mark in ("(", "/", "\\", "::", "->", "$", "%", "{")) and not random:
        return
    mixed = kinds >= 2 and any(c.isdigit() for c in value)
    identifier = re.fullmatch(r"[A-Za-z_][\w.-]*", value) and not random and not any(c.isdigit() for c in value)
    if random or (given and mixed and not identifier):
        yield Span(match.start(1), match.start(1) + len(value), "SECRET", 0.9 if random and given else 0.7)


def text_between(match: re.Match[str]) -> str:
    """What stands between the word and the value."""
    whole = match.group()
    return whole[: match.start(1) - match.start()][-8:].lower()
