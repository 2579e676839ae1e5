"""Every method trains every family of models in the one loop, and what it writes is what it learnt."""

import numpy as np
import pytest
import torch
from families import FAMILIES, write_family

from octavo.finetune.adaptation import Reach, matrices
from octavo.finetune.methods import METHODS, method_named
from octavo.finetune.tuning import Tuning, by_rule
from octavo.model.foreign.load import offline, open_model
from octavo.model.machine import choose_machine
from octavo.model.network.shape import Course
from octavo.model.training.loop import Training
from octavo.model.training.method import Batch
from octavo.model.training.packing import join, pack
from octavo.spine.errors import OctavoError

REACH = Reach(rank=4, alpha=8, virtual=5)
BY_GRADIENTS = [name for name, method in METHODS.items() if method.rule == "gradients"]


@pytest.fixture(scope="module")
def machine():
    return choose_machine("float32", 1)


@pytest.fixture(scope="module")
def rows():
    """Short counting sequences, several to a row."""
    chance = np.random.default_rng(0)
    starts = chance.integers(3, 300, 40)
    sequences = [
        ((start + np.arange(length)) % 300 + 3).tolist() for start, length in zip(starts, [7, 12, 19, 25] * 10)
    ]
    return pack(join(sequences), 48)


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bases")
    return {family: write_family(family, folder / family) for family in FAMILIES}


def tuning(method, base, rows, machine):
    return Tuning(METHODS[method], base, rows, machine, reach=REACH, batch=4, micro=2)


def course(method, steps=6):
    rate = 3e-2 if METHODS[method].virtual else 1e-4 if method == "mezo" else 5e-3
    return Course(steps, rate, 1, 2, weight_decay=0.0, optimizer="adamw")


def steps_of(training, count):
    return [training.take_step()[0]["loss"] for _ in range(count)]


def alone(batch):
    """Each sequence of a packed batch as a row of its own."""
    for row, sequences in enumerate(batch.sequences):
        for number in range(int(sequences.max()) + 1):
            here = sequences == number
            zeros = torch.zeros(1, int(here.sum()), dtype=torch.long)
            yield Batch(batch.tokens[row, here][None], batch.targets[row, here][None], zeros, 0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", ["lora", "prompt", "prefix"])
def test_a_packed_row_gives_the_loss_of_its_sequences_alone(family, method, bases, rows, machine):
    if family == "gpt_neo" and METHODS[method].virtual:
        pytest.skip("its window of attention counts the distance to virtual tokens; rows then hold one sequence each")
    made = tuning(method, bases[family], rows, machine)
    model = made.prepare()
    batch = next(made.batches(0))
    together = float(made.loss(model, batch, 1.0).detach())
    apart = sum(float(made.loss(model, one, 1.0).detach()) for one in alone(batch))
    assert together == pytest.approx(apart, rel=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", ["full", "lora", "ia3", "prefix", "adapter"])
def test_families_learn_and_only_what_should_changes(family, method, bases, rows, machine, tmp_path):
    training = Training(tuning(method, bases[family], rows, machine), course(method), machine, tmp_path, 4.0)
    before = {name: p.detach().clone() for name, p in training.model.named_parameters() if not p.requires_grad}
    losses = steps_of(training, 6)
    assert losses[-1] < losses[0] + 0.05
    assert all(torch.equal(p, before[n]) for n, p in training.model.named_parameters() if n in before)
    assert training.size.trainable < training.size.parameters or method == "full"


@pytest.mark.parametrize("method", BY_GRADIENTS)
def test_what_is_written_computes_what_was_learnt(method, bases, rows, machine, tmp_path):
    folder = bases["qwen3"]
    training = Training(tuning(method, folder, rows, machine), course(method), machine, tmp_path / "s", 4.0)
    steps_of(training, 3)
    model = training.result().model
    (tmp_path / "out").mkdir()
    METHODS[method].save(model, tmp_path / "out")
    again = METHODS[method].open(open_model(folder, bits=METHODS[method].bits), tmp_path / "out")
    ids = torch.from_numpy(rows.tokens[:1, :20]).long()
    with torch.no_grad():
        expected, found = model(ids, use_cache=False).logits, again(ids, use_cache=False).logits
        assert torch.equal(expected, found)
        if METHODS[method].merges and not METHODS[method].bits:
            assert torch.allclose(METHODS[method].merge(again)(ids, use_cache=False).logits, expected, atol=1e-5)


def test_prefix_and_prompt_answer_through_peft_as_they_were_trained(bases, rows, machine, tmp_path):
    from peft import PeftModel

    for method in ("prefix", "prompt"):
        made = tuning(method, bases["qwen3"], rows, machine)
        training = Training(made, course(method), machine, tmp_path / method, 4.0)
        steps_of(training, 2)
        model = training.result().model
        (tmp_path / f"{method}-out").mkdir()
        METHODS[method].save(model, tmp_path / f"{method}-out")
        with offline():
            peft = PeftModel.from_pretrained(open_model(bases["qwen3"]), tmp_path / f"{method}-out")
        one = next(alone(next(made.batches(0))))
        nats = float(made.loss(model, one, 1.0).detach())
        with torch.no_grad():
            logits = peft(input_ids=one.tokens, attention_mask=torch.ones_like(one.tokens)).logits
        logits = logits[:, -one.tokens.shape[1] :]
        expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), one.targets.flatten(), reduction="sum")
        assert nats == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("method", ["full", "dora", "prefix", "mezo"])
