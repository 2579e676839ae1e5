"""Parity: whether two forms of one model (adapter and merged, saved and loaded, exported) still compute the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from octavo.spine.disk import write_json
from octavo.spine.errors import OctavoError

PARITY = "parity.json"
"""The name of the record beside what was published."""

STEPS = 16
"""Greedy tokens written after each prompt."""

Logits = Callable[[Tensor], Tensor]
"""Token ids (1, T) → logits of the next token (1, T, V)."""


@dataclass(frozen=True)
class Tolerance:
    """How far two forms may be apart: the largest difference of logits as a share of the largest logit, and the mean
    divergence in nats. Two best tokens nearer to each other than `relative` count as a tie."""

    relative: float
    kl: float
    positions: float = 0.0
    """The share of positions that may be further apart: where rounding sends a token to another expert."""


REROUTED = 0.25
"""Of a mixture of experts, in numbers that round: a router whose best experts are nearly alike for a token may choose
another one, the token's logits leap, and later tokens see it. With random weights, whose routers are the least decided,
a fifth of the positions were seen to; the divergence stays small, and a damaged file moves them all. How often it
happened is in the record."""

TOLERANCES = {
    "float32": Tolerance(1e-4, 1e-7),
    "float16": Tolerance(1e-2, 1e-4),
    "bfloat16": Tolerance(5e-2, 1e-2),
    "q8_0": Tolerance(5e-2, 1e-2),
}
"""By the coarsest numbers that hold the weights of either form. float32 differs by the order of sums alone; float16
rounds each weight by 2⁻¹¹ of itself, bfloat16 by 2⁻⁸, q8_0 by 1/254 of the largest of its block of 32."""


@dataclass(frozen=True)
class Parity:
    """What a comparison found."""

    max_difference: float
    """Of the logits at all positions of the prompts and of what was written greedily after them."""
    relative: float
    """The same as a share of the largest logit of the first form."""
    positions: int
    positions_apart: int
    """At how many of them the difference is beyond the tolerance."""
    mean_kl: float
    """Kullback–Leibler divergence of the second form's next token from the first's, in nats, over those positions."""
    greedy_tokens: int
    """How many tokens the first form wrote greedily, over all prompts."""
    greedy_apart: int
    """At how many of those the second form would have written another one, ties counted."""
    greedy_ties: int
    """At how many of those the first form's two best tokens were nearer than the tolerance: either could be right."""
    greedy_rerouted: int
    """At how many of the others the position is one of those that are apart."""
    tolerance: Tolerance
    precision: str

    @property
    def greedy_equal(self) -> bool:
        """Whether the second form writes token for token the same."""
        return self.greedy_apart == 0

    @property
    def verdict(self) -> str:
        """`same`, or what is beyond the tolerance. What is not a number is beyond any tolerance."""
        if self.positions_apart > self.tolerance.positions * self.positions:
            return "logits apart"
        if not self.mean_kl <= self.tolerance.kl:
            return "distributions apart"
        return "greedy tokens apart" if self.greedy_wrong else "same"

    @property
    def greedy_wrong(self) -> int:
        """Greedy tokens that differ without a reason that the tolerance gives."""
        return self.greedy_apart - self.greedy_ties - (self.greedy_rerouted if self.tolerance.positions else 0)

    @property
    def same(self) -> bool:
        """Whether what was compared may be published."""
        return self.verdict == "same"

    def as_json(self) -> dict[str, Any]:
        """For `parity.json`."""
        return {**asdict(self), "greedy_equal": self.greedy_equal, "verdict": self.verdict}


