from hypothesis import given
from hypothesis import strategies as st

from octavo.knowledge.index.terms import pieces, stem, text_terms, token_terms
from octavo.knowledge.index.thesaurus import name_terms, phrasebook, thesaurus


def test_words_of_one_family_share_a_stem():
    for family in ("iterate iterates iterating iteration iterator", "compress compressed compression", "file files"):
        assert len({stem(word) for word in family.split()}) == 1
    assert stem("serialise") == stem("serialize")
    assert stem("directories") == stem("directory")


def test_short_and_foreign_words_stay_as_they_are():
    assert [stem(w) for w in ("sum", "bus", "straße", "日本")] == ["sum", "bus", "straße", "日本"]


def test_identifiers_come_apart_and_stay_whole():
    assert pieces("ThreadPoolExecutor") == ["thread", "pool", "executor"]
    assert pieces("zip_longest") == ["zip", "longest"]
    assert token_terms("zip_longest")[-1] == "zip_longest"


def test_glued_names_give_the_words_they_are_made_of():
    assert {stem("copy"), stem("tree")} <= set(name_terms("copytree"))
    assert {stem("remove"), stem("tree")} <= set(name_terms("rmtree"))


def test_stop_words_are_kept_in_names_only():
    assert text_terms("what is the any") == []
    assert "ani" in name_terms("any") or "any" in name_terms("any")


def test_the_shipped_word_lists_load():
    assert len(thesaurus().phrases) > 300
    assert len(phrasebook()) > 1000
    assert all(asked.strip() for asked in phrasebook().values())


@given(st.text())
def test_any_text_has_terms_without_failing(text):
    assert all(isinstance(term, str) and term for term in text_terms(text))
