"""Collecting the environment: whole, repeatable, and without importing what it reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from packages import install, source_file

from octavo.data.collect import CollectSettings, run, sources
from octavo.data.python.environment import census, distributions, environment_sources
from octavo.data.python.sources import SIZE_LIMIT, load, read_batch
from octavo.data.python.topics import read_topics
from octavo.kinds.documents import describe, read_documents, read_removed
from octavo.spine.errors import OctavoError

SMALL = CollectSettings(include=("json", "json.*", "click", "click.*", "_json"), workers=1)


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    out, scratch = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("scratch")
    run(SMALL, {}, out, scratch)
    return out, scratch


def test_packages_and_library_are_read_side_by_side(collected):
    found = {document.id: document for document in read_documents(collected[0])}
    assert found["click.echo"].package == "click"
    assert found["click.echo"].file == "click/utils.py"
    assert found["click.echo"].line > 0
    assert found["json.dumps"].package == "Python"
    assert found["json.dumps"].uses >= 0
    assert "with" in found["pydoc_data.topics.with"].aliases


def test_documents_are_unique_in_order_and_none_is_removed_too(collected):
    ids = [document.id for document in read_documents(collected[0])]
    assert ids == sorted(set(ids))
    assert not set(ids) & {row.document.id for row in read_removed(collected[0])}


def test_a_second_time_gives_the_same_bytes_whatever_the_workers(collected, tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "out").mkdir()
    run(SMALL.model_copy(update={"workers": 2}), {}, tmp_path / "out", tmp_path / "scratch")
    for name in ("documents.jsonl", "removed.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (collected[0] / name).read_bytes()


def test_finished_batches_are_not_read_again(collected, tmp_path):
    out, scratch = collected
    kept = {path: path.stat().st_mtime_ns for path in scratch.iterdir()}
    (scratch / "half.part").write_text("{")
    run(SMALL, {}, tmp_path, scratch)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (tmp_path / "documents.jsonl").read_bytes() == (out / "documents.jsonl").read_bytes()


def test_what_is_left_out_is_counted_by_reason(collected):
    reasons = describe(collected[0])["removed"]
    assert "no documentation" in reasons
    assert any(row.count > 1 for row in read_removed(collected[0]))


def test_nothing_installed_is_imported_while_collecting(tmp_path):
    script = f"""
import sys
from pathlib import Path
from octavo.data.collect import CollectSettings, run
if __name__ == "__main__":
    before = {{name.partition(".")[0] for name in sys.modules}}
    out, scratch = Path({str(tmp_path)!r}, "out"), Path({str(tmp_path)!r}, "scratch")
    out.mkdir(); scratch.mkdir()
    run(CollectSettings(include=("rich", "rich.*", "click", "click.*", "safetensors*"), workers=1), {{}}, out, scratch)
    after = {{name.partition(".")[0] for name in sys.modules}} - before
    print(sorted(after - set(sys.stdlib_module_names) - {{"octavo", "__mp_main__"}}))
"""
    (tmp_path / "script.py").write_text(script)
    told = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_stage_module_is_cheap_to_import():
    code = "import sys, octavo.data.collect, octavo.data.clean; print('numpy' in sys.modules, 'ast' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split()[0] == "False"


def test_no_fitting_module_and_no_topic_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr("octavo.data.python.installed.read_topics", lambda version: [])
    (tmp_path / "inspected.jsonl").write_text('{"names": {}, "attributes": {}, "failures": []}\n')
    with pytest.raises(OctavoError) as raised:
        run(CollectSettings(include=("no.such",), workers=1), {}, tmp_path, tmp_path)
    assert raised.value.code == "D001"


def test_sources_name_every_distribution_but_octavo_itself():
    found = sources(CollectSettings())
    assert "Python" in found
    assert "click" in found
    assert "octavo" not in found
    assert found == environment_sources()


def test_an_upgrade_changes_the_digest_of_one_source(tmp_path):
    install(tmp_path, "alpha", "1.0", {"alpha.py": "'A.'\n"})
    install(tmp_path, "beta", "1.0", {"beta.py": "'B.'\n"})
    assert [d.name for d in distributions([tmp_path])] == ["alpha", "beta"]


def test_tests_and_vendored_code_are_left_out_and_counted():
    found = census(("json*", "pip*"), ("*.tests*", "pip*"))
    assert all(not file.module.startswith("pip") for file in found.files)
    assert sum(times for (_, reason), times in found.left_out.items() if reason.startswith("excluded")) > 0


def test_files_that_cannot_be_read_are_listed_with_the_reason(tmp_path):
    (tmp_path / "good.py").write_text("def f():\n    'Good.'\n")
    (tmp_path / "bad.py").write_text("def f(:\n")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    with (tmp_path / "huge.py").open("wb") as huge:
        huge.truncate(SIZE_LIMIT + 1)
    files = [source_file(tmp_path / f"{n}.py", tmp_path, n) for n in ("bad", "binary", "gone", "good", "huge")]
    read_batch(files, tmp_path / "batch.jsonl")
    facts, last = load(tmp_path / "batch.jsonl")
    assert [one["module"] for one in facts] == ["good"]
    assert [(row[0], row[2]) for row in last["failures"]] == [
        ("bad.py", "does not parse"),
        ("binary.py", "does not parse"),
        ("gone.py", "cannot be read"),
        ("huge.py", "over the size limit"),
    ]


def test_topics_are_the_language_reference():
    topics = {document.id: document for document in read_topics("3")}
    assert topics["pydoc_data.topics.for"].title == 'The "for" statement'
    assert set(topics["pydoc_data.topics.booleans"].aliases) >= {"and", "or", "not"}


def test_mentions_are_counted_through_aliases_of_imports():
    from octavo.data.python.mentions import count_mentions

    source = "import numpy as np\nfrom os import path\nfrom . import near\nfrom ..far import thing as t\n"
    source += "np.linalg.norm(x)\npath.join(a, 'path.join(b)')  # np.no\nnear.f()\nt()\nlen(x.y.strip())\nself.len(3)\n"
    names, attributes = count_mentions(source, "a.b.c", False)
    assert names["numpy.linalg.norm"] == 1
    assert names["os.path.join"] == 1
    assert names["a.b.near.f"] == 1
    assert names["a.far.thing"] >= 1
    assert names["builtins.len"] == 1
    assert "numpy.no" not in names
    assert attributes == {"strip": 1, "len": 1}


def test_rows_are_plain_json_without_what_is_as_by_default(collected):
    for line in (collected[0] / "documents.jsonl").read_text(encoding="utf-8").splitlines()[:200]:
        row = json.loads(line)
        assert isinstance(row.get("aliases", []), list)
        assert "" not in row.values()


def test_no_path_of_this_machine_is_in_the_documents(collected):
    home = os.fsencode(str(Path(sys.prefix)))
    assert home not in (collected[0] / "documents.jsonl").read_bytes()
