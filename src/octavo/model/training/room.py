"""Room: refuses a training that does not fit into the memory that is free, before it takes it."""

from __future__ import annotations

from octavo.model.machine import free_memory
from octavo.spine.errors import OctavoError

GB = 1e9


def refuse_without_room(need: float, what: str, device: str) -> None:
    """An error if `need` more bytes are not free on the device; where that cannot be known nothing is refused."""
    free = free_memory(device)
    if free is not None and need > free:
        raise OctavoError(
            "T031",
            f"The training does not fit into memory: {what} needs about {need / GB:.1f} GB more,"
            f" and {free / GB:.1f} GB are free",
            likely="the model or its rows are too large for this machine, or other programs hold the memory",
            do="take a smaller size or a shorter sequence, or close what else is running",
        )