@torch.no_grad()
def compare(
    logits_of_a: Logits,
    logits_of_b: Logits,
    prompts: Iterable[Sequence[int]],
    *,
    precision: str = "float32",
    steps: int = STEPS,
    experts: bool = False,
) -> Parity:
    """Compare on each prompt and on the `steps` tokens that the first form writes greedily after it.

    The second form reads what the first one wrote: it would write the same exactly when its best token agrees at each
    place, and one early difference does not make all later ones look wrong. `precision` names the tolerance
    (`TOLERANCES`), and `experts` that a router is in between (`REROUTED`).

    Raises T041 when the two have vocabularies of different sizes.
    """
    tolerance = TOLERANCES[precision]
    if experts and precision != "float32":
        # What a rerouted token became is seen by all later ones: the others are within the coarsest tolerance.
        tolerance = replace(TOLERANCES["bfloat16"], positions=REROUTED)
    scale = nats = 0.0
    written = 0
    differences: list[float] = []
    flips: list[tuple[float, float]] = []
    for prompt in prompts:
        ids = torch.tensor([list(prompt)], dtype=torch.long)
        for _ in range(steps):
            ids = torch.cat([ids, logits_of_a(ids)[:, -1].argmax(-1, keepdim=True).to(ids.device)], 1)
        # The last token was written but nothing after it: it needs no logits.
        a, b = (of(ids[:, :-1] if steps else ids)[0].detach().double().cpu() for of in (logits_of_a, logits_of_b))
        _same_vocabulary(a, b)
        differences += (a - b).abs().amax(-1).tolist()
        scale = _larger(scale, float(a.abs().max()))
        nats += _divergence(a, b)
        if steps:
            flips += _flips(a[-steps:], b[-steps:])
            written += steps
    difference = 0.0
    for one in differences:
        difference = _larger(difference, one)
    limit = tolerance.relative * scale
    return Parity(
        max_difference=difference,
        relative=difference / scale if scale else difference,
        positions=len(differences),
        positions_apart=sum(not one <= limit for one in differences),
        mean_kl=nats / max(1, len(differences)),
        greedy_tokens=written,
        greedy_apart=len(flips),
        greedy_ties=sum(gap <= limit for gap, _ in flips),
        greedy_rerouted=sum(gap > limit and not one <= limit for gap, one in flips),
        tolerance=tolerance,
        precision=precision,
    )


def _larger(a: float, b: float) -> float:
    """The larger one; NaN when either is."""
    return b if b != b or b > a else a


def _divergence(a_TV: Tensor, b_TV: Tensor) -> float:
    p, q = a_TV.log_softmax(-1), b_TV.log_softmax(-1)
    return float((p.exp() * (p - q)).sum())


def _flips(a_TV: Tensor, b_TV: Tensor) -> list[tuple[float, float]]:
    """For each place where the best tokens differ, by how much the first form prefers its own to the other's, and the
    largest difference of logits there."""
    mine, other = a_TV.argmax(-1, keepdim=True), b_TV.argmax(-1, keepdim=True)
    gap = (a_TV.gather(1, mine) - a_TV.gather(1, other)).squeeze(1)
    apart = (mine != other).squeeze(1)
    return list(zip(gap[apart].tolist(), (a_TV - b_TV).abs().amax(-1)[apart].tolist(), strict=True))


def _same_vocabulary(a_TV: Tensor, b_TV: Tensor) -> None:
    if a_TV.shape != b_TV.shape:
        raise OctavoError(
            "T041",
            f"The two forms of the model have vocabularies of {a_TV.shape[-1]:,} and {b_TV.shape[-1]:,} tokens",
            likely="one of them was resized, or they are not forms of one model",
            do="compare and publish forms of one model",
        )


def random_prompts(vocabulary: int, *, count: int = 4, length: int = 24, seed: int = 0) -> list[list[int]]:
    """Prompts of random tokens: they reach rows of the embedding that no sentence does."""
    generator = torch.Generator().manual_seed(seed)
    found: list[list[int]] = torch.randint(vocabulary, (count, length), generator=generator).tolist()
    return found


def demand_parity(parity: Parity, what: str, where: str = "") -> None:
    """Refuse (T041) to publish what does not compute as it should; `what` names the form, as "The merged model"."""
    if parity.same:
        return
    raise OctavoError(
        "T041",
        f"{what} does not compute what the model computes: {parity.verdict}",
        where=where,
        likely=f"largest difference of logits {parity.relative:.2g} of the largest logit "
        f"(allowed {parity.tolerance.relative:g} for {parity.precision}), divergence {parity.mean_kl:.2g} nats "
        f"(allowed {parity.tolerance.kl:g}), "
        f"{parity.positions_apart} of {parity.positions} positions beyond it, "
        f"{parity.greedy_wrong} of {parity.greedy_tokens} greedy tokens wrong",
        do="nothing was published; choose a finer number format, or report it",
    )


def write_parity(folder: Path, found: dict[str, Parity], **facts: Any) -> None:
    """Write `parity.json`: each comparison by its name, and what else should be known of it."""
    write_json(folder / PARITY, {"comparisons": {name: parity.as_json() for name, parity in found.items()}, **facts})
