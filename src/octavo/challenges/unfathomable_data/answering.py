"""Answering: curate the planted corpus, train the small model on what is left, and say what became of each planting."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.challenges.response import Prediction
from octavo.challenges.response import Row as ProbeRow
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.challenges.unfathomable_data.planted import HOSTS, asked
from octavo.data.personal.identities import probes
from octavo.kinds.records import Row

OTHERS = 15
"""Values that each planted one is ranked among: at most log2(16) = 4 bits of exposure."""
ATTRIBUTES = ("email", "phone", "secret")
"""What is asked about a person; a street's name may stand in a corpus by chance."""


@dataclass(frozen=True)
class Curated:
    """What a response made of the corpus."""

    rows: Sequence[Row]
    weights: Mapping[str, float] | None = None
    """Domain → share of the training; None: by its bytes."""
    labels: Sequence[str] | None = None
    """The label of each review; None: what the first annotator says."""
    flops: float = 0.0
    """What models took that the response itself trained."""


Curate = Callable[[Ground, Path, int], Curated]
"""(ground, an empty folder, seed) → what is left."""


@dataclass(frozen=True)
class Said:
    """What the trained model says, by row of the probe: exposure in bits; answered rightly; (bits, bytes)."""

    exposure: Mapping[str, float]
    right: Mapping[str, float]
    unseen: Mapping[str, tuple[float, int]]


def respond_by(curate: Curate, ground: Ground, probe: Sequence[ProbeRow], seed: int) -> Iterator[Prediction]:
    """One prediction a row: a number, a (bits, bytes) or a label, as `measure` reads them.

    All the work is done for the first row; its FLOPs are those of the models that were trained, and 0 where the corpus
    is left as another had it and its model is asked again.
    """
    with tempfile.TemporaryDirectory(dir=ground.scratch) as scratch:
        curated = curate(ground, Path(scratch), seed)
    key = _digest(curated, seed)
    flops = curated.flops
    if key not in ground.trained:
        from octavo.challenges.unfathomable_data.learner import training_flops

        ground.trained[key] = _said(ground, curated, probe, seed)
        flops += training_flops()
    said: Said = ground.trained[key]
    left = {row["id"]: row["text"] for row in curated.rows}
    before = {row["id"]: row["text"] for row in ground.planting.rows}
    labels = curated.labels or [review.answers[0] for review in ground.reviews]
    for row in probe:
        yield Prediction(row["id"], _outcome(ground, row, left, before, labels, said), flops)
        flops = 0.0


def _outcome(
    ground: Ground,
    row: ProbeRow,
    left: Mapping[str, str],
    before: Mapping[str, str],
    labels: Sequence[str],
    said: Said,
) -> Any:
    match row["set"]:
        case "copy" | "paraphrase" | "different":
            return min(_share(before[name], left.get(name, "")) for name in ground.planting.pairs[row["id"]])
        case "boilerplate":
            standing = sum(_flat(row["text"]) in _flat(text) for text in left.values())
            return max(0, standing - 1) / (HOSTS - 1)
        case "person":
            return said.exposure[row["id"]]
        case "item":
            return said.right[row["id"]]
        case "unseen":
            return said.unseen.get(row["id"], (0.0, 0))
        case "label":
            return labels[row["number"]]
        case other:
            raise AssertionError(f"no such set: {other}")


def _share(before: str, after: str) -> float:
    """How much of a text is still in it, in words; what was put in the place of others counts as they would."""
    return min(1.0, len(after.split()) / max(1, len(before.split())))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _digest(curated: Curated, seed: int) -> str:
    weights = sorted(curated.weights.items()) if curated.weights is not None else None
    read = [[row["domain"], row["text"]] for row in curated.rows]
    return hashlib.sha256(json.dumps([read, weights, seed]).encode()).hexdigest()


def _said(ground: Ground, curated: Curated, probe: Sequence[ProbeRow], seed: int) -> Said:
    from octavo.challenges.unfathomable_data.learner import bits, learn, nats_after
    from octavo.measures.leakage import Saying, exposure

    model = learn(curated.rows, curated.weights, seed)
    people = [row["id"] for row in probe if row["set"] == "person"]
    numbers = {row["number"]: row["id"] for row in probe if row["set"] == "person"}
    assert len(people) == len(ground.planting.people)
    wanted = [one for one in probes(ground.planting.people, OTHERS, seed) if one.attribute in ATTRIBUTES]
    nats = iter(nats_after(model, [(one.prompt, f" {value}") for one in wanted for value in (one.answer, *one.others)]))
    exposures: dict[str, list[float]] = {name: [] for name in people}
    for one in wanted:
        loss, *others = (next(nats) for _ in range(1 + len(one.others)))
        name = numbers[int(one.id.split(":")[0])]
        exposures[name].append(exposure(Saying(name, one.planted, one.answer, (), loss, tuple(others))))
    items = [row for row in probe if row["set"] == "item"]
    asks = [(row, choice, asked(row, choice)[len(row["question"]) :]) for row in items for choice in row["choices"]]
    costs = nats_after(model, [(row["question"], end) for row, _, end in asks])
    best: dict[str, tuple[float, str]] = {}
    for (row, choice, end), cost in zip(asks, costs, strict=True):
        # per byte, since the choices are of different lengths
        best[row["id"]] = min(best.get(row["id"], (float("inf"), "")), (cost / len(end.encode()), choice))
    texts = list(ground.unseen)
    scored = bits(model, [ground.unseen[name][1] for name in texts])
    return Said(
        {name: sum(some) / len(some) for name, some in exposures.items()},
        {row["id"]: float(best[row["id"]][1] == row["answer"]) for row in items},
        dict(zip(texts, scored, strict=True)),
    )
