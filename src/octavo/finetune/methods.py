"""Methods: every way to fine-tune, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.finetune.adaptation import Adaptation, Reach
from octavo.finetune.bottleneck import Bottleneck
from octavo.finetune.low_rank import low_rank_methods
from octavo.finetune.scaling import Scaling
from octavo.finetune.virtual import Prefix, Prompt
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Full(Adaptation):
    """Every weight of the model learns."""

    whole: bool = True

    def attach(self, base: Any, reach: Reach, tokens: Sequence[int]) -> nn.Module:
        """Nothing is added; everything learns."""
        for parameter in base.parameters():
            parameter.requires_grad_(True)
        return base

    def save(self, model: Any, folder: Path) -> None:
        """Write a Hugging Face folder."""
        from octavo.model.foreign.load import offline

        with offline():
            model.save_pretrained(str(folder), safe_serialization=True)

    def open(self, base: Any, folder: Path) -> nn.Module:
        """The model in the folder; the base is not needed any more."""
        from octavo.model.foreign.load import open_model

        return open_model(folder, base.dtype)

    def merge(self, model: Any) -> Any:
        """It is one model already."""
        return model


METHODS: dict[str, Adaptation] = {
    method.name: method
    for method in (
        Full("full", "every weight of the model learns", 2e-5),
        *low_rank_methods(),
        Scaling("ia3", "factors on keys, values and inner activations", 1e-2, falls_with_width=False),
        Prefix("prefix", "keys and values before every sequence", 3e-3, False, virtual=True, merges=False),
        Prompt("prompt", "embeddings before every sequence", 3e-2, False, virtual=True, merges=False),
        Bottleneck("adapter", "a narrow network behind each attention and MLP", 2e-4),
        Full("mezo", "every weight learns from losses alone, in the memory of inference", 1e-5, rule="mezo"),
    )
}


def method_named(name: str) -> Adaptation:
    """The method, or T068 with the nearest name."""
    if name not in METHODS:
        raise OctavoError(
            "T068",
            f'There is no method "{name}"{nearest(name, METHODS)}',
            do=f"use one of: {', '.join(METHODS)}",
            exit_code=WRONG_USE,
        )
    return METHODS[name]
