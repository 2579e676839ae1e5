"""Checkpoint: a causal language model in Hugging Face format, its tokenizer beside it, and how it was trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TRAINING = "training.jsonl"
"""One row a logged step: `{"step", "loss", "lr", "tokens"}`; nothing that depends on the clock."""
SUMMARY = "training.json"
"""Settings as resolved by the size dial, parameter count, tokens seen, final loss, digest of the training data."""


def describe(folder: Path) -> dict[str, Any]:
    """Architecture, parameters, tokens seen and last loss."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    return {"architecture": config["architectures"][0], "bytes": (folder / WEIGHTS).stat().st_size, **summary}


KIND = Kind(
    "checkpoint",
    (CONFIG, WEIGHTS, "tokenizer.json", "tokenizer_config.json", "generation_config.json", SUMMARY),
    describe,
)
