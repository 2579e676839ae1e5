"""Sources: labelled records from a queue or a file, and probabilities from a file."""

from __future__ import annotations

import json
from pathlib import Path

from octavo.data.annotation.queue import Queue
from octavo.data.annotation.results import labelled
from octavo.kinds.records import Bad, Row, numbered_rows, open_packed
from octavo.spine.errors import WRONG_USE, OctavoError


def labelled_rows(source: Path, field: str, bad: list[Bad]) -> tuple[list[Row], list[str]]:
    """(records with a text as `label`, the labels in order): what a queue's people agreed on, or a file's own field.

    Rows of a file that are no records, or have no label, are added to `bad`.
    """
    if source.is_dir():
        queue = Queue(source)
        rows, labels = list(labelled(queue)), list(queue.plan.labels)
    else:
        rows = []
        for at, row in numbered_rows(source, bad):
            if row.get(field) in (None, ""):
                bad.append(Bad(source.name, at, f'no field "{field}"'))
                continue
            row["label"] = row[field] if isinstance(row[field], str) else json.dumps(row[field])
            rows.append(row)
        labels = sorted({row["label"] for row in rows})
    if len({row["label"] for row in rows}) < 2:
        raise OctavoError(
            "D090",
            f"There are {len(rows)} labelled records, and fewer than two labels",
            where=str(source),
            likely=f'the records have no field "{field}", or nobody has answered yet',
            do="--field NAME says where the label is",
            exit_code=WRONG_USE,
        )
    return rows, labels


def read_probabilities(path: Path | None) -> dict[str, list[float]] | None:
    """Id → probabilities, from rows `{"id", "p": […]}`; None without a file."""
    if path is None:
        return None
    found: dict[str, list[float]] = {}
    with open_packed(path) as lines:
        for row, line in enumerate(lines, 1):
            try:
                value = json.loads(line)
                found[str(value["id"])] = [float(part) for part in value["p"]]
            except (ValueError, KeyError, TypeError):
                raise OctavoError(
                    "D090",
                    f"Row {row} holds no probabilities",
                    where=str(path),
                    do='each line: {"id", "p": [one for each label]}',
                    exit_code=WRONG_USE,
                ) from None
    return found
