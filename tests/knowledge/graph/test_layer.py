import random

import pytest
from worlds_graph import WORLD, told

from octavo.knowledge.graph.layer import Graph, decode
from octavo.knowledge.graph.matrix import incidence
from octavo.knowledge.index.write import stored_document
from octavo.spine.errors import OctavoError

TABLES = ("entities", "words", "names", "mentions", "edges", "facts", "merges")


def state(index):
    """All that the graph holds, by names and document ids instead of numbers."""
    c = index.connection
    keys = dict(c.execute("SELECT number, key FROM graph_entities"))
    place = {p: (i, s) for p, i, s in c.execute(
        "SELECT p.number, d.id, p.start FROM passages p JOIN documents d ON d.number = p.document")}  # fmt: skip
    return {
        "entities": sorted(c.execute("SELECT key, passages FROM graph_entities")),
        "names": sorted(c.execute("SELECT * FROM graph_names")),
        "words": sorted((w, keys[e]) for w, e in c.execute("SELECT word, entity FROM graph_words")),
        "mentions": sorted(
            (place[p], [(keys[r["entity"]], *r.item()[1:]) for r in decode(d, p)])
            for p, d in c.execute("SELECT passage, data FROM graph_mentions")
        ),
        "edges": sorted((place[p], *rest) for p, *rest in c.execute("SELECT * FROM graph_edges")),
        "facts": sorted((place[p], *rest) for _, p, *rest in c.execute("SELECT * FROM graph_facts")),
        "merges": sorted((*rest[:4], place[rest[4]]) for _, *rest in c.execute("SELECT * FROM graph_merges")),
    }  # fmt: skip


def forget(index, *ids):
    """As forgetting does: the layer first, while the documents are still there."""
    import numpy as np

    from octavo.knowledge.index.write import remove

    numbers = [index.number_of(name) for name in ids]
    with index.transaction() as c:
        documents = {n: stored_document(c, n) for n in numbers}
        passages = [p for n in numbers for (p,) in c.execute("SELECT number FROM passages WHERE document = ?", (n,))]
        remove(c, numbers, index.layers, lambda: None)
    return np.array(sorted(passages), np.uint32), documents


def test_each_passage_names_its_entities_with_their_places(world):
    c = world.connection
    number = world.first_of(world.number_of("ada"))
    rows = decode(c.execute("SELECT data FROM graph_mentions WHERE passage = ?", (number,)).fetchone()[0], number)
    names = dict(c.execute("SELECT number, name FROM graph_entities"))
    text = world.document("ada").text
    written = {text[r["start"] : r["end"]]: names[r["entity"]] for r in rows if r["end"]}
    assert written["Ostmark"] == "Ostmark"
    assert written["Ada Verrin"] == "Ada Verrin"


def test_structured_fields_become_typed_edges(build):
    index = build([told("a", "One.", "Ada", employer="Clock Works", knows=["b"]), told("b", "Two.", "Bo")])
    edges = set(index.connection.execute("SELECT source, relation, target FROM graph_edges"))
    assert ("ada", "employer", "clock work") in edges


def test_a_reference_by_id_stands_for_what_that_document_is_about(build):
    index = build([told("bo-4", "Two.", "Bo Lindt"), told("a", "One.", "Ada", knows=["bo-4"])])
    assert ("ada", "knows", "bo lindt") in set(
        index.connection.execute("SELECT source, relation, target FROM graph_edges")
    )


def test_forgetting_leaves_what_a_graph_without_the_document_would_be(build, world):
    gone = {"ada", "union", "filler3"}
    passages, documents = forget(world, *sorted(gone))
    without = build([record for record in WORLD if record.document.id not in gone])
    assert state(world) == state(without)
    assert Graph().traces(world.connection, passages, documents) == []


def test_traces_tell_what_was_left(world):
    passages, documents = forget(world, "ada")
    with world.transaction() as c:
        c.execute("INSERT INTO graph_mentions VALUES (?, ?)", (int(passages[0]), b""))
    assert Graph().traces(world.connection, passages, documents)


def test_an_entity_is_named_as_those_left_name_it_when_its_first_passage_is_forgotten(build):
    index = build([told("a", "We saw OSTMARK there."), told("b", "We saw Ostmark there.")])
    forget(index, "a")
    assert index.connection.execute("SELECT name FROM graph_entities WHERE key = 'ostmark'").fetchone()[0] == "Ostmark"


def test_the_graph_is_the_same_however_the_documents_were_handed_over(build):
    whole = build(WORLD)
    single = build(WORLD[:1])
    for record in WORLD[1:]:
        single.add([record])
    once, bit = state(whole), state(single)
    for table in ("entities", "edges", "facts", "merges", "words", "names"):
        assert once[table] == bit[table]


def test_what_adding_writes_does_not_grow_with_the_index(build):
    def changes(size):
        texts = [f"Place{n} lies by Town{n % 7} near Lake{n}." for n in range(size)]
        index = build([told(f"d{n}", text, f"Title{n} Hall") for n, text in enumerate(texts)])
        before = index.connection.total_changes
        index.add([told("new", "Ada Verrin met Town3 and Carla Monti.", "A New Title")])
        return index.connection.total_changes - before

    assert changes(150) <= changes(10) + 10


def test_deleted_documents_leave_the_matrices_but_older_generations_keep_them(world):
    before = incidence(world.view()).by_passage.nnz
    generation = world.view().generation
    world.delete(["ada"])
    assert incidence(world.view()).by_passage.nnz < before
    assert incidence(world.view(generation)).by_passage.nnz == before


def test_mentions_of_a_wrong_size_are_an_error(world):
    with world.transaction() as c:
        c.execute("UPDATE graph_mentions SET data = x'0102' WHERE passage = 0")
        world.facts["epoch"] += 1
    with pytest.raises(OctavoError) as caught:
        incidence(world.view())
    assert caught.value.code == "K040"


def test_random_adding_and_forgetting_ends_where_a_fresh_graph_begins(build):
    chance = random.Random(5)
    index, held = build(WORLD[:6]), {r.document.id for r in WORLD[:6]}
    for _ in range(12):
        record = chance.choice(WORLD)
        name = record.document.id
        if name in held and len(held) > 1:
            forget(index, name)
            held.discard(name)
        else:
            index.add([record])
            held.add(name)
    fresh = build([r for r in WORLD if r.document.id in held])
    mine, new = state(index), state(fresh)
    for table in ("entities", "edges", "facts", "words", "names"):
        assert mine[table] == new[table]
