"""Checkpoint: a decoder as a Hugging Face folder (`Qwen3ForCausalLM`), written as the same bytes every time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from octavo.kinds import tokenizer as tokenizer_kind
from octavo.kinds.checkpoint import CONFIG, SUMMARY, TRAINING, WEIGHTS
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.model.tokenizer import Tokenizer
from octavo.spine.errors import OctavoError

ARCHITECTURE = "Qwen3ForCausalLM"
GENERATION = "generation_config.json"
TOKENIZER_FILES = (tokenizer_kind.TOKENIZER, tokenizer_kind.CONFIG)


def write_checkpoint(
    folder: Path, model: Decoder, tokenizer: Path, rows: Iterable[dict[str, Any]], summary: dict[str, Any]
) -> None:
    """Write all files of a checkpoint: weights in float32, configuration, the tokenizer's files, how it was trained."""
    for name, tensor in model.named_parameters():
        if not bool(torch.isfinite(tensor).all()):
            raise OctavoError(
                "T008",
                f"The trained weights are not numbers ({name})",
                likely="the learning rate is too high for this size",
                do="set a lower learning_rate and run again",
            )
    names = Tokenizer(tokenizer)
    assert names.size <= model.shape.vocabulary, "the model was made for this tokenizer"
    save_file(to_hugging_face(model), folder / WEIGHTS, metadata={"format": "pt"})
    _write_json(folder / CONFIG, config(model.shape, names))
    _write_json(folder / GENERATION, generation_config(names))
    for name in TOKENIZER_FILES:
        shutil.copyfile(tokenizer / name, folder / name)
    with (folder / TRAINING).open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")
    _write_json(folder / SUMMARY, summary)


def read_checkpoint(folder: Path) -> tuple[Decoder, Tokenizer]:
    """The model in float32 and its tokenizer; every way in which the files can disagree is refused."""
    names = Tokenizer(folder)
    shape = read_shape(folder)
    if names.size > shape.vocabulary:
        raise OctavoError(
            "T009",
            f"The tokenizer and the checkpoint disagree on the vocabulary ({names.size:,} and {shape.vocabulary:,})",
            where=str(folder),
            likely="the checkpoint was trained with another tokenizer",
            do="octavo run pretrain",
        )
    path = folder / WEIGHTS
    try:
        stored = load_file(path)
    except (OSError, SafetensorError) as error:
        raise OctavoError(
            "T010",
            "The weights cannot be read",
            where=str(path),
            likely=f"the file is missing, damaged or cut short: {error}",
            do="octavo clean --damaged, then octavo run",
        ) from error
    model = Decoder(shape)
    from_hugging_face(model, stored, where=str(path))
    return model, names


def read_shape(folder: Path) -> DecoderShape:
    """The sizes in `config.json`; refuses other architectures."""
    path = folder / CONFIG
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        if row["architectures"] != [ARCHITECTURE] or not row["tie_word_embeddings"]:
            raise OctavoError(
                "T011",
                f"This is a {row['architectures'][0]}; octavo's own decoder reads {ARCHITECTURE} with tied embeddings",
                where=str(path),
                do="use a checkpoint that octavo trained",
            )
        return DecoderShape(
            vocabulary=row["vocab_size"],
            width=row["hidden_size"],
            depth=row["num_hidden_layers"],
            heads=row["num_attention_heads"],
            key_heads=row["num_key_value_heads"],
            head_size=row["head_dim"],
            hidden=row["intermediate_size"],
            positions=row["max_position_embeddings"],
            rope_base=row["rope_theta"],
            eps=row["rms_norm_eps"],
        )
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise OctavoError(
            "T010",
            "The configuration of the model cannot be read",
            where=str(path),
            likely=f"the file is missing, damaged or of another format: {error!r}",
            do="octavo clean --damaged, then octavo run",
        ) from error


def config(shape: DecoderShape, tokenizer: Tokenizer) -> dict[str, Any]:
    """`config.json` as transformers, vLLM and the llama.cpp converter read it."""
    return {
        "architectures": [ARCHITECTURE],
        "model_type": "qwen3",
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
        "tie_word_embeddings": True,
        "use_cache": True,
        "use_sliding_window": False,
        "bos_token_id": tokenizer.end_of_text,
        "eos_token_id": tokenizer.end_of_turn,
        "pad_token_id": tokenizer.end_of_text,
        "torch_dtype": "float32",
    }


def generation_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """`generation_config.json`: greedy, and where to stop."""
    return {
        "bos_token_id": tokenizer.end_of_text,
        "eos_token_id": [tokenizer.end_of_turn, tokenizer.end_of_text],
        "pad_token_id": tokenizer.end_of_text,
        "do_sample": False,
    }


def to_hugging_face(model: Decoder) -> dict[str, Tensor]:
    """The weights under their names in transformers, joint matrices taken apart, in float32."""
    return {name: part.detach().float().contiguous() for name, part in _parts(model)}


def from_hugging_face(model: Decoder, stored: dict[str, Tensor], where: str) -> None:
    """Fill a decoder from such weights; refuses missing, misshapen and non-finite ones."""
    with torch.no_grad():
        for name, part in _parts(model):
            tensor = stored.get(name)
            problem = (
                "is missing"
                if tensor is None
                else f"has the shape {tuple(tensor.shape)} and not {tuple(part.shape)}"
                if tensor.shape != part.shape
                else "holds values that are not numbers"
                if not bool(torch.isfinite(tensor).all())
                else ""
            )
            if problem or tensor is None:
                raise OctavoError(
                    "T012",
                    f"The weights do not fit the model: {name} {problem}",
                    where=where,
                    likely="the file was damaged or belongs to another configuration",
                    do="octavo clean --damaged, then octavo run",
                )
            part.copy_(tensor)


def _parts(model: Decoder) -> Iterable[tuple[str, Tensor]]:
    """Every matrix and vector of transformers' Qwen3 as a view into the decoder's joint ones."""
    shape = model.shape
    queries, keys = shape.heads * shape.head_size, shape.key_heads * shape.head_size
    yield "model.embed_tokens.weight", model.embedding
    yield "model.norm.weight", model.norm
    for number, block in enumerate(model.blocks):
        prefix = f"model.layers.{number}."
        q, k, v = block.qkv.split([queries, keys, keys])
        gate, up = block.gate_up.chunk(2)
        yield prefix + "input_layernorm.weight", block.attention_norm
        yield prefix + "self_attn.q_proj.weight", q
        yield prefix + "self_attn.k_proj.weight", k
        yield prefix + "self_attn.v_proj.weight", v
        yield prefix + "self_attn.q_norm.weight", block.q_norm
        yield prefix + "self_attn.k_norm.weight", block.k_norm
        yield prefix + "self_attn.o_proj.weight", block.out
        yield prefix + "post_attention_layernorm.weight", block.mlp_norm
        yield prefix + "mlp.gate_proj.weight", gate
        yield prefix + "mlp.up_proj.weight", up
        yield prefix + "mlp.down_proj.weight", block.down


def _write_json(path: Path, row: dict[str, Any]) -> None:
    path.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
