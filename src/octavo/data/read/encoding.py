"""Encoding: bytes of text to characters; says how sure it is, and counts what is broken instead of hiding it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

SAMPLE = 65_536
"""Bytes from which an encoding is guessed."""
LEAST = 3
"""Bytes beyond ASCII below which a guess has nothing to go on."""
ENOUGH = 6
"""Bytes beyond ASCII below which only a second opinion, or the commonest encoding of all, makes a guess sure."""
FEW = 0.005
"""Share of bytes beyond ASCII up to which a text with a guessed encoding is kept, with a note."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "iso8859-9": "cp1254",
}
"""Declared name → the larger set that is meant in practice (as browsers read it)."""
_ESCAPED = re.compile(rb"\x1b(?:\$[@B]|\([BJ])")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_BEYOND = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Decoded:
    """Text of bytes. `text` is empty when no encoding fits."""

    text: str
    encoding: str
    sure: bool = True
    """Whether the encoding was stated, follows from the bytes, or was guessed on enough evidence."""
    broken: int = 0
    """Places where bytes did not belong to the encoding and a replacement character stands now."""
    why: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said beside the text."""
        told = f"{'encoding guessed' if self.why else 'encoding'}: {self.encoding}"
        notes = () if self.encoding in ("utf-8", "utf-8-sig", "ascii") else (told,)
        return (*notes, f"broken bytes: {self.broken}") if self.broken else notes


def stated(name: str) -> str:
    """Python's name of an encoding as a page or a header states it, widened as browsers do; empty when unknown."""
    try:
        info = codecs.lookup(name.strip().strip("\"'").lower())
    except (LookupError, ValueError, UnicodeError):
        return ""
    if not info._is_text_encoding:
        return ""
    return _WIDER.get(info.name, info.name)


def by_mark(raw: bytes) -> str:
    """The encoding that a byte order mark at the head states, or the regular NULs of UTF-16; empty without."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return name
    head = raw[:4096]
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[::2].count(0) / len(head[::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else ""


def decode(raw: bytes, declared: str = "") -> Decoded:
    """Characters of `raw`: by its mark, as UTF-8 when it is that, as `declared`, else by what its bytes look like."""
    if mark := by_mark(raw):
        return _replaced(raw, mark)
    name = stated(declared) if declared else ""
    if _ESCAPED.search(raw[:SAMPLE]) and raw[:SAMPLE].isascii():
        found = _strict(raw, name or "iso2022_jp")
        if found is not None:
            return Decoded(found, name or "iso2022_jp")
    text = _strict(raw, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8")
    if name and name not in ("utf-8", "utf-16", "utf-32"):
        found = _strict(raw, name)
        if found is not None and not _CONTROLS.search(found):
            return Decoded(found, name)
    spoiled = _nearly_utf8(raw)
    if spoiled is not None:
        return spoiled
    return _guessed(raw, name)


def guess(raw: bytes) -> tuple[str, bool]:
    """The legacy encoding that a sample looks like, and whether that is sure; empty when nothing fits."""
    sample = _sample(raw)
    # on single sentences the first is right nearly always and quick; the second knows when the first has no answer
    first = _sibling(sample, _plausible(sample, _by_uchardet(sample)))
    evidence = len(_BEYOND.findall(sample))
    odd = bool(first) and _SIGN_IN_WORD.search(sample.decode(first, "replace")) is not None
    if first and ((evidence >= ENOUGH and not odd) or evidence >= 20 * ENOUGH):
        return first, True
    if first == "cp1252" and evidence >= LEAST and not odd:
        return first, True
    second = _plausible(sample, _by_normalizer(sample))
    if first and second:
        return first, sample.decode(first, "replace") == sample.decode(
            second, "replace"
        ) and not odd and evidence >= LEAST
    if second:
        return second, evidence >= 4 * ENOUGH
    if first:
        return first, False
    return ("cp1252", False) if _plausible(sample, "cp1252") else ("", False)


_SIGN_IN_WORD = re.compile(
    "[^\\W\\d_][\xa1-\xa9\xab\xac\xae-\xb4\xb6\xb8\xb9\xbb-\xbf\u02c7\u02d8\u02db\u02dd\xd7\xf7\u201a\u201c-\u203a]+[^\\W\\d_]"
)
"""What no text has between two letters (apostrophes, dashes, blanks and the middle dot it may have)."""


def _sibling(sample: bytes, name: str) -> str:
    """ISO 8859-2 where cp1250, which it shares most letters with, would have signs inside of words."""
    if name != "cp1250" or not (other := _plausible(sample, "iso8859-2")):
        return name
    signs = [len(_SIGN_IN_WORD.findall(sample.decode(one, "replace"))) for one in (name, other)]
    return other if signs[1] < signs[0] else name


def _strict(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except (UnicodeDecodeError, UnicodeError):
        return None


def _replaced(raw: bytes, name: str) -> Decoded:
    text = _strict(raw, name)
    if text is not None:
        return Decoded(text, name)
    text = raw.decode(name, "replace")
    return Decoded(text, name, broken=max(1, text.count("\ufffd")))


def _nearly_utf8(raw: bytes) -> Decoded | None:
    """UTF-8 with some broken places: what is whole outweighs them by far, as it can't by accident."""
    text = raw.decode("utf-8", "replace")
    broken = text.count("\ufffd") - raw.count(b"\xef\xbf\xbd")
    whole = len(_BEYOND.findall(text.replace("\ufffd", "").encode())) // 2
    return Decoded(text, "utf-8", broken=broken) if whole >= 10 * broken else None


