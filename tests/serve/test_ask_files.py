"""Reading a file of questions: what is a question, and what is said about what is none."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.cli.ask import LONGEST_ROW, read_questions
from octavo.cli.serve import read_keys
from octavo.spine.errors import OctavoError


def rows(data: bytes):
    return list(read_questions(io.BytesIO(data)))


def test_rows_come_in_order_with_their_line_numbers():
    data = b'{"id": "a", "question": "one?"}\n\n{"id": 2, "question": "two?"}'
    assert rows(data) == [(1, {"id": "a", "question": "one?"}), (3, {"id": 2, "question": "two?"})]


def test_a_byte_order_mark_is_no_part_of_the_first_row():
    assert rows(b'\xef\xbb\xbf{"id": 1, "question": "one?"}') == [(1, {"id": 1, "question": "one?"})]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "not JSON"),
        (b"nonsense", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no question"),
        (b'{"question": null}', "no question"),
        (b'{"question": 7}', "not a text"),
        (b'{"question": "  "}', "empty"),
        (b'{"id": NaN, "question": "one?"}', "neither a text nor a number"),
        (b'{"id": [1], "question": "one?"}', "neither a text nor a number"),
    ],
)
def test_a_row_without_a_question_says_what_it_lacks(line, says):
    ((number, row), after) = rows(line + b'\n{"question": "next?"}')
    assert number == 1
    assert says in row["error"]
    assert after == (2, {"id": None, "question": "next?"})


def test_the_id_of_a_row_without_a_question_is_kept():
    assert rows(b'{"id": "x"}') == [(1, {"id": "x", "error": "there is no question"})]


def test_a_line_without_end_is_passed_over_and_not_held_in_memory():
    data = b'{"question": "' + b"x" * (3 * LONGEST_ROW) + b'"}\n{"question": "next?"}'
    ((_, long), (number, after)) = rows(data)
    assert "longer than" in long["error"]
    assert (number, after["question"]) == (2, "next?")


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_with_a_question_or_an_error(data):
    for _, row in rows(data):
        assert ("question" in row) != ("error" in row)
        json.dumps(row)


def test_keys_are_read_from_a_file_and_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "keys"
    file.write_text("# who may ask\nfirst\n\nsecond\nfirst\n")
    monkeypatch.setenv("OCTAVO_API_KEY", "third")
    assert read_keys(file) == ("third", "first", "second")
    monkeypatch.delenv("OCTAVO_API_KEY")
    assert read_keys(None) == ()


@pytest.mark.parametrize("text", ["", "# nothing\n", "two words\n", "schlüssel\n", "\x00\n"])
def test_a_file_without_a_usable_key_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.delenv("OCTAVO_API_KEY", raising=False)
    file = tmp_path / "keys"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(OctavoError) as caught:
        read_keys(file)
    assert caught.value.code == "V004"
