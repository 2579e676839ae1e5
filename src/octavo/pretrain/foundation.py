"""Base stage: what training begins from: the small base model that comes with Octavo, a checkpoint, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from octavo.kinds.checkpoint import CONFIG, SUMMARY, WEIGHTS
from octavo.kinds.foundation import SCRATCH, SEED, Foundation, write_foundation
from octavo.model.reading.place import SHIPPED
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

FILES = (CONFIG, WEIGHTS, "tokenizer.json", "tokenizer_config.json", "generation_config.json", SUMMARY)
NEEDED = FILES[:4]


class BaseSettings(Settings):
    """What training begins from."""

    model: str = SEED
    """seed: the small base model that comes with Octavo, which has learnt to read passages; scratch: nothing, tokenizer
    and model are learnt from your documents alone; or the folder of a checkpoint with Octavo's own decoder."""


def folder_of(model: str) -> Path | None:
    """Where the files of a base lie; None for scratch. T111 when there is no such base."""
    if model == SCRATCH:
        return None
    folder = SHIPPED if model == SEED else Path(model)
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        there = folder.is_dir()
        raise OctavoError(
            "T111",
            f'The base "{model}" lacks {", ".join(missing)}'
            if there
            else f'There is no base "{model}"{nearest(model, (SEED, SCRATCH))}',
            where=str(folder),
            likely="the folder is no checkpoint in Hugging Face format, or is not whole" if there else "",
            do='set model in the table [base] to "seed", "scratch" or the folder of a checkpoint',
            exit_code=WRONG_USE,
        )
    return folder


def sources(settings: BaseSettings) -> Mapping[str, str]:
    """The base's files with their digests: another base is another recipe, wherever it lies."""
    if settings.model == SCRATCH:
        return {}
    folder = SHIPPED if settings.model == SEED else Path(settings.model)
    return {f"base/{name}": _digest(folder / name) for name in FILES}


def _digest(path: Path) -> str:
    if not path.is_file():
        return "missing"
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def run(settings: BaseSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Copy the checkpoint once it has been read whole; its files are what the later stages begin with."""
    import shutil

    from octavo.model.checkpoint import read_checkpoint
    from octavo.spine.progress import reading

    folder = folder_of(settings.model)
    if folder is None:
        write_foundation(out, Foundation())
        return
    try:
        model, tokenizer = read_checkpoint(folder)
    except OctavoError as error:
        raise OctavoError(
            "T112",
            f'The base "{settings.model}" cannot be continued: {error.what}',
            where=error.where,
            likely=error.likely,
            do="choose another base, or adapt this model with: octavo train FILE… --base FOLDER",
            exit_code=WRONG_USE,
        ) from error
    for name in FILES:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
    about = {
        "parameters": model.shape.parameters,
        "vocabulary": tokenizer.size,
        "positions": model.shape.positions,
        "digest": _digest(folder / WEIGHTS),
    }
    named = settings.model if settings.model == SEED else folder.resolve().name
    write_foundation(out, Foundation(named, about))
    reading(base=named, parameters=model.shape.parameters)


STAGE = Stage(name="base", module=__name__, settings=BaseSettings, output="foundation", sources=sources)
