"""Bottleneck: adapters of Houlsby et al. (2019): a narrow two-layer network behind each attention and each MLP.

PEFT has none of this kind, so the file format is this project's: `bottleneck.json` and `bottleneck.safetensors`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.finetune.adaptation import Adaptation, Reach
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    from torch import nn

SHAPE = "bottleneck.json"
WEIGHTS = "bottleneck.safetensors"
KINDS = ("attention", "attn", "mlp", "block", "feedforward", "ffn")
"""How the classes of what stands in a block end, in small letters; a mixture of experts is a sparse block."""
HOME = "octavo_bottlenecks"
"""Attribute of the base that holds the added layers."""


@dataclass(frozen=True)
class Bottleneck(Adaptation):
    """h + up(gelu(down(h))) on what attention and MLP give; up is 0 at the start, so that nothing changes at first."""

    merges: bool = False

    def attach(self, base: Any, reach: Reach, tokens: Sequence[int]) -> nn.Module:
        """Freeze the base and hang the adapters behind its layers' parts."""
        import torch

        for parameter in base.parameters():
            parameter.requires_grad_(False)
        width = base.config.get_text_config().hidden_size
        device = base.get_input_embeddings().weight.device
        generator = torch.Generator().manual_seed(reach.seed)
        home = torch.nn.ModuleDict()
        for name, part in parts(base):
            down = torch.nn.Linear(width, reach.rank)
            up = torch.nn.Linear(reach.rank, width)
            with torch.no_grad():
                down.weight.copy_(torch.randn(down.weight.shape, generator=generator) * width**-0.5)
                for zero in (down.bias, up.weight, up.bias):
                    zero.zero_()
            home[name] = torch.nn.Sequential(down, torch.nn.GELU(), up).to(device)
            part.register_forward_hook(_behind(home[name]))
        setattr(base, HOME, home)
        return base

    def save(self, model: Any, folder: Path) -> None:
        """Write the adapters, and what they were made for."""
        from safetensors.torch import save_file

        home = getattr(model, HOME)
        tensors = {name: tensor.detach().float().contiguous() for name, tensor in home.state_dict().items()}
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
        rank = next(iter(home.values()))[0].out_features
        row = {"rank": rank, "parts": list(home), "width": model.config.get_text_config().hidden_size}
        (folder / SHAPE).write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")

    def open(self, base: Any, folder: Path) -> nn.Module:
        """From the two files; a base that they were not made for is refused (T063)."""
        from safetensors.torch import load_file

        row = json.loads((folder / SHAPE).read_text(encoding="utf-8"))
        model = self.attach(base, Reach(rank=row["rank"]), ())
        try:
            getattr(model, HOME).load_state_dict(load_file(folder / WEIGHTS))
        except RuntimeError as error:
            raise OctavoError(
                "T063",
                "The adapters do not fit the model",
                where=str(folder),
                likely="they were trained for another base",
                do="give the base that training.json names",
            ) from error
        return model.eval()


def parts(base: Any) -> list[tuple[str, Any]]:
    """(name, module) of each attention and each MLP of the blocks, in order; names without dots."""
    import torch

    depth = base.config.get_text_config().num_hidden_layers
    found = []
    for path, blocks in base.named_modules():
        if isinstance(blocks, torch.nn.ModuleList) and len(blocks) == depth:
            for number, block in enumerate(blocks):
                for name, part in block.named_children():
                    if type(part).__name__.lower().endswith(KINDS):
                        found.append((f"{path}.{number}.{name}".replace(".", "-"), part))
    if not found:
        raise OctavoError(
            "T075",
            "The model has no attention or MLP that an adapter could stand behind",
            likely="its blocks are of a kind that is not known",
            do="use another method, such as lora",
        )
    return found


def _behind(adapter: Any) -> Any:
    def hook(module: Any, given: Any, answer: Any) -> Any:
        if isinstance(answer, tuple):
            return (answer[0] + adapter(answer[0]), *answer[1:])
        return answer + adapter(answer)

    return hook
