"""Carry: where each token of another tokenizer comes from, so that a checkpoint can move from one to the other."""

from __future__ import annotations

from octavo.tokenizer.audit.open import Opened
from octavo.tokenizer.audit.tokens import basic
from octavo.tokenizer.learn.cuts import byte_characters


def carried(old: Opened, new: Opened) -> list[list[int]]:
    """New id → old ids: the token that stands for the same bytes, or else those that its bytes are cut into."""
    same: dict[bytes, int] = {}
    for number in range(old.top - 1, -1, -1):
        if old.pieces[number] is not None and number not in old.added:
            same[old.piece_bytes(number)] = number
    added = {row["content"]: number for number, row in old.added.items()}
    found: list[list[int]] = []
    for number in range(new.top):
        piece, data = new.pieces[number], new.piece_bytes(number)
        if piece in added:
            found.append([added[piece]])
        elif data in same and number not in new.added:
            found.append([same[data]])
        else:
            found.append(_parts(old, data, same) or sorted(basic(old) - set(old.added)) or [0])
    return found


def _parts(old: Opened, data: bytes, same: dict[bytes, int]) -> list[int]:
    """The old tokens of some bytes, which need not be whole characters."""
    if old.style == "bytes":
        letters = byte_characters()
        return [token.id for token in old.inner.model.tokenize("".join(letters[byte] for byte in data))]
    try:
        ids = [number for number in old.encode(data.decode()) if number != old.unknown]
    except UnicodeDecodeError:
        ids = []
    return ids or [same[bytes([byte])] for byte in data if bytes([byte]) in same]
