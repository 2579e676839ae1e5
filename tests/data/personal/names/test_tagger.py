"""Names, addresses and places are told by words and surroundings; ordinary prose has none."""

from __future__ import annotations

import pytest

from octavo.data.personal.detect import find, find_many
from octavo.data.personal.names import words
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
        ("Mein Name ist Grete Wundersam und ich wohne dort nicht mehr.", "Grete Wundersam"),
        ("Ich habe gestern mit Frau Holzapfel gesprochen und nichts gehört.", "Holzapfel"),
        ("Nous avons parlé avec Sophie Lambertin pendant deux heures.", "Sophie Lambertin"),
    ],
)
def test_people_are_found(text: str, name: str) -> None:
    assert _found(text, "PERSON") == [name]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Wir treffen uns in der Ahornstraße 17 und gehen dann nach Hause.", "Ahornstraße 17"),
        ("El paquete llegó ayer a la calle Mayor 12 y no había nadie.", "calle Mayor 12"),
    ],
)
def test_addresses_in_other_languages_need_a_street_and_a_number(text: str, address: str) -> None:
    assert _found(text, "ADDRESS") == [address]


def test_a_place_or_a_cup_named_after_somebody_is_no_person() -> None:
    assert _found("They met in Lincoln Park after the Stanley Cup and the Robert Byrd Space Center.", "PERSON") == []


def test_what_is_found_does_not_depend_on_the_texts_beside_it() -> None:
    writer = Writer(11)
    texts = [writer.sentence()[0] for _ in range(60)] + ["", "Die Katze und der Hund sind im Haus.", "ANNA MILLER"]
    assert find_many(texts) == [find(text) for text in texts]
    assert find_many(texts[::-1])[::-1] == find_many(texts)


def test_words_are_forgotten_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Please ask Mrs. Abernathy about it.", "Helga Lindqvist lives in Uppsala."]
    known = find_many(texts)
    monkeypatch.setattr(words, "KEPT", 2)
    assert find_many(texts) == known


@pytest.mark.slow
def test_teaching_twice_with_one_seed_gives_the_same_weights() -> None:
    teach = pytest.importorskip("octavo.data.personal.teaching.teach", reason="teaching needs torch")
    writer = Writer(4)
    made = [writer.sentence() for _ in range(150)]
    one, other = (teach.teach(made, seed=4, epochs=1) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))


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
        "Fishermen with fresh catch come at dawn. Fees go to the harbour. Dogs are welcome.",
        "Die Regierung hat der Wirtschaft neue Aufgaben gegeben, weil die Preise gestiegen sind.",
        "Der Bericht beginnt mit der Bitte um eine offene Aussprache über die Politik.",
        "Regjeringen har bestemt at Prisene skal ned, og det er bra for Bønder og Fiskere.",
        "Le Gouvernement a annoncé que les Prix seraient bloqués pendant toute la Saison.",
        "Правительство объявило, что Цены будут снижены в следующем Году.",
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
