"""Vocabulary: the rows of a `tokenizer.json` with tokens taken out and numbered anew, or added at the end."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tokenizers

from octavo.kinds.tokenizer import CONFIG, TOKENIZER
from octavo.spine.errors import OctavoError
from octavo.tokenizer.audit.open import Opened

Row = dict[str, Any]


@dataclass
class Repaired:
    """A tokenizer after its repair, and where each of its tokens comes from."""

    row: Row
    """The new `tokenizer.json`."""
    sources: list[list[int]]
    """New id → the old ids whose embedding rows it takes the mean of; one id: it is the same token as before."""
    pieces: list[str | None]
    """New id → its piece."""
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


def renumbered(opened: Opened, kept: Collection[int]) -> Repaired:
    """The tokenizer with the `kept` tokens only, in their old order, numbered from 0 without holes."""
    numbers = sorted(kept)
    new = {old: at for at, old in enumerate(numbers)}
    row = copy.deepcopy(opened.row)
    model = row["model"]
    if isinstance(model["vocab"], dict):
        # a piece whose id lies in the vocabulary and one that is added may share it
        model["vocab"] = {piece: new[old] for piece, old in model["vocab"].items() if old in new}
    else:
        model["vocab"] = [entry for old, entry in enumerate(model["vocab"]) if old in new]
    if "merges" in model:
        model["merges"] = [merge for merge in model["merges"] if _made_of(merge, model)]
    if isinstance(model.get("unk_id"), int):
        model["unk_id"] = new[model["unk_id"]]
    for entry in row["added_tokens"]:
        entry["id"] = new[entry["id"]]
    row["post_processor"] = _renumber_processor(row["post_processor"], new)
    removed = [piece for old, piece in enumerate(opened.pieces) if piece is not None and old not in new]
    return Repaired(row, [[old] for old in numbers], [opened.pieces[old] for old in numbers], removed)


def _made_of(merge: Any, model: Row) -> bool:
    """Whether both parts of a merge and what it makes are in the vocabulary."""
    a, b = merge if isinstance(merge, list) else merge.split(" ")
    made = a + b.removeprefix(model.get("continuing_subword_prefix") or "")
    return a in model["vocab"] and b in model["vocab"] and made in model["vocab"]


def _renumber_processor(row: Row | None, new: dict[int, int]) -> Row | None:
    """The ids that a post-processor puts around a text, wherever it keeps them."""
    if row is None:
        return None
    row = dict(row)
    if row["type"] == "Sequence":
        row["processors"] = [_renumber_processor(one, new) for one in row["processors"]]
    elif row["type"] == "TemplateProcessing":
        row["special_tokens"] = {
            name: {**held, "ids": [new[old] for old in held["ids"]]} for name, held in row["special_tokens"].items()
        }
    elif row["type"] in ("BertProcessing", "RobertaProcessing"):
        row |= {end: [row[end][0], new[row[end][1]]] for end in ("sep", "cls")}
    return row


def write_repaired(repaired: Repaired, old: Opened, out: Path) -> None:
    """Write `tokenizer.json` and what lies beside the old one and speaks of its ids; every file or an error (T050)."""
    text = json.dumps(repaired.row, ensure_ascii=False)
    try:
        made = tokenizers.Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing narrower
        raise OctavoError("T050", "The repaired tokenizer can't be read back", likely=str(error)) from error
    wanted = {piece: number for number, piece in enumerate(repaired.pieces) if piece is not None}
    if (vocabulary := made.get_vocab(with_added_tokens=True)) != wanted:
        other = sorted(piece for piece in {*vocabulary, *wanted} if vocabulary.get(piece) != wanted.get(piece))
        raise OctavoError(
            "T050",
            f"The repaired tokenizer gives {len(other):,} tokens other ids than meant: {', '.join(other[:5])}",
            likely="the old one has added tokens at ids which the library counts otherwise",
            do="report it with the tokenizer",
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / TOKENIZER).write_text(text, encoding="utf-8")
    beside = old.path.parent / CONFIG
    if old.form == "tokenizer.json" and beside.is_file():
        config = json.loads(beside.read_text(encoding="utf-8"))
        if "added_tokens_decoder" in config:
            known = {row["content"]: row["id"] for row in repaired.row["added_tokens"]}
            held = config["added_tokens_decoder"].values()
            config["added_tokens_decoder"] = {
                str(known[entry["content"]]): entry for entry in held if entry["content"] in known
            }
        (out / CONFIG).write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name in ("special_tokens_map.json", "chat_template.jinja"):
        if old.form == "tokenizer.json" and (old.path.parent / name).is_file():
            shutil.copyfile(old.path.parent / name, out / name)
