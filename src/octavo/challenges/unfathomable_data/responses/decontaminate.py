"""Response: texts that hold an evaluation item are taken out; all items are searched for, planted or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data.answering import Curated, respond_by
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.challenges.unfathomable_data.repeated import shards_of
from octavo.kinds.records import Row as Record


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Train on what is left, with the same steps and seeds."""
    return respond_by(curate, ground, probe, seed)


def curate(ground: Ground, scratch: Path, seed: int) -> Curated:
    """The corpus without documents that hold an item of the evaluation."""
    return Curated(decontaminated(ground.planting.rows, scratch))


def decontaminated(rows: Sequence[Record], scratch: Path) -> list[Record]:
    """The rows that hold no item."""
    from octavo.challenges.unfathomable_data.ground import read_probe
    from octavo.data.contamination.files import search_items
    from octavo.data.contamination.items import Item

    asked = [row for row in read_probe() if row["set"] == "item"]
    items = (Item(row["id"], row["question"], (row["answer"], *row["choices"])) for row in asked)
    found = search_items(shards_of(rows, scratch), items, scratch / "items", on="serial")
    gone = {hit["train_id"] for hit in found.hits()}
    return [row for row in rows if row["id"] not in gone]
