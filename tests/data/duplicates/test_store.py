"""A store of sketches: after any updates it holds what a search through the resulting collection keeps."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts_ import prose, swapped, write

from octavo.data.duplicates.files import Outputs, deduplicate
from octavo.data.duplicates.find import Limits
from octavo.data.duplicates.store import Store
from octavo.spine.errors import OctavoError

TEXTS = [swapped(prose(at, 40), share, at) for at in range(3) for share in (0, 0.03, 0.06, 0.2)]


def update(folder, rows, withdraw=(), limits=Limits(), step=0, **more):  # noqa: B008
    inputs = [write(folder / f"new{step}.jsonl", rows)] if rows else []
    out, work = folder / "out.jsonl", folder / f"work{step}"
    diff = Store(folder / "store", limits).update(inputs, withdraw, Outputs(out), work, on="serial", **more)
    return diff, [json.loads(line) for line in out.read_text().splitlines()]


def from_scratch(folder, rows, limits):
    out = folder / "scratch.jsonl"
    path = write(folder / "all.jsonl", rows)
    deduplicate([path], limits, Outputs(out), folder / "scratch", on="serial")
    return [json.loads(line) for line in out.read_text().splitlines()]


STEP = st.tuples(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(TEXTS), max_size=4),
    st.sets(st.sampled_from("abcdefgh"), max_size=2),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=4), st.sampled_from(["longest", "first"]))
def test_updates_keep_what_a_search_from_scratch_keeps(steps, policy):
    limits = Limits(policy=policy, near_short=0.5)
    collection = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = []
        for step, (given_rows, withdrawn) in enumerate(steps):
            for name in withdrawn - given_rows.keys():
                collection.pop(name, None)
            collection.update(given_rows)
            rows = [{"id": name, "text": text} for name, text in given_rows.items()]
            _, kept = update(folder, rows, sorted(withdrawn - given_rows.keys()), limits, step)
        rows = [{"id": name, "text": text} for name, text in collection.items()]
        assert kept == from_scratch(folder, rows, limits)


def test_a_withdrawn_survivor_brings_its_copy_back(tmp_path):
    text = prose(1)
    update(tmp_path, [{"id": "long", "text": text + " end"}, {"id": "short", "text": text}])
    diff, kept = update(tmp_path, [], ["long", "nobody"], step=1, changes=tmp_path / "changes.jsonl")
    assert [row["id"] for row in kept] == ["short"]
    assert (diff.withdrawn, diff.restored, diff.unknown) == (1, 1, ("nobody",))
    changes = [json.loads(line) for line in (tmp_path / "changes.jsonl").read_text().splitlines()]
    assert [(row["id"], row["change"]) for row in changes] == [("long", "withdrawn"), ("short", "restored")]


def test_a_changed_record_takes_its_place_and_what_it_covered_comes_back(tmp_path):
    update(
        tmp_path, [{"id": "a", "text": prose(1) + " x"}, {"id": "b", "text": prose(1)}, {"id": "c", "text": prose(2)}]
    )
    diff, kept = update(tmp_path, [{"id": "a", "text": prose(3)}, {"id": "c", "text": prose(2)}], step=1)
    assert [(row["id"], row["text"]) for row in kept] == [("a", prose(3)), ("b", prose(1)), ("c", prose(2))]
    assert (diff.changed, diff.unchanged, diff.restored, diff.added) == (1, 1, 1, 0)


def test_a_better_copy_removes_an_earlier_record(tmp_path):
    update(tmp_path, [{"id": "a", "text": prose(1)}])
    diff, kept = update(tmp_path, [{"id": "b", "text": prose(1) + " and more"}], step=1)
    assert [row["id"] for row in kept] == ["b"]
    assert (diff.newly_removed, diff.added) == (1, 1)


def test_a_store_refuses_other_limits_and_repeated_ids(tmp_path):
    update(tmp_path, [{"id": "a", "text": prose(1)}])
    with pytest.raises(OctavoError, match="D053"):
        update(tmp_path, [{"id": "b", "text": prose(2)}], limits=Limits(near=0.7), step=1)
    with pytest.raises(OctavoError, match='"b"'):
        update(tmp_path, [{"id": "b", "text": prose(2)}, {"id": "b", "text": prose(3)}], step=2)


def test_an_update_that_is_refused_leaves_the_store_as_it_was(tmp_path):
    update(tmp_path, [{"id": "a", "text": prose(1)}])
    state = (tmp_path / "store" / "state.json").read_bytes()
    copies = [{"id": f"copy{at}", "text": prose(1)} for at in range(9)]
    with pytest.raises(OctavoError, match="D050"):
        update(tmp_path, copies, step=1, alarm=0.5)
    assert (tmp_path / "store" / "state.json").read_bytes() == state
    diff, kept = update(tmp_path, [{"id": "z", "text": prose(5)}], step=2, alarm=0.5)
    assert [row["id"] for row in kept] == ["a", "z"]
    assert diff.added == 1
    assert len(list((tmp_path / "store").glob("part-*"))) == 2
