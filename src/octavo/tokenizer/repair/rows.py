"""Rows: a checkpoint written anew for another vocabulary: each token's embedding row is copied, or made of old ones.

Everything else of the checkpoint stays byte for byte what it was. Logits of tokens that are the same as before are
the same as before; only which other tokens compete with them has changed.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from octavo.kinds.checkpoint import CONFIG
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.tokenizer.audit.weights import BIAS, BLOCK, INPUT, OUTPUT, Stored, find_embeddings, header, packed, tensors

GENERATION = "generation_config.json"
COPY = 2**22
Weighted = Sequence[tuple[Sequence[int], Sequence[float] | None]]
"""New row → the old rows it is made of, and their weights (None: all alike)."""


def transfer(model: Path, out: Path, sources: Weighted, *, old_size: int) -> dict[str, int]:
    """Write the checkpoint in `model` to `out` with one embedding row for each of `sources`.

    `old_size` is how many ids the old tokenizer had; rows behind them (padding) stay behind the new ones. Returns how
    many rows were copied, mixed and dropped.
    """
    found = find_embeddings(model)
    rows = found.input.shape[0]
    if rows < old_size:
        raise OctavoError(
            "T052",
            f"The model has {rows:,} rows and its tokenizer {old_size:,} tokens",
            where=str(model),
            likely="they do not belong together",
            exit_code=WRONG_USE,
        )
    padding: list[tuple[Sequence[int], Sequence[float] | None]] = [([row], None) for row in range(old_size, rows)]
    wanted = [*sources, *padding]
    changed = {
        name
        for name, one in tensors(model).items()
        if (INPUT.search(name) or OUTPUT.search(name) or BIAS.search(name)) and one.shape[0] == rows
    }
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(model.iterdir()):
        if path.suffix == ".safetensors":
            _write_tensors(path, out / path.name, changed, wanted)
        elif path.is_file() and path.name not in (CONFIG, GENERATION) and not (out / path.name).exists():
            shutil.copyfile(path, out / path.name)
    new_of = {old[0]: new for new, (old, _) in enumerate(sources) if len(old) == 1}
    for name in (CONFIG, GENERATION):
        if (model / name).is_file():
            _write_config(model / name, out / name, new_of, len(wanted))
    kept = {old[0] for old, _ in sources if len(old) == 1}
    return {
        "copied": sum(len(old) == 1 for old, _ in sources),
        "mixed": sum(len(old) > 1 for old, _ in sources),
        "dropped": old_size - len(kept),
    }


def _write_tensors(path: Path, target: Path, changed: set[str], sources: Weighted) -> None:
    """One safetensors file, the tensors in their old order, a block at a time."""
    table, begin = header(path)
    stored = {name: one for name, one in tensors(path.parent).items() if one.path == path}
    names = sorted((n for n in table if n != "__metadata__"), key=lambda n: table[n]["data_offsets"][0])
    at = 0
    for name in names:
        row = table[name]
        size = row["data_offsets"][1] - row["data_offsets"][0]
        if name in changed:
            row["shape"] = [len(sources), *row["shape"][1:]]
            size = len(sources) * stored[name].row_bytes
        row["data_offsets"] = [at, at + size]
        at += size
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    before, _ = header(path)
    with path.open("rb") as old, target.open("wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            if name in changed:
                _write_rows(stored[name], out, sources)
                continue
            first, end = before[name]["data_offsets"]
            old.seek(begin + first)
            left = end - first
            while left > 0:
                block = old.read(min(COPY, left))
                out.write(block)
                left -= len(block)


def _write_rows(stored: Stored, out: IO[bytes], sources: Weighted) -> None:
    raw = np.memmap(
        stored.path, dtype=np.uint8, mode="r", offset=stored.start, shape=(stored.shape[0], stored.row_bytes)
    )
    for first in range(0, len(sources), BLOCK):
        for old, weights in sources[first : first + BLOCK]:
            if len(old) == 1:  # byte for byte, whatever the number format
                out.write(raw[old[0]].tobytes())
                continue
            rows = np.stack([stored.rows(number, 1)[0] for number in old]).astype(np.float64)
            mixed = np.average(rows, axis=0, weights=weights)
            out.write(packed(np.asarray(mixed, dtype=np.float32), stored.kind))


def _write_config(path: Path, target: Path, new_of: dict[int, int], rows: int) -> None:
    """`config.json` with the new size, and every token that it names under its new id."""
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "vocab_size" in row:
        row["vocab_size"] = rows
    for name, value in row.items():
        if name.endswith("_token_id") and value is not None:
            row[name] = (
                [_new(new_of, name, old) for old in value] if isinstance(value, list) else _new(new_of, name, value)
            )
    target.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _new(new_of: dict[int, int], name: str, old: int) -> int:
    if old not in new_of:
        raise OctavoError(
            "T053",
            f"The model needs the token {old} ({name}), which the new tokenizer does not have",
            do="keep it: special tokens must be in the new tokenizer",
        )
    return new_of[old]
