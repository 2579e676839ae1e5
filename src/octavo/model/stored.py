"""Stored: the tensors of a Hugging Face folder, one file or several, checked before any of them is read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from octavo.kinds.checkpoint import WEIGHTS
from octavo.model.architecture import IGNORED, parts
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.spine.errors import OctavoError

INDEX = "model.safetensors.index.json"
FORMATS = ("F32", "F16", "BF16", "F64")
MEMINFO = Path("/proc/meminfo")


def load_decoder(shape: DecoderShape, folder: Path) -> Decoder:
    """A decoder in float32 with the weights of a folder.

    Raises T010 for files that can't be read or were cut short, T012 for weights that are missing, too many, misshapen
    or no numbers, T055 when they do not fit into memory; all but the last kinds of T012 before anything is read.
    """
    with ExitStack() as stack:
        files = _opened(stack, folder)
        with torch.device("meta"):
            _compare(parts(Decoder(shape)), files, shape, str(folder))
        _enough_memory(shape, str(folder))
        model = Decoder(shape)
        with torch.no_grad():
            for name, part in parts(model):
                tensor = files[name].get_tensor(name)
                if not bool(torch.isfinite(tensor).all()):
                    raise misfit(f"{name} holds values that are not numbers", str(folder))
                part.copy_(tensor)
    return model


def stored_dtype(folder: Path) -> str:
    """In which numbers the weights are stored: bf16 or f16 when all of them are, else f32 (T010 as above)."""
    with ExitStack() as stack:
        files = _opened(stack, folder)
        found = {files[name].get_slice(name).get_dtype() for name in files}
    return {frozenset({"BF16"}): "bf16", frozenset({"F16"}): "f16"}.get(frozenset(found), "f32")


def _opened(stack: ExitStack, folder: Path) -> dict[str, Any]:
    """The open file of each tensor."""
    path = folder / WEIGHTS
    try:
        if not path.is_file() and (folder / INDEX).is_file():
            path = folder / INDEX
            spread: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
            names = sorted(set(spread.values()))
            if any(Path(name).name != name for name in names):
                raise ValueError("a file outside of the folder is named")
        else:
            names = [WEIGHTS]
        files: dict[str, Any] = {}
        for name in names:
            path = folder / name
            file = stack.enter_context(safe_open(path, framework="pt"))
            files |= dict.fromkeys(file.keys(), file)
        return files
    except (OSError, ValueError, KeyError, AttributeError, TypeError, SafetensorError) as error:
        raise OctavoError(
            "T010",
            "The weights cannot be read",
            where=str(path),
            likely=f"the file is missing, damaged or cut short: {error}",
            do="octavo clean --damaged, then octavo run; or get the files again",
        ) from error


def _compare(wanted: Iterable[tuple[str, Tensor]], files: Mapping[str, Any], shape: DecoderShape, where: str) -> None:
    """Refuse what does not fit the configuration, by the files' headers alone."""
    named = set()
    for name, part in wanted:
        named.add(name)
        if name not in files:
            raise misfit(f"{name} is missing", where)
        header = files[name].get_slice(name)
        if tuple(header.get_shape()) != tuple(part.shape):
            raise misfit(f"{name} has the shape {tuple(header.get_shape())} and not {tuple(part.shape)}", where)
        if header.get_dtype() not in FORMATS:
            raise misfit(f"{name} is stored as {header.get_dtype()}", where)
    if shape.tied:
        named.add("lm_head.weight")  # some programs write the embedding a second time
    extra = sorted(name for name in files if name not in named and not name.endswith(IGNORED))
    if extra:
        raise misfit(
            f"{extra[0]} and {len(extra) - 1} others have no place in it"
            if len(extra) > 1
            else f"{extra[0]} has no place in it",
            where,
        )


def misfit(problem: str, where: str) -> OctavoError:
    """What is raised for weights that do not fit; `problem` names the tensor."""
    return OctavoError(
        "T012",
        f"The weights do not fit the model: {problem}",
        where=where,
        likely="the file was damaged or belongs to another configuration",
        do="octavo clean --damaged, then octavo run",
    )


def _enough_memory(shape: DecoderShape, where: str) -> None:
    needed, there = 4 * shape.parameters, memory_available()
    if there is not None and needed > there:
        raise OctavoError(
            "T055",
            f"The model needs {needed / 1e9:.1f} GB of memory and {there / 1e9:.1f} GB are free",
            where=where,
            likely="its weights are held in float32, 4 bytes each",
            do="close other programs, or use a smaller model",
        )


def memory_available() -> int | None:
    """Bytes that can be had without swapping, within the limit of the container; None where the system does not say."""
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        found = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration, IndexError):
        return None
    limit = Path("/sys/fs/cgroup/memory.max")
    used = Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and os.access(limit, os.R_OK):
        text = limit.read_text(encoding="ascii").strip()
        if text.isdigit():
            found = min(found, int(text) - int(used.read_text(encoding="ascii")))
    return found
