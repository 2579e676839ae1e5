import numpy as np
import pytest
from flaws import f1

from octavo.knowledge.entities.candidates import Candidates, block
from octavo.knowledge.entities.choice.trees import Growth, choose, grow
from octavo.knowledge.entities.clusters import clusters
from octavo.knowledge.entities.link import chances, link, prepare
from octavo.knowledge.entities.record import record_of
from octavo.spine.errors import OctavoError


@pytest.fixture(scope="module")
def ready(blind):
    return prepare(blind[0], blind[1])


def test_the_counterpart_is_nearly_always_among_few_candidates(blind, ready):
    left, right, truth = blind
    found = block(left, right, 20)
    there = 0
    for number, record in enumerate(left):
        there += truth.get(record.id) in {right[at].id for at in found.right[found.of(number)]}
    assert there >= 0.99 * len(truth)
    assert np.all(np.diff(found.left) >= 0)
    assert max(np.bincount(found.left)) <= 20


@pytest.mark.parametrize(("method", "least"), [("text", 0.5), ("graph", 0.7), ("fused", 0.8)])
def test_each_method_finds_counterparts_and_leaves_the_others_alone(blind, ready, method, least):
    left, right, truth = blind
    links = [one.as_json() for one in link(left, right, method, prepared=ready)]
    assert [row["left"] for row in links] == [record.id for record in left]
    assert f1(links, truth) >= least


def test_links_say_what_speaks_for_them(blind, ready):
    left, right, truth = blind
    links = list(link(left, right, prepared=ready))
    good = [one for one in links if truth.get(one.left) == one.right]
    assert all(one.evidence for one in links)
    assert sum(any("fixed version" in item or "same commit" in item for item in one.evidence) for one in good) > 50
    assert all(0 <= one.score <= 1 and (one.right is None) == (one.decision == "none") for one in links)


def test_known_pairs_fit_weights_of_their_own(blind, ready):
    left, right, truth = blind
    few = prepare(left, right, 6)
    links = [one.as_json() for one in link(left, right, prepared=few, pairs=set(truth.items()))]
    assert f1(links, truth) > 0.9
    with pytest.raises(OctavoError, match="too few"):
        chances(ready, "fused", pairs=[("a", "b")])


def test_records_of_another_kind_are_linked_without_the_shipped_weights():
    makers = ["harrow", "penrose", "ostler", "quillon", "tamsin", "verity", "wexford", "yarrow", "zelkova", "brannock"]
    goods = ["kettle", "lantern", "easel", "trowel", "compass", "ledger", "spindle", "anvil"]
    left = [record_of({"text": f"{m} {g} model {7 * n + 13}", "price": n}, f"l{n}")
            for n, (m, g) in enumerate((m, g) for m in makers for g in goods)]  # fmt: skip
    right = [record_of({"title": f"The {g} of {m}", "description": f"{g}, no. {7 * n + 13}"}, f"r{n}")
             for n, (m, g) in enumerate((m, g) for m in makers for g in goods) if n % 2]  # fmt: skip
    ready = prepare(left, right)
    assert chances(ready, "fused").weights == "unsupervised"
    links = [one.as_json() for one in link(left, right, prepared=ready)]
    assert f1(links, {f"l{n}": f"r{n}" for n in range(1, 80, 2)}) > 0.7


def test_fields_of_other_names_that_say_the_same_are_found_and_weighed():
    names = [f"{a}{b}" for a in ("kar", "mol", "ver", "tul", "pex") for b in ("rin", "dos", "wel", "gan", "hib", "sut")]
    people = [(names[n % 30].title(), names[(7 * n) % 30].title() + "son", 1 + n % 12, 1 + n % 28, 1940 + n % 60)
              for n in range(90)]  # fmt: skip
    left = [record_of({"name": f"{first} {last}", "born": f"{y}-{m:02d}-{d:02d}"}, f"l{n}")
            for n, (first, last, m, d, y) in enumerate(people)]  # fmt: skip
    right = [record_of({"family": last.upper(), "given": f"{first[0]}.", "birth": f"{d:02d}.{m:02d}.{y}"}, f"r{n}")
             for n, (first, last, m, d, y) in enumerate(people) if n % 2]  # fmt: skip
    ready = prepare(left, right)
    links = list(link(left, right, prepared=ready))
    assert f1([one.as_json() for one in links], {f"l{n}": f"r{n}" for n in range(1, 90, 2)}) > 0.9
    assert chances(ready, "fused").weights == "unsupervised"
    told = next(one for one in links if one.right).evidence
    assert any(item.startswith("born as birth:") for item in told)
    assert any(item.startswith("name as family:") for item in told)


