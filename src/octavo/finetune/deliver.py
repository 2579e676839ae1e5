"""Deliver: what was learnt as files: a Hugging Face folder, PEFT's folder, or the merged model, each checked against
what was trained before it counts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from octavo.finetune.methods import METHODS
from octavo.finetune.tune import Outcome
from octavo.kinds.checkpoint import SUMMARY, TRAINING
from octavo.model.foreign.load import offline, open_model
from octavo.model.parity import compare, demand_parity, random_prompts
from octavo.spine.errors import WRONG_USE, OctavoError


def deliver(outcome: Outcome, folder: Path, scratch: Path, *, merge: bool = False) -> None:
    """Write the result into `folder`, which appears whole or not at all; `merge` makes one model of base and adapter.

    What is written is read again and must compute what was trained (T041).
    """
    made = scratch / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    if outcome.base.own and outcome.adaptation.whole:
        _own(outcome, outcome.model, made)
    elif merge or outcome.adaptation.whole:
        _whole(outcome, made, scratch)
    else:
        _addition(outcome, made)
    made.replace(folder)


def check_mergeable(method: str) -> None:
    """Refuse (T076) to merge what can't become part of a model's weights."""
    if not METHODS[method].merges:
        able = ", ".join(name for name, one in METHODS.items() if one.merges)
        raise OctavoError(
            "T076",
            f"What {method} learns can't become part of the model's own weights",
            do=f"leave it beside the base, or use one of: {able}",
            exit_code=WRONG_USE,
        )


def _logits(model: Any) -> Any:
    return lambda ids: model(ids, use_cache=False).logits


def _prompts(outcome: Outcome) -> list[list[int]]:
    table = outcome.adaptation.base(outcome.model).get_input_embeddings()
    return random_prompts(table.num_embeddings, count=2, length=min(16, outcome.base.room // 2))


def _addition(outcome: Outcome, made: Path) -> None:
    """The adapter alone, read again onto the base."""
    outcome.adaptation.save(outcome.model, made)
    base = open_model(outcome.base.folder, outcome.adaptation.base(outcome.model).dtype, bits=outcome.adaptation.bits)
    again = outcome.adaptation.open(base, made)
    demand_parity(_same(outcome, outcome.model, again), "The adapter, read again,", str(made))
    _beside(outcome, made)


def _whole(outcome: Outcome, made: Path, scratch: Path) -> None:
    """One model: all of it learnt, or base and adapter in one, in float32."""
    model = outcome.model
    if not outcome.adaptation.whole:
        check_mergeable(outcome.adaptation.name)
        kept = scratch / "adapter"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        outcome.adaptation.save(model, kept)
        # Of a quantised base the full one is merged with: the adapter and not the rounding is what was learnt.
        apart = outcome.adaptation.open(open_model(outcome.base.folder), kept)
        model = outcome.adaptation.merge(outcome.adaptation.open(open_model(outcome.base.folder), kept))
        demand_parity(_same(outcome, apart, model), "The merged model")
    if outcome.base.own:
        aside = scratch / "merged"
        shutil.rmtree(aside, ignore_errors=True)
        with offline():
            model.save_pretrained(str(aside), safe_serialization=True)
        from octavo.model.checkpoint import read_model

        _own(outcome, read_model(aside), made)
        return
    with offline():
        model.save_pretrained(str(made), safe_serialization=True)
    demand_parity(_same(outcome, model, open_model(made)), "The model, read again,", str(made))
    _beside(outcome, made)


def _same(outcome: Outcome, a: Any, b: Any) -> Any:
    return compare(_logits(a), _logits(b), _prompts(outcome), steps=4)


def _own(outcome: Outcome, model: Any, made: Path) -> None:
    from octavo.model.checkpoint import write_checkpoint

    write_checkpoint(made, model, outcome.base.folder, outcome.trained.rows, outcome.facts)


def _beside(outcome: Outcome, made: Path) -> None:
    """Tokenizer with the template that was used, where generation stops, and how it was trained."""
    with offline():
        if outcome.base.own:
            for name in ("tokenizer.json", "tokenizer_config.json"):
                shutil.copyfile(outcome.base.folder / name, made / name)
        else:
            outcome.base.tokenizer.save_pretrained(str(made))
        generation = outcome.adaptation.base(outcome.model).generation_config
        if outcome.base.stops:
            generation.eos_token_id = list(outcome.base.stops)
        generation.save_pretrained(str(made))
    with (made / TRAINING).open("w", encoding="utf-8", newline="\n") as rows:
        for row in outcome.trained.rows:
            rows.write(json.dumps(row) + "\n")
    (made / SUMMARY).write_text(json.dumps(outcome.facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
