"""Finetune stage: adapt a checkpoint to conversations or text by any method; what comes out is one model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class FinetuneSettings(Settings):
    """Method and budget of a fine-tuning. Zero means: computed from the base and the examples."""

    method: str = "lora"
    """How the base is changed: full, lora, rslora, dora, qlora8, qlora4, ia3, prefix, prompt, adapter, mezo."""
    epochs: float = 3.0
    """How many times through the examples."""
    steps: int = 0
    """How many optimizer steps; 0: as many as the epochs need."""
    batch: int = 0
    """Rows in a step; 0: up to 8, fewer when there would be less than 100 steps."""
    length: int = 0
    """Tokens in a row; 0: the longest conversation, at most the base's positions."""
    learning_rate: float = 0.0
    """The highest learning rate; 0: what the method needs for a model of this width."""
    rank: int = 16
    """Rank of the low-rank methods, width of an adapter's waist."""
    alpha: float = 0.0
    """Strength of the low-rank methods; 0: twice the rank."""
    virtual: int = 16
    """Virtual tokens of prefix and prompt tuning."""
    targets: tuple[str, ...] = ()
    """Names of the matrices to adapt, as the ends of module names; none: all of the blocks."""
    template: str = ""
    """How turns are written when the base has no chat template: plain or chatml."""
    too_long: Literal["refuse", "drop"] = "refuse"
    """What to do with rows longer than the base reads at once."""
    bad: Literal["refuse", "drop"] = "refuse"
    """What to do with rows that can't be learnt from."""
    held_out: float = 0.05
    """Share of the examples that only measures the result."""
    replay_share: float = 0.0
    """Share of general text among what is learnt, against forgetting."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """Numbers to compute with; auto: bfloat16 where the processor multiplies in it."""
    seed: int = 0
    """Decides the first values of what is added and the order of the rows."""


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
