"""What is planted is where the probe says, and each response does to it what it is for; no model is trained here."""

from collections import Counter

import numpy as np
import pytest

from octavo.challenges.response import Prediction
from octavo.challenges.unfathomable_data import made, planted
from octavo.challenges.unfathomable_data.answering import _outcome
from octavo.challenges.unfathomable_data.ground import _made, passages_of, prepare, read_probe
from octavo.challenges.unfathomable_data.known import bad, good
from octavo.challenges.unfathomable_data.measure import MEASURES
from octavo.challenges.unfathomable_data.planted import plant
from octavo.challenges.unfathomable_data.responses import (
    as_it_is,
    decontaminate,
    exact_dedup,
    mixture_search,
    near_dedup,
    pseudonymise,
    redact,
    review_queue,
    semantic_dedup,
    substring_dedup,
)
from octavo.kinds.documents import Document
from octavo.spine.errors import OctavoError

PROBE = read_probe()
CORPUS_SETS = ("copy", "paraphrase", "different", "boilerplate")


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return prepare(None, tmp_path_factory.mktemp("ground"), 0)


def left_by(response, ground, tmp_path):
    """Measure → value, of those that need no model."""
    curated = response.curate(ground, tmp_path, 0)
    left = {row["id"]: row["text"] for row in curated.rows}
    before = {row["id"]: row["text"] for row in ground.planting.rows}
    rows = [row for row in PROBE if row["set"] in CORPUS_SETS]
    told = [Prediction(row["id"], _outcome(ground, row, left, before, [], None)) for row in rows]
    names = [name for name in MEASURES if name.endswith(" left") or name == "wrongly removed"]
    return {name: MEASURES[name].statistic(MEASURES[name].table(ground, rows, told)) for name in names}


def test_what_is_planted_stands_as_often_as_it_should(ground):
    texts = [row["text"] for row in ground.planting.rows]
    for row in PROBE:
        standing = sum(row.get("text", row.get("question", "\0")) in text for text in texts)
        if row["set"] == "boilerplate":
            assert standing == planted.HOSTS
        elif row["set"] == "item":
            assert standing == planted.LEAKS * row["planted"]
    for at, person in enumerate(ground.planting.people):
        assert (
            sum(person.email in text for text in texts)
            == planted.TELLINGS * (at < 12)
            == (planted.TELLINGS * person.planted)
        )


def test_copies_differ_from_their_originals_by_about_the_stated_share_of_words(ground):
    texts = {row["id"]: row["text"] for row in ground.planting.rows}
    for row in (row for row in PROBE if row["set"] == "copy"):
        original, copy = (texts[name].split() for name in ground.planting.pairs[row["id"]])
        common = (Counter(original) & Counter(copy)).total()
        assert abs(1 - common / len(original) - row["rate"] * 2 / 3) < 0.08, row
        assert (original == copy) == (row["rate"] == 0)


def test_texts_of_the_made_corpus_are_no_copies_of_each_other(tmp_path):
    from octavo.challenges.unfathomable_data.repeated import without_duplicates

    base, apart = _made()
    assert len(without_duplicates(base, ("exact", "near"), tmp_path)) == len(base)
    learnt = {row["text"] for row in base}
    assert not learnt & {text for texts in apart.values() for text in texts}


def test_the_same_seed_plants_the_same_and_another_elsewhere(tmp_path, ground):
    assert prepare(None, tmp_path, 0).planting == ground.planting
    assert prepare(None, tmp_path, 1).planting.pairs != ground.planting.pairs


def test_rows_that_a_measure_is_not_about_change_nothing_in_it(ground):
    about = {
        "exact copies left": {"copy"},
        "edited copies left": {"copy"},
        "paraphrases left": {"paraphrase"},
        "boilerplate left": {"boilerplate"},
        "wrongly removed": {"different"},
        "personal data leaked": {"person"},
        "contamination inflation": {"item"},
        "worst domain loss": {"unseen"},
        "wrong labels": {"label"},
    }
    fine, spoilt = good(PROBE), bad(PROBE)
    for name, measure in MEASURES.items():
        mixed = [a if row["set"] in about[name] else b for row, a, b in zip(PROBE, fine, spoilt, strict=True)]
        table = measure.table(ground, PROBE, mixed)
        assert measure.statistic(table) == measure.statistic(measure.table(ground, PROBE, fine)), name
        assert measure.concerned(table) == sum(row["set"] in about[name] for row in PROBE) or "copies" in name