def test_a_training_that_was_interrupted_ends_in_the_same_bits(method, bases, rows, machine, tmp_path):
    def made(folder):
        plain = tuning(method, bases["gpt2"], rows, machine)
        return Training(by_rule(plain, METHODS[method], 0), course(method), machine, folder, 4.0)

    whole = made(tmp_path / "whole")
    steps_of(whole, 6)
    first = made(tmp_path / "parts")
    steps_of(first, 2)
    first.save()
    steps_of(first, 2)  # lost with the process
    second = made(tmp_path / "parts")
    assert second.step == 2
    steps_of(second, 4)
    expected, found = whole.result(), second.result()
    assert expected.rows == found.rows
    assert all(torch.equal(weight, found.weights[name]) for name, weight in expected.weights.items())


def test_masters_are_float32_when_the_machine_computes_in_bfloat16(bases, rows, tmp_path):
    machine = choose_machine("bfloat16", 1)
    training = Training(tuning("lora", bases["llama"], rows, machine), course("lora"), machine, tmp_path, 4.0)
    assert {p.dtype for p in training.model.parameters()} == {torch.bfloat16}
    losses = steps_of(training, 6)
    assert losses[-1] < losses[0]
    assert {weight.dtype for weight in training.result().weights.values()} == {torch.float32}


def test_the_first_values_depend_on_the_seed_alone(bases, rows, machine):
    for method in BY_GRADIENTS:
        if METHODS[method].whole or METHODS[method].bits:
            continue
        torch.manual_seed(5)
        first = tuning(method, bases["llama"], rows, machine).prepare()
        torch.manual_seed(6)
        second = tuning(method, bases["llama"], rows, machine).prepare()
        pairs = zip(first.named_parameters(), second.named_parameters(), strict=True)
        assert all(torch.equal(a, b) for (_, a), (_, b) in pairs)


def test_the_head_and_the_router_are_no_matrices_of_the_blocks(bases):
    found = matrices(open_model(bases["mixtral"]))
    assert found
    assert not [name for name in found if "lm_head" in name or name.endswith("gate")]


def test_a_target_that_is_not_there_is_refused_with_the_names_that_are(bases):
    with pytest.raises(OctavoError, match="no matrix of the name w9") as caught:
        matrices(open_model(bases["llama"]), ["w9"])
    assert caught.value.code == "T075"
    assert "q_proj" in caught.value.likely


def test_an_unknown_method_is_refused_with_the_nearest_name():
    with pytest.raises(OctavoError, match='did you mean "lora"'):
        method_named("loral")
