"""From text: a tokenizer and a model from nothing but some files, by the stages that a project uses."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from octavo.kinds.checkpoint import SUMMARY
from octavo.kinds.documents import Document, write_documents
from octavo.spine.errors import WRONG_USE, OctavoError


def train_from_text(files: Sequence[Path], out: Path, scratch: Path, *, size: str, **settings: Any) -> dict[str, Any]:
    """Train a tokenizer and a model of the size dial's `size` on the texts of `files`; the model's folder is `out`.

    `settings` are those of the stage `pretrain` (steps, batch, learning_rate, precision, seed). Returns what was
    measured. After a kill it goes on from `scratch`. Conversations are refused (T079): a model learns to read first.
    """
    from octavo.finetune.rows import read_examples, refuse
    from octavo.kinds.records import Bad
    from octavo.model.machine import memory_in_use
    from octavo.pretrain.learn import PretrainSettings
    from octavo.pretrain.learn import run as pretrain
    from octavo.tokenizer.train import TokenizerSettings
    from octavo.tokenizer.train import run as learn_tokenizer

    began = time.monotonic()
    texts, words, made = (_empty(scratch / name) for name in ("documents", "tokenizer", "made"))
    bad: list[Bad] = []
    documents = []
    for example in read_examples(files, bad):
        if example.messages:
            raise OctavoError(
                "T079",
                "A model from scratch learns from text, and this row is a conversation",
                where=example.id,
                do="train on text first, then on the conversations with the new model as --base",
                exit_code=WRONG_USE,
            )
        documents.append(Document(example.id, example.text))
    refuse(bad, len(documents) + len(bad), do="correct these rows")
    write_documents(texts, documents)
    for name in ("learning", "pretraining"):
        (scratch / name).mkdir(exist_ok=True)
    learn_tokenizer(TokenizerSettings(size=size), {"documents": texts}, words, scratch / "learning")
    inputs = {"documents": texts, "tokenizer": words}
    pretrain(PretrainSettings(size=size, **settings), inputs, made, scratch / "pretraining")
    made.replace(out)
    facts = json.loads((out / SUMMARY).read_text(encoding="utf-8"))
    return {
        **facts,
        "method": "from scratch",
        "learning_rate": max(json.loads(line)["lr"] for line in (out / "training.jsonl").read_text().splitlines()),
        "seconds": round(time.monotonic() - began, 2),
        "peak_memory_gb": round(memory_in_use(), 3),
        "bytes_on_disk": sum(path.stat().st_size for path in out.rglob("*") if path.is_file()),
        "out": str(out),
        "kind": "model",
    }


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
