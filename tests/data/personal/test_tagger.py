"""Names, addresses and places are told by words and surroundings; ordinary prose has none."""

from __future__ import annotations

import pytest

from octavo.data.personal.detect import find
from octavo.data.personal.spans import NAMED
from octavo.data.personal.teaching.sentences import Writer


def _found(text: str, type: str) -> list[str]:
    return [text[span.start : span.end] for span in find(text) if span.type == type]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My name is Miroslav Vondráček and I lost my card.", "Miroslav Vondráček"),
        ("Please ask Mrs. Abernathy about it.", "Abernathy"),
        ("i'm jessica and i need help", "jessica"),
        ("Regards,\nIngrid Solheim-Bakke", "Ingrid Solheim-Bakke"),
    ],
)
def test_people_are_found(text: str, name: str) -> None:
    assert _found(text, "PERSON") == [name]


def test_addresses_are_found() -> None:
    found = _found("Send it to 742 Evergreen Terrace, Apt. 4\nSpringfield, OR 97403 please", "ADDRESS")
    assert found
    assert found[0].startswith("742 Evergreen Terrace")


def test_places_companies_and_nationalities_are_told_apart() -> None:
    text = "Helga Lindqvist works for Norquist Ltd. in Uppsala; she is Swedish."
    assert _found(text, "ORGANISATION") == ["Norquist Ltd."] or _found(text, "ORGANISATION") == ["Norquist Ltd"]
    assert _found(text, "PLACE") == ["Uppsala"]
    assert _found(text, "NATIONALITY") == ["Swedish"]


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog 25 times.",
        "Return the number of items, or None. Raises ValueError if it is negative.",
        "Please check the balance on my credit card.",
        "What time do you open tomorrow? I will be there at 9.",
    ],
)
def test_prose_without_names_has_none(text: str) -> None:
    assert [span for span in find(text) if span.type in NAMED] == []


def test_made_up_sentences_are_the_same_for_the_same_seed_and_rightly_labelled() -> None:
    one, other = Writer(3), Writer(3)
    for _ in range(50):
        text, spans = one.sentence()
        assert (text, spans) == other.sentence()
        assert all(text[span.start : span.end].strip() == text[span.start : span.end] for span in spans)
