import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.apps.own_model.questions import SHIPPED, choose_questions, read_questions
from octavo.apps.own_model.writer import without_last_passage
from octavo.kinds.documents import Document
from octavo.spine.errors import OctavoError

TEXT = """# Leave

## Parental leave

Parents take twelve weeks of leave in the first year after the birth of a child and keep their salary.

## Sick leave

Whoever falls ill tells the office before nine in the morning and sends a doctor's note on the third day.
"""
FOLDER = [Document("leave.md", TEXT, title="Leave"), Document("empty.md", "", title="Nothing")]
OBJECTS = [
    Document("posix.rename", "Rename a file.", "function", aliases=("os.rename",)),
    Document("math.sqrt", "Root.", "function"),
]


def test_a_folder_is_asked_about_its_own_headings_and_sentences_and_about_things_elsewhere():
    asked = choose_questions(FOLDER, ["leave.md", "empty.md"], "", 0)
    sets = {question.set for question in asked.questions}
    assert sets == {"named", "free", "unanswerable"}
    named = [question.question for question in asked.questions if question.set == "named"]
    assert any("parental leave" in text for text in named)
    assert all(question.accept == ("leave.md",) for question in asked.questions if question.set != "unanswerable")
    assert "easier than people's" in asked.origin


def test_free_questions_do_not_name_the_title():
    free = [q.question for q in choose_questions(FOLDER, ["leave.md"], "", 0).questions if q.set == "free"]
    assert free
    assert not any("Leave" in text for text in free)


def test_the_same_folder_gives_the_same_questions():
    assert choose_questions(FOLDER, ["leave.md"], "", 3) == choose_questions(FOLDER, ["leave.md"], "", 3)


def test_the_shipped_probe_has_all_three_sets_and_accepts_only_for_answerable_ones():
    questions = read_questions(SHIPPED)
    sizes = {name: sum(q.set == name for q in questions) for name in ("named", "free", "unanswerable")}
    assert sizes["named"] >= 100
    assert sizes["free"] >= 100
    assert sizes["unanswerable"] >= 60
    assert all(bool(q.accept) == (q.set != "unanswerable") for q in questions)


def test_questions_about_objects_that_are_not_installed_are_left_out_and_counted():
    asked = choose_questions(OBJECTS, ["posix.rename", "math.sqrt"], "", 0)
    missing = asked.left_out["questions whose accepted documents are not in this index"]
    answerable = [question for question in asked.questions if question.accept]
    assert missing + len(answerable) == sum(bool(q.accept) for q in read_questions(SHIPPED))


def test_an_alias_that_is_accepted_stands_for_the_document_that_has_it(tmp_path):
    probe = tmp_path / "probe.jsonl"
    probe.write_text(json.dumps({"id": 1, "question": "rename?", "accept": ["os.rename"]}))
    (question,) = choose_questions(OBJECTS, ["posix.rename"], str(probe), 0).questions
    assert (question.accept, question.set) == (("posix.rename",), "free")


@given(st.integers(1, 40))
def test_at_most_the_wanted_number_of_each_set_is_asked(most):
    asked = choose_questions(FOLDER, ["leave.md"], "", most)
    for name in ("named", "free", "unanswerable"):
        assert sum(question.set == name for question in asked.questions) <= most


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', '"text"', '{"id": 1, "question": "?", "accept": 3}'])
def test_a_wrong_line_is_named(tmp_path, line):
    probe = tmp_path / "probe.jsonl"
    probe.write_text('{"id": 0, "question": "?"}\n' + line + "\n")
    with pytest.raises(OctavoError, match="Line 2") as caught:
        read_questions(probe)
    assert (caught.value.code, caught.value.exit_code) == ("P040", 2)


def test_a_missing_file_is_wrong_use(tmp_path):
    with pytest.raises(OctavoError) as caught:
        choose_questions(FOLDER, [], str(tmp_path / "none.jsonl"), 0)
    assert caught.value.code == "P040"


def test_a_prompt_that_is_too_long_loses_its_last_passage_first_and_never_its_question():
    prompt = "[1] a\ntext\n\nmore\n\n[2] b\ntext\n\nQuestion: why?"
    shorter = without_last_passage(prompt)
    assert shorter == "[1] a\ntext\n\nmore\n\nQuestion: why?"
    assert without_last_passage(shorter) == shorter
