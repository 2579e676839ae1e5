"""A damaged object is noticed before it is used, set aside and made again; nothing else is touched."""

import json
import os
import shutil

import pytest
from killing import bytes_of
from shop import KEPT

REPAIRED = {"gather": "kept", "shout": "made", "sum_up": "kept"}


def place_of(shop, stage):
    return shop.home / ".octavo" / "objects" / shop.json("show", stage)["artifact"]


def flip_a_bit(folder):
    file = folder / "documents.jsonl"
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut_short(folder):
    (folder / "documents.jsonl").chmod(0o644)
    os.truncate(folder / "documents.jsonl", 20)


def lose_a_file(folder):
    folder.chmod(0o755)
    (folder / "documents.jsonl").unlink()


def add_a_file(folder):
    folder.chmod(0o755)
    (folder / "more.jsonl").write_text("{}")


DAMAGES = {
    flip_a_bit: "documents.jsonl has other content",
    cut_short: "documents.jsonl has another size",
    lose_a_file: "documents.jsonl is missing",
    add_a_file: "more.jsonl has other content",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_object_is_set_aside_and_made_again(made, damage):
    before = bytes_of(made.home)
    damage(place_of(made, "shout"))
    action, reasons = made.plan()["shout"]
    assert (action, reasons) == ("run", [f"its artifact is damaged: {DAMAGES[damage]}"])
    done = made.octavo("run")
    assert done.returncode == 0
    assert "the stored output of shout is damaged" in done.stderr
    assert "1 made, 2 kept" in done.stderr
    assert bytes_of(made.home) == before
    assert len(list((made.home / ".octavo" / "damaged").iterdir())) == 1
    assert made.run() == KEPT


def test_a_lost_object_is_made_again(made):
    before = bytes_of(made.home)
    place = place_of(made, "shout")
    place.chmod(0o755)
    shutil.rmtree(place)
    assert made.plan()["shout"] == ("run", ["its artifact is gone from the store"])
    assert made.run() == REPAIRED
    assert bytes_of(made.home) == before


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1, "recipe": 5}'])
def test_a_damaged_manifest_is_made_again(made, content):
    key = made.json("show", "shout")["key"]
    (made.home / ".octavo" / "recipes" / key / "manifest.json").write_text(content)
    assert made.plan()["shout"] == ("run", ["its manifest is damaged"])
    assert made.run() == REPAIRED


def test_an_altered_manifest_does_not_pass_for_another_recipe(made):
    key = made.json("show", "shout")["key"]
    file = made.home / ".octavo" / "recipes" / key / "manifest.json"
    file.write_text(file.read_text().replace('"mark": "!"', '"mark": "?"'))
    assert made.plan()["shout"][0] == "run"


def test_a_manifest_of_a_newer_version_is_refused(made):
    key = made.json("show", "shout")["key"]
    file = made.home / ".octavo" / "recipes" / key / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    done = made.octavo("run")
    assert done.returncode == 1
    assert "S005  This store was written by a newer Octavo" in done.stderr


def test_side_tables_can_be_lost(made):
    store = made.home / ".octavo"
    shutil.rmtree(store / "checked")
    (store / "code.json").unlink(missing_ok=True)
    assert made.run() == KEPT
    for table in (store / "checked").iterdir():
        table.write_text("not json")
    assert made.run() == KEPT


def test_a_torn_last_line_of_a_log_loses_nothing_else(made):
    log = max((made.home / ".octavo" / "runs").iterdir()) / "log.jsonl"
    log.write_bytes(log.read_bytes() + b'{"event": "kep')
    assert made.json("show", "sum_up")["artifact"]


def test_doctor_finds_damage_that_leaves_no_trace_only_when_it_reads_everything(made):
    place = place_of(made, "shout")
    assert made.octavo("doctor").returncode == 0
    info = (place / "documents.jsonl").stat()
    flip_a_bit(place)
    os.utime(place / "documents.jsonl", ns=(info.st_atime_ns, info.st_mtime_ns))
    done = made.octavo("doctor", "--thorough")
    assert done.returncode == 1
    assert "documents.jsonl has other content" in done.stdout


def test_clean_damaged_sets_damaged_objects_aside(made):
    flip_a_bit(place_of(made, "shout"))
    done = made.octavo("clean", "--damaged")
    assert "documents.jsonl has other content; set aside" in done.stderr
    assert made.run() == REPAIRED


def test_asking_for_a_damaged_artifact_says_so(made):
    flip_a_bit(place_of(made, "shout"))
    done = made.octavo("show", "shout")
    assert (done.returncode, "S009" in done.stderr) == (1, True)
