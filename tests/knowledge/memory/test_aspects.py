"""A statement and a question meet in other words; a newer version is one only when that is sure."""

import sqlite3

import pytest

from octavo.knowledge.index.terms import TOKEN, stem
from octavo.knowledge.memory.aspects import COLOURED, DATED, PRICED, lexicon, marks_of, spoken
from octavo.knowledge.memory.encode import read
from octavo.knowledge.memory.memory import Memory
from octavo.knowledge.memory.revision import revises
from octavo.spine.errors import OctavoError

DAY = 86_400
BEGAN = 1_600_000_000


def stems(text):
    return [stem(word.lower()) for word in TOKEN.findall(text)]


def aspects(text):
    found = 0
    for one in spoken(stems(text)):
        found |= one.aspects
    return found


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Who taught Ada?", "Ada was a pupil of Bo."),
        ("What does Ada do for a living?", "Ada works as a painter."),
        ("Who is in charge of the mill?", "Bo runs the mill."),
        ("How heavy is the bell?", "The bell weighs nine tonnes."),
    ],
)
def test_a_question_and_its_answer_speak_of_one_aspect(question, statement):
    assert aspects(question) & aspects(statement)


def test_a_phrase_goes_before_its_words_and_marks_say_what_a_text_holds():
    (said,) = spoken(stems("in charge of"))
    assert (said.start, said.end) == (0, 2)
    assert lexicon().single & aspects("in charge")
    assert marks_of("due on 3 May for 20 euros") & (DATED | PRICED) == DATED | PRICED
    assert marks_of("a red kettle") & COLOURED
    assert not marks_of("a kettle")


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("The mayor of Sehaven is Inga Vial.", "Sehaven's mayor is Rou Jaj.", True),
        ("Ada has moved to Rome.", "Ada lives in Oslo.", True),
        ("Bo Lund is the inventor of the Nofek clock.", "Ada Berg invented the Nofek clock.", True),
        ("Ada was born in Rome.", "Ada lives in Oslo.", False),
        ("Ada taught Cid.", "Ada was taught by Bo.", False),
        ("Bo Lund leads Nofek Mills.", "Ada Berg founded Nofek Mills.", False),
        ("Zephyr closes at six.", "Zephyr opens at nine.", False),
        ("Ada also lives in Rome.", "Ada lives in Oslo.", False),
        ("Ada wrote A Second Book.", "Ada is the author of A First Book.", False),
        ("Bo lives in Rome.", "Ada lives in Oslo.", False),
    ],
)
def test_a_revision_in_other_words_gives_another_value_of_one_kind(new, old, expected):
    assert revises(read(new), read(old)) is expected


def test_the_newest_of_two_that_answer_alike_comes_first_though_nothing_was_superseded(tmp_path):
    with Memory.create(tmp_path / "memory.sqlite") as memory:
        old = memory.remember("Ada was taught by Bo Lund.", now=BEGAN)
        new = memory.remember("Cid Holm taught Ada.", now=BEGAN + DAY)
        assert new.supersedes is None
        found = memory.recall("Who taught Ada?", 2, at=BEGAN + 2 * DAY).remembered
        assert [one.episode.number for one in found] == [new.number, old.number]
        assert memory.recall("Who taught Ada?", 1, at=BEGAN + 1).remembered[0].episode.number == old.number


def test_a_memory_of_the_earlier_format_is_renewed_when_it_is_opened(tmp_path):
    place = tmp_path / "memory.sqlite"
    with Memory.create(place) as memory:
        memory.remember("Ada was taught by Bo Lund.", now=BEGAN)
        traces = memory.store.connection.execute("SELECT * FROM traces").fetchall()
    connection = sqlite3.connect(place)
    connection.execute("UPDATE metadata SET value = '1' WHERE key = 'format'")
    connection.execute("DELETE FROM metadata WHERE key = 'lexicon'")
    connection.execute("UPDATE traces SET data = substr(data, 1, 288)")
    connection.commit()
    connection.close()
    with Memory.open(place) as memory:
        assert memory.recall("Whose pupil was Ada?").remembered[0].episode.text == "Ada was taught by Bo Lund."
        assert memory.store.connection.execute("SELECT * FROM traces").fetchall() == traces
        with pytest.raises(OctavoError):
            memory.remember("Read only.")
