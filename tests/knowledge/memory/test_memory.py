"""An episodic memory: it writes at once, completes parts, knows newer versions, stays silent, and forgets for good."""

import random
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.world.facts import relations, worded
from octavo.data.world.values import Values
from octavo.knowledge.memory.contradiction import contradicts
from octavo.knowledge.memory.decay import strength
from octavo.knowledge.memory.memory import Memory
from octavo.spine.errors import OctavoError

DAY = 86_400
BEGAN = 1_600_000_000


def told(count, seed=1):
    """So many statements about invented things, each in two wordings."""
    chance = random.Random(seed)
    values, pairs, known = Values(chance), [], set()
    while len(pairs) < count:
        relation = chance.choice(relations())
        subject, value = values.make(relation.subject), values.make(relation.value)
        if subject in known or len(relation.statements) < 2:
            continue
        known.add(subject)
        forms = [form.replace("{s}", subject).replace("{o}", value) for form in relation.statements[:2]]
        pairs.append((forms[0], forms[1], worded(relation.questions, chance, "all").replace("{s}", subject)))
    return pairs


@pytest.fixture(scope="module")
def pairs():
    return told(600)


@pytest.fixture
def memory(tmp_path):
    with Memory.create(tmp_path / "memory.sqlite") as made:
        yield made


@pytest.fixture(scope="module")
def filled(tmp_path_factory, pairs):
    with Memory.create(tmp_path_factory.mktemp("filled") / "memory.sqlite") as made:
        made.remember_all([pair[0] for pair in pairs], now=BEGAN)
        yield made


def first(memory, cue, **options):
    found = memory.recall(cue, **options).remembered
    return found[0].episode.text if found else None


def test_what_was_told_is_recalled_by_itself_by_other_words_and_by_half_of_it(filled, pairs):
    chance = random.Random(3)
    some = chance.sample(pairs, 150)
    assert sum(first(filled, one) == one for one, _, _ in some) >= 0.99 * len(some)
    assert sum(first(filled, other) == one for one, other, _ in some) >= 0.9 * len(some)
    assert sum(first(filled, question) == one for one, _, question in some) >= 0.9 * len(some)
    halves = [" ".join(word for at, word in enumerate(one.split()) if at % 2) for one, _, _ in some]
    assert sum(first(filled, half) == one for half, (one, _, _) in zip(halves, some, strict=True)) >= 0.75 * len(some)


def test_what_nothing_speaks_of_is_not_recognised_and_what_is_known_is(filled, pairs):
    strange = [question for _, _, question in told(150, seed=99)]
    assert sum(filled.recall(question).recognised for question in strange) <= 0.05 * len(strange)
    assert sum(filled.recall(question).recognised for _, _, question in pairs[:150]) >= 0.7 * 150
    assert not filled.recall("How do I sort a list in place?").recognised
    assert not filled.recall("…").recognised


def test_a_file_opened_again_recalls_the_same(filled, pairs):
    with Memory.open(filled.store.path) as again:
        for one, other, question in pairs[:30]:
            for cue in (one, other, question):
                assert again.recall(cue, at=BEGAN + 1) == filled.recall(cue, at=BEGAN + 1)


def test_a_newer_version_supersedes_and_both_are_dated(memory):
    old = memory.remember("Ada's office is in room 9.", now=BEGAN)
    new = memory.remember("Ada's office is now in room 12.", now=BEGAN + 30 * DAY)
    assert new.supersedes == old.number
    assert memory.episode(old.number).superseded == new.number
    assert first(memory, "Where is Ada's office?", at=BEGAN + 40 * DAY) == new.text
    assert first(memory, "Where is Ada's office?", at=BEGAN + DAY) == old.text
    assert first(memory, "Ada's office is in room 9.", at=BEGAN + 40 * DAY) == new.text


def test_a_version_can_be_named_and_a_third_follows_the_second(memory):
    first_one = memory.remember("The kettle is red.", now=BEGAN)
    second = memory.remember("It was painted blue all over.", now=BEGAN + 1, supersedes=first_one.number)
    third = memory.remember("Green, since May.", now=BEGAN + 2, supersedes=first_one.number)
    assert third.supersedes == second.number
    assert first(memory, "The kettle is red", at=BEGAN + 3) == third.text


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("The port is 8080.", "The port is 8000.", True),
        ("Ada lives in Rome now.", "Ada lives in Oslo.", True),
        ("As of 2031, the director of Zoville is Mara Lund.", "The director of Zoville is Jon Berg.", True),
        ("timeout = 30", "timeout = 20", True),
        ("Bob's office is in room 12.", "Ada's office is in room 12.", False),
        ("Ada likes tea.", "Ada likes coffee.", False),
        ("Ada is a painter.", "Ada is a mother.", False),
        ("The port is 8000.", "The port is 8000.", False),
        ("The port is 8000 and open.", "The port is 8000.", False),
        ("", "The port is 8000.", False),
    ],
)
def test_a_contradiction_is_another_value_for_the_same_thing(new, old, expected):
    assert contradicts(new, old) is expected


