"""Sentencepiece: a `.model` file read without its library, as the same pieces, scores and rules of normalisation."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers

UNIGRAM, BPE = 1, 2
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
SPACE = "▁"


@dataclass
class Pieces:
    """What such a file says, as far as encoding needs it."""

    rows: list[tuple[str, float, int]] = field(default_factory=list)
    """Piece, score, type."""
    algorithm: int = UNIGRAM
    byte_fallback: bool = False
    charsmap: bytes = b""
    dummy_prefix: bool = True
    remove_extra_spaces: bool = True


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of the fields of a protocol-buffers message: integers, 4 and 8 bytes, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        size, at = _varint(data, at) if wire == 2 else ({1: 8, 5: 4}.get(wire, -1), at)
        if size < 0 or at + size > len(data):
            raise ValueError("not a sentencepiece model, or cut short")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("not a sentencepiece model, or cut short")
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def parse(data: bytes) -> Pieces:
    """The message `ModelProto` (sentencepiece_model.proto)."""
    found = Pieces()
    for number, value in fields(data):
        if number == 1:
            piece, score, kind = "", 0.0, NORMAL
            for part, held in fields(value):
                if part == 1:
                    piece = held.decode()
                elif part == 2:
                    score = struct.unpack("<f", held)[0]
                elif part == 3:
                    kind = held
            found.rows.append((piece, score, kind))
        elif number == 2:
            for part, held in fields(value):
                if part == 3:
                    found.algorithm = held
                elif part == 35:
                    found.byte_fallback = bool(held)
        elif number == 3:
            for part, held in fields(value):
                if part == 2:
                    found.charsmap = held
                elif part == 3:
                    found.dummy_prefix = bool(held)
                elif part == 4:
                    found.remove_extra_spaces = bool(held)
    if not found.rows:
        raise ValueError("it holds no pieces")
    return found


def read_sentencepiece(data: bytes) -> tokenizers.Tokenizer:
    """The tokenizer that such a file describes (unigram or BPE)."""
    found = parse(data)
    unknown = next((at for at, (_, _, kind) in enumerate(found.rows) if kind == UNKNOWN), None)
    if found.algorithm == UNIGRAM:
        model: Any = models.Unigram(
            [(piece, score) for piece, score, _ in found.rows], unk_id=unknown, byte_fallback=found.byte_fallback
        )
    elif found.algorithm == BPE:
        vocabulary = {piece: at for at, (piece, _, _) in enumerate(found.rows)}
        model = models.BPE(
            vocabulary,
            _merges(found, vocabulary),
            unk_token=None if unknown is None else found.rows[unknown][0],
            fuse_unk=True,
            byte_fallback=found.byte_fallback,
        )
    else:
        raise ValueError("only its unigram and BPE models are read")
    made = tokenizers.Tokenizer(model)
    steps: list[Any] = [normalizers.Precompiled(found.charsmap)] if found.charsmap else []
    if found.remove_extra_spaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    steps += [normalizers.Prepend(SPACE)] if found.dummy_prefix else []
    made.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", SPACE)])
    parts: list[Any] = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    made.decoder = decoders.Sequence(parts + ([decoders.Strip(" ", 1, 0)] if found.dummy_prefix else []))
    # in the order of their ids, since the library gives ids to what it does not know yet
    for piece, _, kind in found.rows:
        if kind in (CONTROL, UNKNOWN):
            made.add_special_tokens([AddedToken(piece, special=True, normalized=False)])
        elif kind == USER_DEFINED:
            made.add_tokens([AddedToken(piece, special=False, normalized=False)])
    return made


def _merges(found: Pieces, vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    """Pairs in the order of the score of what they make: sentencepiece always merges the best-scored neighbours."""
    usable = {piece for piece, _, kind in found.rows if kind == NORMAL}
    made = []
    for piece, score, kind in found.rows:
        if kind == NORMAL:
            splits = [(piece[:at], piece[at:]) for at in range(1, len(piece))]
            made += [(-score, vocabulary[piece], a, b) for a, b in splits if a in usable and b in usable]
    made.sort(key=lambda row: (row[0], row[1], vocabulary[row[2]], vocabulary[row[3]]))
    return [(a, b) for _, _, a, b in made]
