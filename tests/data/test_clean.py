"""Cleaning: short, empty and repeated texts go, each with its reason; what is merely alike stays."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.clean import CleanSettings, run
from octavo.data.duplicates.documents import Candidate, candidate, exact_duplicates, near_duplicates
from octavo.data.rules import verdict
from octavo.data.shingles import MinHash, Shingler, bands_for, jaccard
from octavo.kinds.documents import Document, Removed, read_documents, read_removed, write_documents
from octavo.spine.errors import OctavoError
from octavo.spine.progress import listening

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]


def prose(seed, words=120):
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def edited(text, share, seed):
    """The text with a share of its words replaced, in one stretch as people edit."""
    words = text.split()
    count = round(len(words) * share)
    start = random.Random(seed).randrange(len(words) - count)
    words[start : start + count] = prose(seed + 10_000, count).split()
    return " ".join(words)


def cleaned(tmp_path, documents, removed=(), **changes):
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir(exist_ok=True)
    out.mkdir(exist_ok=True)
    write_documents(source, documents, removed)
    run(CleanSettings(**changes), {"documents": source}, out, tmp_path)
    return list(read_documents(out)), list(read_removed(out))


def test_terse_documentation_of_different_functions_is_kept(tmp_path):
    texts = {
        "math.sin": "Return the sine of x (measured in radians).",
        "math.cos": "Return the cosine of x (measured in radians).",
    }
    texts |= {"gzip.close": "Close the file.", "bz2.shut": "Close the file."}
    kept, removed = cleaned(tmp_path, [Document(name, text, "function") for name, text in texts.items()])
    assert {document.id for document in kept} == set(texts)
    assert removed == []


def test_objects_worded_alike_but_named_differently_are_kept(tmp_path):
    text = prose(1)
    words = text.split()
    other = " ".join([*words[:30], "left", *words[31:90], "right", *words[91:]])
    kept, _ = cleaned(tmp_path, [Document("a.left", text, "function"), Document("a.right", other, "function")])
    assert len(kept) == 2
    kept, removed = cleaned(tmp_path, [Document("a.go", text, "function"), Document("b.go", other, "function")])
    assert len(kept) == 1
    assert (removed[0].reason, removed[0].duplicate_of) == ("near duplicate", "a.go")


def test_the_most_used_of_equals_survives_then_the_shallowest(tmp_path):
    text = prose(2)
    documents = [Document("a.b.x", text, uses=1), Document("a.y", text, uses=1), Document("c.d.e", text, uses=2)]
    kept, removed = cleaned(tmp_path, documents)
    assert [document.id for document in kept] == ["c.d.e"]
    kept, _ = cleaned(tmp_path, documents[:2])
    assert [document.id for document in kept] == ["a.y"]
    assert {row.duplicate_of for row in removed} == {"c.d.e"}


def test_white_space_does_not_hide_an_exact_duplicate(tmp_path):
    text = prose(3)
    _, removed = cleaned(tmp_path, [Document("a.md", text), Document("b.md", text.replace(" ", "\n  "))])
    assert (removed[0].reason, removed[0].similarity) == ("exact duplicate", 1.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "too short"),
        ("+" * 40, "no words"),
        ("See base class.", "boilerplate"),
        ("Alias for field number 0", "boilerplate"),
        ("Initialize self.  See help(type(self)) for accurate signature.", "boilerplate"),
        ("Return repr(self).", "boilerplate"),
        ("TODO: docstring", "boilerplate"),
    ],
)
def test_texts_that_say_nothing_are_removed(text, reason):
    assert verdict(Document("a.b", text, "method"), 10)[0] == reason


@pytest.mark.parametrize(
    "text",
    [
        "Return the cosine of x.",
        "See :func:`torch.ceil`",
        "Return True if empty.",
        "Return self + b.",
        "partial(func, *args, **keywords) - new function with partial application\nof the given arguments.",
        "Licensed under the stars",
    ],
)
def test_short_texts_that_say_something_are_kept(text):
    assert verdict(Document("a.b", text, "method"), 10) is None


def test_a_licence_is_no_documentation_of_a_module():
    text = "Copyright 2020 Somebody\n\nLicensed under the Apache License, Version 2.0"
    assert verdict(Document("a", text, "module"), 10)[0] == "licence text"
    assert verdict(Document("LICENSE", text, "file"), 10) is None


def test_removals_of_the_input_are_carried_on(tmp_path):
    before = Removed(Document("bad.bin", ""), "binary")
    kept, removed = cleaned(tmp_path, [Document("a", prose(4)), Document("b", "x")], [before])
    assert removed[0] == before
    assert [row.reason for row in removed] == ["binary", "too short"]
    assert not {document.id for document in kept} & {row.document.id for row in removed}


def test_removing_everything_is_an_error(tmp_path):
    with pytest.raises(OctavoError) as raised:
        cleaned(tmp_path, [Document("a", "x")])
    assert raised.value.code == "D005"


def test_an_unusual_share_of_removals_raises_an_alarm(tmp_path):
    heard = []

    class Ear:
        def progress(self, *_):
            pass

        def reading(self, values):
            heard.append(values)

    documents = [Document(f"d{n}.md", prose(5)) for n in range(10)]
    with listening(Ear()):
        cleaned(tmp_path, documents)
    assert any("alarm" in values for values in heard)


def test_planted_near_duplicates_are_found_and_unrelated_texts_kept(tmp_path):
    originals = [Document(f"o{n:03}.md", prose(n, 250), uses=1) for n in range(60)]
    copies = [Document(f"c{n:03}.md", edited(prose(n, 250), 0.05, n)) for n in range(60)]
    kept, removed = cleaned(tmp_path, originals + copies)
    assert {document.id for document in kept} == {document.id for document in originals}
    assert all(row.duplicate_of == row.document.id.replace("c", "o") for row in removed)
    assert all(0.8 <= row.similarity < 1 for row in removed)


def test_many_alike_take_no_quadratic_time(tmp_path):
    base = prose(9, 60)
    documents = [Document(f"n{n:04}.md", f"{base} {prose(n, 4)}") for n in range(3000)]
    kept, removed = cleaned(tmp_path, documents)
    assert len(kept) + len(removed) == 3000
    assert len(kept) < 200


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), max_size=25), st.randoms())
def test_the_order_of_the_input_does_not_change_what_is_kept(rows, shuffler):
    documents = [
        Document(f"m{at}.f{name}", edited(prose(text, 60), 0.05, at), "function", uses=uses)
        for at, (text, uses, name) in enumerate(rows)
    ]
    assert kept_ids(documents) == kept_ids(shuffler.sample(documents, len(documents)))


def kept_ids(documents):
    candidates = [candidate(at, document) for at, document in enumerate(documents)]
    exact = {d.at for d in exact_duplicates(candidates, 50)}
    rest = [one for one in candidates if one.at not in exact]
    near = {d.at for d in near_duplicates(rest, lambda at: documents[at].text, 0.6, 0.8, 50)}
    return {one.id for one in rest if one.at not in near}


@given(st.text(), st.text())
def test_jaccard_is_symmetric_and_one_for_equals(one, other):
    shingler = Shingler()
    a, b = shingler(one), shingler(other)
    assert jaccard(a, b) == jaccard(b, a)
    assert 0 <= jaccard(a, b) <= 1
    assert jaccard(a, a) == (1.0 if a.size else 0.0)


def test_bands_find_nearly_all_pairs_at_the_threshold():
    for threshold in (0.5, 0.7, 0.8, 0.9, 1.0):
        bands, rows = bands_for(threshold)
        assert bands * rows <= 128
        assert 1 - (1 - threshold**rows) ** bands >= 0.995


def test_the_share_of_equal_minima_estimates_the_similarity():
    shingler, hashes = Shingler(), MinHash(2000, 1)
    text = prose(11, 400)
    other = edited(text, 0.2, 12)
    a, b = shingler(text), shingler(other)
    estimate = (hashes.keys(a) == hashes.keys(b)).mean()
    assert abs(estimate - jaccard(a, b)) < 0.05


def test_survival_prefers_use_then_depth_then_name():
    def one(name, uses):
        return Candidate(0, name, uses, 1, False, 0).survival

    assert one("z.z.z", 2) < one("a", 1) < one("a.b", 1) < one("a.c", 1)
