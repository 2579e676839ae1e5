"""Words and shingles: the fast way agrees with the plain one, for any text and however texts are batched."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.duplicates import words as module
from octavo.data.duplicates.minhash import MinHash, bands_for
from octavo.data.duplicates.survivor import permissiveness
from octavo.data.duplicates.words import Words, shingles

ENGLISH = st.text(alphabet="abcXYZ019_ .,\n-é", max_size=60)


def split(texts):
    """Hashes of the words of each text."""
    parts = []
    for _, hashes, counts in Words().batches(texts):
        parts += [part.tolist() for part in np.split(hashes, np.cumsum(counts)[:-1])]
    return parts


@settings(max_examples=80, deadline=None)
@given(st.lists(ENGLISH, min_size=1, max_size=8))
def test_words_are_those_of_a_regular_expression(texts):
    for text, hashes in zip(texts, split(texts), strict=True):
        words = re.findall(r"\w+", text.lower())
        if words:
            assert len(hashes) == len(words)
            assert len(set(hashes)) == len(set(words))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=6))
def test_a_text_has_the_same_words_alone_and_in_company(texts):
    assert split(texts) == [split([text])[0] for text in texts]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=9), min_size=1, max_size=6))
def test_shingles_are_the_distinct_triples(texts):
    counts = np.array([len(text) for text in texts])
    hashes = np.array([word * 7 + 3 for text in texts for word in text], np.uint64)
    found, sizes = shingles(hashes, counts)
    for text, part in zip(texts, np.split(found, np.cumsum(sizes)[:-1]), strict=True):
        expected = {tuple(text[at : at + 3]) for at in range(max(1, len(text) - 2))} if text else set()
        assert len(part) == len(expected)
        assert part.tolist() == sorted(part.tolist())


def test_a_text_longer_than_a_batch_has_the_words_of_its_pieces(monkeypatch):
    text = " ".join(f"word{at}" for at in range(500))
    whole = split([text])
    monkeypatch.setattr(module, "BATCH", 256)
    assert split([text]) == whole


def test_similar_texts_share_keys_as_often_as_the_theory_says():
    rng = np.random.default_rng(1)
    shared, trials, rows = 0, 200, 4
    minhash = MinHash(40, rows)
    for _ in range(trials):
        both = rng.integers(0, 2**32, 120, dtype=np.uint32)
        one = np.unique(both[:100])
        other = np.unique(both[20:])
        keys = minhash.keys(np.concatenate([one, other]), np.array([len(one), len(other)]))
        shared += int((keys[:, 0] == keys[:, 1]).sum())
    expected = (80 / 120) ** rows
    assert abs(shared / (trials * 40) - expected) < 0.03


def test_bands_find_what_they_are_made_for():
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        bands, rows = bands_for(threshold)
        assert 1 - (1 - threshold**rows) ** bands >= 0.85


def test_licences_are_ranked_by_what_they_ask():
    names = ["CC0-1.0", "MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "GPL-3.0-only", "CC-BY-NC-4.0", "", "limited permit"]
    ranks = [permissiveness(name) for name in names]
    assert ranks == [0, 1, 2, 3, 4, 5, 6, 6]
    assert permissiveness("LGPL-2.1") == 3 < permissiveness("GPLv2") == 4
