import pytest

from octavo.challenges.card import read_card
from octavo.challenges.catalogue import catalogue, challenge
from octavo.spine.errors import OctavoError


def test_a_challenge_of_another_package_is_found_without_editing_or_importing_anything(outside):
    found = catalogue()
    assert "even" in found
    assert found["even"].folder == outside
    assert found["even"].card.question == "Is it even?"


def test_the_challenges_that_come_along_are_found_by_their_card():
    assert "hallucination" in catalogue()


def test_an_unknown_challenge_names_the_nearest():
    with pytest.raises(OctavoError, match='did you mean "hallucination"') as caught:
        challenge("halucination")
    assert (caught.value.code, caught.value.exit_code) == ("C003", 2)


def test_names_may_be_written_with_dashes_and_capitals(even):
    assert challenge("Hallucination").name == "hallucination"
    assert even.response("look-at-it").name == "look at it"
    assert even.response("look").name == "look at it"


def test_an_unknown_response_lists_those_there_are(even):
    with pytest.raises(OctavoError, match="no response") as caught:
        even.response("pray")
    assert caught.value.code == "C004"
    assert "look at it" in caught.value.do


def test_an_entry_point_without_a_card_is_explained(outside):
    (outside / "card.toml").unlink()
    with pytest.raises(OctavoError) as caught:
        catalogue()
    assert caught.value.code == "C006"


def test_a_card_that_names_a_missing_module_is_explained(even, outside):
    with pytest.raises(OctavoError, match='names a module "nowhere"') as caught:
        even.module("nowhere")
    assert caught.value.code == "C002"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("margin = 0.05", "margin = 0", "measures.0.margin"),
        ("[0.0, 1.0]", "[1.0, 0.0]", "measures.0"),
        ('area = "arithmetic"', "", "area"),
        ('area = "arithmetic"', 'area = "arithmetic"\ncolour = "red"', "colour"),
        (', off = "don\'t"', "", "how to switch off"),
        ('"always no"', '"always yes"', "same name"),
        ('question = "', "question = ", "can't be read"),
    ],
)
def test_a_wrong_card_is_one_message_that_names_the_field(outside, old, new, field):
    card = outside / "card.toml"
    card.write_text(card.read_text().replace(old, new, 1))
    with pytest.raises(OctavoError, match=field) as caught:
        read_card(outside)
    assert caught.value.code == "C001"
