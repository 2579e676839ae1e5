"""Weights: the embedding rows of a checkpoint in safetensors files, read a block of rows at a time."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.kinds.checkpoint import CONFIG
from octavo.spine.errors import WRONG_USE, OctavoError

INPUT = re.compile(r"(^|\.)(embed_tokens|wte|word_embeddings|embed_in|tok_embeddings|shared)\.weight$")
OUTPUT = re.compile(r"(^|\.)(lm_head|embed_out|output)\.weight$")
BIAS = re.compile(r"(^|\.)(lm_head|embed_out|output)\.bias$")
SIZES = {"F32": 4, "F16": 2, "BF16": 2}
BLOCK = 4096
"""Rows read at once."""


@dataclass(frozen=True)
class Stored:
    """One tensor inside of a safetensors file."""

    path: Path
    name: str
    kind: str
    shape: tuple[int, ...]
    start: int
    """Byte of the file where its values begin."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a matrix, or of one value of a vector."""
        return int(np.prod(self.shape[1:], dtype=np.int64)) * SIZES[self.kind]

    def rows(self, first: int, count: int) -> NDArray[np.float32]:
        """Some rows as float32."""
        with self.path.open("rb") as file:
            file.seek(self.start + first * self.row_bytes)
            data = file.read(count * self.row_bytes)
        return floats(data, self.kind).reshape(-1, *self.shape[1:])

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """(number of the first row, rows) until the end."""
        for first in range(0, self.shape[0], BLOCK):
            yield first, self.rows(first, min(BLOCK, self.shape[0] - first))

    def whole(self) -> NDArray[np.float32]:
        """All of it."""
        return self.rows(0, self.shape[0])


@dataclass(frozen=True)
class Embeddings:
    """The matrices with one row a token: the input's, and the output's where it is another one."""

    input: Stored
    output: Stored | None
    bias: Stored | None

    @property
    def tied(self) -> bool:
        """Whether the output uses the input's matrix."""
        return self.output is None


def floats(data: bytes, kind: str) -> NDArray[np.float32]:
    """Values of a safetensors type as float32."""
    if kind == "BF16":
        wide = np.frombuffer(data, dtype="<u2").astype(np.uint32) << 16
        return wide.view(np.float32)
    return np.frombuffer(data, dtype="<f4" if kind == "F32" else "<f2").astype(np.float32)


def packed(values: NDArray[np.float32], kind: str) -> bytes:
    """Float32 values as a safetensors type; bfloat16 rounds to the nearest, ties to even."""
    if kind == "BF16":
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
    return values.astype("<f4" if kind == "F32" else "<f2").tobytes()


def header(path: Path) -> tuple[dict[str, Any], int]:
    """The table of a safetensors file, and the byte where its values begin."""
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > 2**27:
                raise ValueError("its table is too long")
            return json.loads(file.read(size)), 8 + size
    except (OSError, ValueError, struct.error) as error:
        raise OctavoError(
            "T045", "The weights can't be read", where=str(path), likely=str(error), do="get the file again"
        ) from None


def tensors(folder: Path) -> dict[str, Stored]:
    """Name → tensor, of all safetensors files of a folder."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        table, begin = header(path)
        for name, row in table.items():
            if name != "__metadata__":
                found[name] = Stored(path, name, row["dtype"], tuple(row["shape"]), begin + row["data_offsets"][0])
    return found


def find_embeddings(folder: Path) -> Embeddings:
    """The embedding matrices of a checkpoint folder in Hugging Face format."""
    stored = tensors(folder)
    wanted = [one for name, one in stored.items() if INPUT.search(name) and len(one.shape) == 2]
    if not wanted or any(one.kind not in SIZES for one in wanted):
        raise OctavoError(
            "T046",
            "The model has no embedding that can be read" if stored else "There is no model in safetensors format",
            where=str(folder),
            likely="its weights are quantised or of another format" if stored else "the folder holds other files",
            do="give a checkpoint folder with float32, float16 or bfloat16 weights in .safetensors files",
            exit_code=WRONG_USE,
        )
    tied = bool(_config(folder).get("tie_word_embeddings", False))
    output = next((one for name, one in stored.items() if OUTPUT.search(name)), None)
    return Embeddings(
        wanted[0], None if tied else output, next((one for name, one in stored.items() if BIAS.search(name)), None)
    )


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OctavoError(
            "T045", "The configuration of the model can't be read", where=str(path), likely=str(error)
        ) from None
    return found
