"""Embeddings: rows that training never touched are found, in tied and untied models and in every number format."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from octavo.spine.errors import OctavoError
from octavo.tokenizer.audit.embeddings import indicate
from octavo.tokenizer.audit.open import open_tokenizer
from octavo.tokenizer.audit.tokens import OK, classify
from octavo.tokenizer.audit.weights import find_embeddings, floats, packed

WIDTH = 48


def untouched(opened, report):
    """A tenth of the reachable tokens, which the made-up model never saw."""
    ok = [number for number, category in report.categories.items() if category == OK]
    return set(ok[5::10])


def rows_of(opened, report, seed=0):
    """Rows as training leaves them: what it saw has grown apart, all else lies near one common place."""
    random = np.random.default_rng(seed)
    common = random.normal(size=WIDTH)
    never = untouched(opened, report) | set(report.never)
    seen = random.normal(size=(opened.top, WIDTH)) + 0.3 * common
    unseen = 0.2 * common + 0.02 * random.normal(size=(opened.top, WIDTH))
    mask = np.array([number in never for number in range(opened.top)])
    return np.where(mask[:, None], unseen, seen).astype(np.float32)


def model_of(folder, tensors, tied):
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"tie_word_embeddings": tied}))
    return folder


@pytest.fixture(scope="module")
def examined(folders):
    opened = open_tokenizer(folders["bpe"])
    return opened, classify(opened)


@pytest.mark.parametrize("tied", [True, False])
def test_untouched_rows_come_first(examined, tmp_path, tied):
    opened, report = examined
    rows = rows_of(opened, report)
    tensors = {"model.embed_tokens.weight": rows} | ({} if tied else {"lm_head.weight": rows[:, ::-1].copy()})
    counts = np.array([0 if number in untouched(opened, report) else 9 for number in range(opened.top)])
    found = indicate(model_of(tmp_path / "model", tensors, tied), opened, report, counts)
    assert found.tied is tied
    assert found.chosen == ("cosine to unused" if tied else "input norm")
    assert set(found.candidates) <= untouched(opened, report)
    assert found.candidates
    if tied:
        assert len(set(found.like_unused) & untouched(opened, report)) > 0.8 * len(untouched(opened, report))
        assert set(found.like_unused) <= untouched(opened, report)
    else:
        assert found.like_unused == []
    for name in ("input norm", "cosine to unused", "distance to unused", "cosine to unused, mean removed"):
        assert found.agreement[name] > 0.95, name


def test_rows_behind_the_last_token_count_as_unused(examined, tmp_path):
    opened, report = examined
    rows = np.vstack([rows_of(opened, report), np.zeros((7, WIDTH), dtype=np.float32)])
    found = indicate(model_of(tmp_path / "model", {"transformer.wte.weight": rows}, True), opened, report)
    assert set(range(opened.top, opened.top + 7)) <= set(found.unused)


def test_half_precision_is_read_as_it_is_written():
    values = np.array([[1.0, -2.5, 3.0e-5, 65504.0]], dtype=np.float32)
    for kind, tolerance in (("F32", 0), ("F16", 1e-2), ("BF16", 1e-2)):
        again = floats(packed(values, kind), kind)
        assert np.allclose(again, values[0], rtol=tolerance, atol=1e-6 if tolerance else 0)
    assert floats(packed(np.array([1.00390625], dtype=np.float32), "BF16"), "BF16")[0] == 1.0  # half-way goes to even


def test_a_folder_without_readable_weights_is_refused(tmp_path):
    with pytest.raises(OctavoError) as failure:
        find_embeddings(tmp_path)
    assert failure.value.code == "T046"
    (tmp_path / "model.safetensors").write_bytes(b"\x00\x01")
    with pytest.raises(OctavoError) as failure:
        find_embeddings(tmp_path)
    assert failure.value.code == "T045"
