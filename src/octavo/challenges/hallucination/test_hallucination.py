"""The probe fits its corpus, and the measures read it as people would."""

import pytest

from octavo.challenges.catalogue import challenge
from octavo.challenges.hallucination import measure
from octavo.challenges.hallucination.ground import Ground, corpus
from octavo.challenges.hallucination.known import bad, good
from octavo.challenges.hallucination.responses import retrieve_and_cite, verify_and_decline
from octavo.challenges.response import Prediction
from octavo.kinds.answer import Answer
from octavo.knowledge.index.index import Index

PROBE = challenge("hallucination").probe()


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """Without a model: these responses ask none."""
    path = tmp_path_factory.mktemp("hallucination") / "index.sqlite"
    Index.build(path, corpus())
    return Ground("no model", corpus(), path, None, None, path)


def test_every_answer_that_is_wanted_stands_in_its_document():
    texts = {document.id.removesuffix(".md"): " ".join(document.text.lower().split()) for document in corpus()}
    for row in PROBE:
        assert bool(row["say"]) == bool(row["documents"]) == (row["set"] == "answerable"), row
        for name in row["documents"]:
            for wanted in row["say"]:
                assert wanted.lower() in texts[name], row


def test_known_good_answers_are_supported_and_right_and_known_bad_ones_are_not(ground):
    answerable = [row for row in PROBE if row["say"]]
    for row, prediction in zip(PROBE, good(PROBE), strict=True):
        assert measure.is_right(row, prediction.output) == bool(row["say"])
    rows = measure.claim_rows(ground, answerable, good(answerable))
    assert sum(wrong for wrong, _ in rows) <= 0.05 * sum(n for _, n in rows)
    rows = measure.claim_rows(ground, PROBE, bad(PROBE))
    assert all(wrong == n > 0 for wrong, n in rows)


def test_declining_everything_is_not_a_way_to_a_good_score(ground):
    declined = [Prediction(r["id"], Answer(r["question"], "No.", True, (), 0.5, 0.0, "quote")) for r in PROBE]
    shares = {name: one.statistic(one.table(ground, PROBE, declined)) for name, one in measure.MEASURES.items()}
    assert shares["unsupported claims"] == 1.0
    assert shares["risk–coverage area"] == 1.0
    assert shares["false answers"] == 0.0


def test_a_confidence_that_is_not_a_number_counts_as_wrong():
    row = next(row for row in PROBE if row["say"])
    answer = Answer(row["question"], row["say"][0], False, (), float("nan"), 0.0, "generate")
    assert measure.outcome_rows(None, [row], [Prediction(row["id"], answer)]) == [(-1.0, 1.0)]


@pytest.mark.parametrize("response", [retrieve_and_cite, verify_and_decline])
def test_what_is_cited_is_exactly_the_span_it_names(ground, response):
    texts = {document.id: document.text for document in corpus()}
    for prediction in response.respond(ground, PROBE, 0):
        for citation in prediction.output.citations:
            assert texts[citation.document][citation.start : citation.end] == citation.text
        assert prediction.output.declined == (not prediction.output.citations)


def test_declining_lowers_false_answers_below_always_quoting(ground):
    quoting, declining = (list(r.respond(ground, PROBE, 0)) for r in (retrieve_and_cite, verify_and_decline))
    one, other = (measure.mean(measure.MEASURES["false answers"].table(ground, PROBE, p)) for p in (quoting, declining))
    assert other < one