def test_what_holds_until_a_date_is_silent_after_it(memory):
    memory.remember("The lift is out of order.", now=BEGAN, until=BEGAN + DAY)
    assert first(memory, "Is the lift out of order?", at=BEGAN + 10) == "The lift is out of order."
    assert first(memory, "Is the lift out of order?", at=BEGAN + 2 * DAY) is None


def test_age_makes_nothing_count_less(memory, pairs):
    memory.remember("The vault opens with the word Barolome.", now=BEGAN)
    memory.remember_all([pair[0] for pair in pairs[:100]], now=BEGAN + 242 * DAY)
    assert first(memory, "With which word does the vault open?", at=BEGAN + 243 * DAY).endswith("Barolome.")


def test_what_is_connected_by_a_name_comes_along(memory, pairs):
    memory.remember_all([pair[0] for pair in pairs[:100]], now=BEGAN)
    memory.remember("Flyckthou Zeilwois established Nethweak Hospital.", now=BEGAN)
    memory.remember("Flyckthou Zeilwois comes from Bregen.", now=BEGAN)
    found = memory.recall("Who established Nethweak Hospital?", 5).remembered
    assert found[0].episode.text.startswith("Flyckthou Zeilwois established")
    assert "Flyckthou Zeilwois comes from Bregen." in [one.episode.text for one in found]


def test_a_full_memory_lets_go_of_what_is_over_then_of_talk_then_of_the_weakest(tmp_path):
    with Memory.create(tmp_path / "small.sqlite", capacity=6) as memory:
        over = memory.remember("The bridge is closed.", now=BEGAN, until=BEGAN + 5)
        talk = memory.remember("It opens at nine.", kind="conversation", cue="When does it open?", now=BEGAN)
        weak = memory.remember("Mole hills are brown.", now=BEGAN)
        used = memory.remember("Otters sleep afloat.", now=BEGAN)
        memory.use([used.number], now=BEGAN + 9)
        for count, lost in enumerate((over, talk, weak)):
            while len(memory) < 6:
                memory.remember(f"Filler of the kind {count} {len(memory)}.", now=BEGAN + 10, keep=True)
            memory.remember(f"One too many, the {count}th.", now=BEGAN + 11, keep=True)
            assert lost.number not in [one.number for one in memory.all()]
            assert len(memory) == 6
        assert memory.recall("Otters sleep afloat.").best.number == used.number
    assert strength(5, 100) > strength(0, 100) > strength(0, 1000)


def test_what_is_forgotten_is_in_no_table_no_byte_and_no_recall(memory, pairs):
    numbers = memory.remember_all([pair[0] for pair in pairs], now=BEGAN)
    gone = numbers[::5]
    words = [memory.episode(number).text for number in gone]
    done = memory.forget(gone)
    assert done.left == ()
    assert done.checked > 100
    bytes_left = memory.store.path.read_bytes()
    for number, text in zip(gone, words, strict=True):
        assert text.encode() not in bytes_left
        assert number not in [one.episode.number for one in memory.recall(text, 32).remembered]
    again = [pair[0] for at, pair in enumerate(pairs) if at % 5]
    assert sum(first(memory, text) == text for text in again[:100]) >= 99
    with pytest.raises(OctavoError) as error:
        memory.forget([gone[0]])
    assert error.value.code == "K073"


def test_forgetting_the_newer_version_lets_the_older_one_hold_again(memory):
    one = memory.remember("The port is 1.", now=BEGAN)
    two = memory.remember("The port is 2.", now=BEGAN + 1)
    three = memory.remember("The port is 3.", now=BEGAN + 2)
    memory.forget([two.number])
    assert memory.episode(one.number).superseded == three.number
    memory.forget([three.number])
    assert first(memory, "What is the port?") == "The port is 1."


def test_what_another_process_writes_or_forgets_is_noticed(memory, pairs):
    numbers = memory.remember_all([pair[0] for pair in pairs[:20]], now=BEGAN)
    with Memory.open(memory.store.path, write=True) as other:
        other.remember("Quixel Harbour opens at dawn.", now=BEGAN)
        other.forget([numbers[3]])
    assert first(memory, "When does Quixel Harbour open?") == "Quixel Harbour opens at dawn."
    assert first(memory, pairs[3][0]) != pairs[3][0]
    memory.remember("Quixel Harbour has two cranes.", now=BEGAN)
    assert first(memory, "How many cranes has Quixel Harbour?") == "Quixel Harbour has two cranes."


