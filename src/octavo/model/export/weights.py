"""Weights: a decoder's sizes and tensors as GGUF has them (version 3, as llama.cpp reads), written and read back.

Only the `gguf` library is used; names, orders and number formats follow the converter and the loader of llama.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from octavo.model.network.decoder import Block, Decoder
from octavo.model.network.shape import DecoderShape
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    import gguf

DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16", "q8_0": "q8_0"}
"""Number formats by their names on the command line, and by those of their tolerance."""

QUANTISED_ROW = 32
"""A row of q8_0 is made of blocks of so many numbers, each with a scale."""


def gguf_architecture(shape: DecoderShape) -> str:
    """The name that llama.cpp knows the architecture by."""
    return "qwen3moe" if shape.experts else "qwen3" if shape.qk_norm else "llama"


def add_sizes(writer: gguf.GGUFWriter, shape: DecoderShape, dtype: str) -> None:
    """The fields that describe the network."""
    import gguf

    if not shape.shares_sum_to_one:
        raise OctavoError(
            "T048",
            "GGUF has no way to say that the experts' shares do not sum to one",
            likely="norm_topk_prob is false in the model's configuration; llama.cpp always scales them",
            do="export it as a Hugging Face folder: --format hf",
        )
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.positions)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.depth)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.eps)
    if shape.experts:
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(shape.active)
        writer.add_expert_feed_forward_length(shape.hidden)
    kinds = {"f32": "ALL_F32", "f16": "MOSTLY_F16", "bf16": "MOSTLY_BF16", "q8_0": "MOSTLY_Q8_0"}
    writer.add_file_type(gguf.LlamaFileType[kinds[dtype]])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def read_sizes(fields: dict[str, Any], where: str) -> DecoderShape:
    """The network that some fields describe. Raises T048 for an architecture that the decoder does not compute."""
    arch = fields.get("general.architecture")
    if arch not in ("qwen3", "qwen3moe", "llama"):
        raise OctavoError("T048", f'The architecture "{arch}" is not read back', where=where, do="use qwen3 or llama")
    sparse = arch == "qwen3moe"

    def field(name: str) -> Any:
        return fields[f"{arch}.{name}"]

    return DecoderShape(
        vocabulary=len(fields["tokenizer.ggml.tokens"]),
        width=field("embedding_length"),
        depth=field("block_count"),
        heads=field("attention.head_count"),
        key_heads=field("attention.head_count_kv"),
        head_size=field("attention.key_length"),
        hidden=field("expert_feed_forward_length" if sparse else "feed_forward_length"),
        positions=field("context_length"),
        rope_base=field("rope.freq_base"),
        eps=field("attention.layer_norm_rms_epsilon"),
        qk_norm=arch != "llama",
        experts=field("expert_count") if sparse else 0,
        active=field("expert_used_count") if sparse else 0,
    )


def add_tensors(writer: gguf.GGUFWriter, model: Decoder, dtype: str) -> list[str]:
    """Every tensor: matrices in `dtype`, vectors and routers in float32 as llama.cpp wants them. Returns the names of
    matrices whose rows can't be cut into blocks and that stay in float16 instead."""
    import gguf

    wanted = gguf.GGMLQuantizationType[dtype.upper()]
    kept = []
    for name, part, heads in _parts(model):
        tensor = _interleaved(part, heads) if heads else part
        numbers = tensor.detach().float().cpu().contiguous().numpy()
        kind = gguf.GGMLQuantizationType.F32 if part.ndim == 1 or "gate_inp" in name else wanted
        if kind == gguf.GGMLQuantizationType.Q8_0 and numbers.shape[-1] % QUANTISED_ROW:
            kind = gguf.GGMLQuantizationType.F16
            kept.append(name)
        writer.add_tensor(name, gguf.quants.quantize(numbers, kind), raw_dtype=kind)
    return kept


def read_decoder(path: Path) -> tuple[Decoder, dict[str, Any]]:
    """The decoder in a GGUF file with its weights widened to float32, and all fields of the file.

    Raises T048 for a file that can't be read, and for tensors that are missing, misshapen or too many.
    """
    import gguf

    try:
        reader = gguf.GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        tensors = {tensor.name: tensor for tensor in reader.tensors}
        shape = read_sizes(fields, str(path))
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise _unreadable(path, repr(error)) from error
    if "output.weight" in tensors:
        from dataclasses import replace

        shape = replace(shape, tied=False)
    model = Decoder(shape)
    with torch.no_grad():
        for name, part, heads in _parts(model):
            found = tensors.pop(name, None)
            if found is None:
                raise _unreadable(path, f"{name} is missing")
            tensor = torch.from_numpy(gguf.quants.dequantize(found.data, found.tensor_type).copy())
            if tensor.numel() != part.numel() or list(found.shape) != list(reversed(part.shape)):
                raise _unreadable(path, f"{name} has the shape {list(found.shape)}")
            tensor = tensor.view(part.shape)
            part.copy_(_half_split(tensor, heads) if heads else tensor)
    if tensors:
        raise _unreadable(path, f"{next(iter(tensors))} has no place in the model")
    return model, fields


def _unreadable(path: Path, why: str) -> OctavoError:
    return OctavoError(
        "T048", "The GGUF file cannot be read back", where=str(path), likely=why, do="export the model again"
    )


def _parts(model: Decoder) -> Iterator[tuple[str, Tensor, int]]:
    """Name, view into the decoder, and for rows that llama.cpp rotates in pairs the number of their heads."""
    yield "token_embd.weight", model.embedding, 0
    yield "output_norm.weight", model.norm, 0
    if not model.shape.tied:
        yield "output.weight", model.head, 0
    for number, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        for name, part, heads in _parts_of_block(block):
            yield f"blk.{number}.{name}.weight", part, heads


def _parts_of_block(block: Block) -> Iterator[tuple[str, Tensor, int]]:
    shape = block.shape
    queries, keys = shape.heads * shape.head_size, shape.key_heads * shape.head_size
    q, k, v = block.qkv.split([queries, keys, keys])
    yield "attn_norm", block.attention_norm, 0
    yield "attn_q", q, 0 if shape.qk_norm else shape.heads
    yield "attn_k", k, 0 if shape.qk_norm else shape.key_heads
    yield "attn_v", v, 0
    if shape.qk_norm:
        yield "attn_q_norm", block.q_norm, 0
        yield "attn_k_norm", block.k_norm, 0
    yield "attn_output", block.out, 0
    yield "ffn_norm", block.mlp_norm, 0
    if shape.experts:
        gate, up = block.experts.gate_up.chunk(2, 1)
        yield "ffn_gate_inp", block.experts.router, 0
        yield "ffn_gate_exps", gate, 0
        yield "ffn_up_exps", up, 0
        yield "ffn_down_exps", block.experts.down, 0
    else:
        gate, up = block.gate_up.chunk(2)
        yield "ffn_gate", gate, 0
        yield "ffn_up", up, 0
        yield "ffn_down", block.down, 0


def _interleaved(rows: Tensor, heads: int) -> Tensor:
    """Rows of each head from the order of halves (Hugging Face) to the order of pairs, in which llama.cpp rotates the
    queries and keys of the llama architecture."""
    return rows.view(heads, 2, -1, rows.shape[1]).transpose(1, 2).reshape(rows.shape)


def _half_split(rows: Tensor, heads: int) -> Tensor:
    """The way back."""
    return rows.view(heads, -1, 2, rows.shape[1]).transpose(1, 2).reshape(rows.shape)
