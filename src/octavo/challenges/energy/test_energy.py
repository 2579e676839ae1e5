"""The stream is what it is said to be, and every way is charged for what it does."""

from dataclasses import replace

import numpy as np
import pytest

from octavo.challenges.chronicle import same
from octavo.challenges.compared import gain, ratio
from octavo.challenges.energy.answering import Cost, Told, dated, reader_of
from octavo.challenges.energy.ground import DELIVERIES, prepare, tiny
from octavo.challenges.energy.recommendation import _answerable, _cpu, _each_fact, _flips
from octavo.challenges.energy.responses import kept_context, longer_context, memory, neither, retrieval
from octavo.challenges.energy.responses.longer_context import in_parts
from octavo.challenges.response import Prediction
from octavo.model.reading.prompt import MOST, SHOWN


def probe():
    return [
        {"id": f"{name}-{at}", "set": name, "number": at} for name in ("told", "updated", "never seen") for at in (0, 1)
    ]


def test_updates_follow_what_they_update_and_the_parts_of_the_history_hold_all_of_it(tmp_path):
    for seed in range(3):
        ground = tiny(None, tmp_path, seed)
        old, new = ground.stream[: ground.scale.updates], ground.current[: ground.scale.updates]
        for before, after in zip(old, new, strict=True):
            assert (before.subject, before.question) == (after.subject, after.question)
            assert before.value != after.value
            assert before.date < after.date
        assert [one for part in ground.deliveries for one in part] == list(ground.stream)
        assert len(ground.deliveries) == DELIVERIES
        lines = [dated(one) for one in ground.stream]
        parts = in_parts(lines)
        assert " ".join(passage for part in parts for passage in part) == " ".join(lines)
        assert all(len(part) <= MOST and sum(map(len, part)) <= SHOWN for part in parts)


def test_every_question_of_a_set_is_another_and_the_history_is_as_long_as_is_said(tmp_path):
    ground = prepare(None, tmp_path, 0)
    for name in ("told", "updated"):
        assert len({ground.asked(name, number) for number in range(15)}) == 15
    reader = reader_of(ground).tokenizer
    assert sum(len(reader.encode(dated(one))) for one in ground.stream) >= 4000


def test_memory_and_retrieval_answer_and_are_charged_and_nothing_costs_nothing(tmp_path):
    ground = prepare(None, tmp_path, 0)
    rows = probe()
    found = {
        way.__name__.rpartition(".")[2]: list(way.respond(ground, rows, 0)) for way in (memory, retrieval, neither)
    }
    assert [one.item for one in found["memory"]] == [row["id"] for row in rows]
    for name in ("memory", "retrieval"):
        assert all(one.output.cost.cpu > 0 for one in found[name])
        assert sum(one.output.cost.flops for one in found[name]) > 1e8
        assert sum(facts for facts, _ in found[name][0].output.taking_in) == len(ground.stream)
    assert all(one.output.declined and not one.output.cost.flops for one in found["neither"])
    never = [one for one in found["memory"] if one.item.startswith("never")]
    assert all(one.output.declined for one in never)
    assert sum(one.output.right for one in found["retrieval"]) >= 1


def test_a_kept_context_answers_the_same_for_less(tmp_path):
    ground = tiny(None, tmp_path, 0)
    ground = replace(ground, base=prepare(None, tmp_path, 0).base)
    rows = probe()[:4]
    read, kept = (list(way.respond(ground, rows, 0)) for way in (longer_context, kept_context))
    assert [one.output.declined for one in read] == [one.output.declined for one in kept]
    assert [one.output.right for one in read] == [one.output.right for one in kept]
    assert kept[0].output.cost.flops == pytest.approx(read[0].output.cost.flops, rel=0.2)
    assert kept[-1].output.cost.flops < 0.8 * read[-1].output.cost.flops


def made(generator, cost=1.0, right=0.6, build=1.0, names=30, seeds=3):
    """A way with 16 % noise in what it takes."""
    way = {}
    for seed in range(seeds):
        parts = tuple((40, Cost(build * float(np.exp(generator.normal(0, 0.16))), 1.0)) for _ in range(DELIVERIES))
        way[seed] = [
            Prediction(
                f"told-{at:02d}",
                Told(at % 10 < 10 * right, False, Cost(cost * float(np.exp(generator.normal(0, 0.16))), 1), parts, 30),
            )
            for at in range(names)
        ]
    return way


def test_a_way_beside_itself_has_a_ratio_of_one_and_a_cheaper_one_is_seen():
    generator = np.random.default_rng(0)
    found = [ratio(made(generator), made(generator), _cpu) for _ in range(20)]
    assert sum(one.low <= 1 <= one.high for one in found) >= 17
    assert ratio(made(generator), made(generator, cost=0.5, build=0.5), _cpu).high < 0.6
    assert (
        gain(made(generator), made(generator), _answerable).low,
        gain(made(generator), made(generator), _answerable).high,
    ) == (0, 0)


def test_what_a_fact_takes_and_where_it_flips_is_said_in_numbers():
    generator = np.random.default_rng(1)
    mine, learnt = made(generator, cost=0.05, build=0.01), made(generator, cost=0.01, build=8.0)
    assert "[" in _each_fact(mine, learnt)
    said = _flips({"memory": mine, "fine-tune": learnt, "longer context": made(generator, cost=2.0, build=0.0)})
    assert "against longer context at" in said
    # (8 − .01) / 40 seconds a statement more, (.05 − .01) seconds a question less
    assert "against fine-tune at 5 questions a statement" in said.replace("4.9", "5").replace("5.1", "5")
    assert same("The Sneford", "sneford")