@pytest.mark.parametrize("given", [float("nan"), float("inf"), -1.0, 99.0, "0", None, (float("nan"), 3)])
def test_what_is_no_number_in_range_counts_as_the_worst(ground, given):
    told = [Prediction(row["id"], given) for row in PROBE]
    for name, measure in MEASURES.items():
        value = measure.statistic(measure.table(ground, PROBE, told))
        assert value == {"personal data leaked": 4.0, "worst domain loss": 8.0}.get(name, 1.0), name


def test_as_it_is_everything_is_left(ground, tmp_path):
    found = left_by(as_it_is, ground, tmp_path)
    assert found.pop("wrongly removed") == 0
    assert set(found.values()) == {1.0}


def test_exact_dedup_takes_the_equal_copies_and_nothing_else(ground, tmp_path):
    found = left_by(exact_dedup, ground, tmp_path)
    assert found.pop("exact copies left") == found.pop("wrongly removed") == 0
    assert set(found.values()) == {1.0}


def test_near_dedup_takes_edited_copies_and_leaves_forms_that_differ(ground, tmp_path):
    found = left_by(near_dedup, ground, tmp_path)
    assert found["exact copies left"] == 0
    assert found["edited copies left"] < 0.8
    assert found["wrongly removed"] == 0


def test_substring_dedup_cuts_all_boilerplate(ground, tmp_path):
    found = left_by(substring_dedup, ground, tmp_path)
    assert found["boilerplate left"] == found["exact copies left"] == found["wrongly removed"] == 0


def test_semantic_dedup_finds_reordered_sentences_and_pays_for_it(ground, tmp_path):
    found = left_by(semantic_dedup, ground, tmp_path)
    assert found["paraphrases left"] < 0.8
    assert found["wrongly removed"] > 0


@pytest.mark.parametrize("response", [redact, pseudonymise])
def test_replacing_personal_data_leaves_none_of_it_and_all_the_rest(response, ground, tmp_path):
    texts = "\n".join(row["text"] for row in response.curate(ground, tmp_path, 0).rows)
    for person in ground.planting.people:
        assert person.email not in texts
        assert person.secret not in texts
    found = left_by(response, ground, tmp_path)
    assert found["wrongly removed"] < 0.03
    assert min(found["exact copies left"], found["edited copies left"], found["boilerplate left"]) > 0.95


def test_decontamination_takes_the_documents_with_items_only(ground, tmp_path):
    kept = {row["id"] for row in decontaminate.curate(ground, tmp_path, 0).rows}
    gone = {row["id"] for row in ground.planting.rows} - kept
    assert len(gone) == 16 * planted.LEAKS
    assert all(name.startswith("item-") for name in gone)


def test_reviewed_labels_are_better_than_those_of_one_annotator(ground):
    labels = review_queue.labelled(ground.reviews)
    right = [review.right for review in ground.reviews]
    first = [review.answers[0] for review in ground.reviews]
    assert np.mean([a == b for a, b in zip(labels, right, strict=True)]) > 0.93
    assert 0.7 < np.mean([a == b for a, b in zip(first, right, strict=True)]) < 0.88


def test_one_domain_alone_has_no_mixture(tmp_path):
    rows = [{"id": "a", "text": made.document("letters", 0), "domain": "letters"}]
    assert mixture_search.weigh(rows, tmp_path, 0) == (None, 0.0)


def test_a_project_with_too_little_text_is_refused():
    with pytest.raises(OctavoError, match="too little text") as refused:
        passages_of([Document("a.md", made.document("letters", 0))], "here")
    assert refused.value.code == "C007"


def test_of_a_project_its_own_passages_are_the_corpus_and_others_are_kept_apart():
    names = [(domain, number) for domain, count in made.SIZES.items() for number in range(count)]
    texts = ["\n".join(made.document(d, n + more) for more in (0, 500, 900)) for d, n in names]
    own = [Document(f"{d}/{n}", text, domain=d) for (d, n), text in zip(names, texts, strict=True)]
    base, apart = passages_of(own, "here")
    assert {row["domain"] for row in base} <= set(apart) <= set(made.SIZES)
    assert all(any(row["text"] in text for text in texts) for row in base)
    learnt = {row["text"] for row in base}
    assert not learnt & {text for some in apart.values() for text in some}
    assert plant(base, base[0]["domain"], PROBE, 0).rows


def test_documents_of_one_kind_are_one_domain():
    own = [Document(f"{n}", made.document("letters", n)) for n in range(150)]
    base, apart = passages_of(own, "here")
    assert {row["domain"] for row in base} == {"file"}
    assert len(apart["file"]) == 30
