"""Judge: a few fitted weights that choose among spans and say how likely the best one is an answer at all."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from octavo.model.reading.evidence import NAMES
from octavo.spine.errors import OctavoError

JUDGE = "reading.json"
"""The weights beside a checkpoint."""
PLAIN = (1.0, 1.0, *(0.0,) * (len(NAMES) - 2))
"""Without a fit, the model alone decides."""
SURE = ("one", "score", "refusal", "covered", "named", *NAMES)
"""What speaks for or against an answer: see `Judge.about`."""


@dataclass(frozen=True)
class Judge:
    """Weights of `evidence.NAMES` for the choice and of `SURE` for declining; an answer needs `threshold` or more."""

    choice: tuple[float, ...] = PLAIN
    sure: tuple[float, ...] = (0.0, 1.0, -1.0, *(0.0,) * (len(SURE) - 3))
    threshold: float = 0.0

    @classmethod
    def of(cls, folder: Path) -> Judge:
        """The judge that lies beside a checkpoint; the plain one when there is none."""
        path = folder / JUDGE
        if not path.is_file():
            return cls()
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            found = cls(tuple(map(float, row["choice"])), tuple(map(float, row["sure"])), float(row["threshold"]))
            if (len(found.choice), len(found.sure)) != (len(NAMES), len(SURE)):
                raise ValueError(f"{len(found.choice)} and {len(found.sure)} weights")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OctavoError(
                "M006",
                "The weights by which the model chooses among spans cannot be read",
                where=str(path),
                likely=f"the file is damaged or of another version of octavo: {error!r}",
                do="build the model again: octavo seed build",
            ) from error
        return found

    def as_json(self) -> str:
        """As it is stored."""
        row = {
            name: [round(one, 4) for one in value] if isinstance(value, tuple) else round(value, 4)
            for name, value in asdict(self).items()
        }
        return json.dumps({"of": list(NAMES), "sure of": list(SURE), **row}, indent=1) + "\n"

    def score(self, features: Sequence[float]) -> float:
        """How good a span is beside others."""
        return sum(weight * one for weight, one in zip(self.choice, features, strict=True))

    def about(self, features: Sequence[float], refused: float, coverage: tuple[float, float]) -> list[float]:
        """What is known of the best span and the question, in the order of `SURE`."""
        return [1.0, self.score(features), max(refused, -12.0), *coverage, *features]

    def logit(self, about: Sequence[float]) -> float:
        """The logarithm of the odds that the best span is an answer."""
        return sum(weight * one for weight, one in zip(self.sure, about, strict=True))


def probability(logit: float) -> float:
    """Of a logarithm of odds."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))
