"""Tokenizer: a Hugging Face tokenizer folder with the special tokens and the chat template of this project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

TOKENIZER = "tokenizer.json"
CONFIG = "tokenizer_config.json"

END_OF_TEXT = "<|endoftext|>"
SYSTEM, USER, ASSISTANT, END_OF_TURN = "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL_TOKENS = (END_OF_TEXT, SYSTEM, USER, ASSISTANT, END_OF_TURN)
"""In this order they have the ids 0 … 4 in every tokenizer that Octavo trains."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def describe(folder: Path) -> dict[str, Any]:
    """Vocabulary size and number of merges."""
    model = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))["model"]
    return {"vocabulary": len(model["vocab"]), "merges": len(model.get("merges", ())), "type": model["type"]}


KIND = Kind("tokenizer", (TOKENIZER, CONFIG), describe)
