"""Load: any local causal language model of the Hugging Face families, its tokenizer, and what of it can't be trusted.

Nothing is downloaded and no code out of a checkpoint is run.
"""

from __future__ import annotations

import logging as std_logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from octavo.model.foreign.folder import check_folder, weight_files
from octavo.spine.errors import OctavoError

Bits = Literal[0, 4, 8]


@contextmanager
def offline() -> Iterator[None]:
    """Keep transformers and PEFT from the network and from talking in between."""
    from transformers.utils import logging

    # PEFT imports it, and it tells of kernels that it looked for in vain and of each product in 8 bits.
    std_logging.getLogger("bitsandbytes").setLevel(std_logging.ERROR)
    level = logging.get_verbosity()
    before = {name: os.environ.get(name) for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")}
    os.environ.update(dict.fromkeys(before, "1"))
    logging.set_verbosity_error()
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def open_model(folder: Path, dtype: torch.dtype = torch.float32, *, bits: Bits = 0) -> Any:
    """The causal model in `folder`, ready to be read or trained (no dropout), its numbers in `dtype`.

    With `bits` the matrices of the blocks are kept in 8 bits (LLM.int8, Dettmers et al. 2022) or 4 (NF4 with double
    quantisation, Dettmers et al. 2023). Refused: what `check_folder` refuses, weights that are no numbers (T064), are
    missing or misshapen (T063), and architectures that are no causal language models (T067).
    """
    check_folder(folder)
    check_finite(folder)
    from transformers import AutoModelForCausalLM

    extra: dict[str, Any] = {"quantization_config": _quantised(bits, dtype)} if bits else {}
    with offline():
        try:
            model, told = AutoModelForCausalLM.from_pretrained(
                str(folder),
                dtype=dtype,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                **extra,
            )
        except (ValueError, KeyError, AttributeError) as error:
            raise OctavoError(
                "T067",
                "The model can't be opened as a causal language model",
                where=str(folder),
                likely=str(error).strip().splitlines()[0],
                do="use a checkpoint of GPT-2, GPT-Neo, GPT-J, GPT-NeoX, Llama, Qwen, Mistral, Mixtral or their like",
            ) from error
        except (RuntimeError, OSError) as error:
            raise _unfit(folder, str(error).strip().splitlines()[0]) from error
    missing = sorted(told.get("missing_keys", ()))
    if missing:
        raise _unfit(folder, f"{len(missing)} weights are missing, {missing[0]} first")
    model.config.use_cache = False
    if bits == 4:
        _keep_layout(model)
    return model.eval()


def _keep_layout(model: nn.Module) -> None:
    """On a CPU the library repacks the weights at the first forward pass without gradients, with coarser scales: the
    answers of a model would depend on what was asked before, and narrow matrices fail."""
    from bitsandbytes.nn import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _quantised(bits: Bits, dtype: torch.dtype) -> Any:
    from transformers import BitsAndBytesConfig

    if bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _unfit(folder: Path, why: str) -> OctavoError:
    return OctavoError(
        "T063",
        "The weights of the model are not whole",
        where=str(folder),
        likely=why,
        do="get the checkpoint again",
    )


def check_finite(folder: Path) -> None:
    """Refuse (T064) weights that are no numbers, reading one tensor at a time."""
    from safetensors import safe_open

    for path in weight_files(folder):
        with safe_open(path, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118  (no mapping)
                tensor = tensors.get_tensor(name)
                if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                    raise OctavoError(
                        "T064",
                        f"The weights of the model are not numbers ({name})",
                        where=str(path),
                        likely="the training that made it came apart, or the file is damaged",
                        do="use an earlier checkpoint",
                    )


def open_tokenizer(folder: Path) -> Any:
    """The tokenizer beside the model, as transformers reads it."""
    from transformers import AutoTokenizer

    with offline():
        try:
            return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise OctavoError(
                "T066",
                "The folder has no tokenizer that can be read",
                where=str(folder),
                likely=str(error).strip().splitlines()[0],
                do="put tokenizer.json and tokenizer_config.json of the model beside its weights",
            ) from error


def check_vocabulary(model: nn.Module, tokenizer: Any, folder: Path) -> None:
    """Refuse (T065) a tokenizer whose tokens the model has no rows for."""
    rows = model.get_input_embeddings().num_embeddings
    highest = max(tokenizer.get_vocab().values(), default=-1)
    if highest >= rows:
        raise OctavoError(
            "T065",
            f"The tokenizer has tokens up to {highest:,} and the model only {rows:,} rows",
            where=str(folder),
            likely="the tokenizer belongs to another model, or tokens were added without resizing the embedding",
            do="put the model's own tokenizer beside it",
        )


def stop_tokens(model: nn.Module, tokenizer: Any) -> tuple[int, ...]:
    """The ids at which generation stops, by the generation configuration, else the model's, else the tokenizer's."""
    for said in (
        getattr(getattr(model, "generation_config", None), "eos_token_id", None),
        getattr(model.config, "eos_token_id", None),
        tokenizer.eos_token_id,
    ):
        if said is not None:
            rows = model.get_input_embeddings().num_embeddings
            return tuple(sorted(i for i in (said if isinstance(said, list) else [said]) if i < rows))
    return ()


def context(model: nn.Module) -> int:
    """The longest sequence that the model was made for and that every layer sees whole."""
    config = model.config.get_text_config()
    longest = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 2048
    window = getattr(config, "sliding_window", None)
    if window and getattr(config, "use_sliding_window", True):
        # A packed row brings its own mask, in which no window is drawn.
        longest = min(longest, window)
    return int(longest)
