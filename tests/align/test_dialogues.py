"""Dialogues quote what their passages say, refuse when they do not, and keep the held-out documents apart."""

import re

import pytest

from octavo.align.dialogues import TEMPLATES, DialoguesSettings, as_wish, run
from octavo.kinds.dialogues import read_dialogues
from octavo.kinds.documents import Document, held_out, write_documents
from octavo.model.prompt import REFUSAL
from octavo.spine.errors import OctavoError


def things(count=300):
    return [
        Document(
            f"shop.part{i % 7}.make_thing{i}",
            f"Build the thing number {i} out of wood.\n\nReturns the finished thing {i} with its price.",
            "function",
            signature=f"(size{i}, colour='red')",
            uses=count - i,
        )
        for i in range(count)
    ]


def pages(count=20):
    text = "# Intro {0}\n\nThis page number {0} begins here.\n\n## Usage {0}\n\nTurn the wheel {0} times to the left.\n"
    return [Document(f"guide/page{i}.md", text.format(i), "file", title=f"Page {i}") for i in range(count)]


def made(tmp_path, documents, **settings):
    source, out = tmp_path / "documents", tmp_path / "out"
    source.mkdir(parents=True)
    out.mkdir()
    write_documents(source, documents)
    run(DialoguesSettings(**settings), {"documents": source}, out, out)
    return list(read_dialogues(out))


@pytest.fixture
def dialogues(tmp_path):
    return made(tmp_path, things() + pages(), count=500)


def test_an_answer_begins_with_a_quotation_of_the_cited_passage(dialogues):
    answered = [d for d in dialogues if d.intent != "refuse"]
    assert len(answered) > 300
    for dialogue in answered:
        prompt, answer = (message.content for message in dialogue.messages)
        quotation, number = re.match(r"(.+) \[(\d)\]", answer).groups()
        passage = re.search(rf"^\[{number}\] (.*\n.*)$", prompt, re.M).group(1)
        assert quotation in passage


def test_a_refusal_shows_no_passage_of_its_document(dialogues):
    refused = [d for d in dialogues if d.intent == "refuse"]
    assert 0.1 < len(refused) / len(dialogues) < 0.3
    for dialogue in refused:
        assert dialogue.messages[-1].content == REFUSAL
        assert f"] {dialogue.documents[0]}(" not in dialogue.messages[0].content


def test_a_find_question_does_not_name_its_answer(dialogues):
    found = [d for d in dialogues if d.intent == "find"]
    assert found
    for dialogue in found:
        question = dialogue.messages[0].content.rpartition("Question: ")[2]
        assert dialogue.documents[0].rpartition(".")[2] not in question
        assert dialogue.messages[-1].content.endswith(f"That is {dialogue.documents[0]}.")


def test_there_is_variety(dialogues):
    assert {d.intent for d in dialogues} == {*TEMPLATES, "refuse"}
    assert sum(map(len, TEMPLATES.values())) > 45
    questions = {d.messages[0].content.rpartition("Question: ")[2] for d in dialogues}
    assert len(questions) > 0.9 * len(dialogues)
    places = {re.search(r"\[(\d)\]", d.messages[-1].content).group(1) for d in dialogues if d.intent != "refuse"}
    assert places == {"1", "2", "3"}


def test_held_out_documents_come_last_and_never_as_distractors_of_others(dialogues):
    held = [any(held_out(name) for name in d.documents) for d in dialogues]
    assert held == sorted(held)
    for dialogue, apart in zip(dialogues, held, strict=True):
        if not apart:
            shown = re.findall(r"^\[\d\] (shop[\w.]+)\(", dialogue.messages[0].content, re.M)
            assert not any(held_out(name) for name in shown)


def test_a_seed_decides_everything(tmp_path):
    first, second, other = (made(tmp_path / str(i), things(), seed=seed) for i, seed in enumerate((0, 0, 1)))
    assert first == second
    assert first != other


def test_the_most_used_documents_come_first(tmp_path):
    few = made(tmp_path, things(), count=20)
    numbers = [int(d.documents[0].rpartition("thing")[2]) for d in few if not held_out(d.documents[0])]
    assert numbers == sorted(numbers)
    assert max(numbers) < 15


@pytest.mark.parametrize(
    ("sentence", "wish"),
    [
        ("Return an iterator of overlapping pairs.", "get an iterator of overlapping pairs"),
        ("Computes the mean of some numbers.", "compute the mean of some numbers"),
        ("Copies all the bytes over.", "copy all the bytes over"),
        ("Searches the folder for files.", "search the folder for files"),
        ("A class that holds things.", None),
        ("Walk it.", None),
        ("Call pairwise with two lists.", None),
    ],
)
def test_a_summary_becomes_a_wish(sentence, wish):
    assert as_wish(sentence, "pairwise") == wish


def test_documents_without_prose_are_refused(tmp_path):
    with pytest.raises(OctavoError) as caught:
        made(tmp_path, [Document("a.md", "1 2 3")])
    assert caught.value.code == "T018"


def test_impossible_settings_are_refused(tmp_path):
    with pytest.raises(OctavoError) as caught:
        made(tmp_path, things(), refusals=2.0)
    assert caught.value.exit_code == 2


def test_two_documents_are_enough(tmp_path):
    assert made(tmp_path, things(2))