def test_libraries_with_a_version_are_not_taken_for_advisories():
    left = [record_of({"name": f"lib{n}", "version": f"1.{n}.2", "url": f"https://code.example/{n}"}, f"l{n}")
            for n in range(20)]  # fmt: skip
    assert chances(prepare(left, left), "fused").weights == "unsupervised"
    assert [one.right for one in link(left, left)] == [one.id for one in left]


def test_few_candidates_are_the_best_and_not_the_first():
    right = [record_of({"text": f"common words here and there {'rare' if n == 30 else n}"}, f"r{n}") for n in range(40)]
    found = block([record_of({"text": "common words here and rare"}, "a")], right, 1)
    assert found.right.tolist() == [30]


def test_a_shared_flaw_in_another_package_is_related_only():
    flaw = {
        "text": "The vendored parser of quorvex reads beyond the buffer in decodeFrame at a negative length field.",
        "cwes": ["CWE-125"],
        "references": [{"url": "https://github.com/quorvex/parser/commit/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"}],
    }
    rows = ({"text": f"note {n} on weather {n * 7} in {n * 3}", "packages": [{"name": f"w{n}"}]} for n in range(60))
    noise = [record_of(row, f"n{number}") for number, row in enumerate(rows)]
    left = [record_of({**flaw, "packages": [{"ecosystem": "PyPI", "name": "pyquorvex"}]}, "a"), *noise[:20]]
    right = [record_of({**flaw, "packages": [{"ecosystem": "crates.io", "name": "quorvex-sys"}]}, "b"), *noise[20:]]
    first = next(iter(link(left, right, threshold=0.01)))
    assert (first.right, first.decision) == ("b", "related")


def test_a_judge_that_says_nothing_decides_nothing(blind, ready):
    left, right, _ = blind

    def silent(found, *_):
        return np.full(len(found.left), np.nan)

    links = list(link(left[:5], right, "model", judge=silent))
    assert {one.decision for one in links} == {"none"}
    assert "no judgement" in links[0].evidence[0]


def test_a_left_record_that_shares_nothing_has_no_candidate():
    left = [record_of({"text": "zzyzx"}, "a")]
    right = [record_of({"text": "something else"}, "b")]
    (only,) = link(left, right)
    assert (only.right, only.score) == (None, 0.0)


def test_trees_learn_to_choose_one_or_none():
    chance = np.random.default_rng(3)
    groups = np.repeat(np.arange(400), 5)
    values = chance.normal(size=(2000, 4)).astype(np.float32)
    right = (values[:, 0] > 1) & (values[:, 1] > 0)
    right &= (
        np.arange(2000) == np.array([np.flatnonzero((groups == g) & right)[:1].tolist() or [-1] for g in groups])[:, 0]
    )
    trees = grow(values, groups, right, Growth(trees=40))
    probability = choose(groups, trees.utility(values))
    assert probability[right].mean() > 0.5 > 0.1 > probability[~right].mean()
    again = type(trees).from_json(trees.as_json())
    assert np.allclose(again.utility(values), trees.utility(values), atol=1e-3)
    sums = np.bincount(groups, probability)
    assert np.all(sums < 1)


def test_a_chain_of_links_joins_nobody_who_is_not_bound():
    packages = [{"name": "same"}], [{"name": "same"}], [{"name": "other"}]
    left = [record_of({"text": "x", "packages": p}, f"l{n}") for n, p in enumerate(packages)]
    right = [record_of({"text": "x"}, "r")]
    rows = [{"left": f"l{n}", "right": "r", "score": 0.95, "decision": "same"} for n in range(3)]
    assert list(clusters(rows, left, right)) == [{"id": "r", "left": ["l0", "l1"], "apart": ["l2"]}]


def test_candidates_hold_for_empty_sides():
    found = block([record_of({"text": "a b"}, "a")], [record_of({"text": "c d"}, "b")])
    assert isinstance(found, Candidates)
    assert len(found.left) == 0
    assert found.of(0) == slice(0, 0)
