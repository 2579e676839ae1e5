"""The review queue: nothing is lost, nothing counts twice, nobody gets an item twice."""

import json
import random
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import killed_at_random

from octavo.data.annotation.queue import CLAIM_SECONDS, GOLD_EVERY, Plan, Queue, create
from octavo.spine.errors import OctavoError

ITEMS = [{"id": f"i{k}", "text": f"text {k}"} for k in range(30)]


def queue_of(folder, items=ITEMS, **plan):
    queue = create(folder, Plan(("good", "bad"), **plan))
    queue.add(items)
    return queue


def test_each_item_gets_as_many_answers_as_wanted_and_nobody_answers_twice(tmp_path):
    queue_of(tmp_path / "q", wanted=3)
    people = {who: Queue(tmp_path / "q") for who in ("anna", "bob", "cem", "dora", "eve")}
    r = random.Random(1)
    open_, seen = list(people), Counter()
    while open_:
        who = r.choice(open_)
        entry = people[who].next(who)
        if entry is None:
            open_.remove(who)
            continue
        seen[who, entry.row["id"]] += 1
        people[who].answer(who, entry.row["id"], r.choice(["good", "bad"]))
    assert set(seen.values()) == {1}
    end = Queue(tmp_path / "q")
    assert all(len(entry.answers) == 3 for entry in end.entries.values())
    pairs = Counter(
        pair for e in end.entries.values() for a in e.answers for b in e.answers if (pair := (a, b)) and a < b
    )
    assert len(pairs) == 10, "every two annotators meet on some item"


def test_what_was_shown_and_not_answered_is_shown_again_and_kept_from_others(tmp_path):
    queue = queue_of(tmp_path / "q", ITEMS[:2], wanted=1)
    first = queue.next("anna", now=0).row["id"]
    assert Queue(tmp_path / "q").next("anna", now=5).row["id"] == first
    other = queue.next("bob", now=6).row["id"]
    assert other != first
    assert queue.next("cem", now=7) is None
    assert queue.next("cem", now=8 + CLAIM_SECONDS) is not None, "a claim ends"


def test_a_changed_answer_replaces_the_first_and_both_are_kept(tmp_path):
    queue = queue_of(tmp_path / "q")
    for label in ("good", "bad", "bad"):
        queue.answer("anna", "i0", label, comment="hm" if label == "good" else "")
    entry = Queue(tmp_path / "q").entries["i0"]
    assert (entry.answers, entry.changes, entry.comments) == ({"anna": "bad"}, 1, {"anna": "hm"})
    journal = (tmp_path / "q" / "answers" / "anna.jsonl").read_text().splitlines()
    assert [json.loads(line)["label"] for line in journal] == ["good", "bad"]


def test_a_skipped_item_goes_to_others(tmp_path):
    queue = queue_of(tmp_path / "q", ITEMS[:1], wanted=1)
    queue.skip("anna", "i0")
    assert queue.next("anna") is None
    assert queue.next("bob").row["id"] == "i0"


def test_items_with_known_labels_come_to_everybody_now_and_then(tmp_path):
    gold = [{"id": f"g{k}", "text": f"known {k}", "gold": "good"} for k in range(2)]
    queue = queue_of(tmp_path / "q", [*ITEMS, *gold], wanted=1)
    shown = []
    while (entry := queue.next("anna")) is not None:
        shown.append(entry.row["id"])
        assert "gold" not in entry.row
        queue.answer("anna", entry.row["id"], "good")
    assert shown[GOLD_EVERY - 1].startswith("g")
    assert len(shown) == 32
    assert queue.next("bob").row["id"].startswith("g")


def test_adding_the_same_records_again_adds_nothing_and_another_text_is_refused(tmp_path):
    queue = queue_of(tmp_path / "q")
    assert queue.add(ITEMS) == (0, 30)
    with pytest.raises(OctavoError, match="D088"):
        queue.add([{"id": "i0", "text": "other"}])


def test_two_copies_of_a_queue_become_one_without_a_duplicate(tmp_path):
    """Two annotators' exports that are put together must not double what both hold."""
    import shutil

    queue = queue_of(tmp_path / "one")
    queue.answer("anna", "i0", "good")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    other = Queue(tmp_path / "two")
    other.add([{"id": "new", "text": "only there"}])
    other.answer("bob", "i0", "bad")
    other.answer("anna", "i1", "bad")
    queue.answer("anna", "i0", "bad")
    assert queue.merge(other) == (1, 2)
    assert queue.merge(other) == (0, 0)
    again = Queue(tmp_path / "one")
    assert len(again.entries) == 31
    assert again.entries["i0"].answers == {"anna": "bad", "bob": "bad"}
    assert again.entries["i1"].answers == {"anna": "bad"}
    assert other.merge(queue)[1] == 1
    assert Queue(tmp_path / "two").entries["i0"].answers == again.entries["i0"].answers


