"""Build: the seed from nothing: tokenizer, phases of training one after another, threshold, checkpoint with its cards.

Killed at any moment and started again it goes on: what is finished lies in the scratch folder, and a phase goes on from
its last saved step.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save

from octavo.apps.seed.calibrate import calibrated
from octavo.apps.seed.cards import write_cards
from octavo.apps.seed.material import Material, messages_of
from octavo.apps.seed.recipe import Phase, Recipe
from octavo.apps.seed.start import begun
from octavo.data.world.items import Maker, Measure
from octavo.kinds.documents import Document, held_out, read_documents
from octavo.kinds.records import encode_row, shards
from octavo.model.checkpoint import TRAINING, write_checkpoint
from octavo.model.machine import Machine
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import Course
from octavo.model.prompt import training_text
from octavo.model.reading.judge import JUDGE
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.loop import SAVE_SECONDS, Trained, Training
from octavo.model.training.method import NextToken
from octavo.model.training.packing import Tokens, pack
from octavo.spine.disk import write_durably
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress, reading
from octavo.tokenizer.learn.cuts import LONGEST_TOKEN
from octavo.tokenizer.learn.learner import learn
from octavo.tokenizer.learn.terms import Terms
from octavo.tokenizer.train import write_tokenizer

MOST_BYTES = 16_000_000
MICRO = 4096
"""Tokens computed at once."""


def build(documents: Path, out: Path, recipe: Recipe, machine: Machine, scratch: Path) -> dict[str, Any]:
    """Write the checkpoint to `out`; returns its summary. `documents` is an artifact of documents, of which those
    held out (`kinds.documents.held_out`) are not learnt from."""
    chosen = [document for document in read_documents(documents) if not held_out(document.id)]
    if not chosen:
        raise OctavoError(
            "M004",
            "There are no documents to build a seed from",
            where=str(documents),
            likely="the project has none, or all are held out for evaluation",
            do="use a project whose collect found documents",
        )
    names = scratch / "tokenizer"
    if not (names / "done").exists():
        _learn_tokenizer(chosen, recipe, names)
    tokenizer = Tokenizer(names)
    material = Material(chosen, tokenizer, recipe.seed)
    weights: Path | None = None
    rows: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for phase in recipe.phases:
        weights, facts, phase_rows = _train(phase, recipe, material, weights, machine, scratch / phase.name)
        rows += [{"phase": phase.name, **row} for row in phase_rows]
        told.append({"phase": phase.name, "steps": phase.taken, **facts})
    assert weights is not None, "a recipe has at least one phase"
    model = Decoder(recipe.shape)
    model.load_state_dict(load_file(weights))
    summary = {
        "parameters": recipe.shape.parameters,
        "tokens": sum(phase.taken * phase.length * phase.batch for phase in recipe.phases),
        "bytes_per_token": _bytes_per_token(chosen, tokenizer),
        "final_loss": told[-1]["final_loss"],
        "documents": len(chosen),
        "phases": told,
        "recipe": recipe.as_json(),
    }
    return finish(model, names, out, recipe, rows, summary)


def finish(
    model: Decoder, names: Path, out: Path, recipe: Recipe, rows: Sequence[dict[str, Any]], summary: dict[str, Any]
) -> dict[str, Any]:
    """Write the checkpoint in bfloat16 with its threshold and cards, and check its size."""
    write_checkpoint(out, model, names, [], summary, dtype="bfloat16")
    (out / TRAINING).unlink(missing_ok=True)  # a row a step: half a megabyte that nobody needs to read with it
    # On the weights as they are shipped, rounded.
    write_durably(out / JUDGE, calibrated(out, recipe.calibration).as_json().encode())
    write_cards(out, rows, summary)
    size = sum(file.stat().st_size for file in out.iterdir() if file.is_file())
    if size > MOST_BYTES:
        raise OctavoError(
            "M005", f"The seed takes {size:,} bytes and may take {MOST_BYTES:,}", where=str(out), do="make it smaller"
        )
    return {**summary, "bytes": size}


def _bytes_per_token(documents: Sequence[Document], tokenizer: Tokenizer) -> float:
    """Of every twentieth document, as who trains on goes by it."""
    texts = [training_text(document) for document in documents[::20]]
    tokens = sum(map(len, tokenizer.encode_all(texts)))
    return round(sum(len(text.encode("utf-8", "replace")) for text in texts) / max(1, tokens), 4)


def _learn_tokenizer(documents: Sequence[Document], recipe: Recipe, folder: Path) -> None:
    """BPE on documents and the synthetic world; digits are tokens of their own."""
    work = folder / "learning"
    work.mkdir(parents=True, exist_ok=True)
    texts = work / "texts.jsonl"
    with texts.open("wb") as out:
        size = 0
        every = max(1, sum(len(document.text) for document in documents) // recipe.tokenizer_bytes)
        for document in documents[::every]:
            text = training_text(document)[:4000]
            size += len(text)
            out.write(encode_row({"id": document.id, "text": text}))
        maker, made, number = Maker(f"{recipe.seed} tokenizer", Measure(scenes=0.4)), 0, 0
        while made < 1.3 * size:
            text = "\n".join(message.content for message in messages_of(maker.item()))
            made += len(text)
            number += 1
            out.write(encode_row({"id": f"world {number}", "text": text}))
    terms = Terms(
        algorithm="bpe", vocabulary=recipe.vocabulary, groups="", temperature=1, plain=0, window=100, memory_mb=2048,
        longest=LONGEST_TOKEN,
    )  # fmt: skip
    write_tokenizer(learn(terms, shards([texts], work), work).tokenizer, folder)
    write_durably(folder / "done", b"")


def _train(
    phase: Phase, recipe: Recipe, material: Material, weights: Path | None, machine: Machine, folder: Path
) -> tuple[Path, dict[str, Any], list[dict[str, Any]]]:
    """Carry out a phase from the weights of the one before; its weights, facts and rows."""
    done = folder / "weights.safetensors"
    facts = folder / "facts.json"
    if not facts.exists():
        folder.mkdir(parents=True, exist_ok=True)
        packed = pack(_kept(folder / "tokens.npz", phase, material), phase.length)

        def begin() -> Decoder:
            if weights is None:
                return begun(recipe.shape, recipe.seed)
            model = Decoder(recipe.shape)
            model.load_state_dict(load_file(weights))
            return model

        method = NextToken(
            begin, packed, batch=min(phase.batch, len(packed)), micro=max(1, MICRO // phase.length), seed=recipe.seed,
            device=machine.device,
        )  # fmt: skip
        course = Course(steps=phase.steps, learning_rate=phase.rate, warmup=phase.warmup, decay=phase.decay)
        trained, learnt = _taken(Training(method, course, machine, folder / "training", 4.0), phase, folder)
        model = method.finish(learnt)
        write_durably(done, save({name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}))
        row = {"facts": trained.facts, "rows": trained.rows[:: max(1, phase.taken // 200)]}
        write_durably(facts, json.dumps(row).encode())
    row = json.loads(facts.read_text(encoding="utf-8"))
    reading(phase=phase.name, loss=row["facts"]["final_loss"])
    return done, row["facts"], row["rows"]


def _taken(training: Training, phase: Phase, folder: Path) -> tuple[Trained, dict[str, torch.Tensor]]:
    """Take the steps of a phase, saving now and then; what it ends in, and the weights, averaged where it says so."""
    bar = progress(f"train ({phase.name})", phase.taken, "steps")
    bar.advance(training.step)
    saved = time.monotonic()
    while training.step < phase.taken:
        row, _ = training.take_step()
        bar.advance(1, f"loss {row['loss']:.3f}")
        if training.step in phase.averaged:
            write_durably(_at(folder, training.step), save(_plain(training.rule.weights())))
        if time.monotonic() - saved > SAVE_SECONDS or training.step == phase.taken:
            training.save()
            saved = time.monotonic()
    trained = training.result()
    if not phase.averaged:
        return trained, dict(trained.weights)
    each = [load_file(_at(folder, step)) for step in phase.averaged]
    return trained, {name: torch.stack([one[name] for one in each]).mean(0) for name in each[0]}


def _at(folder: Path, step: int) -> Path:
    return folder / f"weights-{step:08d}.safetensors"


def _plain(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().float().contiguous() for name, tensor in weights.items()}


def _kept(path: Path, phase: Phase, material: Material) -> Tokens:
    """The material of a phase, made once."""
    if not path.exists():
        import io

        made = material.tokens(phase)
        assert made.counted is not None
        buffer = io.BytesIO()
        np.savez(buffer, ids=made.ids, starts=made.starts, counted=made.counted)
        write_durably(path, buffer.getvalue())
    with np.load(path, allow_pickle=False) as kept:
        return Tokens(kept["ids"], kept["starts"], kept["counted"])
