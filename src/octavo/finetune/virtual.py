"""Virtual: prefix tuning (Li & Liang 2021) and prompt tuning (Lester et al. 2021): tokens that were never words stand
before every sequence and are what learns.

In a packed row they stand once, before all sequences, each of which sees them and itself only: the same function as a
sequence alone, computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from octavo.finetune.adaptation import PeftAdaptation, Reach

if TYPE_CHECKING:
    from torch import nn

    from octavo.model.training.method import Batch


@dataclass(frozen=True)
class Prefix(PeftAdaptation):
    """Keys and values of every layer, first those that the base computes for the beginning of the training data: from
    random ones the method hardly gets anywhere (PEFT's own comparison: .186 against .416 accuracy)."""

    def peft(self, base: Any, reach: Reach) -> Any:
        """Sizes are given as the layers have them: PEFT's guess takes the head size for width/heads."""
        from peft import PrefixTuningConfig

        config = base.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return PrefixTuningConfig(
            task_type="CAUSAL_LM",
            num_virtual_tokens=reach.virtual,
            num_layers=config.num_hidden_layers,
            num_attention_heads=heads,
            token_dim=heads * size,
            prefix_projection=False,
        )

    def attach(self, base: Any, reach: Reach, tokens: Sequence[int]) -> nn.Module:
        """The prefix begins as real keys and values."""
        import torch

        ids = torch.tensor([spread(tokens, reach.virtual)], device=base.get_input_embeddings().weight.device)
        with torch.no_grad():
            layers = base(ids, attention_mask=torch.ones_like(ids), use_cache=True).past_key_values
            # (layers·2, heads, P, size) → (P, layers·2·heads·size), the order in which PEFT cuts its table up
            stacked = torch.stack([part[0] for layer in layers for part in layer[:2]]).float()
            table = stacked.permute(2, 0, 1, 3).reshape(reach.virtual, -1)
        model = super().attach(base, reach, tokens)
        model.prompt_encoder["default"].load_prompt_embeddings(table)
        return model

    def inputs(self, model: Any, batch: Batch) -> dict[str, Any]:
        """The rows behind keys and values that all of them share."""
        from octavo.model.foreign.packed import mask, positions

        prefix = model.get_prompt(batch_size=len(batch.tokens))
        virtual = prefix.get_seq_length()
        dtype = self.base(model).get_input_embeddings().weight.dtype
        return {
            "input_ids": batch.tokens,
            "attention_mask": mask(batch.sequences, dtype, virtual),
            "position_ids": positions(batch.sequences) + virtual,
            "past_key_values": prefix,
        }


@dataclass(frozen=True)
class Prompt(PeftAdaptation):
    """Embeddings before every sequence, first those of tokens of the training data: from random ones the method learns
    next to nothing (.057 against .343)."""

    def peft(self, base: Any, reach: Reach) -> Any:
        """PEFT draws from the vocabulary; `attach` then takes tokens that the data has."""
        from peft import PromptTuningConfig

        return PromptTuningConfig(
            task_type="CAUSAL_LM",
            num_virtual_tokens=reach.virtual,
            prompt_tuning_init="SAMPLE_VOCAB",
            num_layers=base.config.get_text_config().num_hidden_layers,
            token_dim=base.get_input_embeddings().embedding_dim,
            num_attention_heads=base.config.get_text_config().num_attention_heads,
        )

    def attach(self, base: Any, reach: Reach, tokens: Sequence[int]) -> nn.Module:
        """The prompt begins as real embeddings."""
        import torch

        model = super().attach(base, reach, tokens)
        table = base.get_input_embeddings().weight
        ids = torch.tensor(spread(tokens, reach.virtual), device=table.device)
        with torch.no_grad():
            model.prompt_encoder["default"].embedding.weight.copy_(table[ids])
        return model

    def inputs(self, model: Any, batch: Batch) -> dict[str, Any]:
        """The prompt, which reads itself, then the rows, which read it."""
        import torch

        from octavo.model.foreign.packed import mask, positions

        embedded = self.base(model).get_input_embeddings()(batch.tokens)
        prompt = model.get_prompt(batch_size=len(batch.tokens)).to(embedded.dtype)
        virtual = prompt.shape[1]
        rows = mask(batch.sequences, embedded.dtype, virtual)
        head = rows.new_full((len(rows), 1, virtual, rows.shape[-1]), torch.finfo(rows.dtype).min).triu_(1)
        first = torch.arange(virtual, device=rows.device).expand(len(rows), -1)
        return {
            "inputs_embeds": torch.cat([prompt, embedded], 1),
            "attention_mask": torch.cat([head, rows], 2),
            "position_ids": torch.cat([first, positions(batch.sequences) + virtual], 1),
        }


def spread(tokens: Sequence[int], count: int) -> list[int]:
    """The first `count` tokens of the data, again from the beginning when it has fewer."""
    return [int(tokens[i % len(tokens)]) for i in range(count)]
