"""Scaling: (IA)³ (Liu et al. 2022): learned factors on keys, values and the inner activations of the MLP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from octavo.finetune.adaptation import PeftAdaptation, Reach, last_names, matrices
from octavo.spine.errors import OctavoError

KEYS_AND_VALUES = re.compile(r"(^|\.)(k_proj|v_proj|key|value|c_attn|query_key_value|qkv_proj|qkv|Wqkv)$")
MLP_OUT = re.compile(r"(^|\.)(down_proj|fc_out|fc2|dense_4h_to_h|w2|mlp\.c_proj|wo)$")


@dataclass(frozen=True)
class Scaling(PeftAdaptation):
    """A factor for each output of the key and value matrices and for each input of the MLP's last one; all are 1 at
    the start."""

    def peft(self, base: Any, reach: Reach) -> Any:
        """Keys, values and the MLP's way out are found by their names; where the experts of a mixture are one tensor,
        only keys and values are scaled."""
        from peft import IA3Config

        every = matrices(base)
        found = matrices(base, reach.targets) if reach.targets else every
        inner = [name for name in found if MLP_OUT.search(name)]
        chosen = [name for name in found if KEYS_AND_VALUES.search(name)] + inner
        if not chosen:
            raise OctavoError(
                "T075",
                "The model has no matrix whose name says keys, values or the way out of an MLP",
                likely=f"its matrices are called {', '.join(last_names(every))}",
                do="use another method, such as lora",
            )
        return IA3Config(
            task_type="CAUSAL_LM",
            target_modules=last_names(chosen, every),
            feedforward_modules=last_names(inner, every) if inner else [],
            fan_in_fan_out=base.config.model_type == "gpt2",
        )
