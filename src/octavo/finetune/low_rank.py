"""Low rank: LoRA (Hu et al. 2021), rsLoRA (Kalajdzievski 2023), DoRA (Liu et al. 2024), and both QLoRAs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from octavo.finetune.adaptation import Adaptation, PeftAdaptation, Reach, last_names, matrices

EXPERTS = ("mlp.experts.gate_up_proj", "mlp.experts.down_proj")


@dataclass(frozen=True)
class LowRank(PeftAdaptation):
    """W + s·B·A with a small inner dimension: s = α/r, or α/√r when `rooted`, B = 0 at the start.

    With `decomposed` the direction of each column changes so and its length learns on its own (DoRA).
    """

    rooted: bool = False
    decomposed: bool = False

    def peft(self, base: Any, reach: Reach) -> Any:
        """On all matrices of the blocks (Dettmers et al. 2023 found that to matter more than the rank)."""
        from peft import LoraConfig

        return LoraConfig(
            task_type="CAUSAL_LM",
            r=reach.rank,
            lora_alpha=reach.alpha,
            lora_dropout=0.0,
            use_rslora=self.rooted,
            use_dora=self.decomposed,
            target_modules=last_names(matrices(base, reach.targets), matrices(base)),
            # GPT-2 keeps its matrices lying on their side.
            fan_in_fan_out=base.config.model_type == "gpt2",
        )


def low_rank_methods() -> tuple[Adaptation, ...]:
    """The family, by name."""
    return (
        LowRank("lora", "a low-rank change beside every matrix of the blocks", 2e-4),
        LowRank("rslora", "LoRA scaled by the root of the rank, so that high ranks learn too", 1e-4, rooted=True),
        LowRank("dora", "LoRA of the directions, and a length of its own for each column", 2e-4, decomposed=True),
        LowRank("qlora8", "LoRA over a base kept in 8 bits", 2e-4, bits=8),
        LowRank("qlora4", "LoRA over a base kept in 4 bits (NF4)", 2e-4, bits=4),
    )
