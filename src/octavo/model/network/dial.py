"""Dial: one size decides everything else about a model made from nothing, and each value says why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from octavo.model.network.shape import Course, DecoderShape
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

HEAD_SIZE = 64
TOKENS_PER_PARAMETER = 20
MOST_EPOCHS = 4
FEWEST_STEPS = 20
MOST_GAIN = 1.5
"""How many times the arithmetic of the size small a wider model gets for its budget; see `affordable`."""
MOST_EXPERTS = 256


@dataclass(frozen=True)
class _Size:
    """What is chosen by hand for a named size; the rest is computed."""

    heads: int
    depth: int
    vocabulary: int
    tokens: int
    sequence: int
    batch: int


SIZES = {
    "tiny": _Size(heads=1, depth=2, vocabulary=1024, tokens=60_000, sequence=128, batch=16),
    "small": _Size(heads=2, depth=4, vocabulary=2048, tokens=2_800_000, sequence=256, batch=16),
    "medium": _Size(heads=6, depth=8, vocabulary=8192, tokens=40_000_000, sequence=512, batch=32),
    "large": _Size(heads=12, depth=12, vocabulary=16384, tokens=2_000_000_000, sequence=1024, batch=128),
}


@dataclass(frozen=True)
class Dial:
    """A model and its training, computed from one size. The budget is in tokens, never in seconds, so that the same
    settings give the same model on every machine."""

    size: str
    vocabulary: int
    heads: int
    depth: int
    tokens: int
    sequence: int
    batch: int
    """Rows of `sequence` tokens a step."""
    learning_rate: float
    weight_decay: float
    warmup_share: float = 0.05
    decay_share: float = 0.5
    experts: int = 0
    """How many experts a block has; 0: one dense SwiGLU."""
    active: int = 0
    """How many experts a token is sent to."""

    @property
    def shape(self) -> DecoderShape:
        """The model's sizes."""
        width = self.heads * HEAD_SIZE
        hidden = -(-width * 8 // 3 // 64) * 64
        return DecoderShape(
            vocabulary=self.vocabulary,
            width=width,
            depth=self.depth,
            heads=self.heads,
            key_heads=self.heads // 2 if self.heads >= 4 and self.heads % 2 == 0 else self.heads,
            head_size=HEAD_SIZE,
            hidden=-(-hidden // self.active // 32) * 32 if self.experts else hidden,
            positions=max(512, self.sequence),
            experts=self.experts,
            active=self.active,
        )

    @property
    def micro(self) -> int:
        """Rows computed at once: about 4,096 tokens keep activations in the cache of a CPU."""
        return max(1, min(self.batch, 4096 // self.sequence))

    def course(self, available: int, *, steps: int = 0) -> Course:
        """The steps for `available` tokens of text: the budget, but at most four times through the text."""
        budget = min(self.tokens, MOST_EPOCHS * available)
        steps = steps or max(FEWEST_STEPS, budget // (self.batch * self.sequence))
        return Course(
            steps=steps,
            learning_rate=self.learning_rate,
            warmup=max(1, round(self.warmup_share * steps)),
            decay=round(self.decay_share * steps),
            weight_decay=self.weight_decay,
        )

    def derivation(self) -> tuple[str, ...]:
        """Every value with its reason, a line each."""
        shape = self.shape
        grouped = "half as many key heads" if shape.key_heads < shape.heads else "as many key heads"
        sparse, hidden, experts = "", "8/3 of the width, rounded up to 64", ()
        if shape.experts:
            sparse = f", {shape.active_parameters:,} of them active for a token"
            hidden = f"8/3 of the width over {shape.active} active experts, rounded up to 32"
            experts = (
                f"experts        {shape.experts} a block, {shape.active} active: a token costs what it costs without",
                f"balance        {shape.balance:g} of the loss keeps the experts evenly used (Switch, Fedus 2021)",
            )
        return (
            f"size           {self.size}: {shape.parameters:,} parameters{sparse}",
            f"vocabulary     {self.vocabulary:,}: measured; in a small model a large one starves the layers",
            f"width          {shape.width} = {self.heads} heads × {HEAD_SIZE}",
            f"depth          {self.depth}: grows slower than the width",
            f"key heads      {shape.key_heads}: {grouped}",
            f"hidden         {shape.hidden}: {hidden} (SwiGLU, Shazeer 2020)",
            *experts,
            f"positions      {shape.positions}: a prompt with three passages fits",
            f"sequence       {self.sequence} tokens a row: most documents are shorter",
            f"batch          {self.batch} rows = {self.batch * self.sequence:,} tokens a step, {self.micro} at once",
            f"tokens         {self.tokens:,}, but at most {MOST_EPOCHS} times through the text (Muennighoff 2023)",
            f"learning rate  {self.learning_rate:.4g}: measured at small, falls with the root of the width",
            f"weight decay   {self.weight_decay:.4g}",
            f"schedule       {self.warmup_share:.0%} warm-up, stable, the last {self.decay_share:.0%} falling to zero",
        )


def dial(size: str) -> Dial:
    """The dial set to a named size or to a number of parameters ("3000000", "3M", "1.5e6")."""
    named = SIZES.get(size)
    if named is not None:
        return _dial(size, named)
    return _dial(size, _nearest_size(_parameters(size)))


def with_experts(dense: Dial, experts: int, active: int = 0) -> Dial:
    """The same dial with experts in place of each SwiGLU; `active` 0 means two. Each is so small that the active ones
    together are the dense layer: a token costs as much as before, and the model has more parameters."""
    if experts == active == 0:
        return dense
    active = active or 2
    if not (2 <= experts <= MOST_EXPERTS and 1 <= active <= experts):
        raise OctavoError(
            "T047",
            f"There can't be {active} active experts of {experts}",
            where="the settings experts and active",
            do=f"use from 2 to {MOST_EXPERTS} experts and at most as many active ones, or 0 experts for a dense model",
            exit_code=WRONG_USE,
        )
    return replace(dense, experts=experts, active=active)


def _parameters(size: str) -> int:
    text = size.strip().upper().replace("_", "").replace(",", "")
    factor = {"K": 10**3, "M": 10**6, "B": 10**9}.get(text[-1:], 1)
    try:
        wanted = float(text[:-1] if factor > 1 else text) * factor
        if not 10**5 <= wanted <= 2 * 10**9:
            raise OverflowError
    except (ValueError, OverflowError):
        raise OctavoError(
            "T014",
            f'There is no size "{size}"{nearest(size, SIZES)}',
            do=f"use one of: {', '.join(SIZES)}, or a number of parameters from 100K to 2B",
            exit_code=WRONG_USE,
        ) from None
    return int(wanted)


def _nearest_size(parameters: int) -> _Size:
    """The number of heads whose model comes nearest to `parameters`, with all else read off the named sizes."""
    best: tuple[float, _Size] | None = None
    for heads in range(1, 65):
        depth = max(2, round(heads**0.75 * 1.75))
        vocabulary = 1024 if heads == 1 else 2048 if heads == 2 else 4096 if heads < 6 else 8192 if heads < 9 else 16384
        sequence = 128 if heads == 1 else 256 if heads < 5 else 512 if heads < 9 else 1024
        batch = 16 if heads < 5 else 32 if heads < 9 else 128
        trial = _dial("", _Size(heads, depth, vocabulary, 0, sequence, batch))
        away = abs(trial.shape.parameters - parameters)
        if best is None or away < best[0]:
            tokens = TOKENS_PER_PARAMETER * trial.shape.parameters
            best = (away, _Size(heads, depth, vocabulary, tokens, sequence, batch))
    assert best is not None
    return best[1]


def _dial(name: str, size: _Size) -> Dial:
    return Dial(
        size=name,
        vocabulary=size.vocabulary,
        heads=size.heads,
        depth=size.depth,
        tokens=size.tokens,
        sequence=size.sequence,
        batch=size.batch,
        learning_rate=learning_rate(size.heads * HEAD_SIZE),
        weight_decay=0.1,
    )


def learning_rate(width: int) -> float:
    """The highest learning rate for a width: measured at 128, where 0.008 and 0.016 come out alike and 0.004 is worse,
    and falling with the root of the width."""
    return 0.01 * (128 / width) ** 0.5


def affordable(shape: DecoderShape, sequence: int) -> int:
    """Tokens that a model of any shape learns in about the time that the size small takes from nothing, in round
    thousands. Equal time is more arithmetic for a wider model: its matrices run nearer to the peak (small computes
    0.07 TFLOP/s on a core, width 256 0.17; of that factor a part is kept in hand)."""
    small = dial("small")
    gain = max(1.0, min(MOST_GAIN, shape.width / small.shape.width))
    budget = gain * small.tokens * small.shape.flops_per_token(small.sequence)
    return max(1, round(budget / shape.flops_per_token(sequence) / 1000)) * 1000
