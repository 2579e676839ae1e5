"""Publish: a model as a Hugging Face folder or a GGUF file, which appears only once it computes what the model does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from octavo.kinds import tokenizer as tokenizer_kind
from octavo.kinds.checkpoint import CONFIG, WEIGHTS
from octavo.model.architecture import MODEL_TYPES
from octavo.model.checkpoint import json_text, read_model, to_hugging_face
from octavo.model.export.weights import DTYPES
from octavo.model.network.decoder import Decoder
from octavo.model.parity import PARITY, STEPS, Parity, compare, demand_parity, random_prompts, write_parity
from octavo.model.stored import stored_dtype
from octavo.spine.errors import WRONG_USE, OctavoError

GGUF = ".gguf"
COMPANIONS = (
    "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "*.jinja",
    "generation_config.json", "training.json", "training.jsonl", "LICENSE*", "README*",
)  # fmt: skip
"""Files that go along into a Hugging Face folder. What a model has seen (`seen.jsonl`) names documents and stays."""


@dataclass(frozen=True)
class Exported:
    """What was published, the comparisons it passed by their names, and what could not be checked."""

    path: Path
    form: str
    dtype: str
    comparisons: dict[str, Parity]
    facts: dict[str, Any] = field(default_factory=dict)


def publish(source: Path, out: Path, *, form: str = "hf", dtype: str = "", merged: Parity | None = None) -> Exported:
    """Write the model in the folder `source` to `out`, which is a new folder, or for GGUF may be a new file `….gguf`.

    `dtype` is one of `DTYPES`; empty means the numbers that the weights are stored in. `merged` is the comparison
    that the source itself came out of. Raises T041 when what was written computes something else, T048 and T049 for
    what GGUF has no form for, T054 when `out` exists, T056 for a format and a dtype that do not go together.
    """
    _check(out, form, dtype)
    stored = stored_dtype(source)
    dtype = dtype or stored
    # Numbers that hold the stored ones exactly must give the same logits; others within what they round.
    precision = "float32" if dtype in ("f32", stored) else DTYPES[dtype]
    aside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        own = architecture_of(source) in MODEL_TYPES
        if form == "gguf":
            comparisons, facts = _gguf(source, aside, dtype, precision)
        elif own:
            comparisons, facts = _folder(source, aside, dtype, precision)
        else:
            comparisons, facts = _foreign(source, aside, dtype, precision)
        comparisons |= {"merged": merged} if merged else {}
        for name, parity in comparisons.items():
            demand_parity(parity, f"The exported model ({name})", str(out))
        facts = {"format": form, "dtype": dtype, "stored_dtype": stored, **facts}
        write_parity(aside, comparisons, **facts)
        if out.suffix == GGUF:
            (aside / PARITY).replace(out.with_name(f"{out.stem}.{PARITY}"))
            next(aside.glob(f"*{GGUF}")).replace(out)
        else:
            aside.replace(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Exported(out, form, dtype, comparisons, facts)


def _check(out: Path, form: str, dtype: str) -> None:
    record = out.with_name(f"{out.stem}.{PARITY}")
    if out.exists() or (out.suffix == GGUF and record.exists()):
        raise OctavoError(
            "T054",
            "There is something at the place of the output",
            where=str(out if out.exists() else record),
            do="name another one with -o",
            exit_code=WRONG_USE,
        )  # fmt: skip
    if form == "hf" and (dtype == "q8_0" or out.suffix == GGUF):
        raise OctavoError(
            "T056",
            f"A Hugging Face folder is no {GGUF} file"
            if out.suffix == GGUF
            else "q8_0 is a number format of GGUF only",
            do="add --format gguf" if out.suffix == GGUF else "use f32, f16 or bf16, or --format gguf",
            exit_code=WRONG_USE,
        )


def architecture_of(source: Path) -> str:
    """What `config.json` calls the model's class; T010 when it can't be read."""
    path = source / CONFIG
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["architectures"][0])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise OctavoError(
            "T010",
            "The configuration of the model cannot be read",
            where=str(path),
            likely=f"the file is missing, damaged or of another format: {error!r}",
            do="give the folder of a checkpoint",
        ) from error


def _gguf(source: Path, aside: Path, dtype: str, precision: str) -> tuple[dict[str, Parity], dict[str, Any]]:
    import gguf

    from octavo.model.export.vocabulary import add_vocabulary, check_encodings, read_vocabulary
    from octavo.model.export.weights import add_sizes, add_tensors, gguf_architecture, read_decoder

    name = architecture_of(source)
    if name not in MODEL_TYPES:
        raise OctavoError(
            "T048",
            f"A {name} is not written as GGUF",
            where=str(source),
            likely=f"only {', '.join(MODEL_TYPES)} are",
            do="export it as a Hugging Face folder and convert that with llama.cpp: --format hf",
        )
    model = _read(source)
    vocabulary = read_vocabulary(source, model.shape.vocabulary)
    path = aside / f"model-{dtype}{GGUF}"
    writer = gguf.GGUFWriter(path, gguf_architecture(model.shape))
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name("model")
    add_sizes(writer, model.shape, dtype)
    add_vocabulary(writer, vocabulary)
    kept = add_tensors(writer, model, dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    again, fields = read_decoder(path)
    prompts, experts = prompts_for(model, source), model.shape.experts > 0
    comparisons = {"gguf": compare(_own(model), _own(again), prompts, precision=precision, experts=experts)}
    notes = ["llama.cpp itself was not run on this file: it was read back with the gguf library"]
    facts = {
        "architecture": gguf_architecture(model.shape),
        "words": vocabulary.words,
        "encodings_compared": check_encodings(source, fields),
        "kept_in_float16": kept,
        "not_checked": notes + ([vocabulary.note] if vocabulary.note else []),
    }
    return comparisons, facts


def _folder(source: Path, aside: Path, dtype: str, precision: str) -> tuple[dict[str, Parity], dict[str, Any]]:
    from safetensors.torch import save_file

    model = _read(source)
    save_file(to_hugging_face(model, DTYPES[dtype]), aside / WEIGHTS, metadata={"format": "pt"})
    row = json.loads((source / CONFIG).read_text(encoding="utf-8"))
    row["dtype" if "dtype" in row else "torch_dtype"] = DTYPES[dtype]
    (aside / CONFIG).write_text(json_text(row), encoding="utf-8")
    _companions(source, aside)
    prompts = prompts_for(model, source)
    experts, again = model.shape.experts > 0, read_model(aside)
    found = compare(_own(model), _own(again), prompts, precision=precision, experts=experts)
    comparisons = {"read again": found}
    missing = []
    if find_spec("transformers"):
        from octavo.model.foreign.load import open_model

        # Against what was written, not against the model: both read the same numbers.
        comparisons["transformers"] = compare(_own(again), _foreign_logits(open_model(aside)), prompts)
    else:
        missing.append("transformers is not installed: the folder was read with octavo's own decoder only")
    return comparisons, {"architecture": architecture_of(source), "not_checked": missing}


def _foreign(source: Path, aside: Path, dtype: str, precision: str) -> tuple[dict[str, Parity], dict[str, Any]]:
    import torch

    from octavo.model.foreign.load import offline, open_model

    model = open_model(source)
    rounded = open_model(source, getattr(torch, DTYPES[dtype]))
    with offline():
        rounded.save_pretrained(str(aside), safe_serialization=True)
    del rounded
    _companions(source, aside)
    vocabulary = int(model.get_input_embeddings().num_embeddings)
    prompts = random_prompts(vocabulary, length=8)
    found = compare(_foreign_logits(model), _foreign_logits(open_model(aside)), prompts, precision=precision)
    return {"transformers": found}, {"architecture": architecture_of(source), "not_checked": []}


def _read(source: Path) -> Decoder:
    """The model; a tokenizer with more tokens than it has rows is refused."""
    model = read_model(source)
    path = source / tokenizer_kind.TOKENIZER
    if path.is_file():
        from tokenizers import Tokenizer

        highest = max(Tokenizer.from_file(str(path)).get_vocab().values(), default=-1)
        if highest >= model.shape.vocabulary:
            raise OctavoError(
                "T009",
                f"The tokenizer and the checkpoint disagree on the vocabulary "
                f"({highest + 1:,} and {model.shape.vocabulary:,})",
                where=str(source),
                likely="the tokenizer belongs to another model",
                do="put the model's own tokenizer beside it",
            )
    return model


def _companions(source: Path, aside: Path) -> None:
    for pattern in COMPANIONS:
        for path in sorted(source.glob(pattern)):
            if path.is_file() and not (aside / path.name).exists():
                shutil.copyfile(path, aside / path.name)


def prompts_for(model: Decoder, source: Path) -> list[list[int]]:
    """Random tokens, and words where there is a tokenizer; short enough that the greedy tokens still fit."""
    room = max(1, model.shape.positions - STEPS)
    prompts = random_prompts(model.shape.vocabulary, length=min(24, room))
    path = source / tokenizer_kind.TOKENIZER
    if path.is_file():
        from tokenizers import Tokenizer

        text = "The quick brown fox jumps over the lazy dog. What does return mean?"
        prompts.append(Tokenizer.from_file(str(path)).encode(text, add_special_tokens=False).ids[:room] or [0])
    return prompts


def _own(model: Decoder) -> Callable[[Any], Any]:
    return model.logits


def _foreign_logits(model: Any) -> Callable[[Any], Any]:
    return lambda ids: model(ids, use_cache=False).logits
