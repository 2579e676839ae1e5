"""Folder: what a local Hugging Face checkpoint must hold, checked by its files alone, before a library opens it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from octavo.spine.errors import WRONG_USE, OctavoError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
PICKLED = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt")


def check_folder(folder: Path) -> dict[str, Any]:
    """The model's `config.json`; refuses (T061 … T063) what is no whole local checkpoint with safetensors weights."""
    if not folder.is_dir():
        raise OctavoError(
            "T061",
            "There is no such folder with a model",
            where=str(folder),
            likely="a name of a model on a hub is not a folder: nothing is downloaded",
            do="give the path of a checkpoint in Hugging Face format, or scratch",
            exit_code=WRONG_USE,
        )
    if (folder / ADAPTER).is_file() and not (folder / CONFIG).is_file():
        raise OctavoError(
            "T061",
            "This folder holds an adapter and not a model",
            where=str(folder),
            do="give the folder of the model that it was trained for, or merge the two first: octavo export",
            exit_code=WRONG_USE,
        )
    config = _json(folder / CONFIG)
    if "auto_map" in config:
        raise OctavoError(
            "T067",
            "The model needs code of its own, which is never run",
            where=str(folder / CONFIG),
            likely="auto_map names Python files inside the checkpoint",
            do="use a checkpoint of an architecture that transformers knows",
        )
    for path in weight_files(folder):
        tensor_shapes(path)
    return config


def _json(path: Path) -> dict[str, Any]:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(row, dict):
            raise ValueError("it holds no object")
    except (OSError, ValueError) as error:
        raise OctavoError(
            "T061",
            f"The folder has no {path.name} that can be read",
            where=str(path),
            likely=str(error),
            do="give the folder of a checkpoint in Hugging Face format",
            exit_code=WRONG_USE,
        ) from error
    return row


def weight_files(folder: Path) -> list[Path]:
    """The files with the weights, in order; pickles are refused (T062): loading one can run any code."""
    if (folder / INDEX).is_file():
        names = sorted(set(_json(folder / INDEX).get("weight_map", {}).values()))
        missing = [name for name in names if not (folder / name).is_file()]
        if missing or not names:
            raise _cut(folder / INDEX, f"{', '.join(missing) or 'no file'} of the index is not there")
        return [folder / name for name in names]
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
    if pickled:
        raise OctavoError(
            "T062",
            f"The weights are pickled ({pickled[0]}), and loading a pickle can run any code",
            where=str(folder),
            do="convert them to safetensors on a machine that may be lost, then give that folder",
        )
    raise _cut(folder / WEIGHTS, "there is no file with weights")


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name → shape, from the head of a safetensors file; a file shorter than its head says is refused (T063)."""
    try:
        size = path.stat().st_size
        with path.open("rb") as data:
            (length,) = struct.unpack("<Q", data.read(8))
            if length > size:
                raise ValueError("it ends inside its head")
            head = json.loads(data.read(length))
        head.pop("__metadata__", None)
        ends = max((int(row["data_offsets"][1]) for row in head.values()), default=0)
        if size != 8 + length + ends:
            raise ValueError(f"it has {size:,} bytes and not the {8 + length + ends:,} that its head says")
        return {name: tuple(row["shape"]) for name, row in head.items()}
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise _cut(path, str(error)) from error


def _cut(path: Path, why: str) -> OctavoError:
    return OctavoError(
        "T063", "The weights of the model are not whole", where=str(path), likely=f"cut short: {why}", do="get it again"
    )
