"""Adapter: a PEFT folder and its base made into one model, which must compute what the two computed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from octavo.model.parity import Parity, compare, demand_parity, random_prompts
from octavo.model.reading.place import SEED, SHIPPED
from octavo.spine.errors import WRONG_USE, OctavoError

ADAPTER = "adapter_config.json"


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds what PEFT writes of an adapter."""
    return (folder / ADAPTER).is_file()


def merge(adapter: Path, out: Path, base: Path | None = None) -> Parity:
    """Write the adapter's base with the adapter in its weights to `out`, in float32, and compare it with the two.

    Without `base` it is the folder that the adapter names, or the seed. Raises T057 when there is none, when the method
    can't be merged or when the files do not fit, and T041 when the merged model computes something else.
    """
    from octavo.model.foreign.load import offline, open_model

    home = base or _named_base(adapter)
    with offline():
        apart, model = (_attached(open_model(home), adapter) for _ in range(2))
        if not hasattr(model, "merge_and_unload") or model.peft_config["default"].is_prompt_learning:
            raise _unfit(adapter, f"{model.peft_config['default'].peft_type.value} adds tokens, not weights")
        merged = model.merge_and_unload()
        vocabulary = int(merged.get_input_embeddings().num_embeddings)
        found = compare(_logits(apart), _logits(merged), random_prompts(vocabulary, count=3, length=12))
        demand_parity(found, "The merged model", str(adapter))
        out.mkdir(parents=True, exist_ok=True)
        merged.save_pretrained(str(out), safe_serialization=True)
    for folder in (adapter, home):
        for pattern in (
            "tokenizer*",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.*",
            "merges.txt",
            "*.jinja",
        ):
            for path in sorted(folder.glob(pattern)):
                if not (out / path.name).exists():
                    shutil.copyfile(path, out / path.name)
    return found


def _named_base(adapter: Path) -> Path:
    try:
        named = json.loads((adapter / ADAPTER).read_text(encoding="utf-8"))["base_model_name_or_path"]
        home = SHIPPED if named == SEED else Path(str(named))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unfit(adapter, f"{ADAPTER} can't be read: {error!r}") from error
    if not home.is_dir():
        raise OctavoError(
            "T057",
            "The base of the adapter is not on this machine",
            where=str(adapter),
            likely=f"the adapter names {named}, which is no folder; nothing is downloaded",
            do="name the folder of the base: --base FOLDER",
            exit_code=WRONG_USE,
        )
    return home


def _attached(model: Any, adapter: Path) -> Any:
    from peft import PeftModel
    from safetensors import SafetensorError

    try:
        found = PeftModel.from_pretrained(model, str(adapter), local_files_only=True)
    except (ValueError, RuntimeError, KeyError, TypeError, OSError, SafetensorError) as error:
        raise _unfit(adapter, str(error).strip().splitlines()[0]) from error
    return found.eval()


def _unfit(adapter: Path, why: str) -> OctavoError:
    return OctavoError(
        "T057",
        "The adapter can't be merged",
        where=str(adapter),
        likely=why,
        do="check that adapter and base belong together; prompts and prefixes stay beside the base",
    )


def _logits(model: Any) -> Any:
    return lambda ids: model(ids, use_cache=False).logits
