"""Architecture: which transformers classes the own decoder is, and how `config.json` and tensor names say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from octavo.model.network.decoder import Block, Decoder
from octavo.model.network.shape import DecoderShape
from octavo.spine.errors import OctavoError

QWEN3, QWEN3_MOE, LLAMA = "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "LlamaForCausalLM"
MODEL_TYPES = {QWEN3: "qwen3", QWEN3_MOE: "qwen3_moe", LLAMA: "llama"}

IGNORED = ("rotary_emb.inv_freq",)
"""Ends of the names of tensors that old checkpoints hold although they can be computed."""

ORDINARY: dict[str, tuple[Any, ...]] = {
    "hidden_act": ("silu",),
    "attention_bias": (False,),
    "mlp_bias": (False,),
    "use_sliding_window": (False,),
    "decoder_sparse_step": (1,),
    "mlp_only_layers": ([], None),
    "quantization_config": (None,),
}
"""Fields of a configuration with the values that the decoder computes; a missing field has the first."""


def architecture(shape: DecoderShape) -> str:
    """The class in transformers that computes the same."""
    if shape.experts:
        assert shape.qk_norm, "no class has experts without QK-norm and with this router"
        return QWEN3_MOE
    return QWEN3 if shape.qk_norm else LLAMA


def shape_of(row: dict[str, Any], where: str) -> DecoderShape:
    """The sizes in a `config.json`. Raises T011 for another architecture or variant, and the errors of looking up and
    converting for what is missing or no number."""
    (name,) = row["architectures"]
    if name not in MODEL_TYPES:
        raise OctavoError(
            "T011",
            f"This is a {name}; octavo's own decoder reads {', '.join(MODEL_TYPES)}",
            where=where,
            do="use a checkpoint of one of these, or one that octavo trained",
        )
    rope = row.get("rope_parameters") or row.get("rope_scaling") or {}
    unusual = [
        f"{field} = {row[field]}" for field, values in ORDINARY.items() if row.get(field, values[0]) not in values
    ]
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        unusual.append(f"rope_type = {rope.get('rope_type', rope.get('type'))}")
    if unusual:
        raise OctavoError(
            "T011",
            f"This {name} has what octavo's own decoder does not compute: {', '.join(unusual)}",
            where=where,
            do="use a checkpoint without it",
        )
    sparse = name == QWEN3_MOE
    heads = int(row["num_attention_heads"])
    shape = DecoderShape(
        vocabulary=int(row["vocab_size"]),
        width=int(row["hidden_size"]),
        depth=int(row["num_hidden_layers"]),
        heads=heads,
        key_heads=int(row.get("num_key_value_heads") or heads),
        head_size=int(row.get("head_dim") or row["hidden_size"] // heads),
        hidden=int(row["moe_intermediate_size" if sparse else "intermediate_size"]),
        positions=int(row["max_position_embeddings"]),
        rope_base=float(row.get("rope_theta") or rope.get("rope_theta") or 10_000.0),
        eps=float(row["rms_norm_eps"]),
        qk_norm=name != LLAMA,
        tied=bool(row.get("tie_word_embeddings", False)),
        experts=int(row["num_experts"] if "num_experts" in row else row["num_local_experts"]) if sparse else 0,
        active=int(row["num_experts_per_tok"]) if sparse else 0,
        shares_sum_to_one=bool(row.get("norm_topk_prob", False)) if sparse else True,
        balance=float(row.get("router_aux_loss_coef", 0.001)) if sparse else 0.001,
    )
    sizes = (shape.vocabulary, shape.width, shape.depth, shape.heads, shape.key_heads, shape.head_size, shape.hidden)
    if min(*sizes, shape.positions) < 1 or shape.heads % shape.key_heads or shape.head_size % 2:
        raise ValueError("a size is below 1, or the heads can't be grouped")
    if shape.active > shape.experts or (sparse and shape.active < 1):
        raise ValueError(f"{shape.active} of {shape.experts} experts active")
    return shape


def config_of(shape: DecoderShape, *, begin: int, end: int, padding: int, dtype: str = "float32") -> dict[str, Any]:
    """`config.json` as transformers, vLLM and the llama.cpp converter read it, with the ids of the special tokens."""
    name = architecture(shape)
    row = {
        "architectures": [name],
        "model_type": MODEL_TYPES[name],
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "num_hidden_layers": shape.depth,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_heads,
        "head_dim": shape.head_size,
        "intermediate_size": shape.hidden,
        "max_position_embeddings": shape.positions,
        "rope_theta": shape.rope_base,
        "rms_norm_eps": shape.eps,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "tie_word_embeddings": shape.tied,
        "use_cache": True,
        "use_sliding_window": False,
        "bos_token_id": begin,
        "eos_token_id": end,
        "pad_token_id": padding,
        "torch_dtype": dtype,
    }
    if name == LLAMA:
        del row["use_sliding_window"]
        row["mlp_bias"] = False
    if name == QWEN3_MOE:
        row |= {
            "num_experts": shape.experts,
            "num_experts_per_tok": shape.active,
            "moe_intermediate_size": shape.hidden,
            "norm_topk_prob": shape.shares_sum_to_one,
            "router_aux_loss_coef": shape.balance,
            "output_router_logits": False,
            "decoder_sparse_step": 1,
            "mlp_only_layers": [],
        }
    return row


def parts(model: Decoder) -> Iterator[tuple[str, Tensor]]:
    """Every matrix and vector under its name in transformers, as a view into the decoder's joint ones."""
    yield "model.embed_tokens.weight", model.embedding
    yield "model.norm.weight", model.norm
    if not model.shape.tied:
        yield "lm_head.weight", model.head
    for number, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        for name, part in _parts_of_block(block):
            yield f"model.layers.{number}.{name}", part


def _parts_of_block(block: Block) -> Iterator[tuple[str, Tensor]]:
    shape = block.shape
    queries, keys = shape.heads * shape.head_size, shape.key_heads * shape.head_size
    q, k, v = block.qkv.split([queries, keys, keys])
    yield "input_layernorm.weight", block.attention_norm
    yield "self_attn.q_proj.weight", q
    yield "self_attn.k_proj.weight", k
    yield "self_attn.v_proj.weight", v
    if shape.qk_norm:
        yield "self_attn.q_norm.weight", block.q_norm
        yield "self_attn.k_norm.weight", block.k_norm
    yield "self_attn.o_proj.weight", block.out
    yield "post_attention_layernorm.weight", block.mlp_norm
    if not shape.experts:
        yield from _mlp("mlp", block.gate_up, block.down)
        return
    yield "mlp.gate.weight", block.experts.router
    for number in range(shape.experts):
        yield from _mlp(f"mlp.experts.{number}", block.experts.gate_up[number], block.experts.down[number])


def _mlp(prefix: str, gate_up: Tensor, down: Tensor) -> Iterator[tuple[str, Tensor]]:
    gate, up = gate_up.chunk(2)
    yield f"{prefix}.gate_proj.weight", gate
    yield f"{prefix}.up_proj.weight", up
    yield f"{prefix}.down_proj.weight", down
