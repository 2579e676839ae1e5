"""Reading: what is shown of passages, which spans there are, and that the reader's scores are the model's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.kinds.dialogues import Message
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.model.prompt import REFUSAL
from octavo.model.reading.evidence import NAMES, Page, asked
from octavo.model.reading.judge import SURE, Judge
from octavo.model.reading.kinds import fits, kind_of
from octavo.model.reading.place import SHIPPED, checkpoint_named
from octavo.model.reading.prompt import MOST, SHOWN, conversation, one_line, pieces, shown
from octavo.model.reading.reader import Reader
from octavo.model.reading.spans import starts
from octavo.model.tokenizer import Tokenizer
from octavo.spine.errors import OctavoError


@pytest.fixture(scope="module")
def reader() -> Reader:
    """Random weights behind the shipped tokenizer."""
    tokenizer = Tokenizer(SHIPPED)
    shape = DecoderShape(
        vocabulary=4096, width=64, depth=2, heads=2, key_heads=1, head_size=32, hidden=128, positions=1024
    )
    model = Decoder(shape)
    model.initialise(0)
    return Reader(model, tokenizer)


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_a_line_knows_where_each_of_its_characters_stood(text: str) -> None:
    piece = one_line(text, 0)
    assert len(piece.text) == len(piece.places)
    assert piece.text == " ".join(text.split())
    assert all(text[at] == letter or letter == " " for letter, at in zip(piece.text, piece.places, strict=True))


@given(st.lists(st.text(min_size=1, max_size=3000), min_size=1, max_size=14))
@settings(max_examples=40, deadline=None)
def test_what_is_shown_fits_and_comes_from_its_passages(passages: list[str]) -> None:
    found = pieces(passages, "Where is Norvik?")
    assert len(found) <= MOST
    assert sum(len(piece.text) for piece in found) <= SHOWN
    for piece in found:
        assert all(
            passages[piece.passage][at] == letter or letter == " "
            for letter, at in zip(piece.text, piece.places, strict=True)
        )


def test_a_long_passage_is_cut_into_windows_and_the_one_asked_about_is_shown() -> None:
    filler = "Nothing of note happened in the valley that year. " * 80
    passages = [f"{filler}Norvik was founded in 1642 by fishermen. {filler}", filler]
    assert any("1642" in piece.text for piece in pieces(passages, "When was Norvik founded?"))


def test_spans_end_at_words_and_leave_closing_marks_out() -> None:
    text = 'She lives in Norvik (Eldmark), near "The Bell" inn.'
    tokenizer = Tokenizer(SHIPPED)
    found = {text[start.at : end] for start in starts([one_line(text, 0)], tokenizer) for _, end in start.ends}
    assert {"Norvik", "Eldmark", "The Bell", '"The Bell"', "lives in Norvik"} <= found
    assert not any(span.endswith(".") for span in found)
    assert not any(span.startswith(" ") or span.endswith(" ") or ("(" in span and ")" not in span) for span in found)


def test_a_span_scores_what_the_model_gives_its_tokens(reader: Reader) -> None:
    passages = ["Norvik lies on the Minde.", "Tarvo has 1,840 inhabitants."]
    question = "How many people live in Tarvo?"
    shown_pieces = pieces(passages, question)
    refused, spans = reader.scores(question, shown_pieces)
    prompt = [Message("user", shown(passages, question))]
    begin = reader.tokenizer.conversation(prompt, ask=True)[0]

    def total(text: str) -> float:
        ids = [*reader.tokenizer.encode(text), reader.tokenizer.end_of_turn]
        with torch.no_grad():
            logits = reader.model.logits(torch.tensor([[*begin, *ids]]))[0].log_softmax(-1)
        return sum(float(logits[len(begin) - 1 + at, token]) for at, token in enumerate(ids))

    for span in (spans[0], spans[len(spans) // 2], spans[-1]):
        piece = shown_pieces[span.piece]
        assert span.score == pytest.approx(total(f"{span.piece + 1} {piece.text[span.start : span.end]}"), abs=2e-3)
    assert refused < 0


def test_an_answer_is_a_span_of_the_passage_that_it_cites(reader: Reader) -> None:
    reader.judge = Judge(threshold=-1e9)
    passages = ["Norvik  lies on\nthe Minde.", "Tarvo has 1,840 inhabitants."]
    found = reader.read("Which river is Norvik on?", passages)
    assert not found.declined
    assert " ".join(passages[found.passage][found.start : found.end].split()) == found.answer


def test_a_reader_above_every_margin_declines(reader: Reader) -> None:
    reader.judge = Judge(threshold=1e9)
    found = reader.read("Which river is Norvik on?", ["Norvik lies on the Minde."])
    assert found.declined
    assert (found.answer, found.passage) == (REFUSAL, -1)


def test_turns_after_the_first_hold_no_passages() -> None:
    messages = conversation(["Norvik is old."], [("Is it?", "old", 0), ("And?", "", -1)])
    assert [message.role for message in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[1].content == "1 old"
    assert messages[2].content == "Question: And?"
    assert messages[3].content == REFUSAL


def test_only_seed_and_folders_with_weights_are_models(tmp_path: Path) -> None:
    assert checkpoint_named("seed") == SHIPPED
    for name in ("sead", str(tmp_path)):
        with pytest.raises(OctavoError) as caught:
            checkpoint_named(name)
        assert caught.value.code == "M001"


@pytest.mark.parametrize(
    ("question", "kind", "good", "bad"),
    [
        ("Who leads Corvane?", "who", "Ida Rehm", "1990"),
        ("When was Norvik founded?", "time", "12 March 1642", "Ida Rehm"),
        ("How many people live in Tarvo?", "number", "1,840", "the harbour"),
        ("How tall is the tower?", "amount", "48 metres", "red brick"),
        ("What does a ticket cost?", "money", "4.20 euros", "4.2"),
        ("Which licence does it use?", "licence", "BSD-3-Clause", "2014"),
        ("In which year did it close?", "year", "1987", "Ida Rehm"),
        ("How often do they meet?", "often", "every other month", "Ida Rehm"),
        ("Which command clears the cache?", "code", "forge sweep", "Ida Rehm"),
        ("How much did the bridge cost?", "money", "4.20 euros", "Ida Rehm"),
        ("Where is Norvik?", "where", "Eldmark", "1990"),
    ],
)
def test_the_kind_of_answer_is_read_off_the_question(question: str, kind: str, good: str, bad: str) -> None:
    assert kind_of(question) == kind
    if bad:
        assert fits(kind, good) > fits(kind, bad)


def test_a_page_knows_its_names_and_what_is_asked_again() -> None:
    texts = ["Mara Ilven lives in Norvik.", "Tara Holm lives in Tarvo."]
    looked_for = asked("Where does Mara Ilven live?", texts)
    mine, other = (Page(text, looked_for) for text in texts)
    assert mine.named(mine.words) == 1.0
    assert other.named(other.words) == 0.0
    assert mine.covered(mine.words) > other.covered(other.words)
    features = dict(zip(NAMES, mine.features(0, len("Mara Ilven"), -1.0, -2.0), strict=True))
    assert features["repeats"] == 1.0


def test_a_judge_comes_back_from_its_file_and_without_one_is_plain(tmp_path: Path) -> None:
    judge = Judge(tuple(float(at) for at in range(len(NAMES))), tuple(float(at) for at in range(len(SURE))), 0.5)
    assert Judge.of(tmp_path) == Judge()
    (tmp_path / "reading.json").write_text(judge.as_json())
    assert Judge.of(tmp_path) == judge


@pytest.mark.parametrize("text", ["{", "[]", '{"choice": [1], "sure": [1], "threshold": 0}', '{"threshold": 0}'])
def test_a_damaged_judge_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "reading.json").write_text(text)
    with pytest.raises(OctavoError) as caught:
        Judge.of(tmp_path)
    assert caught.value.code == "M006"
