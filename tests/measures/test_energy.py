"""Energy by three proxies, and per correct answer: what is counted, and that intervals hold what they say."""

import subprocess
import sys

import numpy as np
import pytest

from octavo.measures.energy import break_even, by_bytes, by_operations, by_time, metered, per_correct, ratio_per_correct

BURN = "import time\nwhile time.process_time() < 0.3: pass"


def test_children_that_ended_and_those_that_run_are_counted():
    with metered() as ended:
        subprocess.run([sys.executable, "-c", BURN], check=True)
    assert ended.cpu >= 0.29
    with subprocess.Popen([sys.executable, "-c", BURN + "\nprint(1, flush=True)\ninput()"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as child:  # fmt: skip
        with metered() as running:
            child.stdout.readline()
        child.communicate(b"\n")
    assert running.cpu > 0


def test_the_same_work_takes_the_same_however_long_it_waits_and_waiting_is_never_free():
    assert by_time(2.0, 2.0).low > by_time(2.0, 2.0).low - by_time(0.0, 2.0).low > 0
    assert by_time(2.0, 5.0).high > by_time(2.0, 2.0).high
    assert by_time(1.0, 1.0).proxy != by_operations(1e12).proxy != by_bytes(1e9).proxy
    assert by_operations(1e12).high == pytest.approx(2.3)


def test_what_all_answers_took_is_shared_by_the_correct_ones():
    assert per_correct([1.0, 1.0, 2.0], [1, 0, 1]) == 2.0
    assert per_correct([1.0], [0]) == float("inf")


def noisy(generator, saving, items=40, seeds=5):
    """(before, after, clusters) of readings with 16 % noise."""
    names = [item for item in range(items) for _ in range(seeds)]
    right = np.repeat(generator.random(items) < 0.7, seeds).astype(float)
    before, after = (np.exp(generator.normal(0, 0.16, len(names))) for _ in range(2))
    return list(zip(before, right)), list(zip(after * saving, right)), names


def test_of_two_that_are_the_same_the_ratio_holds_one_in_nineteen_of_twenty_runs_within_five_percent():
    generator = np.random.default_rng(1)
    found = [ratio_per_correct(*noisy(generator, 1.0), resamples=400) for _ in range(60)]
    assert sum(one.low <= 1 <= one.high for one in found) >= 54
    assert np.mean([(one.high - one.low) / 2 for one in found]) <= 0.05


def test_a_saving_is_seen_and_none_right_is_no_saving():
    generator = np.random.default_rng(2)
    assert ratio_per_correct(*noisy(generator, 0.7), resamples=400).high < 0.8
    before, after, names = noisy(generator, 0.1)
    nothing = [(cost, 0.0) for cost, _ in after]
    assert ratio_per_correct(before, nothing, names, resamples=200).low == float("inf")


def test_it_flips_where_what_was_saved_on_questions_pays_for_the_building():
    learnt = break_even(100.0, 1.0, 10.0, 4.0)
    assert (learnt.first_for_few, learnt.flips) == (False, 30.0)
    assert break_even(10.0, 4.0, 100.0, 1.0).flips == 30.0
    assert break_even(10.0, 4.0, 100.0, 1.0).first_for_few
    assert break_even(1.0, 1.0, 2.0, 2.0).flips == float("inf")
    assert break_even(1.0, 1.0, 1.0, 2.0) == break_even(1.0, 1.0, 1.0, 1.0)
    for asked in (29, 31):
        assert (100 + asked * 1 < 10 + asked * 4) == (asked > learnt.flips)
