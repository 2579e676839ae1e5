"""Two recipes have the same key exactly when nothing differs, and what differs is said in words."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from octavo.spine.recipe import Recipe, differences, nearest_recipe, recipe_from_json

WORDS = st.sampled_from(["a", "b", "numpy", "steps"])
TEXTS = st.dictionaries(WORDS, st.sampled_from(["1", "2", "f" * 64]), max_size=3)
VALUES = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.none())
SETTINGS = st.dictionaries(WORDS, st.one_of(VALUES, st.lists(VALUES, max_size=2)), max_size=3)
RECIPES = st.builds(Recipe, st.just("stage"), SETTINGS, TEXTS, TEXTS, TEXTS, TEXTS)

PLAIN = Recipe(
    "s", {"steps": 50}, {"documents": "0" * 64}, {"octavo.data.rules": "1"}, {"numpy": "2.1"}, {"scipy": "1"}
)


@given(RECIPES, RECIPES)
def test_a_key_stands_for_all_of_a_recipe(one, other):
    if one.key == other.key:
        assert one.as_json() == other.as_json()
        assert differences(one, other) == []
    if one != other:
        assert bool(differences(one, other)) == bool(differences(other, one))


@given(RECIPES)
def test_a_recipe_survives_being_written_down(recipe):
    assert recipe_from_json(recipe.as_json()) == recipe
    assert recipe_from_json(recipe.as_json()).key == recipe.key
    assert differences(recipe, recipe) == []


@given(RECIPES, st.lists(RECIPES, max_size=5))
def test_the_nearest_recipe_of_a_known_one_is_itself(recipe, others):
    assert nearest_recipe(recipe, [*others, recipe]) == recipe


def test_true_and_one_are_different_settings():
    assert replace(PLAIN, settings={"x": True}).key != replace(PLAIN, settings={"x": 1}).key


def test_reasons_name_what_changed():
    cases = {
        "settings.steps: 50 → 60": replace(PLAIN, settings={"steps": 60}),
        "settings.rate: added as 0.1": replace(PLAIN, settings={"steps": 50, "rate": 0.1}),
        "settings.steps removed": replace(PLAIN, settings={}),
        "input documents changed": replace(PLAIN, inputs={"documents": "2" * 64}),
        "input index added": replace(PLAIN, inputs={**PLAIN.inputs, "index": "1"}),
        "code: octavo.data.rules changed": replace(PLAIN, code={"octavo.data.rules": "2"}),
        "code: octavo.data.more added": replace(PLAIN, code={**PLAIN.code, "octavo.data.more": "2"}),
        "source numpy 2.1 → 2.2": replace(PLAIN, sources={"numpy": "2.2"}),
        "source numpy changed": replace(PLAIN, sources={"numpy": "f" * 40}),
        "source torch added": replace(PLAIN, sources={**PLAIN.sources, "torch": "2"}),
        "4 sources added (a, b, c and 1 more)": replace(PLAIN, sources={**PLAIN.sources, **dict.fromkeys("abcd", "1")}),
        "version of scipy: 1 → none": replace(PLAIN, pinned={}),
    }
    assert {reason: differences(PLAIN, recipe) for reason, recipe in cases.items()} == {r: [r] for r in cases}


def test_of_equally_near_recipes_the_youngest_is_compared_with():
    old, young = replace(PLAIN, settings={"steps": 1}), replace(PLAIN, settings={"steps": 2})
    assert nearest_recipe(PLAIN, [old, young]) is young
    assert nearest_recipe(PLAIN, []) is None