def test_disagreements_are_settled_once(tmp_path):
    queue = queue_of(tmp_path / "q")
    queue.answer("anna", "i3", "good")
    queue.answer("bob", "i3", "bad")
    assert queue.next("boss", disagreements=True).row["id"] == "i3"
    queue.answer("boss", "i3", "bad", final=True)
    assert queue.next("boss", disagreements=True) is None
    assert Queue(tmp_path / "q").entries["i3"].final == "bad"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.binary(max_size=20).filter(lambda tail: b"\n" not in tail))
def test_a_line_cut_short_is_no_answer_and_spoils_no_later_one(tmp_path_factory, cut, tail):
    folder = tmp_path_factory.mktemp("queue") / "q"
    queue = queue_of(folder)
    for k in range(3):
        queue.answer("anna", f"i{k}", "good")
    journal = folder / "answers" / "anna.jsonl"
    whole = journal.read_bytes()
    left = whole[: max(0, len(whole) - cut)]
    journal.write_bytes(left + (tail if left.endswith(b"\n") or not left else b""))
    after = Queue(folder)
    assert sum(bool(entry.answers) for entry in after.entries.values()) == left.count(b"\n")
    after.answer("anna", "i9", "bad")
    assert Queue(folder).entries["i9"].answers == {"anna": "bad"}


def test_a_damaged_line_is_named(tmp_path):
    queue = queue_of(tmp_path / "q")
    queue.answer("anna", "i0", "good")
    journal = tmp_path / "q" / "answers" / "anna.jsonl"
    journal.write_bytes(b"{broken\n" + journal.read_bytes())
    with pytest.raises(OctavoError, match="D087"):
        Queue(tmp_path / "q")


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("D086", lambda q: q.answer("anna", "i0", "goood")),
        ("D086", lambda q: q.answer("anna", "none", "good")),
        ("D089", lambda q: q.next("../anna")),
        ("D084", lambda q: create(q.folder / "x", Plan(("one",)))),
        ("D084", lambda q: create(q.folder / "x", Plan(("a", "b"), level="interval"))),
        ("D085", lambda q: create(q.folder, Plan(("a", "b")))),
        ("D085", lambda q: Queue(q.folder / "answers")),
    ],
)
def test_wrong_use_is_explained(tmp_path, code, wrong):
    queue = queue_of(tmp_path / "q")
    with pytest.raises(OctavoError, match=code):
        wrong(queue)


ANSWER_ALL = """
import sys
from octavo.data.annotation.queue import Queue
queue = Queue(__import__("pathlib").Path(sys.argv[1]))
while (entry := queue.next(sys.argv[2])) is not None:
    queue.answer(sys.argv[2], entry.row["id"], "good")
"""


def answering(folder, who):
    return [sys.executable, "-c", ANSWER_ALL, str(folder), who]


def test_processes_that_answer_at_once_share_the_work(tmp_path):
    """Three processes, two of them for the same person."""
    queue_of(tmp_path / "q", [{"id": f"i{k}", "text": f"text {k}"} for k in range(60)], wanted=1)
    running = [subprocess.Popen(answering(tmp_path / "q", who)) for who in ("anna", "bob", "bob")]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    end = Queue(tmp_path / "q")
    assert [len(entry.answers) for entry in end.entries.values()] == [1] * 60
    for who in ("anna", "bob"):
        lines = (tmp_path / "q" / "answers" / f"{who}.jsonl").read_text().splitlines()
        answered = [row["item"] for row in map(json.loads, lines) if row["event"] == "answer"]
        assert len(answered) == len(set(answered))


def test_a_killed_annotator_loses_nothing_that_was_answered(tmp_path):
    queue_of(tmp_path / "q", [{"id": f"i{k}", "text": f"text {k}"} for k in range(80)], wanted=1)
    killed_at_random(answering(tmp_path / "q", "anna"), kills=6, longest=0.8, seed=2)
    end = Queue(tmp_path / "q")
    assert all(entry.answers == {"anna": "good"} and not entry.changes for entry in end.entries.values())
