"""Cleaning: short, empty and repeated texts go, each with its reason; what is merely alike stays."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.clean import CleanSettings, run
from octavo.data.rules import verdict
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
    scratch = tmp_path / f"scratch-{len(list(tmp_path.iterdir()))}"
    run(CleanSettings(**changes), {"documents": source}, out, scratch)
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
def test_the_order_of_the_input_does_not_change_what_is_kept(tmp_path_factory, rows, shuffler):
    documents = [
        Document(f"{'m' * (at + 1)}.f{name}", edited(prose(text, 60), 0.05, at), "function", uses=uses)
        for at, (text, uses, name) in enumerate(rows)
    ]
    documents.append(Document("z.z", prose(99, 60), "function"))
    changes = {"near": 0.6, "near_renamed": 0.8, "distinct_below": 50}
    one, _ = cleaned(tmp_path_factory.mktemp("one"), documents, **changes)
    other, _ = cleaned(tmp_path_factory.mktemp("other"), shuffler.sample(documents, len(documents)), **changes)
    assert {document.id for document in one} == {document.id for document in other}


def test_documents_come_out_in_the_order_they_went_in(tmp_path):
    documents = [Document(f"d{n:02}.md", "x" if n % 5 == 0 else prose(n % 20)) for n in range(40)]
    kept, removed = cleaned(tmp_path, documents)
    assert [document.id for document in kept] == sorted(document.id for document in kept)
    assert [row.document.id for row in removed] == sorted(row.document.id for row in removed)
    assert len(kept) + len(removed) == 40


def test_languages_and_rules_are_applied_where_they_are_asked_for(tmp_path):
    german = "Die Bibliothek öffnet um neun Uhr morgens und schließt erst spät am Abend. " * 3
    english = "The library opens at nine in the morning and closes late in the evening. "
    documents = [Document("de.md", german), Document("en.md", english)]
    kept, removed = cleaned(tmp_path, documents, languages=("en",))
    assert [(document.id, document.language) for document in kept] == [("en.md", "en")]
    assert removed[0].reason == "language: de"
    fluent = (
        "Every morning the keeper of the small museum opens its heavy wooden doors and lights the lamps. Visitors from "
        "the harbour come to look at old maps, at models of ships, and at letters which sailors once sent home. In "
        "winter hardly anybody climbs the hill, so that she has time to repair what salt and wind have damaged. Then "
        "children help her with glue and thread, and hear about storms that nobody else remembers."
    )
    _, removed = cleaned(tmp_path, [*documents, Document("f.md", fluent)], rules=("gopher",), languages=("any",))
    assert [(row.reason, row.detail) for row in removed] == [
        ("gopher: word count", "39 < 50"),
        ("gopher: word count", "14 < 50"),
    ]


def test_an_unknown_set_of_rules_is_refused(tmp_path):
    with pytest.raises(OctavoError) as raised:
        cleaned(tmp_path, [Document("a", prose(4))], rules=("gofer",))
    assert raised.value.code == "D040"
