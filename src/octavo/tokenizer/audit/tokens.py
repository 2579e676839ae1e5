"""Tokens: which tokens no text can ever produce, which are broken UTF-8, and which special tokens a user can write.

The categories are those of Land & Bartolo (2024, "Fishing for Magikarp"); more contexts are tried than there, so that a
token only counts as unreachable when none of them brings it about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import tokenizers

from octavo.tokenizer.audit.open import LETTER_BYTES, SPACE, Opened

OK, SPECIAL, UNDECODABLE = "ok", "unreachable special", "undecodable"
SINGLE, MULTI = "unreachable single", "unreachable multi"
CONTEXTS = (
    ("", ""),
    ("«", ""),
    ("»", ""),
    ("a", ""),
    ("1", ""),
    (".", ""),
    ("", " x"),
    ("\n", ""),
    ("«", "»"),
    ("«", "x"),
)
"""What is written before and after a token to bring it about."""
SPECIAL_LOOK = re.compile(r"<[^<>\s]+>|\[[A-Z0-9_]+\]")
NEVER_BYTES = frozenset([0xC0, 0xC1, *range(0xF5, 0x100)])
"""Bytes that no UTF-8 holds (RFC 3629)."""


@dataclass
class TokenReport:
    """The verdict of each token of a vocabulary, and what special tokens a text can reach."""

    categories: dict[int, str]
    """Of every id that has a piece; partial UTF-8 is `undecodable`."""
    never: list[int]
    """Ids that surely no training text held: impossible bytes, and what can't be reached (special tokens aside)."""
    holes: int
    """Ids below the largest that have no token."""
    reachable_special: list[str]
    """Special tokens that text becomes when they are not blocked (`encode_special_tokens`, `split_special_tokens`)."""
    unblockable: list[str]
    """Tokens added to the vocabulary and not marked special although they look so: nothing blocks these."""
    counts: dict[str, int] = field(default_factory=dict)

    def as_json(self, opened: Opened, most: int = 50) -> dict[str, Any]:
        """Counts, and the first tokens of each category that is not `ok`."""
        named: dict[str, list[dict[str, Any]]] = {}
        for number, category in sorted(self.categories.items()):
            if category != OK and len(named.setdefault(category, [])) < most:
                named[category].append({"id": number, "piece": opened.pieces[number]})
        return {
            "vocabulary": opened.size,
            "counts": self.counts,
            "tokens": named,
            "never_in_any_text": len(self.never),
            "holes": self.holes,
            "special_reachable_unless_blocked": self.reachable_special,
            "special_looking_and_unblockable": self.unblockable,
        }


def classify(opened: Opened) -> TokenReport:
    """Look at every token of a vocabulary without any corpus or model."""
    numbers = [number for number in range(opened.top) if opened.pieces[number] is not None]
    decoded = {number: opened.piece_bytes(number) for number in numbers}
    reached = _reached(opened, {n: data for n, data in decoded.items() if n not in opened.special})
    categories: dict[int, str] = {}
    for number in numbers:
        data = decoded[number]
        whole = _utf8(data)
        if number in opened.special:
            categories[number] = SPECIAL
        elif not whole:
            categories[number] = UNDECODABLE
        elif number in reached:
            categories[number] = OK
        elif SPECIAL_LOOK.fullmatch(data.decode()):
            categories[number] = SPECIAL
        else:
            categories[number] = SINGLE if len(data.decode().strip()) <= 1 else MULTI
    never = [
        n
        for n, category in categories.items()
        if category in (SINGLE, MULTI) or (category == UNDECODABLE and not possible_utf8(decoded[n]))
    ]
    counts = {
        name: sum(one == name for one in categories.values()) for name in (OK, UNDECODABLE, SINGLE, MULTI, SPECIAL)
    }
    reachable, unblockable = special_text(opened)
    return TokenReport(categories, never, opened.top - len(numbers), reachable, unblockable, counts)


