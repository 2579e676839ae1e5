"""Adaptation: one way of changing a causal model: what is put into it and learns, what a row looks like to it, and what
is written of it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from octavo.model.training.method import Batch

REFERENCE_WIDTH = 4096


@dataclass(frozen=True)
class Reach:
    """How much an adaptation may change, apart from its learning rate; each reads what concerns it."""

    rank: int = 16
    """Of the low-rank methods, and the width of a bottleneck adapter's waist."""
    alpha: float = 32.0
    """What a low-rank change is multiplied by, over the rank (over its root for rsLoRA)."""
    virtual: int = 16
    """Tokens that prefix and prompt tuning put before every sequence."""
    targets: tuple[str, ...] = ()
    """Names of the matrices to adapt, as the ends of module names; empty: all of the blocks."""
    seed: int = 0
    """Decides the first values of what is added."""

    def check(self) -> None:
        """Refuse (T073) what no method can do."""
        if self.rank < 1 or self.virtual < 1 or self.alpha <= 0:
            raise OctavoError(
                "T073",
                "rank, alpha and virtual tokens must be positive",
                where=f"rank {self.rank}, alpha {self.alpha:g}, virtual tokens {self.virtual}",
                do="correct the value",
                exit_code=WRONG_USE,
            )


@dataclass(frozen=True)
class Adaptation(ABC):
    """What all have in common; the ways differ in `attach` and where they say so.

    `rate` is a learning rate that works: for methods that change weights it falls with the width of the model (as
    Adam's does in µP, Yang et al. 2022) and is given for a width of 4,096.
    """

    name: str
    about: str
    rate: float
    falls_with_width: bool = True
    bits: Literal[0, 4, 8] = 0
    """Of the base's matrices while training; 0: as many as the machine computes with."""
    whole: bool = False
    """Whether the model itself learns, so that what is written is a model and no addition to one."""
    virtual: bool = False
    """Whether tokens of its own stand before every sequence."""
    merges: bool = True
    """Whether what was learnt can become part of the model's own weights."""
    rule: Literal["gradients", "mezo"] = "gradients"

    def learning_rate(self, width: int) -> float:
        """The default for a model of this width."""
        return self.rate * REFERENCE_WIDTH / width if self.falls_with_width else self.rate

    @abstractmethod
    def attach(self, base: Any, reach: Reach, tokens: Sequence[int]) -> nn.Module:
        """Put into `base` what learns; all else no longer requires gradients. `tokens` are those of the training data
        in order, for first values. Full fine-tuning adds nothing and keeps everything learning."""
        ...

    def base(self, model: Any) -> Any:
        """The causal model of transformers inside `model`."""
        return model

    def inputs(self, model: Any, batch: Batch) -> dict[str, Any]:
        """What the model's trunk is given for a batch of packed rows."""
        from octavo.model.foreign.packed import mask, positions

        dtype = self.base(model).get_input_embeddings().weight.dtype
        return {
            "input_ids": batch.tokens,
            "attention_mask": mask(batch.sequences, dtype),
            "position_ids": positions(batch.sequences),
        }

    @abstractmethod
    def save(self, model: Any, folder: Path) -> None:
        """Write what was learnt."""
        ...

    @abstractmethod
    def open(self, base: Any, folder: Path) -> nn.Module:
        """Put what `save` wrote into a base; the model then answers as it did after the training."""
        ...

    def merge(self, model: Any) -> Any:
        """The causal model alone, what was learnt being part of its weights. Only where `merges`."""
        raise AssertionError(f"{self.name} does not merge; who asks looks at `merges` first")


class PeftAdaptation(Adaptation):
    """A method of PEFT, in PEFT's file format: `adapter_config.json` and `adapter_model.safetensors`."""

    def attach(self, base: Any, reach: Reach, tokens: Sequence[int]) -> nn.Module:
        """Inject the method's modules, with first values that `reach.seed` decides."""
        import torch
        from peft import get_peft_model

        from octavo.model.foreign.load import offline

        with torch.random.fork_rng(devices=[]), offline():
            torch.manual_seed(reach.seed)
            # In float32 whatever the base has: these are the master weights.
            model = get_peft_model(base, self.peft(base, reach), autocast_adapter_dtype=True)
        return model.eval()

    @abstractmethod
    def peft(self, base: Any, reach: Reach) -> Any:
        """The method as PEFT describes it."""
        ...

    def base(self, model: Any) -> Any:
        """What PEFT wraps."""
        return model.get_base_model()

    def save(self, model: Any, folder: Path) -> None:
        """Write PEFT's two files, the names of matrices in order so that equal adapters are equal bytes."""
        from octavo.model.foreign.load import offline

        with offline():
            model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)
        path = folder / "adapter_config.json"
        row = json.loads(path.read_text(encoding="utf-8"))
        row = {name: sorted(value) if _of_names(value) else value for name, value in row.items()}
        # A path of this machine says nothing elsewhere; `training.json` names the base by its content.
        row["base_model_name_or_path"] = Path(row["base_model_name_or_path"] or "").name
        path.write_text(json.dumps(row, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def open(self, base: Any, folder: Path) -> nn.Module:
        """By PEFT, from its two files."""
        from peft import PeftModel

        from octavo.model.foreign.load import offline

        with offline():
            return PeftModel.from_pretrained(base, str(folder), local_files_only=True).eval()

    def merge(self, model: Any) -> Any:
        """By PEFT, in place."""
        merged = model.merge_and_unload()
        for parameter in merged.parameters():
            if parameter.is_floating_point():
                parameter.requires_grad_(False)
        return merged


def _of_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def matrices(base: Any, targets: Sequence[str] = ()) -> list[str]:
    """Names of the matrices of the blocks: every linear layer (or GPT-2's Conv1D) but the head and, in a mixture of
    experts, the router. With `targets` those whose names end so."""
    import torch
    from transformers.pytorch_utils import Conv1D

    head = base.get_output_embeddings()
    found = [
        name
        for name, module in base.named_modules()
        if isinstance(module, torch.nn.Linear | Conv1D) and module is not head and not name.endswith(("gate", "router"))
    ]
    chosen = [name for name in found if not targets or any(name == t or name.endswith("." + t) for t in targets)]
    if not chosen:
        ends = sorted({name.rsplit(".", 1)[-1] for name in found})
        raise OctavoError(
            "T075",
            f"The model has no matrix of the name {', '.join(targets)}"
            if targets
            else "The model has no matrix to adapt",
            likely=f"its matrices are called {', '.join(ends)}"
            if ends
            else "its layers are of a kind that is not known",
            do="name some of these" if ends else "use full fine-tuning: --method full",
            exit_code=WRONG_USE,
        )
    return chosen


def last_names(names: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """The shortest ends of module names that choose `names` and none of `others`, as PEFT wants them."""
    ends = {name.rsplit(".", 1)[-1] for name in names}
    if any(other.rsplit(".", 1)[-1] in ends for other in set(others) - set(names)):
        return sorted(names)
    return sorted(ends)


def keys_and_values(model: Any, base: Any, batch: int) -> Tensor:
    """PEFT's virtual prompt for a batch: embeddings (B, P, D), or keys and values of every layer."""
    return model.get_prompt(batch_size=batch)
