"""One dial: each size gives a model of about that size, and says why."""

import dataclasses

import pytest

from octavo.model.network.dial import MOST_EPOCHS, SIZES, dial, with_experts
from octavo.spine.errors import OctavoError


@pytest.mark.parametrize(("size", "low", "high"), [("tiny", 1e5, 5e5), ("small", 1e6, 6e6), ("medium", 8e6, 4e7)])
def test_a_named_size_has_its_order_of_parameters(size, low, high):
    assert low <= dial(size).shape.parameters <= high


@pytest.mark.parametrize(("text", "wanted"), [("3M", 3e6), ("10_000_000", 1e7), ("5e7", 5e7), ("0.3B", 3e8)])
def test_a_number_gives_the_nearest_model(text, wanted):
    assert 0.5 * wanted < dial(text).shape.parameters < 2 * wanted


@pytest.mark.parametrize("text", ["smal", "", "-3", "nan", "1e99", "12", "3 M M"])
def test_any_other_size_is_refused_as_wrong_use(text):
    with pytest.raises(OctavoError) as caught:
        dial(text)
    assert (caught.value.code, caught.value.exit_code) == ("T014", 2)


@pytest.mark.parametrize("size", [*SIZES, "7M"])
def test_every_value_has_a_reason(size):
    lines = dial(size).derivation()
    assert len(lines) >= 10
    assert str(dial(size).sequence) in "".join(lines)


def test_larger_sizes_learn_slower_and_longer():
    dials = [dial(size) for size in SIZES]
    assert [d.learning_rate for d in dials] == sorted((d.learning_rate for d in dials), reverse=True)
    assert [d.tokens for d in dials] == sorted(d.tokens for d in dials)


def test_little_text_is_not_read_for_ever():
    little = dial("small").course(100_000)
    assert little.steps == MOST_EPOCHS * 100_000 // (dial("small").batch * dial("small").sequence)
    assert dial("small").course(10**9).steps > little.steps
    assert dial("small").course(10**9, steps=7).steps == 7


def test_a_dial_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        dial("tiny").depth = 3


@pytest.mark.parametrize(("experts", "active"), [(4, 0), (8, 2), (3, 1), (16, 16)])
def test_experts_cost_a_token_what_the_dense_layer_costs(experts, active):
    dense = dial("small")
    sparse = with_experts(dense, experts, active)
    assert (sparse.experts, sparse.active) == (experts, active or 2)
    router = dense.depth * experts * dense.shape.width
    rounding = dense.depth * 3 * 32 * sparse.active * dense.shape.width
    assert 0 <= sparse.shape.active_parameters - dense.shape.parameters - router <= rounding
    assert sparse.shape.parameters >= sparse.shape.active_parameters
    said = "\n".join(sparse.derivation())
    assert f"{sparse.shape.active_parameters:,} of them active" in said
    assert f"{experts} a block, {sparse.active} active" in said


def test_a_dense_dial_stays_as_it_is():
    assert with_experts(dial("small"), 0) == dial("small")
    assert "experts" not in "\n".join(dial("small").derivation())


@pytest.mark.parametrize(("experts", "active"), [(1, 1), (4, 5), (0, 2), (-3, 1), (4, -1), (257, 2)])
def test_experts_that_do_not_add_up_are_refused_as_wrong_use(experts, active):
    with pytest.raises(OctavoError) as caught:
        with_experts(dial("small"), experts, active)
    assert (caught.value.code, caught.value.exit_code) == ("T047", 2)
