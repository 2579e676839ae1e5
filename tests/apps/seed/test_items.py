"""Items: what a file of questions with passages may hold, and what is said of lines that hold none."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from octavo.apps.seed.items import LONGEST_ROW, as_json, read_items
from octavo.cli.main import main
from octavo.model.reading.reader import Reading


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"id": 1, "question": "Who?", "passages": ["Ida."]}, ""),
        ({"question": "Who?", "passages": ["Ida."]}, ""),
        ({"id": 1, "question": "Who?"}, "there are no passages"),
        ({"id": 1, "question": "Who?", "passages": []}, "the list of passages is empty"),
        ({"id": 1, "question": "Who?", "passages": "Ida."}, "the passages are not a list"),
        ({"id": 1, "question": "Who?", "passages": ["Ida.", 3]}, "passage 2 is not a text"),
        ({"id": 1, "question": "Who?", "passages": [" \n"]}, "passage 1 is empty"),
        ({"id": 1, "passages": ["Ida."]}, "there is no question"),
        ({"id": 1, "question": " ", "passages": ["Ida."]}, "the question is not a text, or empty"),
        ({"id": [1], "question": "Who?", "passages": ["Ida."]}, "the id is neither a text nor a number"),
        ([1], "the line is not a JSON object"),
    ],
)
def test_a_line_is_an_item_or_says_why_it_is_none(row: object, problem: str) -> None:
    (item,) = read_items(io.BytesIO(json.dumps(row).encode() + b"\n"))
    assert item.problem == problem


def test_lines_keep_their_numbers_and_broken_ones_are_passed_over() -> None:
    good = b'{"id": "a", "question": "Who?", "passages": ["Ida."]}\n'
    long = b'{"id": "' + b"x" * LONGEST_ROW + b'"}\n'
    items = list(read_items(io.BytesIO(b"\xef\xbb\xbf" + good + b"\n" + b"{nonsense\n" + long + good)))
    assert [item.line for item in items] == [1, 3, 4, 5]
    assert [bool(item.problem) for item in items] == [False, True, True, False]


def test_an_answer_names_its_passage_from_one_and_a_refusal_cites_nothing() -> None:
    row = as_json("Who?", Reading("Ida", False, 1, 3, 6, 0.9, 2.0, 0.1))
    assert row["citations"] == [{"passage": 2, "start": 3, "end": 6, "text": "Ida"}]
    assert as_json("Who?", Reading("The passages do not say.", True, -1, 0, 0, 0.9, -2.0, 0.1))["citations"] == []


def test_ask_reads_items_with_the_seed_and_reports_bad_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = [f"Passage {number} is about nothing. " * 90 for number in range(12)]
    rows = [
        {"id": "a", "question": "Which licence does Quillbase have?", "passages": ["Quillbase has the MIT licence."]},
        {"id": "b", "question": "Who?", "passages": []},
        {"id": "c", "question": "Where is Norvik?", "passages": long},
    ]
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(SystemExit) as ended:
        main(["ask", "--model", "seed", "--file", str(file), "--json"])
    assert ended.value.code == 1
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in printed] == ["a", "b", "c"]
    assert printed[1]["error"] == "the list of passages is empty"
    assert {"answer", "declined", "citations", "confidence", "seconds"} <= printed[0].keys()
