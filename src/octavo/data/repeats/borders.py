"""Borders: where a text may be cut: between words or sentences, never inside a word or a visible character."""

from __future__ import annotations

import re
import unicodedata

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\uff00-\uff60"
    "\U0001b000-\U0001b2ff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Chinese and Japanese signs: they are written without spaces between words."""
_ENDED = re.compile(r"[.!?…。！？．؟۔।॥።][\"'”’»)\]」』）]*\s*$|\n\s*$|[。！？．][”」』）]*$")
_JOINED_BEFORE = {"\u0e33", "\u0eb3"}


def is_border(text: str, at: int) -> bool:
    """Whether words end or begin at `at`: beside white space, or between signs of a script without spaces."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if not (before.isspace() or after.isspace() or (_UNSPACED.match(before) and _UNSPACED.match(after))):
        return False
    return not _one_sign(before, after)


def is_start(text: str, at: int) -> bool:
    """Whether a word begins at `at`, so that a cut from there does not weld what is before it to what comes after."""
    return at <= 0 or (is_border(text, at) and (text[at - 1].isspace() or _UNSPACED.match(text[at - 1]) is not None))


def _one_sign(before: str, after: str) -> bool:
    """Whether two characters belong to one visible sign (the cases of UAX 29 that white space or an unspaced script
    can be part of)."""
    if before == "\r" and after == "\n":
        return True
    if unicodedata.category(after) in ("Mn", "Mc", "Me") or after in _JOINED_BEFORE:
        return True
    # Thai and Lao vowels that are written before the consonant they belong to
    return "\u200d" in (before, after) or before in "\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4"


def is_sentence_border(text: str, at: int) -> bool:
    """Whether a sentence or a line begins at `at`: before it stands an ending sign and white space, or a line's end."""
    if at <= 0 or at >= len(text):
        return True
    if not is_border(text, at) or text[at].isspace():
        return False
    return _ENDED.search(text, max(0, at - 12), at) is not None and (
        text[at - 1].isspace() or _UNSPACED.match(text[at]) is not None
    )


def within_borders(text: str, start: int, end: int, least: int) -> tuple[int, int] | None:
    """The piece of [start, end) that can be cut out: each end moves inward to the next sentence border, or where
    there is none within half of `least` characters, to the next word border. None: less than half of `least` would be
    left of the piece.

    What stays at an end is shorter than half of `least`, unless a single word is longer.
    """
    reach = least // 2
    from_left, from_right = range(start, end), range(end, start, -1)
    first_word = next((at for at in from_left if is_start(text, at)), None)
    last_word = next((at for at in from_right if is_border(text, at)), None)
    if first_word is None or last_word is None:
        return None
    first = next((at for at in from_left[:reach] if is_sentence_border(text, at)), first_word)
    last = next((at for at in from_right[:reach] if is_sentence_border(text, at)), last_word)
    for found in ((first, last), (first_word, last_word)):
        if found[1] - found[0] >= max(reach, 1):
            return found
    return None
