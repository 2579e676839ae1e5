"""The task and the texts are what they are said to be, the budget holds, and answers are those of greedy decoding."""

import math
from dataclasses import replace

import pytest
import torch

from octavo.challenges.catalogue import challenge
from octavo.challenges.response import Prediction
from octavo.challenges.tuning_cost import measure
from octavo.challenges.tuning_cost.answering import Told, entry_of, field_ends, fields_right, read, text_bits
from octavo.challenges.tuning_cost.footprint import Footprint
from octavo.challenges.tuning_cost.ground import TINY, prepare
from octavo.challenges.tuning_cost.known import bad, good
from octavo.challenges.tuning_cost.logbook import PLACES, TROUBLES, URGENCIES, entries, most_frequent
from octavo.challenges.tuning_cost.tuning import MEZO, RATES, tune, untouched
from octavo.finetune.methods import METHODS
from octavo.kinds.dialogues import Message
from octavo.measures.intervals import over_seeds
from octavo.model.checkpoint import read_checkpoint
from octavo.model.generate import Sampling, generate
from octavo.model.likelihood import score_texts

CHALLENGE = challenge("tuning_cost")
PROBE = sorted(CHALLENGE.probe(), key=lambda row: row["id"])
ENTRIES = [entry_of(row) for row in PROBE if row["set"] == "task"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    place = tmp_path_factory.mktemp("tuning_cost") / "seed-0"
    place.mkdir()
    return prepare(None, place, 0, TINY)


@pytest.fixture(scope="module")
def tuned(ground):
    return tune(ground, "full", rates=(1e-3, 1e-2, 3e-2))


def test_the_probe_is_what_the_logbook_makes_and_nothing_of_it_is_learnt_from(ground):
    made = entries(48, "probe False") + entries(48, "probe True", new=True)
    assert made == ENTRIES
    asked = {entry.text for entry in ENTRIES}
    assert not [one for one in (*ground.known, *ground.checked) if one.text in asked]
    assert not set(ground.known) & set(ground.checked)


def test_every_entry_says_its_place_and_another_one_that_is_not_meant():
    for entry in ENTRIES:
        place, trouble, urgency = entry.record
        assert place in PLACES
        assert trouble in TROUBLES
        assert urgency in URGENCIES
        assert sum(one in entry.text for one in PLACES) == 2
        assert place in entry.text


def test_the_wordings_that_are_kept_for_the_probe_are_in_no_other_entry(ground):
    kept = [way for ways in (*TROUBLES.values(), *URGENCIES.values()) for way in ways.partition("|")[2].split(";")]
    assert all(kept)
    told = "\n".join(entry.text.lower() for entry in (*ground.known, *ground.checked))
    assert not [way for way in kept if way.lower() in told]


def test_the_general_texts_are_documents_that_the_base_did_not_read(ground):
    assert len(ground.general) == 64
    assert all(len(ground.tokenizer.encode(text)) <= 255 for text in ground.general)


def test_another_seed_learns_from_other_entries_on_the_same_base(ground, tmp_path_factory):
    place = ground.scratch.parent / "seed-1"
    place.mkdir()
    other = prepare(None, place, 1, TINY)
    assert other.base == ground.base
    assert other.known != ground.known


def test_only_the_record_and_the_end_of_its_turn_are_learnt(ground):
    ids, learnt = ground.conversation(ENTRIES[0])
    assert ground.tokenizer.decode([i for i, one in zip(ids, learnt, strict=True) if one]) == ENTRIES[0].answer
    assert ids[-1] == ground.tokenizer.end_of_turn
    assert learnt[-1]


def test_fields_are_cut_where_the_record_is(ground):
    for entry in ENTRIES[:20]:
        ids, learnt = ground.conversation(entry)
        mine = ids[learnt.index(True) :]
        ends = field_ends(ground, entry, mine)
        begins = (0, *ends[:-1])
        parts = [ground.tokenizer.decode(mine[a:b]).strip("; ") for a, b in zip(begins, ends, strict=True)]
        assert tuple(parts) == entry.record


def test_a_record_counts_as_right_just_when_greedy_decoding_writes_it(ground):
    base = untouched(ground)
    model, tokenizer = read_checkpoint(ground.base)
    # What the untouched model writes is no record; asked for just that, every token of it is right.
    asked = [(Message("user", entry.text),) for entry in ENTRIES[:4]]
    written = generate(model, tokenizer, asked, Sampling(tokens=8))
    for messages, said in zip(asked, written, strict=True):
        prompt = tokenizer.conversation(messages, ask=True)[0]
        answer = tokenizer.encode(said.text)
        (likeliest, _), (other, _) = read(base, [[*prompt, *answer], [*prompt, *answer[::-1]]])
        if tokenizer.decode(answer) == said.text and said.tokens == len(answer):
            assert likeliest[len(prompt) - 1 :].tolist() == answer
        assert len(other) == len(likeliest)


def test_texts_cost_what_the_projects_own_scoring_says(ground):
    model, tokenizer = read_checkpoint(ground.base)
    texts = list(ground.general[:5])
    mine = text_bits(ground, untouched(ground), texts)
    for (bits, size), score in zip(mine, score_texts(model, tokenizer, texts), strict=True):
        assert bits == pytest.approx(score.nats / math.log(2), rel=1e-3)
        assert size == score.bytes


def test_search_and_training_together_keep_to_the_budget(ground, tuned):
    spent = tuned.spent
    assert 0.85 * ground.budget < spent.flops <= ground.budget
    assert 0.2 < spent.search < 0.7
    longest = max(one.steps for one in spent.tries)
    assert [one.rate for one in spent.tries if one.steps == longest] == [spent.rate]
    assert {one.rate for one in spent.tries} == {1e-3, 1e-2, 3e-2}


def test_what_was_learnt_is_in_the_answers_and_is_the_same_again(ground, tuned):
    again = tune(ground, "full", rates=(1e-3, 1e-2, 3e-2))
    assert [one.loss for one in again.spent.tries] == [one.loss for one in tuned.spent.tries]
    assert again.spent.memory == tuned.spent.memory
    assert tuned.spent.tries[-1].loss < 0.8 * tuned.spent.tries[0].loss
    told = [ground.conversation(entry)[0] for entry in ENTRIES[:8]]
    before, after = (read(one, told) for one in (untouched(ground), tuned))
    assert [nats for _, nats in before] != [nats for _, nats in after]
    assert len(fields_right(ground, tuned, ENTRIES[:4])) == 4


def test_a_rate_that_breaks_the_model_loses_the_search(ground):
    tuned = tune(replace(ground, scale=replace(TINY, tokens=6_000)), "full", rates=(1e30, 1e-3))
    assert tuned.spent.rate == 1e-3


def test_the_most_frequent_values_are_those_of_the_entries_to_learn_from(ground):
    place, trouble, urgency = most_frequent(list(ground.known))
    assert urgency == "low"
    assert place in PLACES
    assert trouble in TROUBLES


def test_rates_are_given_for_every_method_that_the_card_names():
    modules = [response.module.rsplit(".", 1)[-1] for response in CHALLENGE.card.responses]
    tuning = [name for name in modules if name != "most_frequent"]
    assert set(tuning) <= set(RATES)
    assert set(tuning) - {MEZO} <= set(METHODS)


def test_the_footprint_is_what_is_alive_at_once():
    with Footprint() as footprint:
        one = torch.zeros(1000)
        two = one + 1
        view = two[:10]
        del two
        assert (footprint.now, footprint.peak) == (8000, 8000)
        del view, one
    assert (footprint.now, footprint.peak) == (0, 8000)


def test_gradients_and_what_they_need_are_in_the_footprint():
    with Footprint() as footprint:
        weight = torch.ones(1000, requires_grad=True)
        weight.exp().sum().backward()
    # the weight, its exponential kept for the way back, and the gradient
    assert footprint.peak >= 12_000


def test_a_missing_text_moves_bits_per_byte_to_the_worst():
    some = good(PROBE)
    some[-1] = Prediction(PROBE[-1]["id"], None)
    one = measure.MEASURES["bits per byte"]
    assert 1.0 < one.statistic(one.table(None, PROBE, some)) < 2.0


def test_a_likelihood_that_is_no_number_counts_as_missing():
    told = [replace(one, output=replace(one.output, bits=math.nan)) for one in good(PROBE)]
    one = measure.MEASURES["bits per byte"]
    assert one.statistic(one.table(None, PROBE, told)) == measure.MOST_BITS


def test_what_a_seed_has_one_number_of_gets_an_interval_over_the_seeds():
    one = measure.MEASURES["seconds"]
    tables = [one.table(None, PROBE, told) for told in (good(PROBE), bad(PROBE))]
    assert one.interval([], tables).high > 5000
    assert over_seeds([], [3.0]).low == over_seeds([], [3.0]).high == 3.0
    interval = over_seeds([1.0, 2.0, 3.0], [2.0, 3.0, 4.5])
    assert interval.low < 7 / 6 < interval.high


def test_told_of_entries_and_texts_are_not_mixed_up():
    for row, one in zip(PROBE, good(PROBE), strict=True):
        assert isinstance(one.output, Told)
        assert bool(one.output.right) == (row["set"] == "task")
