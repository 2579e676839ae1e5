"""Records that say the same are found among their neighbours, each for one that stays."""

import json

import numpy as np
import pytest
from collections_ import in_shards
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from octavo.data.repeats.meaning.clusters import GROUP, grow
from octavo.data.repeats.meaning.embedding import LARGEST, learn, rarity_of, whole_numbers
from octavo.data.repeats.meaning.features import COLUMNS, HALF, count_features
from octavo.data.repeats.meaning.semantic import SemanticLimits, find_semantic, resembling
from octavo.spine.errors import OctavoError

TALE = "The old fisherman sailed out before dawn and caught three silver herrings near the broken lighthouse."
RETOLD = "Before dawn the old fisherman sailed out, and near the broken lighthouse he caught three silver herrings."
OTHERS = [
    "Parliament passed the budget after a night of talks about taxes on fuel and heating.",
    "Her new novel follows two sisters through the war years in a small mining town.",
    "The striker scored twice in the second half and the visitors never recovered.",
    "Heat the oil, add the onions and let them soften before you stir in the rice.",
    "Astronomers measured the light of a distant galaxy that formed when stars were young.",
]


def found(texts, place, **limits):
    shards = in_shards(texts, place, 2**24)
    counts = [len(texts)] if shards else []
    rows = find_semantic(shards, counts, SemanticLimits(**limits), place / "work", on="serial")
    return [(int(row["row"]), int(row["kept"]), float(row["similarity"])) for row in rows]


def test_a_text_in_another_order_of_words_is_found_for_the_first(tmp_path):
    ((row, kept, similarity),) = found([*OTHERS, TALE, RETOLD], tmp_path)
    assert (row, kept) == (6, 5)
    assert similarity >= 0.9


def test_texts_about_different_things_stay(tmp_path):
    assert found([*OTHERS, TALE], tmp_path, least=0.6) == []


@pytest.mark.parametrize("texts", [[], [""], ["", "  "], ["word"], ["short", "short"], ["!" * 50, "!" * 50]])
def test_without_words_there_is_nothing_to_find(texts, tmp_path):
    assert found(texts, tmp_path) == []


def test_many_equal_records_are_no_burden(tmp_path):
    rows = found([TALE] * 20_000, tmp_path)
    assert [(row, kept) for row, kept, _ in rows] == [(n, 0) for n in range(1, 20_000)]


vectors = st.integers(1, 12).flatmap(
    lambda n: arrays(np.int8, (n, 3), elements=st.sampled_from([-127, -60, 0, 60, 127]))
)


@settings(max_examples=150)
@given(vectors, st.sampled_from([0.5, 0.9, 0.99]))
def test_each_goes_for_the_most_similar_that_stays(rows, least):
    places, kept, cosines = resembling(rows, least)
    gone = set(places.tolist())
    across = rows.astype(float) @ rows.T.astype(float)
    long = np.maximum(np.linalg.norm(rows.astype(float), axis=1), 1)
    cosine = across / long / long[:, None]
    for place, for_whom, value in zip(places.tolist(), kept.tolist(), cosines.tolist(), strict=True):
        assert for_whom not in gone
        assert for_whom < place
        equal = np.array_equal(rows[place], rows[for_whom])
        assert equal or value == pytest.approx(cosine[place, for_whom], abs=1e-4)
        assert equal or value >= least - 1e-4
    for place in range(len(rows)):
        near = [n for n in range(place) if n not in gone and cosine[place, n] >= least + 1e-9]
        assert place in gone or not near


def test_groups_are_small_and_hold_neighbours_together():
    random = np.random.default_rng(0)
    centres = random.normal(size=(40, 16))
    points = whole_numbers(np.repeat(centres, 300, axis=0) + random.normal(scale=0.02, size=(12_000, 16)))
    tree = grow(points[::3], len(points))
    groups = tree.groups(points)
    assert groups.min() >= 0
    assert groups.max() < tree.count
    assert np.bincount(groups).max() <= 4 * GROUP
    pairs = groups.reshape(40, 300)
    assert (pairs[:, 1:] == pairs[:, :1]).mean() > 0.95


def test_a_text_has_the_same_vector_alone_and_among_others():
    texts = [*OTHERS, TALE, RETOLD, ""]
    counts = count_features(texts)
    space = learn(counts, rarity_of(np.bincount(counts.columns, minlength=COLUMNS), len(texts)))
    together = space(texts)
    assert all(np.array_equal(space([text])[0], vector) for text, vector in zip(texts, together, strict=True))
    assert not together[-1].any()
    assert abs(together[:-1]).max(axis=1).tolist() == [LARGEST] * (len(texts) - 1)


@given(st.lists(st.lists(st.sampled_from(["tree", "Éclair", "中文", "x9"]), max_size=6), max_size=5))
def test_words_are_counted_whatever_their_case_order_and_punctuation(texts):
    counts = count_features([" ".join(words) for words in texts])
    turned = count_features([", ".join(reversed(words)).lower() + "!" for words in texts])
    for at in range(len(texts)):
        mine, other = (
            {
                int(one.columns[n]): int(one.counts[n])
                for n in range(one.first[at], one.first[at + 1])
                if one.columns[n] < HALF
            }
            for one in (counts, turned)
        )
        assert mine == other


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(OctavoError, match=r"no config.json, no tokenizer.json") as caught:
        found([TALE], tmp_path, model=tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("D064", 2)


def test_a_local_model_gives_the_vectors(tmp_path):
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = sorted({word for text in [TALE, *OTHERS] for word in text.lower().replace(".", " ").split()})
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(["[UNK]", "[PAD]", *words])}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = tmp_path / "model"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    BertModel(
        BertConfig(
            vocab_size=len(words) + 2,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
        )
    ).save_pretrained(folder)
    rows = found([TALE.lower(), *OTHERS, TALE.lower() + " "], tmp_path, model=folder, least=0.99)
    assert (6, 0, 1.0) in rows
    assert json.loads((folder / "config.json").read_text())["hidden_size"] == 16
