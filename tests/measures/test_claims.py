import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.measures.claims import is_supported, judge, judge_answer, unsupported_claims
from octavo.measures.wording import claims, sentences, stem, wording

EVIDENCE = [
    "The lighthouse at Cape Orsund was built in 1873. It is 34 metres high and was never electrified. "
    "Its keeper, Marta Lind, lived there for twelve years."
]


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("The lighthouse was built in 1873.", "supported"),
        ("Marta Lind lived there for 12 years.", "supported"),
        ("The lighthouse is 34 metres high.", "supported"),
        ("The lighthouse was built in 1901.", "refuted"),
        ("The lighthouse was electrified.", "refuted"),
        ("The keeper was Jonas Berg.", "refuted"),
        ("Many tourists visit its small museum every summer.", "unknown"),
        ("It is.", "unparsable"),
        ("", "unparsable"),
        ("!!! ???", "unparsable"),
    ],
)
def test_each_verdict_has_a_case(claim, verdict):
    assert judge(claim, EVIDENCE).verdict == verdict


def test_an_opposite_word_refutes():
    judged = judge("The function removes the item at the left end.", ["The function adds the item at the left end."])
    assert (judged.verdict, judged.why) == ("refuted", "remov against add")


def test_without_evidence_nothing_is_supported():
    assert judge("The lighthouse was built in 1873.", []).verdict == "unknown"


def test_claims_are_sentences_cut_at_clauses_that_stand_alone():
    text = "It returns an iterator over pairs, and the last element of the input appears only once. See e.g. the docs."
    assert claims(text) == [
        "It returns an iterator over pairs",
        "and the last element of the input appears only once",
        "See e.g. the docs.",
    ]
    assert claims("Red, green and blue.") == ["Red, green and blue."]


def test_sentences_split_lists_paragraphs_and_closing_quotes_but_not_versions_or_abbreviations():
    assert sentences("Use Python 3.11 now. Really!\n\n- one\n- two") == ["Use Python 3.11 now", "Really", "one", "two"]
    assert sentences("Mr. Hill left.") == ["Mr. Hill left."]


def test_numbers_are_compared_by_value_not_by_spelling():
    assert wording("1,200 boats, five oars, 2.50 metres").numbers == {"1200", "5", "2.5"}


@pytest.mark.parametrize(("one", "other"), [("returned", "returns"), ("studies", "study"), ("running", "runs")])
def test_endings_do_not_matter(one, other):
    assert stem(one) == stem(other)


def test_an_answer_is_supported_only_when_every_claim_is():
    assert is_supported("It is 34 metres high. It was built in 1873.", EVIDENCE)
    assert not is_supported("It is 34 metres high. It was built in 1999.", EVIDENCE)
    assert not is_supported("", EVIDENCE)


def test_the_share_counts_unparsable_claims_as_unsupported_and_clusters_by_answer():
    judged = [*judge_answer("It is 34 metres high.", EVIDENCE), *judge_answer("!!!", EVIDENCE)]
    score = unsupported_claims(judged, ["a", "b"])
    assert (score.value, score.n, score.unparsed, score.direction) == (0.5, 2, 1, "lower")
    assert score.low <= 0.5 <= score.high
    assert score.baseline_name.startswith("length only")


def test_perfect_support_still_has_an_interval_with_width():
    judged = judge_answer("It is 34 metres high.", EVIDENCE) * 8
    score = unsupported_claims(judged, list(range(8)))
    assert score.value == score.low == 0
    assert 0.2 < score.high < 0.5


def test_an_empty_sample_is_refused_instead_of_being_perfect():
    with pytest.raises(ValueError, match="nothing to score"):
        unsupported_claims([], [])


words = st.lists(st.text(string.ascii_lowercase, min_size=4, max_size=9), min_size=3, max_size=12, unique=True)


@given(words)
def test_a_sentence_copied_from_the_evidence_is_never_unknown(found):
    sentence = " ".join(found) + "."
    assert judge(sentence, [sentence]).verdict in {"supported", "unparsable"}


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_gets_a_verdict(claim, passage):
    assert judge(claim, [passage]).verdict in {"supported", "refuted", "unknown", "unparsable"}


@given(st.permutations(EVIDENCE[0].split(". ")))
def test_the_verdict_does_not_depend_on_the_order_of_passages(passages):
    assert judge("The lighthouse was built in 1873.", passages).verdict == "supported"


@given(st.lists(st.booleans(), min_size=2, max_size=20), st.randoms(use_true_random=False))
def test_the_score_lies_in_its_interval_and_ignores_the_order(right, shuffle: random.Random):
    good, bad = judge_answer("It is 34 metres high.", EVIDENCE)[0], judge_answer("It is 99 metres high.", EVIDENCE)[0]
    rows = [(good if one else bad, i // 2) for i, one in enumerate(right)]
    mixed = list(rows)
    shuffle.shuffle(mixed)
    score, again = (unsupported_claims([j for j, _ in r], [a for _, a in r]) for r in (rows, mixed))
    assert score == again
    assert 0 <= score.low <= score.value <= score.high <= 1
