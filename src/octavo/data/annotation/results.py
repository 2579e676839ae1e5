"""Results: what a queue says: labels with weights, agreement, annotators' quality, what to look at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from octavo.data.annotation.consensus import Consensus, dawid_skene
from octavo.data.annotation.probabilities import out_of_sample
from octavo.data.annotation.queue import Entry, Queue
from octavo.kinds.records import Row
from octavo.kinds.scores import Score
from octavo.measures.agreement import cohen, fleiss, krippendorff
from octavo.measures.intervals import wilson
from octavo.measures.label_errors import Suspect, find_label_errors, noise
from octavo.spine.errors import WRONG_USE, OctavoError


def consensus_of(queue: Queue) -> tuple[list[Entry], list[str], Consensus] | None:
    """(the answered items, the annotators, what is likely true and who is right), gold labels counted as known."""
    entries = [entry for entry in queue.entries.values() if entry.answers]
    if not entries:
        return None
    people = queue.annotators()
    labels = {label: at for at, label in enumerate(queue.plan.labels)}
    number = {who: at for at, who in enumerate(people)}
    rows = [
        (at, number[who], labels[label]) for at, e in enumerate(entries) for who, label in sorted(e.answers.items())
    ]
    known = {at: labels[entry.gold] for at, entry in enumerate(entries) if entry.gold}
    items, who, answers = zip(*rows, strict=True)
    return entries, people, dawid_skene(items, who, answers, len(labels), known)


def labelled(queue: Queue, *, method: str = "dawid-skene") -> Iterator[Row]:
    """The answered items as records with `label`, `weight` (0 … 1: how sure the label is), `agreement` and `votes`.

    A settled item has the label it was settled as, with weight 1. "majority" takes the commonest label (ties: the
    earlier one of the queue's labels) and its share as weight. Items that check annotators are left out.
    """
    found = consensus_of(queue)
    if found is None:
        return
    entries, _, result = found
    labels = queue.plan.labels
    for at, entry in enumerate(entries):
        if entry.gold:
            continue
        votes = Counter(entry.answers.values())
        if entry.final:
            label, weight = entry.final, 1.0
        elif method == "majority":
            label = max(labels, key=lambda one: votes[one])
            weight = votes[label] / votes.total()
        else:
            label, weight = labels[int(result.labels[at].argmax())], float(result.labels[at].max())
        told: dict[str, Any] = {"label": label, "weight": round(weight, 4)}
        told |= {"agreement": round(_agreement(votes), 4), "votes": {one: votes[one] for one in labels if votes[one]}}
        comments = {"comments": dict(sorted(entry.comments.items()))} if entry.comments else {}
        yield {**entry.row, **told, **comments, "annotated": True}


def _agreement(votes: Counter[str]) -> float:
    """Share of pairs of answers that agree; 1 for a single answer."""
    n = votes.total()
    return 1.0 if n < 2 else sum(v * (v - 1) for v in votes.values()) / (n * (n - 1))


def agreement_of(queue: Queue) -> tuple[list[Score], list[str]]:
    """The agreement scores that the answers allow, and why others are not given."""
    plan = queue.plan
    answers = [entry.answers for entry in queue.entries.values() if entry.answers]
    number = float if plan.level == "interval" else str
    items = [[number(label) for _, label in sorted(one.items())] for one in answers]
    order = () if plan.level == "interval" else plan.labels
    wanted: list[tuple[str, Any]] = [
        ("Krippendorff's alpha", lambda: krippendorff(items, level=plan.level, order=order)),
        ("Fleiss's kappa", lambda: fleiss([list(one.values()) for one in answers])),
    ]
    people = queue.annotators()
    weights = "none" if plan.level == "nominal" else "quadratic"
    for at, one in enumerate(people):
        for other in people[at + 1 :]:
            both = [(a[one], a[other]) for a in answers if one in a and other in a]
            if both:
                first, second = zip(*both, strict=True)
                wanted.append(
                    (f"{one} and {other}", lambda f=first, s=second: cohen(f, s, order=plan.labels, weights=weights))
                )
    scores, reasons = [], []
    for name, measure in wanted:
        try:
            score = measure()
        except ValueError as error:
            reasons.append(f"{name}: {error}")
            continue
        scores.append(score if "and" not in name else Score(**{**vars(score), "name": f"{score.name}, {name}"}))
    return scores, reasons


def people_of(queue: Queue) -> list[dict[str, Any]]:
    """For each annotator: answers, skipped, expected share of right answers, and the share right where it is known."""
    found = consensus_of(queue)
    if found is None:
        return []
    _, people, result = found
    rows = []
    for at, who in enumerate(people):
        checks = [e.answers[who] == e.gold for e in queue.entries.values() if e.gold and who in e.answers]
        row: dict[str, Any] = {
            "annotator": who,
            "answers": sum(who in entry.answers for entry in queue.entries.values()),
            "skipped": sum(who in entry.skipped for entry in queue.entries.values()),
            "expected_right": round(float(result.right[at]), 4),
            "checks": len(checks),
        }
        if checks:
            ends = wilson(sum(checks), len(checks))
            row |= {"checks_right": round(sum(checks) / len(checks), 4)}
            row |= {"low": round(ends.low, 4), "high": round(ends.high, 4)}
        rows.append(row)
    return rows


def suspects(
    rows: list[Row], labels: list[str], probabilities: dict[str, list[float]] | None, prune: str, rank: str
) -> tuple[list[Row], Score]:
    """Records with a `label` → those whose label is probably wrong, most suspected first, and the share of wrong ones.

    Without probabilities (id → one for each label) a small model gives them, each text judged by one that was trained
    without it.
    """
    places = {label: at for at, label in enumerate(labels)}
    given = [places[row["label"]] for row in rows]
    if probabilities is None:
        p = out_of_sample([row["text"] for row in rows], given, len(labels))
    else:
        missing = [row["id"] for row in rows if len(probabilities.get(row["id"], ())) != len(labels)]
        if missing:
            raise OctavoError(
                "D090",
                f'{len(missing)} records have no probabilities, "{missing[0]}" first',
                likely=f"a row lacks, or has another number of values than there are labels ({len(labels)})",
                do='give one row {"id", "p": [one for each label, in their order]} for each record',
                exit_code=WRONG_USE,
            )
        p = np.array([probabilities[row["id"]] for row in rows], dtype=np.float64)
    found: list[Suspect] = find_label_errors(given, p, prune=prune, rank=rank)
    told = [
        {
            **rows[one.row],
            "likely": labels[one.likely],
            "self_confidence": round(one.self_confidence, 4),
            "margin": round(one.margin, 4),
        }
        for one in found
    ]
    return told, noise(given, p)


def again(queue: Queue, which: str, below: float = 0.8) -> list[Row]:
    """Items for a new queue: those people disagree about, or whose label is less sure than `below`."""
    if which == "disagreements":
        return [entry.row for entry in queue.entries.values() if entry.disagreed and not entry.gold]
    unsure = [(row["weight"], at, row["id"]) for at, row in enumerate(labelled(queue)) if row["weight"] < below]
    return [queue.entries[name].row for _, _, name in sorted(unsure)]


def progress_of(queue: Queue) -> dict[str, int]:
    """How far a queue is: items, done ones, answers given and wanted, disagreements open and settled, changes."""
    entries = [entry for entry in queue.entries.values() if not entry.gold]
    wanted = queue.plan.wanted
    return {
        "items": len(entries),
        "done": sum(len(entry.answers) >= wanted or bool(entry.final) for entry in entries),
        "answers": sum(len(entry.answers) for entry in entries),
        "answers_wanted": wanted * len(entries),
        "disagreements": sum(entry.disagreed for entry in entries),
        "settled": sum(bool(entry.final) for entry in entries),
        "changed_answers": sum(entry.changes for entry in queue.entries.values()),
        "items_to_check_annotators": len(queue.entries) - len(entries),
    }
