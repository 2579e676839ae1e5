"""Settings take types as written, and their docstrings are their help."""

import json
from pathlib import Path
from typing import Literal

import pytest

from octavo.apps.paths import load_path
from octavo.spine.errors import OctavoError
from octavo.spine.settings import Settings, defaults_of, read_settings


class Sail(Settings):
    """How to sail."""

    knots: float = 5
    """How fast."""
    crew: tuple[str, ...] = ("Ann",)
    """Who
    comes along."""
    chart: Path = Path("sea")
    """Where."""
    rig: Literal["sloop", "ketch"] = "sloop"
    """What kind."""


class Race(Sail):
    """A sail against others."""

    laps: int = 1
    """How often."""


def test_defaults_and_given_values_are_valid():
    assert read_settings(Sail, {}, where="") == Sail()
    given = read_settings(Race, {"knots": 6, "crew": ["Bo", "Cy"], "chart": "lake", "laps": 2}, where="")
    assert (given.knots, given.crew, given.chart, given.laps) == (6.0, ("Bo", "Cy"), Path("lake"), 2)


@pytest.mark.parametrize("values", [{"knots": "6"}, {"crew": "Bo"}, {"crew": [1]}, {"rig": "brig"}, {"chart": 3}])
def test_wrong_types_are_refused_with_the_field_and_its_help(values):
    with pytest.raises(OctavoError) as caught:
        read_settings(Sail, values, where=lambda field: f"line of {field}")
    name = next(iter(values))
    assert caught.value.code == "P004"
    assert caught.value.where == f"line of {name}"
    assert caught.value.do == Sail.field_docs()[name]


def test_settings_can_not_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Sail().knots = 3


def test_docstrings_are_found_for_inherited_fields_too():
    assert Race.field_docs() == {
        "knots": "How fast.",
        "crew": "Who comes along.",
        "chart": "Where.",
        "rig": "What kind.",
        "laps": "How often.",
    }


def test_what_is_not_given_is_the_default_unchecked_and_checked_alike():
    quick, checked = read_settings(Race, {}, where=""), Race()
    assert quick == checked
    assert quick.as_json() == checked.model_dump(mode="json")
    assert quick.as_json() == {"knots": 5, "crew": ["Ann"], "chart": "sea", "rig": "sloop", "laps": 1}


@pytest.mark.parametrize("step", load_path("own_model").steps, ids=lambda step: step.name)
def test_the_defaults_of_every_stage_are_valid(step):
    model = step.stage.settings
    # as text: a default 5 for a number that is checked as 5.0 would make two recipes of one
    checked, unchecked = model.model_validate(defaults_of(model)), model.model_construct()
    assert json.dumps(checked.as_json()) == json.dumps(unchecked.as_json())
