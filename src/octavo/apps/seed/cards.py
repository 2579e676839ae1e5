"""Cards: the pages that lie beside the seed: what it is and how to rebuild it, and what it was trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from octavo.kinds.checkpoint import SUMMARY
from octavo.model.reading.judge import JUDGE

BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"
MODEL_CARD, DATA_CARD = "README.md", "data-card.md"


def write_cards(folder: Path, rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> None:
    """Write both pages from what the training said."""
    calibration = json.loads((folder / JUDGE).read_text(encoding="utf-8"))
    (folder / MODEL_CARD).write_text(model_card(rows, summary, calibration), encoding="utf-8")
    (folder / DATA_CARD).write_text(data_card(summary), encoding="utf-8")


def model_card(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], calibration: Mapping[str, float]) -> str:
    """What the model is, how it is used, and how to rebuild it."""
    recipe = summary["recipe"]
    shape = recipe["shape"]
    phases = "\n".join(
        f"| {phase['name']} | {taken(phase):,} | {phase['length']} "
        f"| {taken(phase) * phase['length'] * phase['batch']:,} "
        f"| {'; '.join(f'{name} {share:g}' for name, share in phase['mix'].items())} |"
        for phase in recipe["phases"]
    )
    last = f"{rows[-1]['loss']:.3f}" if rows else "not kept"
    return f"""# octavo-seed

A base model of {summary["parameters"]:,} parameters that reads: given a few passages and a question it copies the
answer out of the right one, or says that the passages do not say.

    octavo ask --model seed "Which river is Norvik on?" --passage "Norvik lies on the Minde." --passage "Tarvo is old."
    octavo ask --model seed --file ITEMS.jsonl --json

An item is `{{"id", "question", "passages": ["…", …]}}`. Not for anything else: it knows no facts, holds no
conversation, finds an answer only where one passage states it, and reads English only.

## How well it reads

{BEGIN}
Not measured yet: `python bench/seed.py --model FOLDER --write`.
{END}

- Architecture: Qwen3 ({shape["depth"]} layers, width {shape["width"]}, {shape["heads"]} heads,
  {shape["key_heads"]} key heads, vocabulary {recipe["vocabulary"]:,}), bfloat16.
- It answers with the number of a passage and a literal span of it. `octavo.model.reading` scores every span that
  begins and ends at words by the model, and weighs that with what is plain to see: names and words shared with the
  question, kindred words, the kind of answer that is asked for. The weights, fitted on {recipe["calibration"]} made
  and some written items, and the threshold below which it declines ({calibration["threshold"]}) are in `{JUDGE}`.
- Loss at the end of the training: {last} nats a token.

## How it was made

    octavo new docs && octavo seed build --project docs -o FOLDER

From nothing, on one core in about two hours: the documentation of the Python environment of the project, and a
synthetic world (`octavo.data.world`). Killed and started again it goes on. The phases, one after another:

| phase | steps | row | tokens | material, by how often it is drawn |
|---|---|---|---|---|
{phases}

{summary.get("note", "")}

What was trained on is described in [{DATA_CARD}]({DATA_CARD}), every setting in `{SUMMARY}`.

Licence: that of Octavo.
"""


def taken(phase: Mapping[str, Any]) -> int:
    """Steps of a phase that are really taken."""
    return int(phase["until"] or phase["steps"])


def data_card(summary: Mapping[str, Any]) -> str:
    """What the model was trained on."""
    return f"""# What octavo-seed was trained on

1. **A synthetic world**, made by `octavo.data.world` from a seed. Typed relations, attributes of any name, events,
   records, homonyms, aliases, values that changed, and written scenes, each in many wordings; two or three passages an
   item, up to nine questions; about a quarter of the questions have no answer in the passages. Names are coined from
   syllables or drawn from the word lists of `octavo.data.personal` (first and last names, places; English words from
   SCOWL, whose licence lies there). Nothing in it is about real people or things. No item of the probe in
   `bench/probe/` is in it; names, wordings, relations and scenes of the development sets are kept out of training.
2. **Documentation of the Python environment** ({summary["documents"]:,} documents of the standard library and of the
   packages installed with Octavo, as its own pipeline collects, cleans and mixes them; held-out documents are not among
   them), as plain text, as questions with quotations, and as sentences with gaps. Licences: those of the packages, all
   permissive.

No other text. No model wrote or labelled any of it while it was made.
"""


def note_measured(folder: Path, text: str) -> None:
    """Put what was measured into the model card."""
    path = folder / MODEL_CARD
    card = path.read_text(encoding="utf-8")
    before, _, rest = card.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}", encoding="utf-8")
