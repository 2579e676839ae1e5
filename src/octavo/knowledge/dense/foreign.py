"""Foreign: a sentence-embedding model of somebody else, from a local folder in the form of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from octavo.knowledge.dense.bag import Shown, unit
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 32
LONGEST = 512
"""Tokens that are read of a text at most, or fewer where the model says so."""
POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "first",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}
PROMPTS = (("query", "question"), ("passage", "document"))
"""The names that models give to what is put before questions, and before passages."""
_UNDERSTOOD = ("Transformer", "Pooling", "Normalize")


class Foreign:
    """A transformer whose token vectors are pooled as its own files say (by their mean where they say nothing).

    Nothing is downloaded and no code of the folder is run. `question` and `passage` are put before the texts: some
    models were trained with `query: ` and `passage: `. Without them what the model's own files say is put there.
    """

    def __init__(self, folder: Path, *, question: str | None = None, passage: str | None = None) -> None:
        from transformers import AutoModel, AutoTokenizer

        prompts = prompts_of(folder)
        self.folder = folder
        self.question = prompts[0] if question is None else question
        self.passage = prompts[1] if passage is None else passage
        self.pooling, self.longest = pooling_of(folder)
        self.digest = digest_of(folder)
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._names: Any = AutoTokenizer.from_pretrained(str(folder), **options)
            self._model: Any = AutoModel.from_pretrained(str(folder), use_safetensors=True, **options).eval()
        except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
            raise _unreadable(folder, str(error).splitlines()[0] if str(error) else repr(error)) from None
        self.dimensions = int(self._model.config.hidden_size)
        positions = getattr(self._model.config, "max_position_embeddings", None) or LONGEST
        self.longest = min(self.longest, int(positions), int(self._names.model_max_length))

    def questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `bag.Embedder`."""
        return self._encoded([self.question + text for text in texts])

    def passages(self, shown: Sequence[Shown]) -> NDArray[np.float32]:
        """See `bag.Embedder`; the title stands before the text on a line of its own."""
        return self._encoded([f"{self.passage}{one.title}\n{one.text}" for one in shown])

    def _encoded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import torch

        made = np.zeros((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda n: (len(texts[n]), n))
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            tokens = self._names(
                [texts[n] for n in some], padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
            )
            with torch.no_grad():
                hidden_BTD = self._model(**tokens).last_hidden_state
            made[some] = self._pooled(hidden_BTD, tokens["attention_mask"]).float().numpy()
        return unit(made)

    def _pooled(self, hidden_BTD: Any, seen_BT: Any) -> Any:
        if self.pooling == "first":
            return hidden_BTD[:, 0]
        if self.pooling == "last":
            last = seen_BT.cumsum(1).argmax(1)
            return hidden_BTD[range(len(hidden_BTD)), last]
        seen_BT1 = seen_BT.unsqueeze(-1).to(hidden_BTD.dtype)
        if self.pooling == "max":
            return hidden_BTD.masked_fill(seen_BT1 == 0, -float("inf")).max(1).values
        return (hidden_BTD * seen_BT1).sum(1) / seen_BT1.sum(1).clamp(min=1)

    def facts(self) -> dict[str, Any]:
        """What an index keeps of it: where it is and which one; the weights stay in their folder."""
        return {
            "kind": "foreign",
            "dimensions": self.dimensions,
            "folder": str(self.folder.resolve()),
            "digest": self.digest,
            "question": self.question,
            "passage": self.passage,
        }

    @classmethod
    def again(cls, known: Mapping[str, Any]) -> Foreign:
        """The model that the vectors of an index were made with; an error when it is gone or another now."""
        folder = Path(known["folder"])
        key = (str(folder), known["digest"], known["question"], known["passage"], _stamp(folder))
        if key in _OPENED:
            return _OPENED[key]
        if not folder.is_dir() or digest_of(folder) != known["digest"]:
            raise OctavoError(
                "K034",
                "The model that made the vectors of this index is not here"
                if not folder.is_dir()
                else "The model is not the one that made the vectors of this index",
                where=str(folder),
                likely="it was moved, removed or replaced",
                do="put it back, or octavo knowledge relearn INDEX --no-canaries; --method sparse works now",
            )
        made = cls(folder, question=known["question"], passage=known["passage"])
        _OPENED.clear()
        _OPENED[key] = made
        return made


_OPENED: dict[object, Foreign] = {}
"""The model that was opened last, so that every change and every view doesn't read it again."""


def pooling_of(folder: Path) -> tuple[str, int]:
    """How `modules.json` and the pooling's `config.json` say that tokens become one vector, and how many are read."""
    try:
        modules = _json(folder / "modules.json", [])
        kinds = {str(m["type"]).rpartition(".")[2]: str(m["path"]) for m in modules}
        pooling = _json(folder / kinds.get("Pooling", "1_Pooling") / "config.json", {})
        longest = int(_json(folder / "sentence_bert_config.json", {}).get("max_seq_length") or LONGEST)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(folder, f"its modules.json or pooling can't be read: {error!r}") from None
    strange = sorted(set(kinds) - set(_UNDERSTOOD))
    chosen = [name for name, value in pooling.items() if name.startswith("pooling_mode_") and value is True]
    unknown = [name for name in chosen if name not in POOLINGS]
    if strange or unknown or len(chosen) > 1:
        raise OctavoError(
            "K035",
            f"This model makes its vectors in a way that isn't known here: {', '.join(strange + (unknown or chosen))}",
            where=str(folder),
            do=f"use a model that pools by one of: {', '.join(POOLINGS.values())}",
            exit_code=WRONG_USE,
        )
    return (POOLINGS[chosen[0]] if chosen else "mean"), longest


def prompts_of(folder: Path) -> tuple[str, str]:
    """What the model's own files say is to be put before questions and before passages."""
    try:
        prompts = _json(folder / "config_sentence_transformers.json", {}).get("prompts") or {}
        found = [next((prompts[name] for name in names if prompts.get(name)), "") for names in PROMPTS]
        if not all(isinstance(prompt, str) for prompt in found):
            raise TypeError("a prompt is no text")
    except (ValueError, TypeError, AttributeError) as error:
        raise _unreadable(folder, f"its config_sentence_transformers.json can't be read: {error}") from None
    return found[0], found[1]


def digest_of(folder: Path) -> str:
    """A digest of the files that decide the vectors."""
    whole = blake2b(digest_size=16)
    for path in _deciding(folder):
        whole.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as data:
            while block := data.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()


def _deciding(folder: Path) -> list[Path]:
    names = ("config.json", "modules.json", "1_Pooling/config.json", "tokenizer.json", "vocab.txt")
    paths = [*(folder / name for name in names), *sorted(folder.glob("*.safetensors"))]
    return [path for path in paths if path.is_file()]


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when the files of a model do, as far as the disk tells."""
    found = [(path, path.stat()) for path in _deciding(folder)]
    return tuple((path.name, about.st_size, about.st_mtime_ns) for path, about in found)


def _json(path: Path, missing: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else missing


def _unreadable(folder: Path, detail: str) -> OctavoError:
    return OctavoError(
        "K033",
        f"There is no embedding model that can be read: {detail}",
        where=str(folder),
        likely="the folder is not one of Hugging Face's form with safetensors, or a file of it is missing",
        do="give the folder of a local model",
        exit_code=WRONG_USE,
    )
