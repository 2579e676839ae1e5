"""State: the exact state of a training run on disk, saved so that a crash at any moment leaves a valid one.

Each save is two files: `state-<step>.safetensors`, then its marker `state-<step>.json` with the digest of the first.
Both are written under another name, flushed to the disk and renamed; without its marker a save does not exist.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xxhash
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from octavo.spine.disk import write_durably

KEPT = 2


class StateFolder:
    """The saves of one training run. `identity` names what is trained; saves of another identity are not taken up."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder, self.identity = folder, identity
        self.digest = xxhash.xxh3_64_hexdigest(identity.encode())
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, step: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> int:
        """Save the state after `step` steps and drop all but the newest two; returns the bytes written."""
        data = save({name: tensor.contiguous() for name, tensor in tensors.items()})
        path = self.folder / f"state-{step:08d}.safetensors"
        write_durably(path, data)
        marker = {"step": step, "identity": self.identity, "digest": xxhash.xxh3_128_hexdigest(data), "facts": facts}
        write_durably(path.with_suffix(".json"), json.dumps(marker).encode())
        names = [marker for marker in self._markers() if marker.stem <= path.stem]
        for old in set(self._markers()) - set(names[:KEPT]):
            # Beside the older ones these are saves of later steps that turned out to be damaged, or of another
            # training. The marker goes first: a save without one does not exist.
            old.unlink()
            old.with_suffix(".safetensors").unlink(missing_ok=True)
        return len(data)

    def newest(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Tensors and facts of the newest save that is whole and of this identity, or None."""
        for marker in self._markers():
            try:
                row = json.loads(marker.read_text(encoding="utf-8"))
                weights = marker.with_suffix(".safetensors")
                if row["identity"] != self.identity or _digest(weights) != row["digest"]:
                    continue
                return load_file(weights), row["facts"]
            except (OSError, ValueError, KeyError, SafetensorError):
                # A damaged save counts as none: an older one or the beginning is as good.
                continue
        return None

    def _markers(self) -> list[Path]:
        return sorted(self.folder.glob("state-*.json"), reverse=True)


def _digest(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
