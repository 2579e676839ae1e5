"""Footprint: the most bytes of tensors that are alive at once, counted operation by operation.

The memory of the process would show the libraries and what the allocator keeps, hundreds of megabytes, and of a small
model's training next to nothing. What is counted here is the same on every machine: weights, masters, gradients,
moments and activations; not the workspace inside one operation.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Footprint(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered: `now` and `peak` bytes of the storages that operations made or touched."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the operation and count what it was given and what it made."""
        answer = func(*args, **(kwargs or {}))
        self.count((args, tuple((kwargs or {}).values()), answer))
        return answer

    def count(self, things: Any) -> None:
        """Count all tensors in nested lists, tuples and dictionaries."""
        if isinstance(things, Tensor):
            self._hold(things)
        elif isinstance(things, Mapping):
            self.count(list(things.values()))
        elif isinstance(things, list | tuple):
            for thing in things:
                self.count(thing)

    def _hold(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        name = storage._cdata
        if name in self._known or not storage.nbytes():
            return
        size = storage.nbytes()
        self._known.add(name)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._free, name, size)

    def _free(self, name: int, size: int) -> None:
        self._known.discard(name)
        self.now -= size
