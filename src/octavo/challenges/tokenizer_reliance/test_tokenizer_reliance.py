"""The text and the probe are what they are said to be, and the measures read them as people would."""

import random

import pytest

from octavo.challenges.catalogue import challenge
from octavo.challenges.response import Prediction
from octavo.challenges.tokenizer_reliance import measure, tiny
from octavo.challenges.tokenizer_reliance.cut import Cut, counts_of, is_lost
from octavo.challenges.tokenizer_reliance.ground import anew, prepare
from octavo.challenges.tokenizer_reliance.known import good
from octavo.challenges.tokenizer_reliance.made import LANGUAGES, SHARES, SLOTS, UNSEEN, made_text, parallel, phrases
from octavo.challenges.tokenizer_reliance.starved import starved_text
from octavo.kinds.records import read_rows
from octavo.measures import fairness
from octavo.tokenizer.audit.open import open_tokenizer
from octavo.tokenizer.repair.extend import extend
from octavo.tokenizer.repair.vocabulary import write_repaired

PROBE = challenge("tokenizer_reliance").probe()
SENTENCES = [row for row in PROBE if row["set"] == "parallel"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return prepare(None, tmp_path_factory.mktemp("tokenizer_reliance"), 0)


def table(name, predictions, probe=PROBE):
    one = measure.MEASURES[name]
    return one.statistic(one.table(None, probe, predictions))


def test_the_made_text_is_decided_by_its_seed_and_nine_tenths_of_it_are_english_and_code():
    text = made_text(100_000, 3)
    assert text == made_text(100_000, 3) != made_text(100_000, 4)
    size = {name: sum(len(one.encode()) for language, one in text if language == name) for name in SHARES}
    assert 0.85 < (size["en"] + size["code"] + size["numbers"]) / sum(size.values()) < 0.92
    assert size["hi"] < size["zh"] < size["de"]


def test_no_phrase_is_kept_for_the_probe_and_learnt_from_all_the_same(ground):
    kept = {row["en"] for slot in SLOTS if slot != "action" for row in phrases().sections[slot + UNSEEN]}
    kept |= {row["en"].split(" ~ ")[1] for row in phrases().sections["action" + UNSEEN]}
    learnt = [row["text"] for path in (ground.records, ground.lines) for row in read_rows(path)]
    assert not [text for text in learnt for phrase in kept if phrase in text]
    assert all(any(phrase in row["texts"]["en"].lower() for phrase in map(str.lower, kept)) for row in SENTENCES)


def test_every_sentence_of_the_probe_is_there_in_every_language_and_differs_from_all_others():
    for row in SENTENCES:
        assert tuple(row["texts"]) == LANGUAGES
        assert len(set(row["texts"].values())) == len(LANGUAGES)
    for language in LANGUAGES:
        assert len({row["texts"][language] for row in SENTENCES}) == len(SENTENCES)
    assert parallel(random.Random(1))["en"][0].isupper()


def test_gini_and_premium_are_those_of_the_fairness_measures():
    chance = random.Random(0)
    rows = []
    for row in SENTENCES:
        tokens = tuple(chance.randint(5, 90) for _ in LANGUAGES)
        rows.append(Prediction(row["id"], Cut(tokens, (1.0,) * len(tokens), False)))
    sums = [sum(one.output.tokens[at] for one in rows) for at in range(len(LANGUAGES))]
    assert table("Gini of cost", rows, SENTENCES) == pytest.approx(fairness.gini(sums))
    assert table("worst premium", rows, SENTENCES) == pytest.approx(max(sums) / sums[0])


def test_a_missing_answer_moves_a_measure_towards_the_worst_by_its_share():
    predictions = good(SENTENCES)
    whole = table("worst premium", predictions, SENTENCES)
    predictions[: len(SENTENCES) // 2] = [Prediction(row["id"], None) for row in SENTENCES[: len(SENTENCES) // 2]]
    assert table("worst premium", predictions, SENTENCES) == pytest.approx((whole + measure.MOST_PREMIUM) / 2)


def test_a_likelihood_that_is_no_number_counts_as_missing():
    broken = [Prediction(one.item, Cut(one.output.tokens, (float("nan"),) * 8, False)) for one in good(SENTENCES)]
    assert table("bits per byte", broken, SENTENCES) == measure.MOST_BITS


def test_all_texts_come_back_from_every_algorithm_and_none_becomes_a_special_token(ground):
    texts = [text for row in PROBE for text in row.get("texts", {}).values()]
    for algorithm in ("bpe", "wordpiece", "unigram", "bytes"):
        opened = open_tokenizer(anew(ground, algorithm, algorithm=algorithm))
        assert not [text for text in texts if is_lost(opened, text)]


def test_every_tokenizer_gets_the_same_flops_however_long_its_sequences_are(ground, monkeypatch):
    monkeypatch.setattr(tiny, "FLOPS", 1.5e9)
    monkeypatch.setattr(tiny, "BATCH", 1)
    spent = [
        tiny.train(ground, folder, 0).flops for folder in (ground.baseline, anew(ground, "bytes", algorithm="bytes"))
    ]
    assert all(0.75 * 1.5e9 < flops <= 1.5e9 for flops in spent), spent


def test_an_extended_model_finds_a_text_without_new_tokens_exactly_as_likely_as_before(ground, monkeypatch, tmp_path):
    """But for the share of the probability that the new tokens take."""
    from octavo.model.likelihood import score_texts
    from octavo.model.tokenizer import Tokenizer

    monkeypatch.setattr(tiny, "FLOPS", 2e9)
    old = open_tokenizer(ground.baseline)
    repaired = extend(old, [starved_text(ground, tmp_path)], tmp_path, tokens=64, on="serial")
    write_repaired(repaired, old, tmp_path / "new")
    before = tiny.first_half(ground, ground.baseline, 0)
    after = tiny.carry_over(ground, before, tmp_path / "new", [(source, None) for source in repaired.sources])
    new, text = Tokenizer(tmp_path / "new"), "The ancient harbour 1234"
    assert new.encode(text) == Tokenizer(ground.baseline).encode(text)
    was, now = score_texts(before.model, Tokenizer(ground.baseline), [text]), score_texts(after, new, [text])
    assert was[0].nats <= now[0].nats < was[0].nats * 1.2


def test_starved_text_is_of_dear_languages_only_and_about_as_much_of_each(ground, tmp_path):
    size: dict[str, int] = {}
    for row in read_rows(starved_text(ground, tmp_path)):
        size[row["language"]] = size.get(row["language"], 0) + len(row["text"].encode())
    assert "en" not in size
    assert {"ru", "hi"} <= set(size)
    assert max(size.values()) < 2 * min(size.values())


def test_logs_leave_tokens_in_the_tokenizer_that_the_text_never_uses(ground):
    opened = open_tokenizer(ground.baseline)
    counts = counts_of(ground, opened)
    name = next(read_rows(ground.logs))["text"].split()[0]
    used = opened.encode(f"x {name}")[1:]
    assert len(used) < len(name)
    assert min(counts[number] for number in used) < 10
