"""Small collections in files, and what is cut from them."""

import json
import tempfile
from pathlib import Path

import numpy as np

from octavo.data.repeats.cuts import by_row, read_cuts, texts_of, without
from octavo.kinds.records import shards


def in_shards(texts, place, size=2**20):
    """A file that holds the texts, cut into shards of about `size` bytes."""
    file = Path(place) / "in.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return shards([file], Path(place), size)


def cut_by(find, limits, texts, *, size=2**20, order=None, on="serial"):
    """The spans that a search cuts from each text, and what is left of it."""
    with tempfile.TemporaryDirectory() as place:
        parts = in_shards(texts, place, size)
        ranks = None
        if order is not None:
            ranks = Path(place) / "order.npy"
            np.save(ranks, np.array(order))
        files = find(parts, limits, Path(place) / "work", order=ranks, on=on, workers=2)
        found, left = [], []
        for part, path in zip(parts, files, strict=True):
            cuts = by_row(read_cuts(path))
            for row, text in enumerate(texts_of(part)):
                mine = cuts.get(row, read_cuts(path)[:0])
                found.append([(int(one["start"]), int(one["end"])) for one in mine])
                left.append(without(text, mine))
    return found, left
