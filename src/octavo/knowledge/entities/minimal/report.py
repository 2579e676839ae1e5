"""Minimal report: what the minimal graph changed: numbers with paired intervals, links won and lost, and its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from octavo.knowledge.entities.minimal.experiment import WITH, WITHOUT, Experiment, f1, first, outcomes
from octavo.measures.intervals import Floats, mcnemar, over_items

SHOWN = 40
"""Links won and lost that are listed."""
STATISTICS = {"R@1": first, "F1 with no counterpart": f1}
WATTS = 10.0
"""Assumed power of a busy core; no meter is read."""


def document(done: Experiment) -> dict[str, Any]:
    """Everything that the report says; all but `cost` is the same for the same records."""
    rows = {arm: outcomes(done, arm) for arm in done.arms}
    return {
        "type": done.kind,
        "left": {"entities": len(done.left), "with a known counterpart": int(done.known.sum())},
        "right": {"entities": len(done.right)},
        "graph": {"edges": dict(done.edges)},
        "arms": [{"name": arm, **_scores(table)} for arm, table in rows.items()],
        "compared": {"without": WITHOUT, "with": WITH},
        "change": [_change(name, rows[WITHOUT], rows[WITH]) for name in STATISTICS],
        "won": _moved(done, WITHOUT, WITH),
        "lost": _moved(done, WITH, WITHOUT),
        "cost": [
            {"name": arm, "processor_seconds": round(one, 2), "joules_estimate": round(one * WATTS, 1)}
            for arm, one in done.seconds.items()
            if arm in done.arms
        ],
    }


def _scores(table: Floats) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, statistic in STATISTICS.items():
        interval = over_items([], [table], statistic, resamples=1000)
        found[name] = [round(one, 4) for one in (statistic(table), interval.low, interval.high)]
    linked = int(table[:, 1].sum())
    found["links"] = linked
    found["precision"] = round(float(table[:, 2].sum()) / linked, 4) if linked else None
    return found


def _change(name: str, before: Floats, after: Floats) -> dict[str, Any]:
    statistic = STATISTICS[name]
    interval = over_items([before], [after], statistic)
    told = {
        "measure": name,
        "before": round(statistic(before), 4),
        "after": round(statistic(after), 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "verdict": "better" if interval.low > 0 else "worse" if interval.high < 0 else "cannot tell",
    }
    if name == "R@1":
        with_truth = before[:, 0] > 0
        told["p"] = round(mcnemar(*([bool(one) for one in x[with_truth, 3]] for x in (before, after))), 4)
    return told


def _moved(done: Experiment, worse: str, better: str) -> list[dict[str, Any]]:
    """Entities with a known counterpart that one arm links rightly and the other does not."""
    a, b = done.arms[worse], done.arms[better]
    moved = []
    for number, name in enumerate(done.left):
        right = [bool(arm.linked[number] and arm.right[number]) for arm in (a, b)]
        if right == [False, True]:
            other = done.right[int(a.best[number])] if a.linked[number] else None
            moved.append({"left": name, "right": done.right[int(b.best[number])], "otherwise": other})
    return moved


def markdown(told: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    lines = [f"# {_title(told)}", "", _about(told), ""]
    for title, note, rows in _tables(told):
        lines += [f"## {title}", "", *([note, ""] if note else [])]
        cells = [[_plain(cell) for cell in row] for row in rows]
        lines += [f"| {' | '.join(cells[0])} |", f"|{'---|' * len(cells[0])}"]
        lines += [f"| {' | '.join(row)} |" for row in cells[1:]]
        lines.append("")
    return "\n".join(lines)


def page(told: Mapping[str, Any]) -> str:
    """The report as one HTML page that needs nothing else."""
    parts = [f"<h1>{escape(_title(told))}</h1><p>{escape(_about(told))}</p>"]
    for title, note, rows in _tables(told):
        head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
        small = f"<p>{escape(note)}</p>" if note else ""
        parts.append(
            f"<h2>{escape(title)}</h2>{small}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        ":root{color-scheme:light dark}"
        "table{border-collapse:collapse}td,th{border:1px solid #8886;padding:.25rem .6rem;text-align:left}"
    )
    head = f'<meta charset="utf-8"><title>{escape(_title(told))}</title><style>{style}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _plain(cell: str) -> str:
    """A cell of a Markdown table, whatever a name holds."""
    return " ".join(cell.split()).replace("|", "\\|").replace("<", "&lt;")


def _title(told: Mapping[str, Any]) -> str:
    return f"A minimal graph of one type of entity: {told['type']}"


def _about(told: Mapping[str, Any]) -> str:
    left, right = told["left"], told["right"]
    edges = sum(told["graph"]["edges"].values())
    return (
        f"{left['entities']:,} entities on the left, {left['with a known counterpart']:,} of them with a known "
        f"counterpart among {right['entities']:,} on the right. The graph has {edges:,} edges of one step, made of the "
        "fields and texts of the records; no model was asked. Weights and thresholds come from the other half of the "
        "entities. Counterparts that nobody declared count as wrong, so precision is a lower bound."
    )


def _tables(told: Mapping[str, Any]) -> list[tuple[str, str, list[list[str]]]]:
    head = ["measure", "without the graph", "with it", "change [95 %]", "verdict"]
    change = [
        [
            one["measure"],
            f"{one['before']:.3f}",
            f"{one['after']:.3f}",
            f"{one['after'] - one['before']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
            + (f", p = {one['p']:.2g}" if "p" in one else ""),
            one["verdict"],
        ]
        for one in told["change"]
    ]
    names = list(STATISTICS)
    costs = {one["name"]: one for one in told["cost"]}
    arms = [
        [
            one["name"],
            *(f"{one[name][0]:.3f} [{one[name][1]:.3f}, {one[name][2]:.3f}]" for name in names),
            "–" if one["precision"] is None else f"{one['precision']:.3f}",
            f"{one['links']:,}",
            f"{costs[one['name']]['processor_seconds']:.1f} s, {costs[one['name']]['joules_estimate']:.0f} J",
        ]
        for one in told["arms"]
    ]
    edges = [[kind, f"{count:,}"] for kind, count in told["graph"]["edges"].items()]
    compared = told["compared"]
    cost = f"The estimate of energy takes {WATTS:g} W for a busy core; no meter was read."
    return [
        ("What the graph changes", f"Paired: {compared['without']} against {compared['with']}.", [head, *change]),
        ("Each way of matching", cost, [["by", *names, "precision", "links", "cost"], *arms]),
        ("Links won", *_listed(told["won"])),
        ("Links lost", *_listed(told["lost"])),
        ("The graph", "", [["edges", "number"], *edges]),
    ]


def _listed(moved: Sequence[Mapping[str, Any]]) -> tuple[str, list[list[str]]]:
    rows = [[one["left"], one["right"], one["otherwise"] or "no link"] for one in moved[:SHOWN]]
    more = f" The first {SHOWN}; all stand in the JSON file." if len(moved) > SHOWN else ""
    return f"{len(moved)} entities.{more}", [["left", "right", "otherwise"], *rows]
