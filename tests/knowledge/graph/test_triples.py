import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.knowledge.graph.triples import add_triples, parse

GOOD = (("Ann", "made", "the clock"),)


@pytest.mark.parametrize(
    "output",
    [
        '[["Ann", "made", "the clock"]]',
        '["Ann", "made", "the clock"]',
        '{"triples": [{"subject": "Ann", "relation": "made", "object": "the clock"}]}',
        'Sure!\n```json\n[["Ann", "made", "the clock"]]\n```',
        "(Ann; made; the clock)",
        "1. Ann | made | the clock",
        "Ann\tmade\tthe clock",
        '- ["Ann", "made", "the clock"]',
    ],
)
def test_the_forms_that_models_use_are_read(output):
    assert parse(output).triples == GOOD


@pytest.mark.parametrize(
    "output",
    [
        '[["Ann", "made"]]',
        "__import__('os').system('x')",
        '[["a", 1, "b"]]',
        '[["", "r", "b"]]',
        "[" * 5000,
        '[["?", "r", "!"]]',
    ],
)
def test_what_is_malformed_is_listed_and_nothing_runs(output):
    parsed = parse(output)
    assert parsed.triples == ()
    assert parsed.bad


@given(st.text(max_size=200))
def test_any_output_can_be_parsed(output):
    assert all(len(triple) == 3 for triple in parse(output).triples)


def test_triples_become_edges_of_their_passage_and_made_up_ends_are_listed(world):
    from test_layer import forget

    passage = world.first_of(world.number_of("smith"))
    output = '[["Carla Monti", "baked in", "Pellworm"], ["Carla Monti", "married", "Hugo Falk"], "nonsense"]'
    taken = add_triples(world, [(passage, output)])[passage]
    assert taken.added == 1
    assert [reason for _, reason in taken.bad] == ["not three parts", "the passage does not name both ends"]
    edges = "SELECT source, relation, target, origin FROM graph_edges WHERE passage = ?"
    assert ("carla monti", "baked in", "pellworm", "model") in set(world.connection.execute(edges, (passage,)))
    forget(world, "smith")
    assert world.connection.execute("SELECT count(*) FROM graph_edges WHERE origin = 'model'").fetchone()[0] == 0
