"""Instruction data as people have it becomes conversations, and what is wrong with it is said row by row."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.finetune.rows import Example, example, raw_rows, read_examples, read_texts, refuse
from octavo.kinds.dialogues import Message
from octavo.kinds.records import Bad
from octavo.spine.errors import OctavoError

ASKED, ANSWERED = Message("user", "what flows north"), Message("assistant", "the river")
TURNS = [{"role": "user", "content": "what flows north"}, {"role": "assistant", "content": "the river"}]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": TURNS},
        {"conversations": [{"from": "human", "value": "what flows north"}, {"from": "gpt", "value": "the river"}]},
        {"instruction": "what flows north", "output": "the river"},
        {"instruction": "what flows north", "input": "", "output": "the river"},
        {"prompt": "what flows north", "completion": "the river"},
        {"prompt": TURNS[:1], "completion": TURNS[1:]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "what flows north"}]}, TURNS[1]]},
    ],
)
def test_every_usual_format_is_the_same_conversation(row):
    assert example(row, "f:1") == Example("f:1", (ASKED, ANSWERED))


def test_an_input_follows_its_instruction_and_a_system_text_comes_first():
    row = {"instruction": "name it", "input": "it flows north", "output": "the river", "system": "be short"}
    made = example(row, "f:1")
    assert [message.role for message in made.messages] == ["system", "user", "assistant"]
    assert made.messages[1].content == "name it\n\nit flows north"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": [{"role": "narrator", "content": "a"}]}, 'the role "narrator" is none of'),
        ({"messages": [TURNS[0], {"role": "assistant", "content": "  "}]}, "the answer in turn 2 is empty"),
        ({"messages": [{"role": "user", "content": ""}, TURNS[1]]}, "the question in turn 1 is empty"),
        ({"messages": [TURNS[0]]}, "ends without an answer"),
        ({"messages": [TURNS[0], TURNS[0], TURNS[1]]}, "turn 2 is of the user where the assistant must speak"),
        ({"messages": [TURNS[1]]}, "turn 1 is of the assistant where the user must speak"),
        ({"messages": []}, "there is no turn"),
        ({"messages": [TURNS[0], {"role": "assistant", "content": 7}]}, "no text"),
        ({"instruction": "a", "output": ""}, "the answer in turn 2 is empty"),
        ({"instruction": 3, "output": "b"}, "is no text"),
        ({"prompt": "a", "completion": 5}, "neither text nor messages"),
        ({"text": " "}, "the text is empty"),
        ({"question": "a", "answer": "b"}, "neither of these: messages"),
    ],
)
def test_a_row_that_cannot_be_learnt_from_says_why(row, reason):
    assert reason in example(row, "f:1")


def test_rows_are_read_from_lines_from_an_array_and_from_packed_files(tmp_path):
    rows = [{"messages": TURNS, "id": f"row{i}", "note": "x" * 300} for i in range(40)]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "a.jsonl").write_text(lines)
    (tmp_path / "b.json").write_text("  " + json.dumps(rows, indent=1))
    with gzip.open(tmp_path / "c.jsonl.gz", "wt") as out:
        out.write(lines)
    for name in ("a.jsonl", "b.json", "c.jsonl.gz"):
        bad = []
        found = list(read_examples([tmp_path / name], bad))
        assert not bad
        assert [one.id for one in found] == [row["id"] for row in rows]


def test_broken_lines_and_cut_arrays_are_named_by_their_row(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\nnot json\n[1]\n{"text": "two"}\n')
    (tmp_path / "b.json").write_text('[{"text": "one"}, {"text": "tw')
    bad = []
    assert [one.text for one in read_examples([tmp_path / "a.jsonl", tmp_path / "b.json"], bad)] == [
        "one",
        "two",
        "one",
    ]
    assert [(one.source, one.row) for one in bad] == [("a.jsonl", 2), ("a.jsonl", 3), ("b.json", 2)]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.none(), max_size=3), max_size=20))
def test_an_array_holds_what_lines_hold(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    (folder / "a.json").write_text(json.dumps(rows))
    bad = []
    assert [row for _, row in raw_rows(folder / "a.json", bad)] == rows
    assert not bad


def test_text_files_are_texts_and_a_conversation_is_none(tmp_path):
    (tmp_path / "a.txt").write_text("the river flows north")
    (tmp_path / "b.jsonl").write_text(json.dumps({"messages": TURNS}))
    assert list(read_texts([tmp_path / "a.txt"])) == ["the river flows north"]
    with pytest.raises(OctavoError, match="this row is a conversation"):
        list(read_texts([tmp_path / "b.jsonl"]))


def test_twenty_bad_rows_are_listed_and_all_are_counted():
    bad = [Bad("rows.jsonl", row, "the answer in turn 2 is empty") for row in range(1, 31)]
    with pytest.raises(OctavoError, match="30 of 100 rows") as caught:
        refuse(bad, 100)
    assert caught.value.where.count("rows.jsonl") == 20
    assert "10 more" in caught.value.where
