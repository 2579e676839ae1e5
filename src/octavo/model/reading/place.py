"""Place: where a checkpoint that reads lies: the one that comes with the package, or a folder."""

from __future__ import annotations

from pathlib import Path

from octavo.kinds.checkpoint import WEIGHTS
from octavo.spine.errors import WRONG_USE, OctavoError

SEED = "seed"
SHIPPED = Path(__file__).parent.parent / SEED


def checkpoint_named(name: str) -> Path:
    """The folder of `seed`, or the folder called `name`."""
    folder = SHIPPED if name == SEED else Path(name)
    if not (folder / WEIGHTS).is_file():
        raise OctavoError(
            "M001",
            f"There is no model in {folder}" if folder.is_dir() else f'There is no model called "{name}"',
            likely=f"{WEIGHTS} is missing" if folder.is_dir() else "",
            do="--model seed, or --model with the folder of a checkpoint",
            exit_code=WRONG_USE,
        )
    return folder