def _guessed(raw: bytes, declared: str) -> Decoded:
    name, sure = guess(raw)
    if not name:
        return Decoded("", "", sure=False, why="no known encoding fits")
    evidence = len(_BEYOND.findall(raw))
    few = evidence < len(raw) * FEW
    if not sure and few:  # what nearly all such texts of ASCII with a few quotation marks and accents are in
        name = _plausible(raw, "cp1252") or name
    text = raw.decode(name, "replace")
    broken = text.count("\ufffd")
    why = "" if sure else f"{name}? {evidence:,} bytes beyond ASCII are too little to tell"
    if broken > len(text) // 1000:
        why = f"{name}? {broken:,} places do not fit"
    # a few signs in a long text of ASCII: whatever they are, the text is nearly all there, and the guess is said
    enough = not why or (broken == 0 and few)
    if declared and declared != name:
        why = f"{why}; {declared} was declared".lstrip("; ")
    return Decoded(text, name, sure=enough, broken=broken, why=why)


def _sample(raw: bytes) -> bytes:
    """The lines of the head that hold bytes beyond ASCII, so that a long ASCII preamble does not hide them."""
    if len(raw) <= SAMPLE:
        return raw
    lines = [line for line in raw[: 16 * SAMPLE].split(b"\n") if not line.isascii()]
    picked = b"\n".join(lines)[:SAMPLE]
    if picked:
        return picked.rpartition(b"\n")[0] or picked
    first = _BEYOND.search(raw)
    return raw[max(0, first.start() - 1000) : first.start() + SAMPLE] if first else raw[:SAMPLE]


def _plausible(sample: bytes, name: str) -> str:
    """`name` when the sample is text in it: no control characters, and no more than a cut character is broken."""
    if not name:
        return ""
    try:
        text = sample.decode(name, "replace")
    except LookupError:
        return ""
    broken = text.count("\ufffd")
    return "" if _CONTROLS.search(text) or broken > len(text) // 1000 + 1 else name


def _by_uchardet(sample: bytes) -> str:
    from resiliparse.parse.encoding import detect_encoding

    found = detect_encoding(sample, 0, html5_compatible=False)
    return "" if not found else {"uhc": "cp949", "viscii": ""}.get(found.lower(), stated(found))


def _by_normalizer(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return "" if best is None else stated(best.encoding)
