"""Patterns: e-mail and network addresses, account and card numbers, found by a cheap trigger first, then exactly.

All functions take a block of text and yield spans of it. Several texts may lie in one block, NUL between them: no
pattern here crosses a NUL, and words around a candidate are looked for up to the next NUL only.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

from octavo.data.personal.checksums import IBAN_LENGTHS, card_issuer, iban, luhn, ssn
from octavo.data.personal.spans import Span

_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]*\Z")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,62}[^\W_])?\.){1,8}([^\W\d_]{2,24}|xn--[a-z0-9-]{2,50})(?![\w@])")
_ZONES = frozenset(
    [
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "int",
        "info",
        "biz",
        "name",
        "pro",
        "mobi",
        "jobs",
        "travel",
        "tel",
        "cat",
        "asia",
        "coop",
        "museum",
        "aero",
        "post",
        "xxx",
        "app",
        "dev",
        "page",
        "blog",
        "cloud",
        "online",
        "site",
        "shop",
        "store",
        "tech",
        "website",
        "space",
        "club",
        "live",
        "life",
        "world",
        "email",
        "mail",
        "news",
        "media",
        "agency",
        "group",
        "team",
        "company",
        "solutions",
        "services",
        "systems",
        "network",
        "digital",
        "design",
        "studio",
        "work",
        "works",
        "today",
        "zone",
        "global",
        "international",
        "bank",
        "finance",
        "health",
        "care",
        "school",
        "academy",
        "university",
        "events",
        "games",
        "link",
        "click",
        "social",
        "chat",
        "support",
        "help",
        "local",
        "lan",
    ]
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}\Z")
_URL_REST = re.compile(r"[^\s\x00\"<>\\^`{|}\[\]]{1,2000}")
_WWW = re.compile(r"(?i)www\.(?<![\w.@/-]....)(?:[a-z0-9-]+\.)+[a-z]{2,24}(?![\w])[^\s\x00\"<>\\^`{|}\[\]]*")
_IP4 = re.compile(r"[0-9](?<![\w.+-].)[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_-]|\.[0-9])")
_IP6 = re.compile(r":[0-9A-Fa-f]{0,4}:")
_IP6_LEFT = re.compile(r"[0-9A-Fa-f:]{0,40}\Z")
_IP6_WHOLE = re.compile(r"[0-9A-Fa-f:]{2,40}(?:(?:\.[0-9]{1,3}){3})?(?![\w:])")
_IBAN = re.compile(r"[0-9](?<=[A-Za-z]{2}.)[0-9](?:[ -]?[A-Za-z0-9]){11,32}")
_DIGITS = re.compile(r"[0-9](?<![0-9A-Za-z_.,$€£].)(?:[ -]?[0-9]){8,24}(?![0-9A-Za-z_]|\.[0-9])")
_GROUP = re.compile(r"[0-9]+")
_SSN_WORDS = re.compile(r"(?i)\b(?:ssn|social[ -]?security|itin|tax(?:payer)? id)")
_CARD_WORDS = re.compile(
    r"(?i)\b(?:card|cc|visa|master ?card|maestro|amex|american express|credit|debit|discover|jcb|cvv)"
)
_VERSION = re.compile(r"(?i)(?:version|release|\bv|[=<>~^]=?) ?\Z")
_IP_WORDS = re.compile(r"(?i)\b(?:ip|address|host|server|client|dns|ping|gateway|proxy)")
_PLACEHOLDERS = frozenset(
    [
        "pass",
        "password",
        "passwd",
        "passwort",
        "pw",
        "pwd",
        "token",
        "secret",
        "guest",
        "xxx",
        "key",
        "*****",
        "***",
        "...",
    ]
)
_LICENCE = re.compile(
    r"(?i)\b(?:driv(?:er|ing|ers)(?:['’]?s)?[ -]?(?:licen[cs]e|permit)|passport|licen[cs]e|identity card|id card|"
    r"national id|(?:medical|patient) record|tax id|vat)(?: (?:number|no|num|id|nr))?"
    r"(?:[ .:#=\n]|\b(?:is|number|no|num|nr|was|are|it['’]?s|its)\b){1,8}"
    r"(?=[A-Z0-9-]*[0-9])([A-Z0-9](?:[A-Z0-9]|[ -](?=[0-9])){4,19})(?![\w-])"
)

_LICENCE_WORDS = (
    "icen",
    "ICEN",
    "ermit",
    "PERMIT",
    "assport",
    "PASSPORT",
    "ard",
    "CARD",
    "ational",
    "ecord",
    "ax id",
    "ax ID",
    "VAT",
)


def before(text: str, start: int, width: int) -> str:
    """At most `width` characters before `start`, of the same text of the block."""
    return text[max(0, start - width) : start].rpartition("\0")[2]


def after(text: str, end: int, width: int) -> str:
    """At most `width` characters from `end` on, of the same text of the block."""
    return text[end : end + width].partition("\0")[0]


def matches_near(
    text: str, words: Sequence[str], pattern: re.Pattern[str], left: int, right: int
) -> Iterator[re.Match[str]]:
    """Matches of a pattern that holds one of the words, looked for around these only: finding a word is quick."""
    seen: set[int] = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            match = pattern.search(text, max(0, at - left), at + right)
            if match and match.start() not in seen:
                seen.add(match.start())
                yield match
            at = text.find(word, at + 1)


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses, letters of any language included (RFC 5321, 6531)."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        found = _LOCAL.search(text, max(0, at - 64), at) if domain else None
        if domain and found:
            local = found.group().lstrip(".'/=?{|}`*&!#$%^~-")
            local = local.rpartition("=")[2].rpartition("/")[2] if "=" in local or "/" in local else local
            local = local.rpartition("|")[2].lstrip(".'")
            remote = local == "git" and text[domain.end() : domain.end() + 1] in ":/"
            if local and local[-1] != "." and not remote:
                zone = domain.group(1).lower()
                sure = len(zone) == 2 or zone in _ZONES or zone.startswith("xn--")
                yield Span(at - len(local), domain.end(), "EMAIL", 0.98 if sure else 0.6)
        at = text.find("@", at + 1)


def urls(text: str) -> Iterator[Span]:
    """Addresses of pages; one with a password in it is CREDENTIALS."""
    at = text.find("://")
    while at >= 0:
        scheme = _URL.search(text, max(0, at - 21), at)
        rest = _URL_REST.match(text, at + 3)
        if scheme and rest:
            tail = rest.group().rstrip(".,;:!?'*_")
            if tail.endswith(")") and tail.count("(") < tail.count(")"):
                tail = tail[:-1].rstrip(".,;:!?'")
            host = re.split(r"[/?#]", tail, maxsplit=1)[0]
            user, found, server = host.rpartition("@")
            if tail and (secret := found and ":" in user and not user.endswith(":")):
                known = user.partition(":")[2].lower().strip("<>{}$") in _PLACEHOLDERS
                yield Span(scheme.start(), at + 3 + len(tail), "CREDENTIALS", 0.4 if known else 1.0)
            elif tail and ("." in server or "localhost" in server) and not secret:
                yield Span(scheme.start(), at + 3 + len(tail), "URL", 0.9)
        at = text.find("://", rest.end() if rest and scheme else at + 3)
    if "www." in text or "WWW." in text:
        for match in _WWW.finditer(text):
            yield Span(match.start(), match.start() + len(match.group().rstrip(".,;:!?')")), "URL", 0.85)


def ip_addresses(text: str) -> Iterator[Span]:
    """IPv4 and IPv6 addresses that can belong to a machine: not loopback, unspecified, multicast or reserved ones."""
    for match in _IP4.finditer(text):
        octets = match.group().split(".")
        if any((len(one) > 1 and one[0] == "0") or int(one) > 255 for one in octets):
            continue
        section = all(len(one) == 1 for one in octets[:3]) and not _IP_WORDS.search(before(text, match.start(), 30))
        if not section and not _VERSION.search(before(text, match.start(), 10)):
            yield from _address(match.group(), match.start())
    end = 0
    for match in _IP6.finditer(text):
        if match.start() < end:
            continue
        left = _IP6_LEFT.search(text, max(0, match.start() - 40), match.start())
        start = left.start() if left else match.start()
        whole = _IP6_WHOLE.match(text, start)
        if whole and (start == 0 or not (text[start - 1].isalnum() or text[start - 1] in "_.:")):
            value = whole.group().rstrip(":") if not whole.group().endswith("::") else whole.group()
            end = start + len(value)
            full = [one for one in value.split(":") if one]
            if len(full) >= 3 or (len(full) == 2 and "::" in value and re.search("[a-fA-F]", value) and len(value) > 5):
                yield from _address(value, start)


def _address(value: str, start: int) -> Iterator[Span]:
    try:
        known = ipaddress.ip_address(value)
    except ValueError:
        return
    if known.is_loopback or known.is_unspecified or known.is_multicast or known.is_link_local:
        return
    if known.version == 4 and (int(known) >= 0xF0000000 or int(known) < 0x01000000):
        return
    yield Span(start, start + len(value), "IP", 0.95 if known.is_global else 0.6)


def ibans(text: str) -> Iterator[Span]:
    """Account numbers with a right checksum, in capitals or not, with or without blanks."""
    for match in _IBAN.finditer(text):
        start = match.start() - 2
        if match.end() - start < 15 or start < 0:
            continue
        length = IBAN_LENGTHS.get(text[start : start + 2].upper())
        if length is None or (start and (text[start - 1].isalnum() or text[start - 1] == "_")):
            continue
        end, left = start, length
        while left and end < len(text):
            if text[end].isalnum():
                left -= 1
            elif text[end] not in " -":
                break
            end += 1
        compact = re.sub("[ -]", "", text[start:end]).upper()
        if not left and not (end < len(text) and text[end].isalnum()) and compact.isascii() and iban(compact):
            yield Span(start, end, "IBAN", 1.0)


def numbers(text: str) -> Iterator[Span]:
    """Card numbers (issuer, length, Luhn) and US social security numbers."""
    for match in _DIGITS.finditer(text):
        groups = [(one.start() + match.start(), one.group()) for one in _GROUP.finditer(match.group())]
        yield from _cards(text, groups)
        yield from _ssns(text, groups, match.start(), match.end())


def _cards(text: str, groups: list[tuple[int, str]]) -> Iterator[Span]:
    at = 0
    while at < len(groups):
        digits, found = "", 0
        for to in range(at, min(at + 7, len(groups))):
            digits += groups[to][1]
            if len(digits) > 19:
                break
            if len(digits) >= 12 and card_issuer(digits) and luhn(digits) and len(set(digits)) > 1:
                found = to + 1
        if found:
            start, end = groups[at][0], groups[found - 1][0] + len(groups[found - 1][1])
            plain = found == at + 1
            named = _CARD_WORDS.search(before(text, start, 60)) or _CARD_WORDS.search(after(text, end, 40))
            even = plain or {len(digits) for _, digits in groups[at : found - 1]} in ({4}, {4, 6}, {6})
            if named or even:
                yield Span(start, end, "CARD", 0.98 if named else 0.75 if plain else 0.9)
        at = max(found, at + 1)


def _ssns(text: str, groups: list[tuple[int, str]], start: int, end: int) -> Iterator[Span]:
    digits = "".join(digits for _, digits in groups)
    if len(digits) != 9 or [len(one) for _, one in groups] not in ([3, 2, 4], [9]):
        return
    named = bool(_SSN_WORDS.search(before(text, start, 50)) or _SSN_WORDS.search(after(text, end, 30)))
    dashed = len(groups) == 3 and text[start + 3] == text[end - 5] == "-"
    if (named and digits[3:5] != "00" and digits[:3] != "000") or (dashed and ssn(digits)):
        yield Span(start, end, "SSN", 0.98 if named else 0.85)


def licences(text: str) -> Iterator[Span]:
    """Numbers of driving licences, passports and the like, known by the words before them only."""
    for match in matches_near(text, _LICENCE_WORDS, _LICENCE, 12, 80):
        if sum(letter.isdigit() for letter in match.group(1)) >= 4:
            yield Span(match.start(1), match.end(1), "LICENCE", 0.85)
