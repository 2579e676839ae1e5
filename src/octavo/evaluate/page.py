"""Page: the story of a path as one HTML file with its style and charts inside, without a script or an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from octavo.evaluate.charts import Amount, Level, Line, amounts, funnel, interval_bar, lines, short
from octavo.evaluate.holdings import holdings
from octavo.evaluate.look import STYLE
from octavo.evaluate.markup import card, codes, cut, duration, grid, memory, section, tiles
from octavo.evaluate.scorecard import ARROWS, BAD, GOOD, against_baseline, number
from octavo.evaluate.story import Story
from octavo.evaluate.tried import tried
from octavo.evaluate.vocabulary import vocabulary
from octavo.kinds.foundation import Foundation
from octavo.kinds.scores import PERCENT, Score

OUTCOMES = {
    "right": "Right: the first citation is an accepted one",
    "wrong": "Wrong: another document was cited first",
    "declined, answerable": "Declined although the documents hold the answer",
    "declined, unanswerable": "Declined, and rightly so",
    "answered, unanswerable": "Answered although the documents don't hold the answer",
}


def page(story: Story, title: str) -> str:
    """The whole page."""
    sections = {
        "scores": ("Scores", _scores(story)),
        "path": ("Path of the documents", _path(story)),
        "documents": ("What they hold", holdings(story.card)),
        "tokenizer": ("Tokenizer", vocabulary(story.audit)),
        "training": ("Training", _training(story)),
        "declining": ("Declining", _abstention(story)),
        "examples": ("Examples", _examples(story)),
        "trials": ("Trials", tried(story.trials, story.unreadable_trials)),
        "cost": ("Time and memory", _cost(story)),
        "left-out": ("Left out", _left_out(story)),
        "reading": ("How to read", _reading()),
    }
    shown = {place: name for place, (name, inside) in sections.items() if inside}
    parts = [_head(story, title, shown), *(inside for _, inside in sections.values() if inside)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def _head(story: Story, title: str, sections: Mapping[str, str]) -> str:
    seconds = sum(stage.seconds for stage in story.stages)
    held = max((stage.peak_memory for stage in story.stages), default=0)
    glance = [(f"{story.documents:,}", "documents kept"), (f"{story.index.get('passages', 0):,}", "passages to cite")]
    if parameters := story.trainings[-1].summary.get("parameters"):
        glance.append((short(float(parameters)), "parameters"))
    glance += [(duration(seconds), "for the whole path"), (memory(held), "memory at most")]
    menu = " ".join(f'<a href="#{place}">{escape(name)}</a>' for place, name in sections.items())
    return (
        f"<h1>{escape(title)}</h1><p class='lead'>Measured on this machine, each number with its interval and beside a "
        f"trivial baseline.</p>{tiles(glance)}<nav aria-label='Sections'>{menu}</nav>"
    )


def _scores(story: Story) -> str:
    rows = "".join(_score_row(score) for score in story.scores)
    return (
        '<h2 id="scores">Scores</h2><p class="note">↑ higher is better, ↓ lower is better. Dot: the value; band: '
        "where the true value lies with 95 % confidence; tick: the baseline. “Better” and “worse” are said only when "
        "the whole band is on one side of the tick.</p>"
        '<table class="scores"><thead><tr><th>measure</th><th class="n">value</th>'
        '<th class="n">95 % interval</th><th>on its scale</th><th class="n">n</th><th>baseline</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _score_row(score: Score) -> str:
    verdict = against_baseline(score)
    tone = {GOOD: "good", BAD: "bad"}.get(verdict, "open")
    baseline = "–"
    if score.baseline is not None:
        baseline = (
            f"{number(score, score.baseline)} <small>{escape(score.baseline_name)}</small> "
            f'<span class="verdict {tone}">{escape(verdict)}</span>'
        )
    widest = max(score.high, score.baseline or 0.0) * 1.15
    domain = score.range if score.range[1] <= 1 else (min(0.0, score.low * 1.15), max(widest, 0.0) or 1.0)
    bar = interval_bar(
        title=score.name, value=score.value, low=score.low, high=score.high, baseline=score.baseline, domain=domain
    )
    unparsed = f" <small>({score.unparsed} unparsed)</small>" if score.unparsed else ""
    unit = (
        f" <small>{escape(score.unit)}</small>"
        if score.unit not in ("", PERCENT) and score.unit not in score.name
        else ""
    )
    return (
        f'<tr><th scope="row" title="{escape(score.method)}">{escape(score.name)}&nbsp;'
        f'<span class="arrow">{ARROWS[score.direction]}</span></th>'
        f'<td class="n" data-name="value"><b>{number(score, score.value)}</b>{unit}</td>'
        f'<td class="n" data-name="95 % interval">{number(score, score.low)} – {number(score, score.high)}</td>'
        f'<td class="bar">{bar}</td><td class="n" data-name="n">{score.n:,}{unparsed}</td>'
        f'<td data-name="baseline">{baseline}</td></tr>'
    )


def _path(story: Story) -> str:
    steps = [Amount("found", story.collected, f"{story.collected:,}", "muted")]
    left, lost = story.collected, []
    for stage, reasons in story.removed_at.items():
        for reason, count in reasons.items():
            left -= count
            steps.append(Amount(f"without {reason}", left, f"−{count:,}  →  {left:,}", "muted"))
            lost.append(Amount(f"{stage}: {reason}", count, f"{count:,}", "muted"))
    steps.append(Amount("kept for training", story.documents, f"{story.documents:,}", "accent"))
    cards = [card("From what was found to what is taught", funnel("Documents, step by step", steps))]
    listed = story.index.get("documents", 0)
    passages = story.index.get("passages", 0)
    also = f", {listed - story.documents:,} of them duplicates" if listed > story.documents else ""
    told = f"The index lists {listed:,} documents{also}, cut into {passages:,} passages that can be cited."
    drawn = amounts("Records by stage and reason", lost, what="Records") if lost else "<p>No document was left out.</p>"
    cards.append(card("What each stage left out", drawn))
    return section("path", "Path of the documents", f"<p>{told}</p>{grid(cards)}")


def _training(story: Story) -> str:
    cards = []
    for training in story.trainings:
        if training.losses:
            chart = lines(
                f"Loss of the {training.name}",
                [Line("training loss", _thin(training.losses))],
                x="step",
                y="nats a token",
                levels=[Level("guessing evenly", training.guessing)],
                y_range=(0.0, max(training.guessing, max(loss for _, loss in training.losses)) * 1.05),
            )
            cards.append(card(f"Loss: {training.name}", chart + _summary(training.summary)))
    if not cards:
        return ""
    begun = f"<p>Training began {_begun(story.given)}.</p>"
    return f'<h2 id="training">Training</h2>{begun}<div class="grid">{"".join(cards)}</div>'


def _begun(given: Foundation) -> str:
    if given.from_nothing:
        return "from scratch: tokenizer and model were learnt from these documents alone"
    return f"with the base {escape(str(given))}: it had learnt other text before, and it brought its tokenizer"


def _summary(summary: Mapping[str, Any]) -> str:
    told = [
        f"{escape(name.replace('_', ' '))} {short(value) if isinstance(value, int | float) else escape(str(value))}"
        for name, value in summary.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) <= 24
    ]
    return f'<p class="note">{"; ".join(told)}</p>' if told else ""


def _abstention(story: Story) -> str:
    curves: Mapping[str, Sequence[Sequence[float]]] = story.facts.get("curves", {})
    series = [Line(f"{mode} mode", _thin([(p[0], p[1]) for p in points])) for mode, points in curves.items() if points]
    if not series:
        return ""
    whole = series[0].points[-1][1]
    chart = lines(
        "Risk–coverage curve",
        series,
        x="share of questions answered, surest first",
        y="share of wrong answers among them",
        levels=[Level("in any order", whole)],
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
    )
    told = [score for score in story.scores if "declined" in score.name]
    bars = [
        Amount(
            score.name,
            score.value,
            f"{number(score, score.value)} of {score.n}",
            "good" if score.direction == "higher" else "bad",
        )
        for score in told
    ]
    cards = [card("Risk and coverage", chart)]
    if bars:
        cards.append(card("Declined", amounts("Share of questions declined", bars, what="Declined", largest=1.0)))
    return (
        '<h2 id="declining">Declining</h2><p>A system that knows what it doesn\'t know is rarely wrong where it is '
        "sure: the curve starts low and rises to the right. Declined questions come last and count as wrong.</p>"
        f'<div class="grid">{"".join(cards)}</div>'
    )


def _examples(story: Story) -> str:
    if not story.examples:
        return ""
    blocks = []
    for outcome, name in OUTCOMES.items():
        rows = story.examples.get(outcome, [])
        if rows:
            shown = "".join(_example(row) for row in rows)
            state = " open" if outcome in ("right", "wrong") else ""
            blocks.append(f"<details{state}><summary>{escape(name)}</summary>{shown}</details>")
    return f'<h2 id="examples">Examples</h2>{"".join(blocks)}'


def _example(row: Mapping[str, Any]) -> str:
    cited, wanted = codes(row.get("cited", [])[:3]) or "nothing", codes(row.get("accept", [])[:3])
    return (
        f'<div class="example"><p class="question">{escape(row["question"])}</p>'
        f'<p class="answer">{escape(cut(row["answer"], 420))}</p>'
        f'<p class="note">cited {cited}{f"; accepted {wanted}" if wanted else ""}; confidence {row["confidence"]:.2f}'
        f"{'; ' + escape(row['reason']) if row.get('reason') else ''}</p></div>"
    )


def _cost(story: Story) -> str:
    stages = [(stage.stage, stage.seconds, float(stage.peak_memory)) for stage in story.stages]
    if not stages:
        return ""
    time = amounts("Seconds by stage", [Amount(s, t, duration(t)) for s, t, _ in stages], what="Time")
    peaks = amounts("Peak memory by stage", [Amount(s, m, memory(m)) for s, _, m in stages], what="Memory")
    rows = "".join(
        f'<tr><th scope="row">{escape(stage.stage)}</th><td>{escape(name.replace("_", " "))}</td>'
        f'<td class="n">{short(value) if isinstance(value, int | float) else escape(str(value))}</td></tr>'
        for stage in story.stages
        for name, value in sorted(stage.observed.items())
    )
    readings = (
        f'<details><summary>Last readings of each stage</summary><div class="wide"><table><thead><tr><th>stage</th>'
        f'<th>reading</th><th class="n">last value</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
        if rows
        else ""
    )
    return (
        '<h2 id="cost">Time and memory</h2><p class="note">Wall time and the most memory each stage held, when it last '
        f'ran on this machine.</p><div class="grid">{card("Time", time)}{card("Memory", peaks)}</div>{readings}'
    )


def _left_out(story: Story) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(reason)}</th><td>{escape(stage)}</td><td class="n">{count:,}</td>'
        f"<td>{codes(story.removed_examples.get(reason, []))}</td></tr>"
        for stage, reasons in story.removed_at.items()
        for reason, count in reasons.items()
    )
    notes = [*_sentences(story.facts.get("left out", {}))]
    told = "".join(f"<li>{escape(note)}</li>" for note in notes)
    table = (
        '<div class="wide" tabindex="0"><table><thead><tr><th>reason</th><th>stage</th><th class="n">documents</th>'
        f"<th>for example</th></tr></thead><tbody>{rows}</tbody></table></div>"
        if rows
        else "<p>No document was left out.</p>"
    )
    return f'<h2 id="left-out">What was left out, and why</h2>{table}{f"<ul>{told}</ul>" if told else ""}'


def _sentences(left_out: Mapping[str, Any]) -> list[str]:
    return [f"{count:,} {what}" if isinstance(count, int) else f"{what}: {count}" for what, count in left_out.items()]


def _reading() -> str:
    return (
        '<h2 id="reading">How to read this</h2><ul>'
        "<li><b>Bits per byte</b>: how well the model predicts text it never saw, per byte so that tokenizers can be "
        "compared. The baseline is a compressor on the same texts.</li>"
        "<li><b>Forgetting</b>: how many more bits per byte the same texts cost after a training than before it, in "
        "percent; below zero the model learnt.</li>"
        "<li><b>First citation right</b>: the first cited document is one of those that answer the question.</li>"
        "<li><b>Unsupported claims</b>: sentences of the answer that the cited text doesn't support, by words, "
        "numbers, names and negations; what can't be checked counts as unsupported.</li>"
        "<li><b>Risk–coverage area</b>: the mean share of wrong answers over all coverages; a random order gives the "
        "plain share of wrong answers.</li></ul>"
    )


def _thin(points: Sequence[tuple[float, float]], most: int = 160) -> list[tuple[float, float]]:
    """At most `most` points, first and last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(i * step)] for i in range(most)]
