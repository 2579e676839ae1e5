"""An artifact's digest is a function of its names and bytes, and of nothing else."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from octavo.spine.artifact import digest_folder, digest_of, files_in
from octavo.spine.errors import OctavoError

NAMES = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="/\x00"), min_size=1, max_size=12)
CONTENT = st.dictionaries(
    NAMES.filter(lambda n: n not in (".", "..") and len(n.encode()) < 200), st.binary(max_size=40)
)


def folder_of(files: dict[str, bytes], place: str, order: list[str]) -> Path:
    for name in order:
        (Path(place) / name).write_bytes(files[name])
    return Path(place)


@settings(max_examples=60, deadline=None)
@given(CONTENT, st.randoms())
def test_the_order_in_which_files_are_written_does_not_count(files, random):
    digests = []
    for _ in range(2):
        order = list(files)
        random.shuffle(order)
        with tempfile.TemporaryDirectory() as place:
            digests.append(digest_folder(folder_of(files, place, order)))
    assert digests[0] == digests[1]


@settings(max_examples=60, deadline=None)
@given(CONTENT, CONTENT)
def test_other_names_or_bytes_have_another_digest(one, other):
    digests = []
    for files in (one, other):
        with tempfile.TemporaryDirectory() as place:
            digests.append(digest_folder(folder_of(files, place, list(files))))
    assert (digests[0] == digests[1]) == (one == other)


@settings(max_examples=60, deadline=None)
@given(CONTENT, st.data())
def test_renaming_a_file_changes_the_digest(files, data):
    assume(files)
    old, new = data.draw(st.sampled_from(sorted(files))), data.draw(NAMES)
    assume(new not in files and new not in (".", "..") and len(new.encode()) < 200)
    with tempfile.TemporaryDirectory() as place:
        folder = folder_of(files, place, list(files))
        before = digest_folder(folder)
        (folder / old).rename(folder / new)
        assert digest_folder(folder) != before


def test_neither_times_nor_permissions_nor_empty_folders_count(tmp_path):
    (tmp_path / "a").write_text("x")
    before = digest_folder(tmp_path)
    os.utime(tmp_path / "a", (1, 1))
    (tmp_path / "a").chmod(0o444)
    (tmp_path / "empty").mkdir()
    assert digest_folder(tmp_path) == before


def test_folders_are_part_of_names(tmp_path):
    (tmp_path / "one" / "b").mkdir(parents=True)
    (tmp_path / "one" / "b" / "c").write_text("x")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "b_c").write_text("x")
    assert list(files_in(tmp_path / "one")) == ["b/c"]
    assert digest_folder(tmp_path / "one") != digest_folder(tmp_path / "two")


def test_a_name_that_is_no_utf8_has_a_digest(tmp_path):
    (tmp_path / os.fsdecode(b"\xff")).write_text("x")
    assert len(digest_of(files_in(tmp_path))) == 64


@pytest.mark.parametrize("make", [lambda p: p.symlink_to("a"), lambda p: os.mkfifo(p)])
def test_links_and_special_files_are_refused(tmp_path, make):
    make(tmp_path / "strange")
    with pytest.raises(OctavoError, match="plain files only"):
        files_in(tmp_path)
