"""Duplicates: every removed record is verified similar to one that is kept; the rest stays."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts_ import found, prose, similarity, swapped

from octavo.data.duplicates.buckets import HEADS, NEIGHBOURS, meetings
from octavo.data.duplicates.verify import Needed


def test_copies_with_a_tenth_of_the_words_edited_are_found_and_other_texts_stay(tmp_path):
    originals = [prose(seed, 250) for seed in range(100)]
    copies = [swapped(text, 0.1, seed) for seed, text in enumerate(originals)]
    pairs = {(row, kept) for row, kept, _, _ in found(tmp_path, originals + copies, policy="first")}
    assert pairs <= {(100 + at, at) for at in range(100)}
    assert len(pairs) >= 95


@pytest.mark.parametrize("policy", ["first", "longest"])
def test_the_similarity_is_the_exact_jaccard_index_of_word_triples(tmp_path, policy):
    texts = [prose(1), swapped(prose(1), 0.03, 1), prose(2), swapped(prose(2), 0.06, 2)]
    for row, kept, kind, value in found(tmp_path, texts, policy=policy):
        assert kind == "near"
        assert value == pytest.approx(similarity(texts[row], texts[kept]), abs=1e-4)


def test_white_space_hides_no_exact_copy_and_case_and_punctuation_no_near_one(tmp_path):
    text = prose(3)
    rows = [text, text.replace(" ", "\n  "), text.upper(), text.replace(" ", ", ")]
    kinds = [kind for _, _, kind, _ in found(tmp_path, rows, policy="first")]
    assert kinds == ["exact", "near", "near"]


def test_nothing_goes_for_a_record_that_goes_itself(tmp_path):
    chain = [prose(4, 200)]
    for step in range(6):
        chain.append(swapped(chain[-1], 0.09, step))
    pairs = found(tmp_path, chain, policy="first")
    gone = {row for row, _, _, _ in pairs}
    assert pairs
    assert not gone & {kept for _, kept, _, _ in pairs}
    assert len(gone) < len(chain) - 1


def test_copies_of_what_goes_follow_it_to_what_stays(tmp_path):
    text = prose(5, 200)
    other = swapped(text, 0.02, 1)
    pairs = found(tmp_path, [other, text + " more words" * 9, other], policy="longest")
    assert [(row, kept, kind) for row, kept, kind, _ in pairs] == [(0, 1, "near"), (2, 1, "near")]


def test_filled_in_forms_are_no_copies_of_each_other(tmp_path):
    words = prose(6, 200).split()
    forms = []
    for person in range(12):
        mine = list(words)
        for slot in range(10):
            mine[slot * 20] = f"value{person}x{slot}"
        forms.append(" ".join(mine))
    assert found(tmp_path, forms) == []
    assert len(found(tmp_path / "told", forms, near_templated=0)) == 11


def test_several_copies_of_one_text_are_found_though_they_share_its_wording(tmp_path):
    text = prose(7, 250)
    rows = [text] + [swapped(text, 0.05, seed) for seed in range(8)]
    assert len(found(tmp_path, rows, policy="first")) == 8


def test_short_texts_worded_alike_stay(tmp_path):
    rows = [
        f"Return the {name} of the given angle as a number between minus one and one" for name in ("sine", "cosine")
    ]
    assert found(tmp_path, rows) == []
    assert len(found(tmp_path / "loose", rows, near_short=0.4)) == 1


def test_the_similarity_needed_falls_with_the_length():
    needed = Needed(long=0.5, short=0.8, renamed=0)
    values = needed.of([1, 20, 60, 150, 1000]).tolist()
    assert values[0] == values[1] == 0.8
    assert values[3] == values[4] == 0.5
    assert values == sorted(values, reverse=True)


def test_texts_without_latin_words_are_compared_too(tmp_path):
    chinese = "".join(chr(0x4E00 + (at * 7919) % 5000) for at in range(300))
    arabic = " ".join(f"كتاب{chr(0x0628 + at % 20)}{chr(0x062A + at * 7 % 20)}" for at in range(200))
    thai = "".join(chr(0x0E01 + (at * 31) % 40) for at in range(300))
    signs = " ".join("+-*/=<>"[at * at % 7] * (at % 4 + 1) for at in range(200))
    texts = [chinese, arabic, thai, signs]
    changed = [chinese[:100] + "新" + chinese[101:], arabic + " نهاية", thai[:50] + thai[51:], signs + " ??"]
    pairs = {(row, kept) for row, kept, _, _ in found(tmp_path, texts + changed, policy="first")}
    assert pairs == {(4 + at, at) for at in range(4)}


def test_different_arabic_texts_stay(tmp_path):
    def arabic(seed):
        return " ".join("".join(chr(0x0627 + ord(sign) % 30) for sign in word) for word in prose(seed, 100).split())

    assert found(tmp_path, [arabic(seed) for seed in range(50)]) == []


def test_empty_and_wordless_texts_and_repeated_ids_are_no_trouble(tmp_path):
    rows = [
        {"id": "a", "text": ""},
        {"id": "a", "text": ""},
        {"id": "a", "text": "?!"},
        {"text": "\u200b"},
        {"text": "x"},
    ]
    assert [(row, kept) for row, kept, _, _ in found(tmp_path, rows)] == [(1, 0)]
    assert found(tmp_path / "none", []) == []


def test_twenty_thousand_equal_and_five_thousand_alike_records_end(tmp_path):
    # a search that compares all with all takes hours here
    equal = ["The same short record, over and over again."] * 20_000
    alike = [f"{prose(8, 60)} number {at} of many" for at in range(5_000)]
    pairs = found(tmp_path, equal + alike, near_templated=0)
    assert len(pairs) >= 19_999 + 4_900


def test_a_bucket_of_boilerplate_is_linear_work(tmp_path):
    together = np.uint64(5) << np.uint64(32) | np.arange(30_000, dtype=np.uint64)
    pairs = np.concatenate(list(meetings(together)))
    assert len(pairs) <= 30_000 * (HEADS + NEIGHBOURS)


@pytest.mark.parametrize("policy", ["longest", "newest", "licence", "annotated", "used", "first"])
def test_the_policy_says_which_copy_stays(tmp_path, policy):
    text = prose(9)
    rows = [
        {"id": "deep.er.a", "text": text, "date": "2020", "licence": "GPL-3.0", "uses": 1},
        {"id": "longest", "text": text + "   ", "licence": "CC-BY-NC-4.0"},
        {"id": "newest", "text": text, "date": "2024-05-01T12:00:00Z", "licence": "LGPL-2.1"},
        {"id": "licence", "text": text, "date": "2024-05-01T11:00:00Z", "licence": "MIT"},
        {"id": "annotated", "text": text, "annotated": True, "licence": "limited permit"},
        {"id": "used", "text": text, "uses": 5, "date": "no date"},
    ]
    kept = {"first": 0, "longest": 1, "newest": 2, "licence": 3, "annotated": 4, "used": 5}[policy]
    assert {pair[1] for pair in found(tmp_path, rows, policy=policy)} == {kept}


def test_documented_objects_with_other_names_need_more_likeness(tmp_path):
    text = prose(10)
    other = swapped(text, 0.03, 1)
    rows = [{"id": "a.left", "text": text, "kind": "function"}, {"id": "a.right", "text": other, "kind": "function"}]
    limits = {"near": 0.8, "near_renamed": 0.95, "distinct_below": 200, "policy": "used"}
    assert found(tmp_path, rows, **limits) == []
    rows[1]["id"] = "b.left"
    assert len(found(tmp_path / "same", rows, **limits)) == 1
    short = [{"id": f"{name}.py", "text": "Close the file.", "kind": "function"} for name in ("a.shut", "b.close")]
    short[0]["id"], short[1]["id"] = "a.shut", "b.close"
    assert found(tmp_path / "short", short, **limits) == []


WORD = st.sampled_from(["a", "b", "c", "d", "e"])
TEXT = st.lists(WORD, max_size=12).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, max_size=12), st.sampled_from(["first", "longest"]), st.sampled_from([0.3, 0.5, 0.8]))
def test_it_agrees_with_comparing_all_with_all(texts, policy, near):
    with tempfile.TemporaryDirectory() as folder:
        pairs = found(Path(folder), texts, policy=policy, near=near, near_short=near, near_templated=0, size=64)
    order = sorted(range(len(texts)), key=lambda at: (0 if policy == "first" else -len(texts[at]), at))
    gone = {row: kept for row, kept, _, _ in pairs}
    assert not set(gone) & set(gone.values())
    first = {}
    for at in order:
        same = " ".join(texts[at].split())
        if same in first:
            assert at in gone
        first.setdefault(same, at)
    for row, kept, _, value in pairs:
        alike = similarity(texts[row], texts[kept])
        assert alike >= near or texts[row] == texts[kept]
        assert value == pytest.approx(alike if texts[row] else 1.0, abs=1e-4)
        assert order.index(kept) < order.index(row)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8))
def test_any_text_is_searched_and_each_text_keeps_a_copy(texts):
    with tempfile.TemporaryDirectory() as folder:
        pairs = found(Path(folder), texts, size=50)
    gone = {row for row, _, _, _ in pairs}
    kept = {" ".join(text.split()) for at, text in enumerate(texts) if at not in gone}
    for row, other, kind, _ in pairs:
        assert other not in gone
        if kind == "exact":
            assert " ".join(texts[row].split()) in kept
