"""Settings of a fine-tuning: the same for the stage and for `octavo train`."""

from __future__ import annotations

from typing import Literal

from octavo.spine.settings import Settings


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