def _utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reached(opened: Opened, wanted: dict[int, bytes]) -> set[int]:
    """The tokens that appear when their text is encoded in one of the contexts."""
    left = {number: data.decode() for number, data in wanted.items() if _utf8(data)}
    found: set[int] = set()
    for before, after in CONTEXTS:
        todo = sorted(left)
        texts = [before + left[number] + after for number in todo]
        for number, ids in zip(todo, opened.encode_all(texts), strict=True):
            if number in ids:
                found.add(number)
                del left[number]
    # a piece that a leading space is put before anyway (sentencepiece) is reached without its own
    bare = {number: text[1:] for number, text in left.items() if text.startswith(" ")}
    todo = sorted(bare)
    for number, ids in zip(todo, opened.encode_all([bare[number] for number in todo]), strict=True):
        if number in ids:
            found.add(number)
    return found


def possible_utf8(data: bytes) -> bool:
    """Whether valid UTF-8 can hold these bytes somewhere: at most the first and the last character may be cut."""
    if any(byte in NEVER_BYTES for byte in data):
        return False
    start = 0
    while start < len(data) and 0x80 <= data[start] < 0xC0:
        start += 1
    if start > 3:
        return False
    for end in range(len(data), max(start, len(data) - 3) - 1, -1):
        if _utf8(data[start:end]) and _beginning(data[end:]):
            return True
    return False


def _beginning(data: bytes) -> bool:
    """Whether some character of UTF-8 begins with these bytes and goes on after them."""
    return not data or data in _beginnings()


@lru_cache(maxsize=1)
def _beginnings() -> frozenset[bytes]:
    # one character stands for each possible beginning: they differ at most in the bits of the third byte
    points = [*range(0x80, 0x800, 0x40), *range(0x800, 0xD800, 0x40), *range(0xE000, 0x110000, 0x40)]
    return frozenset(
        chr(point).encode()[:cut] for point in points for cut in (1, 2, 3) if cut < len(chr(point).encode())
    )


def special_text(opened: Opened) -> tuple[list[str], list[str]]:
    """Added tokens that text turns into: when nothing is blocked, and although it is blocked.

    The sentencepiece library never does so; a `tokenizer.json` does unless it is told not to.
    """
    if opened.form == "sentencepiece":
        return [], []
    loose = tokenizers.Tokenizer.from_str(opened.inner.to_str())
    loose.encode_special_tokens = False
    reachable, unblockable = [], []
    for number, row in sorted(opened.added.items()):
        text = f"a{row['content']}b {row['content']} c"
        if row["special"]:
            if number in loose.encode(text, add_special_tokens=False).ids:
                reachable.append(row["content"])
            if number in opened.encode(text):
                unblockable.append(row["content"])
        elif SPECIAL_LOOK.fullmatch(row["content"]) and number in opened.encode(text):
            unblockable.append(row["content"])
    return reachable, unblockable


def merge_parts(opened: Opened) -> list[tuple[int, int, int]]:
    """(left, right, made) ids of each merge of a BPE, in their order; nothing for other models."""
    if opened.model != "BPE":
        return []
    vocabulary = opened.row["model"]["vocab"]
    pairs = (merge if isinstance(merge, list) else merge.split(" ") for merge in opened.row["model"]["merges"])
    return [(vocabulary[a], vocabulary[b], vocabulary[a + b]) for a, b in pairs]


def needed(opened: Opened, used: Sequence[int]) -> set[int]:
    """The tokens that the merges of the `used` ones pass through, themselves included."""
    makers: dict[int, list[tuple[int, int]]] = {}
    for a, b, made in merge_parts(opened):
        makers.setdefault(made, []).append((a, b))
    found: set[int] = set()
    todo = list(used)
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo += [part for pair in makers.get(number, ()) for part in pair]
    return found


def basic(opened: Opened) -> set[int]:
    """Tokens without which some text could not be written: added ones, single bytes and characters, the unknown one."""
    letters = set(LETTER_BYTES) if opened.style == "bytes" else set()
    prefix = opened.row["model"].get("continuing_subword_prefix") or ""
    found = set(opened.added) | ({opened.unknown} if opened.unknown is not None else set())
    for number, piece in enumerate(opened.pieces):
        if piece is None or number in found:
            continue
        bare = piece.removeprefix(prefix) if prefix else piece
        if piece in letters or len(bare) == 1 or piece == SPACE or re.fullmatch(r"<0x[0-9A-Fa-f]{2}>", piece):
            found.add(number)
    return found
