import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octavo.knowledge.answer.abstain import NAMES, calibrations, features
from octavo.knowledge.answer.answer import DECLINED, Answerer
from octavo.knowledge.answer.retrieve import Retriever
from octavo.spine.errors import OctavoError


class Parrot:
    """Writes what it is told to."""

    def __init__(self, text):
        self.text, self.seen = text, []

    def generate(self, messages):
        self.seen.append(messages)
        return self.text


def test_an_answer_gives_the_name_the_signature_and_the_words(objects):
    answer = Answerer(objects).ask("what does itertools.pairwise return?")
    assert not answer.declined
    assert answer.citations[0].document == "itertools.pairwise"
    assert answer.answer.startswith("itertools.pairwise(iterable, /)\n\nReturn an iterator of overlapping pairs")
    json.dumps(answer.as_json())


def test_free_wording_finds_the_object(objects):
    answerer = Answerer(objects, threshold=0.0)
    for question, expected in {
        "how do I walk over overlapping pairs?": "itertools.pairwise",
        "copy a whole folder somewhere else": "shutil.copytree",
        "delete a folder with everything in it": "shutil.rmtree",
        "wait a few seconds": "time.sleep",
        "mix a list into random order": "random.shuffle",
    }.items():
        assert answerer.ask(question).citations[0].document == expected, question


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_any_question_gets_an_answer_whose_citations_are_exact(objects, question):
    answer = Answerer(objects, threshold=0.0).ask(question)
    assert answer.answer
    assert answer.declined == (not answer.citations)
    assert len({c.document for c in answer.citations}) == len(answer.citations) <= 5
    for citation in answer.citations:
        assert objects.document(citation.document).text[citation.start : citation.end] == citation.text


@pytest.mark.parametrize("question", ["", "   ", "???", "\x00", "\ud800", "..."])
def test_a_question_of_nothing_is_declined(objects, question):
    answer = Answerer(objects).ask(question)
    assert answer.declined
    assert answer.answer.startswith(DECLINED)
    assert answer.reason


@pytest.mark.parametrize(
    "question",
    ["How long do I boil an egg?", "Who won the world cup in 1998?", "What does pandas.DataFrame.merge do?",
     "How do I make a React component re-render?", "what is the capital of France", "asdkjh qwe zxcv"],
)  # fmt: skip
def test_what_the_documents_do_not_hold_is_declined(objects, question):
    answer = Answerer(objects).ask(question)
    assert answer.declined, answer
    assert 0 <= answer.confidence < 1


def test_a_missing_name_is_declined_with_the_nearest(objects):
    answer = Answerer(objects).ask("what does json.dump_string do?")
    assert answer.declined
    assert "json.dump_string" in answer.reason
    assert "json.dumps" in answer.reason


ANSWERABLE = {
    "How many days of paid leave do I have?": "leave.md",
    "when do I need a doctor's note": "leave.md",
    "How much may a hotel cost?": "travel.md",
    "may I use the laser cutter without the safety course?": "machines.md",
    "which filament does the 3D printer take": "machines.md",
    "where are passwords kept?": "security.md",
    "What do I do when I lost my badge?": "security.md",
    "how long must the extraction fan run after cutting": "machines.md",
}
UNANSWERABLE = (
    "How long do I boil an egg?", "Who is the chief of the company?", "What is the wifi code?",
    "how do I merge two pandas tables", "When was the company founded?", "what does itertools.pairwise return",
    "Which car should I buy?", "How do I grow tomatoes?",
)  # fmt: skip


def test_a_handbook_answers_what_it_says(handbook):
    answers = {question: Answerer(handbook).ask(question) for question in ANSWERABLE}
    right = [q for q, a in answers.items() if not a.declined and a.citations[0].document == ANSWERABLE[q]]
    assert len(right) >= len(ANSWERABLE) - 1, {q: (a.confidence, a.reason) for q, a in answers.items()}


def test_a_handbook_declines_what_it_does_not_say(handbook):
    answers = {question: Answerer(handbook).ask(question) for question in UNANSWERABLE}
    declined = [q for q, a in answers.items() if a.declined]
    assert len(declined) >= len(UNANSWERABLE) - 1, {q: (a.confidence, a.answer) for q, a in answers.items()}


def test_streaming_gives_the_same_text_in_pieces_and_then_the_answer(objects):
    *pieces, answer = Answerer(objects).stream("what does json.dumps do")
    assert "".join(pieces) == answer.answer
    assert len(pieces) > 3


def test_a_supported_generated_answer_is_given_with_its_citation_first(objects):
    parrot = Parrot("It returns an iterator of overlapping pairs taken from the input iterator. [1]")
    answer = Answerer(objects, mode="generate", generator=parrot).ask("what does itertools.pairwise return?")
    assert not answer.declined
    assert answer.answer == "It returns an iterator of overlapping pairs taken from the input iterator."
    assert answer.citations[0].document == "itertools.pairwise"
    assert "overlapping pairs" in parrot.seen[0][0].content


@pytest.mark.parametrize("text", ["It returns the moon and 17 stars.", "", "The passages do not say."])
def test_an_unsupported_generated_answer_is_withheld(objects, text):
    answer = Answerer(objects, mode="generate", generator=Parrot(text)).ask("what does itertools.pairwise return?")
    assert answer.declined
    assert not answer.citations
    assert "moon" not in answer.answer.split(".")[0]


def test_an_unsupported_sentence_is_left_out_and_the_rest_is_given(objects):
    good = "It returns an iterator of overlapping pairs taken from the input iterator."
    parrot = Parrot(f"{good} [1] It was written by 17 monks. [1]")
    answer = Answerer(objects, mode="generate", generator=parrot).ask("what does itertools.pairwise return?")
    assert not answer.declined
    assert answer.answer == good
    assert "1 of 2 sentences" in answer.reason
    whole = Answerer(objects, mode="generate", generator=Parrot(good)).ask("what does itertools.pairwise return?")
    assert answer.confidence == pytest.approx(whole.confidence / 2)


def test_a_sentence_must_be_supported_by_the_passage_it_cites(objects):
    parrot = Parrot("It returns an iterator of overlapping pairs taken from the input iterator. [9]")
    answer = Answerer(objects, mode="generate", generator=parrot).ask("what does itertools.pairwise return?")
    assert answer.declined
    assert "[9], which was not given" in answer.reason


def test_wrong_use_is_told_with_a_code(objects):
    for wrong in ({"mode": "guess"}, {"mode": "generate"}):
        with pytest.raises(OctavoError, match="K007") as error:
            Answerer(objects, **wrong)
        assert error.value.exit_code == 2
    with pytest.raises(OctavoError, match="K008"):
        Answerer(objects).ask("json.dumps", k=0)


def test_the_threshold_can_be_moved(objects):
    assert Answerer(objects, threshold=1.0).ask("what does json.dumps do").declined
    assert not Answerer(objects, threshold=0.0).ask("cook an egg in a json pan").declined


def test_features_and_calibrations_agree_on_names(objects):
    values = features(Retriever(objects).find("what does json.dumps do"), objects)
    assert set(values) == set(NAMES)
    assert all(set(c.weights) <= set(NAMES) and 0 < c.threshold < 1 for c in calibrations().values())


def test_quoting_does_not_load_torch(tmp_path):
    code = "import sys, octavo.knowledge.answer.answer; sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
