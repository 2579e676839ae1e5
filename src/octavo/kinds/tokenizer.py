"""Tokenizer: a Hugging Face tokenizer folder with the special tokens and the chat template of this project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

TOKENIZER = "tokenizer.json"
CONFIG = "tokenizer_config.json"
ORIGIN = "origin.json"
"""Names the base that the tokenizer came with; not there when it was learnt from the project's documents."""

END_OF_TEXT = "<|endoftext|>"
SYSTEM, USER, ASSISTANT, END_OF_TURN = "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL_TOKENS = (END_OF_TEXT, SYSTEM, USER, ASSISTANT, END_OF_TURN)
"""In this order they have the ids 0 … 4 in every tokenizer that Octavo trains."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def write_origin(folder: Path, base: str) -> None:
    """Say that the tokenizer came with a base."""
    (folder / ORIGIN).write_text(json.dumps({"base": base}) + "\n", encoding="utf-8")


def origin(folder: Path) -> str:
    """The base that the tokenizer came with; empty when it was learnt from the project's documents."""
    path = folder / ORIGIN
    return str(json.loads(path.read_text(encoding="utf-8"))["base"]) if path.is_file() else ""


def describe(folder: Path) -> dict[str, Any]:
    """Vocabulary size, number of merges, and the base it came with."""
    model = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))["model"]
    found = {"vocabulary": len(model["vocab"]), "merges": len(model.get("merges", ())), "type": model["type"]}
    return {**found, "from": base} if (base := origin(folder)) else found


KIND = Kind("tokenizer", (TOKENIZER, CONFIG), describe)
