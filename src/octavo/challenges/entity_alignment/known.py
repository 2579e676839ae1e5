"""Known answers: what a flawless and free way of linking would say, and what one that links everything wrongly."""

from __future__ import annotations

from collections.abc import Sequence

from octavo.challenges.entity_alignment.told import Spent, Told
from octavo.challenges.response import Prediction, Row

FREE, DEAR = Spent(1000, 0.001, 0.01, 1e-9), Spent(1000, 1e5, 1e6, 1e3)


def good(probe: Sequence[Row]) -> list[Prediction]:
    """The counterpart where there is one, and no link elsewhere."""
    return [Prediction(row["id"], Told(row["truth"], row["truth"] is not None, 1.0, FREE)) for row in probe]


def bad(probe: Sequence[Row]) -> list[Prediction]:
    """A link to a record that is none, for every advisory."""
    return [Prediction(row["id"], Told("CAT-none", True, 1.0, DEAR)) for row in probe]
