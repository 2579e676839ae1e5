import json

import pytest

from octavo.kinds.trials import digests, keep, kept

COST = {"seconds": 1.0, "joules": 10.0, "peak_memory": None, "flops": 3, "late": 0}
TRIAL = {
    "challenge": "latency",
    "subject": "a model",
    "items": 3,
    "seeds": [0],
    "budget_seconds": 5,
    "baseline": {"name": "as it is", "scores": [], "cost": COST},
    "responses": [],
}


def test_what_is_kept_comes_back_the_newest_of_each_challenge_by_name(tmp_path):
    for items in (1, 2):
        keep(tmp_path, TRIAL | {"items": items})
    keep(tmp_path, TRIAL | {"challenge": "energy"})
    found, damaged = kept(tmp_path)
    assert [(one["challenge"], one["items"]) for one in found] == [("energy", 3), ("latency", 2)]
    assert damaged == []
    assert list(digests(tmp_path)) == ["trial energy", "trial latency"]


def test_a_store_without_trials_has_none(tmp_path):
    assert (kept(tmp_path), digests(tmp_path)) == (([], []), {})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        "\x00",
        json.dumps({"challenge": "x"}),
        json.dumps(TRIAL | {"items": "many"}),
        json.dumps(TRIAL | {"baseline": {"name": "x", "scores": [], "cost": {}}}),
        json.dumps(TRIAL | {"responses": [{"name": "y", "effects": [{}], "cost": COST}]}),
    ],
)
def test_a_file_of_another_form_is_listed_and_never_half_shown(tmp_path, text):
    place = keep(tmp_path, TRIAL)
    (tmp_path / "trials" / "odd.json").write_text(text)
    found, damaged = kept(tmp_path)
    assert [path.name for path in damaged] == ["odd.json"]
    assert len(found) == 1
    assert digests(tmp_path)["trial odd.json"] == "unreadable"
    place.unlink()
    assert "trial latency" not in digests(tmp_path)
