"""Two forms of a model are compared by what they compute, and what differs is not published."""

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.model.parity import TOLERANCES, compare, demand_parity, random_prompts, write_parity
from octavo.spine.errors import OctavoError

TABLE = torch.randn(50, 50, generator=torch.Generator().manual_seed(0)) * 3


def bigram(table):
    return lambda ids: table[ids]


def prompts():
    return random_prompts(50, count=3, length=7)


def test_a_form_is_the_same_as_itself():
    found = compare(bigram(TABLE), bigram(TABLE), prompts())
    assert (found.max_difference, found.mean_kl, found.greedy_tokens) == (0.0, 0.0, 48)
    assert found.greedy_equal
    assert found.same
    demand_parity(found, "The copy")


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-6, 1.0), st.sampled_from(sorted(TOLERANCES)))
def test_a_difference_is_found_in_the_right_size(noise, precision):
    other = TABLE + noise * torch.ones(50).index_fill(0, torch.arange(25), -1.0)
    found = compare(bigram(TABLE), bigram(other), prompts(), precision=precision)
    assert found.max_difference == pytest.approx(noise, rel=1e-2, abs=2e-6)
    if found.relative > TOLERANCES[precision].relative:
        assert not found.same


def test_another_best_token_is_refused_although_the_logits_are_near():
    # Far from a tie for the first form, but the second one changed its mind.
    table = torch.zeros(50, 50)
    table[:, 0], table[:, 1], table[:, 2] = 10.0, 9.2, -1.0
    other = table.clone()
    other[:, 0], other[:, 1] = 9.55, 9.65
    found = compare(bigram(table), bigram(other), [[3, 4]], precision="bfloat16")
    assert found.relative <= found.tolerance.relative
    assert (found.greedy_apart, found.greedy_ties) == (16, 0)
    assert not found.same


def test_a_tie_is_counted_and_allowed():
    table = torch.zeros(50, 50)
    table[:, 0], table[:, 1] = 10.0, 10.0 - 1e-5
    other = table.clone()
    other[:, 1] += 2e-5
    found = compare(bigram(table), bigram(other), [[3]])
    assert (found.greedy_apart, found.greedy_ties, found.greedy_equal, found.same) == (16, 16, False, True)


def test_what_is_not_a_number_is_never_the_same():
    other = TABLE.clone()
    other[:, 3] = math.nan
    for a, b in ((TABLE, other), (other, TABLE), (other, other)):
        assert not compare(bigram(a), bigram(b), prompts()).same


def test_publishing_is_refused_with_the_numbers():
    found = compare(bigram(TABLE), bigram(-TABLE), prompts())
    with pytest.raises(OctavoError, match="merged model") as caught:
        demand_parity(found, "The merged model", "there")
    assert (caught.value.code, caught.value.where) == ("T041", "there")
    assert "greedy tokens wrong" in caught.value.likely


def test_another_vocabulary_is_refused():
    with pytest.raises(OctavoError, match="50 and 49"):
        compare(bigram(TABLE), bigram(TABLE[:, :49]), prompts())


def test_the_record_is_the_same_bytes_each_time(tmp_path):
    for name in ("a", "b"):
        write_parity(tmp_path / name, {"saved": compare(bigram(TABLE), bigram(TABLE), prompts())}, form="gguf")
    record = (tmp_path / "a" / "parity.json").read_bytes()
    assert record == (tmp_path / "b" / "parity.json").read_bytes()
    assert json.loads(record)["comparisons"]["saved"]["verdict"] == "same"


def test_a_router_may_choose_otherwise_now_and_then_but_only_where_numbers_are_rounded():
    table = TABLE.clone()
    ids = compare(bigram(TABLE), bigram(TABLE), [[3]], steps=0).positions
    assert ids == 1
    table[7] += torch.randn(50, generator=torch.Generator().manual_seed(1)) * 0.8
    prompt = [i % 7 for i in range(60)] + [7, 3]
    found = compare(bigram(TABLE), bigram(table), [prompt], precision="bfloat16", steps=0, experts=True)
    assert (found.positions_apart, found.same) == (1, True)
    assert not compare(bigram(TABLE), bigram(table), [prompt], precision="bfloat16", steps=0).same
    assert not compare(bigram(TABLE), bigram(table), [prompt], steps=0, experts=True).same
    often = [i % 7 for i in range(20)] + [7] * 9
    assert not compare(bigram(TABLE), bigram(table), [often], precision="bfloat16", steps=0, experts=True).same
