"""Response: all of it, in the order of `octavo run`: near and repeated texts, personal data, evaluation items, weights,
labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data.answering import Curated, respond_by
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.challenges.unfathomable_data.repeated import without_duplicates, without_repeats
from octavo.challenges.unfathomable_data.responses.decontaminate import decontaminated
from octavo.challenges.unfathomable_data.responses.mixture_search import weigh
from octavo.challenges.unfathomable_data.responses.pseudonymise import pseudonymised
from octavo.challenges.unfathomable_data.responses.review_queue import labelled


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Train on what is left, with the same steps and seeds."""
    return respond_by(curate, ground, probe, seed)


def curate(ground: Ground, scratch: Path, seed: int) -> Curated:
    """What is left after every step."""
    places = [scratch / name for name in ("near", "pieces", "items", "weights")]
    for place in places:
        place.mkdir()
    near, pieces, items, weights = places
    rows = without_duplicates(ground.planting.rows, ("exact", "near"), near)
    rows = without_repeats(rows, "substring", pieces)
    rows = decontaminated(pseudonymised(rows), items)
    mixture, flops = weigh(rows, weights, seed)
    return Curated(rows, mixture, labelled(ground.reviews), flops)
