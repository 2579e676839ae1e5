import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds_graph import told

from octavo.knowledge.graph.initials import find_initials
from octavo.knowledge.graph.matrix import followed, incidence
from octavo.knowledge.graph.merges import (
    Merge,
    clusters,
    expansions,
    merge,
    read_log,
    set_split,
)
from octavo.spine.errors import OctavoError


def row(number, kept, gone, kind="alias", split=False):
    return Merge(number, kept, gone, kind, "because", 0, split)


def reasons(found):
    return {merge.gone: reason.partition(":")[0] for merge, reason in found.refused}


def test_an_alias_counts_as_the_name_it_is_stated_for():
    assert clusters([row(1, "robert", "bob"), row(2, "robert", "rob")]).of == {"bob": "robert", "rob": "robert"}


def test_a_name_claimed_for_two_is_a_homonym_and_goes_to_neither():
    found = clusters([row(1, "mercury planet", "mercury"), row(2, "mercury element", "mercury")])
    assert found.of == {}
    assert reasons(found) == {"mercury": "homonym"}


def test_a_name_may_be_claimed_for_two_that_are_one():
    found = clusters([row(1, "a", "x"), row(2, "b", "x"), row(3, "a", "b")])
    assert found.of == {"x": "a", "b": "a"}


def test_no_merge_goes_over_a_weak_bridge():
    found = clusters([row(1, "c", "b"), row(2, "b", "a")])
    assert found.of == {"b": "c"}
    assert reasons(found) == {"a": "chain"}


def test_a_chain_holds_when_its_ends_are_joined_too():
    found = clusters([row(1, "c", "b"), row(2, "b", "a"), row(3, "c", "a")])
    assert found.of == {"a": "c", "b": "c"}


def test_attributes_that_contradict_each_other_forbid_a_merge():
    held = {"john smith": {"born": "1950"}, "j smith": {"born": "1969"}}
    found = clusters([row(1, "john smith", "j smith", "initials")], held)
    assert found.of == {}
    assert reasons(found) == {"j smith": "contradiction"}


@pytest.mark.parametrize("length", [2, 3, 5, 400])
def test_cycles_of_aliases_end(length):
    ring = [row(n, f"n{n}", f"n{(n + 1) % length}") for n in range(length)]
    found = clusters(ring)
    assert all(found.root(found.root(key)) == found.root(key) for key in (f"n{n}" for n in range(length)))
    if length == 2:
        assert len(found.of) == 1


names = st.sampled_from("abcdef")
logs = st.lists(st.tuples(names, names, st.sampled_from(["alias", "acronym", "initials", "stated"])), max_size=12)


@given(logs, st.randoms(use_true_random=False))
def test_the_order_of_the_log_does_not_matter(pairs, chance):
    log = [row(n, kept, gone, kind) for n, (kept, gone, kind) in enumerate(pairs)]
    mixed = list(log)
    chance.shuffle(mixed)
    assert clusters(mixed) == clusters(log)


@given(logs)
def test_nothing_is_merged_without_evidence_for_just_these_two(pairs):
    log = [row(n, kept, gone, kind) for n, (kept, gone, kind) in enumerate(pairs)]
    direct = {frozenset((m.kept, m.gone)) for m in log}
    found = clusters(log)
    assert all(frozenset(pair) in direct for pair in found.of.items())
    assert all(kept not in found.of for kept in found.of.values())


@settings(deadline=None, max_examples=60)
@given(logs, st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=20))
def test_any_merges_and_splits_give_what_the_log_that_is_left_gives(pairs, steps):
    log = {n: row(n, kept, gone, kind) for n, (kept, gone, kind) in enumerate(pairs)}
    for number, split in steps:
        if number in log:
            log[number] = row(number, log[number].kept, log[number].gone, log[number].kind, split)
    left = [m for m in log.values() if not m.split]
    assert clusters(log.values()).of == clusters(left).of


def test_a_split_gives_back_exactly_the_matrices_there_were(world):
    before = incidence(world.view()).by_passage.toarray()
    number = merge(world, "Ostmark", "Pellworm", "said so")
    assert followed(world.view()).of["pellworm"] == "ostmark"
    assert (incidence(world.view()).by_passage.toarray() != before).any()
    set_split(world, number)
    assert (incidence(world.view()).by_passage.toarray() == before).all()
    set_split(world, number, split=False)
    assert followed(world.view()).of["pellworm"] == "ostmark"


def test_short_forms_in_brackets_are_logged_with_their_place(world):
    assert followed(world.view()).of["lsu"] == "lenn shipping union"
    assert read_log(world.connection)[0].evidence == "Lenn Shipping Union (LSU)"


def test_short_forms_must_have_the_letters_of_the_long_ones():
    assert [found[:2] for found in expansions("The Bank of Lenn (BL) and a mill (IBM) and Tall Oak (TP)")] == [
        ("Bank of Lenn", "BL")
    ]


def test_initials_join_only_names_that_are_seen_in_the_same_company(build):
    texts = [
        "In Ostmark worked Johan Falk with Carla Monti on the Grey Tower.",
        "In Ostmark worked J. Falk with Carla Monti on the Grey Tower.",
        "Far away in Pellworm lived Jorinde Falk alone.",
    ]
    index = build([told(f"d{n}", text) for n, text in enumerate(texts)])
    assert find_initials(index) == 1
    assert followed(index.view()).of == {"j falk": "johan falk"}
    assert find_initials(index) == 0


def test_initials_that_fit_two_people_in_the_same_company_are_refused(build):
    text = "In Ostmark worked {} with Carla Monti on the Grey Tower."
    index = build([told(f"d{n}", text.format(who)) for n, who in enumerate(["Johan Falk", "J. Falk", "Jorinde Falk"])])
    find_initials(index)
    assert followed(index.view()).of == {}
    assert {reason for _, reason in followed(index.view()).refused} == {"homonym: claimed for 2 names"}


def test_what_a_forgotten_passage_said_merges_nothing(world):
    from test_layer import forget

    forget(world, "union")
    assert "lsu" not in followed(world.view()).of


def test_unknown_names_and_numbers_are_errors(world):
    with pytest.raises(OctavoError) as caught:
        merge(world, "Ostmark", "Nowhere At All", "x")
    assert caught.value.code == "K041"
    with pytest.raises(OctavoError) as caught:
        set_split(world, 999)
    assert caught.value.code == "K042"
