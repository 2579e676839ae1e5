"""Open: any tokenizer on disk (tokenizer.json, sentencepiece model, rank file) behind one small interface."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import tokenizers

from octavo.kinds.tokenizer import TOKENIZER
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.tokenizer.learn.cuts import byte_characters

BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
SPACE = "▁"
BATCH = 2000


LETTER_BYTES = {letter: byte for byte, letter in enumerate(byte_characters())}


class Opened:
    """A tokenizer that is examined or repaired.

    Text of special tokens inside a text stays text here, as it must when a document or a user wrote it.
    """

    def __init__(self, path: Path, inner: tokenizers.Tokenizer, form: str) -> None:
        self.path, self.inner, self.form = path, inner, form
        self.row: dict[str, Any] = json.loads(inner.to_str())
        inner.no_padding()
        inner.no_truncation()
        inner.encode_special_tokens = True
        self.model: str = self.row["model"]["type"]
        self.size = int(inner.get_vocab_size(with_added_tokens=True))
        pieces = inner.get_vocab(with_added_tokens=True)
        self.top = max(pieces.values(), default=-1) + 1
        """One more than the largest id: more than `size` when ids have holes."""
        self.pieces: list[str | None] = [None] * self.top
        for piece, number in pieces.items():
            self.pieces[number] = piece
        self.added = {row["id"]: row for row in self.row["added_tokens"]}
        self.special = frozenset(number for number, row in self.added.items() if row["special"])
        self.unknown = self._unknown()
        self.style = self._style()

    def _unknown(self) -> int | None:
        model = self.row["model"]
        if isinstance(model.get("unk_id"), int):
            return int(model["unk_id"])
        found = self.inner.token_to_id(model["unk_token"]) if model.get("unk_token") else None
        return None if found is None else int(found)

    def _style(self) -> str:
        """How pieces spell bytes: `bytes` (GPT-2's letters), `spaces` (▁ and <0x41>), `parts` (##) or `plain`."""
        about = json.dumps([self.row[part] for part in ("normalizer", "pre_tokenizer", "decoder")])
        if "ByteLevel" in about:
            return "bytes"
        if self.model == "WordPiece":
            return "parts"
        return "spaces" if SPACE in json.dumps(about, ensure_ascii=False) or "u2581" in about else "plain"

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without special tokens."""
        ids: list[int] = self.inner.encode(text, add_special_tokens=False).ids
        return ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of many texts."""
        found: list[list[int]] = []
        for start in range(0, len(texts), BATCH):
            some = list(texts[start : start + BATCH])
            found += [one.ids for one in self.inner.encode_batch_fast(some, add_special_tokens=False)]
        return found

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        return [len(ids) for ids in self.encode_all(texts)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of some ids, special tokens included."""
        text: str = self.inner.decode(list(ids), skip_special_tokens=False)
        return text

    def piece_bytes(self, number: int) -> bytes:
        """What a token stands for, as bytes; a leading space of its word is part of it."""
        piece = self.pieces[number]
        if piece is None:
            return b""
        if number in self.added:
            return piece.encode()
        if self.style == "bytes":
            found = [LETTER_BYTES.get(letter) for letter in piece]
            return piece.encode() if None in found else bytes(byte for byte in found if byte is not None)
        if self.style == "spaces":
            byte = BYTE_PIECE.fullmatch(piece)
            return bytes([int(byte[1], 16)]) if byte else piece.replace(SPACE, " ").encode()
        prefix = self.row["model"].get("continuing_subword_prefix") or ""
        return piece.removeprefix(prefix).encode() if prefix else piece.encode()


class Plain:
    """The tokenizer that is none: every byte (as ByT5) or every character (as CANINE, UTF-32) is a token."""

    def __init__(self, form: str) -> None:
        assert form in ("bytes", "characters")
        self.form = form
        self.size = 256 if form == "bytes" else 0x110000
        self.unknown = None

    def encode(self, text: str) -> list[int]:
        """Byte values or code points."""
        return list(text.encode()) if self.form == "bytes" else [ord(character) for character in text]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The same for many texts."""
        return [self.encode(text) for text in texts]

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Bytes or characters of each text."""
        return [len(text.encode()) if self.form == "bytes" else len(text) for text in texts]


Examined = Opened | Plain


def open_tokenizer(path: Path) -> Opened:
    """A `tokenizer.json` or a folder that holds one, a sentencepiece `.model`, or a `.tiktoken` rank file."""
    place = path / TOKENIZER if (path / TOKENIZER).is_file() else path
    if place.is_dir():
        models = sorted(place.glob("*.model")) + sorted(place.glob("*.tiktoken"))
        if len(models) != 1:
            raise _unreadable(path, "the folder holds no tokenizer.json, and not exactly one .model or .tiktoken file")
        place = models[0]
    if not place.is_file():
        raise _unreadable(path, "there is no such file")
    about = place.stat()
    return _opened(place, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=4)
def _opened(place: Path, size: int, changed: int) -> Opened:
    """Kept as long as the file is the same: workers open it for each of their parts."""
    with place.open("rb") as file:
        head = file.read(512)
    try:
        if head.lstrip()[:1] == b"{":
            return Opened(place, tokenizers.Tokenizer.from_file(str(place)), "tokenizer.json")
        if place.suffix == ".tiktoken" or re.match(rb"[A-Za-z0-9+/]+=* \d+\r?\n", head):
            from octavo.tokenizer.audit.ranks import read_ranks

            return Opened(place, read_ranks(place.read_bytes()), "ranks")
        from octavo.tokenizer.audit.sentencepiece import read_sentencepiece

        return Opened(place, read_sentencepiece(place.read_bytes()), "sentencepiece")
    except OctavoError:
        raise
    except Exception as error:  # the library raises nothing narrower
        raise _unreadable(place, str(error)) from error


def _unreadable(path: Path, why: str) -> OctavoError:
    return OctavoError(
        "T040",
        "This is no tokenizer that can be read",
        where=str(path),
        likely=why,
        do="give a tokenizer.json (or its folder), a sentencepiece .model or a .tiktoken file",
        exit_code=WRONG_USE,
    )