def test_useful_memories_become_documents_and_contradicted_ones_leave(memory, tmp_path):
    from octavo.knowledge.index.index import Index
    from octavo.knowledge.memory.consolidate import consolidate, forget_documents

    place = tmp_path / "index.sqlite"
    port = memory.remember("The port is 8000.", now=BEGAN)
    lift = memory.remember("The lift is beside the kitchen of the north wing.", now=BEGAN)
    memory.remember("Nobody asks for this.", now=BEGAN)
    for _ in range(2):
        memory.use([port.number, lift.number], now=BEGAN + 1)
    done = consolidate(memory, place, now=BEGAN + 2)
    assert done.added == (port.number, lift.number)
    assert done.waiting == 1
    assert consolidate(memory, place, now=BEGAN + 2).added == ()
    assert memory.episode(port.number).document == f"memory:{port.number}"
    memory.remember("The port is 9000.", now=BEGAN + 3)
    assert consolidate(memory, place, now=BEGAN + 4).removed == (port.number,)
    documents, left = forget_documents(memory, [lift.number])
    assert (documents, left) == ([f"memory:{lift.number}"], [])
    with Index.open(place) as index:
        assert index.ids() == []
    with pytest.raises(OctavoError) as error:
        consolidate(memory, tmp_path / "other.sqlite")
    assert error.value.code == "K077"


KILLED = """
import sys
from pathlib import Path
from octavo.knowledge.memory.memory import Memory
with Memory.create(Path(sys.argv[1])) as memory:
    print("open", flush=True)
    for number in range(10_000):
        made = memory.remember(f"Crate {number} of the Barolome holds {number * 7} lemons.", now=1_600_000_000)
        if number % 3 == 2:
            memory.forget([made.number - 1])
        print(made.number, flush=True)
"""


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path):
    place, chance = tmp_path / "killed.sqlite", random.Random(7)
    acknowledged = set()
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", KILLED, place], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "open\n"
        for _ in range(chance.randint(1, 40)):
            acknowledged.add(int(process.stdout.readline()))
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]
        acknowledged |= {int(line) for line in rest}
        process.wait()
        process.stdout.close()
        with Memory.open(place, write=True) as memory:
            there = {one.number: one for one in memory.all()}
            # A forgetting may have been done and not yet been said.
            gone = {number for number in acknowledged - set(there) if number + 1 not in {*acknowledged, *there}}
            assert not gone
            for table in ("traces", "episodes"):
                rows = memory.store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                assert rows[0] == len(there)
            some = max(there)
            assert some in [one.episode.number for one in memory.recall(there[some].text).remembered]
        assert memory_is_sound(place)


def memory_is_sound(place):
    connection = sqlite3.connect(place)
    found = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60).filter(lambda text: text.replace("\0", " ").strip()), min_size=1, max_size=6))
def test_any_text_is_remembered_recalled_and_forgotten_without_a_trace(tmp_path_factory, texts):
    with Memory.create(tmp_path_factory.mktemp("any") / "memory.sqlite") as memory:
        made = [memory.remember(text, now=BEGAN, keep=True) for text in texts]
        for text in texts:
            memory.recall(text)
        assert memory.forget([one.number for one in made]).left == ()
        assert memory.recall(texts[0]).remembered == ()
        for table in ("names", "terms", "traces"):
            assert memory.store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


def test_what_is_no_memory_or_cannot_be_remembered_is_refused(tmp_path, memory):
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"not a database, but long enough to look at" * 100)
    later = tmp_path / "later.sqlite"
    Memory.create(later).close()
    connection = sqlite3.connect(later)
    connection.execute("UPDATE metadata SET value = '99' WHERE key = 'format'")
    connection.commit()
    connection.close()
    for place, code in ((other, "K071"), (later, "K072"), (tmp_path / "none.sqlite", "K070")):
        with pytest.raises(OctavoError) as error:
            Memory.open(place)
        assert error.value.code == code
    for text in ("  \n", "x" * 30_000):
        with pytest.raises(OctavoError) as error:
            memory.remember(text)
        assert error.value.code == "K074"
    memory.remember("The port is 8000.")
    memory.store.connection.execute("UPDATE traces SET data = substr(data, 1, 100)")
    with pytest.raises(OctavoError) as error, Memory.open(memory.store.path) as again:
        again.recall("port")
    assert error.value.code == "K071"
    with pytest.raises(OctavoError) as error, Memory.open(memory.store.path) as again:
        again.remember("The port is 8000.")
    assert error.value.code == "K076"
