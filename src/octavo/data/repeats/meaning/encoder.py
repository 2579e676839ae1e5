"""Encoder: a sentence-embedding model in a local folder of Hugging Face format, as what turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from octavo.data.repeats.meaning.embedding import Vectors, whole_numbers
from octavo.spine.errors import WRONG_USE, OctavoError

BATCH = 16
LONGEST = 512
"""Tokens; the rest of a longer text is not looked at."""


def check_model(folder: Path) -> None:
    """Refuse (D064) a folder that lacks what an encoder needs, before any work is done."""
    needed = {
        "config.json": (folder / "config.json").is_file(),
        "tokenizer.json": (folder / "tokenizer.json").is_file(),
        "weights (*.safetensors)": any(folder.glob("*.safetensors")),
    }
    missing = [name for name, there in needed.items() if not there]
    if missing:
        raise OctavoError(
            "D064",
            f"{folder} is no sentence-embedding model: it has no {', no '.join(missing)}",
            where=str(folder),
            do="name a local folder in Hugging Face format, or none: then the vectors are learnt from your texts",
            exit_code=WRONG_USE,
        )


class Encoder:
    """Texts → vectors: the mean of the last hidden states over the tokens (Reimers and Gurevych 2019)."""

    def __init__(self, folder: Path) -> None:
        check_model(folder)
        import torch
        from transformers import AutoModel, AutoTokenizer

        # one thread: with several, the sums and so the last digits depend on how many there are
        torch.set_num_threads(1)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
        self._model: Any = model.eval()
        self._longest = min(LONGEST, int(getattr(self._model.config, "max_position_embeddings", LONGEST)))
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token or self._tokenizer.unk_token

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """A row of whole numbers for each text; zeros for an empty one."""
        width = int(self._model.config.hidden_size)
        found = np.zeros((len(texts), width), np.int8)
        # texts of one length go together: little padding, and what a batch holds depends on the texts alone
        order = sorted((at for at, text in enumerate(texts) if text.strip()), key=lambda at: (len(texts[at]), at))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            found[places] = whole_numbers(self._means([texts[at] for at in places]))
        return found

    def _means(self, texts: list[str]) -> Any:
        import torch

        with torch.inference_mode():
            batch = self._tokenizer(texts, padding=True, truncation=True, max_length=self._longest, return_tensors="pt")
            states_BTV = self._model(**batch).last_hidden_state
            mask_BT1 = batch["attention_mask"].unsqueeze(-1)
            means_BV = (states_BTV * mask_BT1).sum(1) / mask_BT1.sum(1).clamp(min=1)
        return means_BV.numpy().astype(np.float64)
