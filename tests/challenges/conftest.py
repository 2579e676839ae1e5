"""A challenge of another package, found by its entry point: guessing whether a number is even."""

import sys
from pathlib import Path

import pytest

CARD = """
question = "Is it even?"
why = "To try the mechanism without a model."
area = "arithmetic"
cost = "nothing"
sources = ["Euclid, Elements VII"]
baseline = {name = "always yes", module = "always", cost = "nothing"}
measures = [{name = "accuracy", what = "share right", direction = "higher", range = [0.0, 1.0], margin = 0.05}]
responses = [
  {name = "look at it", module = "look", cost = "a division", off = "don't"},
  {name = "always no", module = "never", cost = "nothing", off = "don't"},
  {name = "as before", module = "always", cost = "nothing", off = "don't"},
]
"""
GROUND = """
def prepare(project, scratch, seed):
    return seed
"""
MEASURE = """
from octavo.challenges.measure import Measure

def rows(ground, probe, predictions):
    return [(float(p.output == (row["number"] % 2 == 0)),) for row, p in zip(probe, predictions)]

MEASURES = {"accuracy": Measure(rows, lambda table: float(table[:, 0].mean()), "share right")}
"""
RESPONSE = """
from octavo.challenges.response import Prediction

def respond(ground, probe, seed):
    for row in probe:
        yield Prediction(row["id"], {output}, {flops})
"""
KNOWN = """
from octavo.challenges.response import Prediction

def good(probe):
    return [Prediction(row["id"], row["number"] % 2 == 0) for row in probe]

def bad(probe):
    return [Prediction(row["id"], row["number"] % 2 == 1) for row in probe]
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed package `parity` whose entry point joins the catalogue."""
    folder = tmp_path / "parity" / "even"
    folder.mkdir(parents=True)
    (tmp_path / "parity" / "__init__.py").write_text("raise RuntimeError('imported before it was used')")
    (folder / "card.toml").write_text(CARD)
    (folder / "probe.jsonl").write_text("".join(f'{{"id": "n{i:02}", "number": {i * i % 7}}}\n' for i in range(40)))
    modules = {
        "ground": GROUND,
        "measure": MEASURE,
        "known": KNOWN,
        "always": RESPONSE.format(output="True", flops="1.0"),
        "never": RESPONSE.format(output="False", flops="None"),
        "look": RESPONSE.format(output='row["number"] % 2 == 0', flops="2.0"),
    }
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    about = tmp_path / "parity-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: parity\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[octavo.challenges]\neven = parity.even\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "parity"]:
        del sys.modules[name]


@pytest.fixture
def even(outside: Path):
    """That challenge, ready to be used."""
    from octavo.challenges.catalogue import challenge

    (outside.parent / "__init__.py").write_text("")
    return challenge("even")
