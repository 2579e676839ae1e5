"""Classifier: learns from examples, says how well, and is the same file every time."""

import random

import numpy as np
import pytest
from prose import words

from octavo.data.quality.classifier import area, load, sample, save, train
from octavo.spine.errors import OctavoError


def texts(kind, count, seed, length=60):
    """Texts of made-up words in which good and bad ones prefer others."""
    random_ = random.Random(seed)
    own, shared = words(60, {"good": 1, "bad": 2}[kind]), words(400, 3)
    return [
        " ".join(random_.choice(own if random_.random() < 0.1 else shared) for _ in range(length)) for _ in range(count)
    ]


@pytest.fixture(scope="module")
def model():
    return train(texts("good", 150, 1), texts("bad", 150, 2))


def test_it_tells_unseen_texts_apart_as_well_as_it_says(model):
    good, bad = model.scores(texts("good", 200, 3)), model.scores(texts("bad", 200, 4))
    reached, _ = area(np.array(good + bad), np.r_[np.ones(200), np.zeros(200)])
    low, high = model.trained.auc_interval
    assert low - 0.03 <= reached <= high + 0.03
    assert model.trained.auc > 0.9


def test_the_threshold_keeps_the_wanted_share_of_good_texts(model):
    good = np.array(model.scores(texts("good", 400, 5)))
    assert 0.85 <= (good >= model.threshold).mean() <= 1
    assert abs(model.trained.good_removed - 0.05) < 0.01
    assert model.trained.bad_removed > 0.5


def test_where_only_the_length_differs_the_baseline_says_so():
    short = [" ".join(one.split()[: 20 + at % 20]) for at, one in enumerate(texts("good", 120, 6))]
    trained = train(texts("good", 120, 7), short).trained
    assert trained.length_auc > 0.95


def test_labels_by_chance_give_no_confidence():
    trained = train(texts("good", 100, 8), texts("good", 100, 9)).trained
    assert trained.auc_interval[0] <= 0.55
    assert trained.calibration_error < 0.2


def test_equal_texts_do_not_help_across_folds():
    good, bad = texts("good", 100, 8), texts("good", 100, 9)
    assert train(good * 3, bad * 3).trained.auc < 0.7


def test_a_model_survives_its_file_and_has_the_same_bytes_every_time(tmp_path, model):
    save(model, tmp_path / "a.model")
    save(train(texts("good", 150, 1), texts("bad", 150, 2)), tmp_path / "b.model")
    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()
    again = load(str(tmp_path / "a.model"))
    some = texts("good", 5, 9)
    assert again.scores(some) == model.scores(some)
    assert again.trained == model.trained


def test_scores_do_not_depend_on_what_else_is_scored(model):
    some = [*texts("good", 3, 1), "", "x" * 50_000]
    assert model.scores(some) == [model.scores([one])[0] for one in some]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'{"weights": 1}'])
def test_what_is_no_model_is_said_to_be_none(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(OctavoError) as raised:
        load(str(tmp_path / "m"))
    assert raised.value.code == "D042"


def test_too_few_examples_are_refused():
    with pytest.raises(OctavoError) as raised:
        train(["one"] * 30, ["two"] * 3)
    assert raised.value.code == "D043"


def test_the_sample_is_the_same_for_the_same_rows():
    rows = [{"id": str(n), "text": f"text {n}"} for n in range(100)]
    assert sample(rows, 10) == sample(rows, 10)
    assert len(sample(rows, 10)) == 10
    assert sample(rows, 1000) == [row["text"] for row in rows]
