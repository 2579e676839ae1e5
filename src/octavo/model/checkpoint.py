"""Checkpoint: a decoder as a Hugging Face folder, written as the same bytes every time and whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from octavo.kinds import tokenizer as tokenizer_kind
from octavo.kinds.checkpoint import CONFIG, SUMMARY, TRAINING, WEIGHTS
from octavo.model.architecture import config_of, parts, shape_of
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.model.stored import load_decoder
from octavo.model.tokenizer import Tokenizer
from octavo.spine.disk import sync_folder
from octavo.spine.errors import OctavoError

GENERATION = "generation_config.json"
TOKENIZER_FILES = (tokenizer_kind.TOKENIZER, tokenizer_kind.CONFIG)


def write_checkpoint(
    folder: Path,
    model: Decoder,
    tokenizer: Path,
    rows: Iterable[dict[str, Any]],
    summary: dict[str, Any],
    *,
    dtype: str = "float32",
) -> None:
    """Write all files of a checkpoint: weights, configuration, the tokenizer's files, how it was trained.

    `dtype` is float32, bfloat16 or float16. The configuration comes last, when all else is on the disk: a folder
    without it is no checkpoint to any reader, so one that was cut off in the middle is never taken for one.
    """
    weights = to_hugging_face(model, dtype)
    for name, tensor in weights.items():
        if not bool(torch.isfinite(tensor).all()):
            raise OctavoError(
                "T008",
                f"The trained weights are not numbers ({name})",
                likely="the learning rate is too high for this size",
                do="set a lower learning_rate and run again",
            )
    names = Tokenizer(tokenizer)
    assert names.size <= model.shape.vocabulary, "the model was made for this tokenizer"
    ids = {"begin": names.end_of_text, "end": names.end_of_turn, "padding": names.end_of_text}
    training = "".join(json.dumps(row) + "\n" for row in rows)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).unlink(missing_ok=True)
    sync_folder(folder)
    _place(folder / WEIGHTS, lambda path: save_file(weights, path, metadata={"format": "pt"}))
    _place_text(folder / GENERATION, json_text(generation_config(names)))
    for name in TOKENIZER_FILES:
        _place(folder / name, partial(shutil.copyfile, tokenizer / name))
    _place_text(folder / TRAINING, training)
    _place_text(folder / SUMMARY, json_text(summary))
    _place_text(folder / CONFIG, json_text(config_of(model.shape, **ids, dtype=dtype)))


def _place(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written under another name, flushed to the disk and renamed."""
    aside = path.with_name(f".{path.name}.partial")
    try:
        write(aside)
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def _place_text(path: Path, text: str) -> None:
    _place(path, lambda aside: aside.write_text(text, encoding="utf-8", newline="\n"))


def read_checkpoint(folder: Path) -> tuple[Decoder, Tokenizer]:
    """The model in float32 and its tokenizer; every way in which the files can disagree is refused."""
    names = Tokenizer(folder)
    shape = read_shape(folder)
    if names.size > shape.vocabulary:
        raise OctavoError(
            "T009",
            f"The tokenizer and the checkpoint disagree on the vocabulary ({names.size:,} and {shape.vocabulary:,})",
            where=str(folder),
            likely="the checkpoint was trained with another tokenizer",
            do="octavo run pretrain",
        )
    return load_decoder(shape, folder), names


def read_model(folder: Path) -> Decoder:
    """The model alone, in float32, of a folder whose tokenizer need not be Octavo's own."""
    return load_decoder(read_shape(folder), folder)


def read_shape(folder: Path) -> DecoderShape:
    """The sizes in `config.json`; refuses other architectures."""
    path = folder / CONFIG
    try:
        return shape_of(json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise OctavoError(
            "T010",
            "The configuration of the model cannot be read",
            where=str(path),
            likely=f"the file is missing, damaged or of another format: {error!r}",
            do="octavo clean --damaged, then octavo run",
        ) from error


def generation_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """`generation_config.json`: greedy, and where to stop."""
    return {
        "bos_token_id": tokenizer.end_of_text,
        "eos_token_id": [tokenizer.end_of_turn, tokenizer.end_of_text],
        "pad_token_id": tokenizer.end_of_text,
        "do_sample": False,
    }


def to_hugging_face(model: Decoder, dtype: str = "float32") -> dict[str, Tensor]:
    """The weights under their names in transformers, joint matrices taken apart, in float32, bfloat16 or float16."""
    numbers = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[dtype]
    return {name: part.detach().to(numbers).contiguous() for name, part in parts(model)}


def json_text(row: dict[str, Any]) -> str:
    """As it stands in the files of a checkpoint."""
    return json.dumps(row, indent=1, ensure_ascii=False) + "\n"
