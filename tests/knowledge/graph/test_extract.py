import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.knowledge.graph.text.extract import mentions
from octavo.knowledge.graph.text.keys import key_of, tokens
from octavo.knowledge.graph.text.recognise import Recogniser
from octavo.knowledge.graph.text.trie import DEPTH, Trie
from octavo.spine.errors import OctavoError


def keys(text, names=()):
    return [m.key for m in mentions(text, Trie(map(key_of, names))) if not m.part]


def kinds(text):
    return {m.key: m.kind for m in mentions(text)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "beatles"),
        ("Dvořák's", "Dvorak"),
        ("U.S.", "US"),
        ("Johnnycake, West Virginia", "johnnycake west virginia"),
        ("Straße", "STRASSE"),
        ("rugby leagues", "Rugby League"),
    ],
)
def test_names_are_the_same_whatever_their_case_accents_punctuation_and_number(one, other):
    assert key_of(one) == key_of(other)


def test_a_word_that_is_capitalised_only_because_a_sentence_begins_is_no_name():
    assert keys("However the rain stopped. Market stalls opened. Then Ada Verrin came.") == ["ada verrin"]


def test_a_name_that_opens_a_sentence_is_found_when_it_is_long_or_written_elsewhere():
    assert keys("Ostmark lies low. In spring Ostmark floods.") == ["ostmark", "ostmark"]
    assert keys("Grey Hills rise there.") == ["grey hill"]


def test_joined_names_are_found_whole_with_their_parts():
    found = mentions("She taught at the University of Copenhagen with Ludwig van Beethoven.")
    assert [m.key for m in found if not m.part] == ["university of copenhagen", "ludwig van beethoven"]
    assert "copenhagen" in [m.key for m in found if m.part]


def test_initials_stay_with_their_name_and_end_no_sentence():
    assert "george t solomon" in keys("The editor is George T. Solomon of the journal.")
    assert "st peter church" in keys("They met at St. Peter's Church today.")


def test_a_surname_alone_is_who_was_named_before():
    assert keys("Hank Snow sang it. It was Snow who wrote it.") == ["hank snow", "hank snow"]


def test_a_surname_that_two_share_is_left_alone():
    found = keys("We met Hank Snow and Jon Snow there. It was Snow who wrote it.")
    assert found[-1] == "snow"


def test_numbers_and_dates_are_kinds_of_their_own():
    found = kinds("On 3 May 1961 there were 4,200 sheep in Ostmark.")
    assert found["3 may 1961"] == "date"
    assert found["1961"] == "date"
    assert "number" in found.values()
    assert found["ostmark"] == "name"


def test_code_like_terms_are_found():
    found = kinds("Call os.path.join with my_value or `two words` and readLine.")
    assert {key for key, kind in found.items() if kind == "code"} == {"ospathjoin", "myvalue", "two word", "readline"}


def test_known_names_are_found_in_lower_case_and_the_longest_wins():
    assert keys("He plays rugby league football.", ["rugby", "rugby league"]) == ["rugby league"]


def test_known_names_do_not_reach_over_the_end_of_a_sentence():
    assert keys("he likes rugby. league tables bore him.", ["rugby league"]) == []


def test_mentions_say_where_they_are():
    text = "In Ostmark lives Ada Verrin."
    assert all(text[m.start : m.end] == m.name for m in mentions(text))


def test_sentences_are_counted():
    assert [m.sentence for m in mentions("He saw Ostmark. She saw Pellworm.")] == [0, 1]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text):
    found = mentions(text, Trie(["a b", "x"]))
    assert all(0 <= m.start <= m.end <= len(text) and m.key for m in found)
    assert all(text[t.start : t.end] == t.text for t in tokens(text))


@pytest.mark.parametrize("unit", ["A", "Ab ", "a_", "A of ", "`", "1.", "Ab (", "b. Ab "])
def test_a_long_text_of_one_kind_is_read(unit):
    assert len(mentions(unit * (100_000 // len(unit)), Trie(["ab ab ab ab"]))) <= 100_000


def test_a_trie_knows_whole_names_only_and_refuses_overlong_ones():
    trie = Trie(["new york", "new york city"])
    assert "new york" in trie
    assert "new" not in trie
    assert trie.longest(["new", "york", "city", "hall"], 0) == 3
    assert not trie.add(" ".join(["x"] * (DEPTH + 1)))


def test_spacy_is_refused_clearly_when_it_is_not_there(tmp_path):
    for place in (str(tmp_path), "no_such_package", "json"):
        with pytest.raises(OctavoError) as caught:
            Recogniser(place)
        assert caught.value.code == "K045"
