"""Finetune stage: adapt a checkpoint to conversations or text by any method; what comes out is one model."""

from __future__ import annotations

from pathlib import Path

from octavo.finetune.settings import FinetuneSettings
from octavo.spine.stage import Inputs, Stage


def run(settings: FinetuneSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Train on the dialogues and write one model; after a kill it goes on where it was saved last."""
    from octavo.finetune.deliver import check_mergeable, deliver
    from octavo.finetune.methods import method_named
    from octavo.finetune.rows import Example
    from octavo.finetune.tune import tune
    from octavo.kinds.dialogues import read_dialogues
    from octavo.kinds.documents import held_out
    from octavo.spine.disk import remove

    check_mergeable(method_named(settings.method).name)
    dialogues = (d for d in read_dialogues(inputs["dialogues"]) if not any(held_out(name) for name in d.documents))
    examples = (Example(dialogue.id, dialogue.messages) for dialogue in dialogues)
    outcome = tune(inputs["checkpoint"], examples, settings, scratch)
    remove(out)
    deliver(outcome, out, scratch, merge=True)


STAGE = Stage(
    name="finetune",
    module=__name__,
    settings=FinetuneSettings,
    inputs={"checkpoint": "checkpoint", "dialogues": "dialogues"},
    output="checkpoint",
    pinned=("torch", "transformers", "peft"),
)
