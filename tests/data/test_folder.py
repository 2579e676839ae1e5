"""A folder of documents: what is a document, what is left out and why, and what a user is told."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.data.collect import CollectSettings, run, sources
from octavo.data.folder import folder_sources, read_folder, read_found, walk
from octavo.data.texts import heading
from octavo.kinds.documents import read_documents, read_removed
from octavo.spine.errors import OctavoError

LARGEST = 50_000_000


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("# The first\n\nText.\r\nMore.\n", newline="")
    (folder / "deep/b.rst").write_text("======\nSecond\n======\n\nText.\n")
    (folder / "README").write_text("Read me\n\nPlease.\n")
    return folder


def reasons(folder, largest=LARGEST):
    return {row.document.id: row.reason for row in read_folder(folder, largest)[1]}


def test_text_files_become_documents_named_by_their_path(folder):
    documents, removed = read_folder(folder, LARGEST)
    assert [(d.id, d.title, d.kind) for d in documents] == [
        ("README", "Read me", "file"),
        ("a.md", "The first", "file"),
        ("deep/b.rst", "Second", "file"),
    ]
    assert documents[1].text == "# The first\n\nText.\nMore."
    assert removed == []


def test_everything_else_is_listed_with_its_reason(folder):
    (folder / "binary.txt").write_bytes(b"a\0b")
    (folder / "latin.txt").write_bytes("Größe".encode("latin-1"))
    (folder / "empty.md").write_text(" \n\n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.md").write_text("# Hidden\n")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").write_text("# No\n")
    os.mkfifo(folder / "pipe.txt")
    assert reasons(folder) == {
        ".git": "hidden folder",
        ".hidden.md": "hidden file",
        "binary.txt": "binary",
        "empty.md": "empty",
        "latin.txt": "broken UTF-8",
        "picture.png": "unsupported type",
        "pipe.txt": "not a regular file",
    }


def test_links_are_never_followed_into_loops_or_out_of_the_folder(folder, tmp_path):
    (tmp_path / "secret.md").write_text("# Secret\n")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "loop").symlink_to(folder)
    (folder / "self.md").symlink_to("self.md")
    (folder / "nowhere.md").symlink_to("missing.md")
    (folder / "same.md").symlink_to("a.md")
    assert reasons(folder) == {
        "loop": "link to a folder",
        "nowhere.md": "broken link or loop",
        "out.md": "link out of the folder",
        "same.md": "link to a file listed elsewhere",
        "self.md": "broken link or loop",
    }


def test_a_file_of_200_mb_is_left_out_without_being_read(folder):
    with (folder / "huge.txt").open("wb") as huge:
        huge.truncate(200_000_000)
    assert reasons(folder)["huge.txt"] == "over the size limit"


def test_a_file_that_vanishes_meanwhile_is_listed_too(folder):
    found = walk(folder, LARGEST)
    (folder / "a.md").unlink()
    documents, removed = read_found(found)
    assert len(documents) == 2
    assert [(row.document.id, row.reason) for row in removed] == [("a.md", "cannot be read")]


@pytest.mark.parametrize(
    ("make", "code"), [("missing", "D002"), ("file", "D003"), ("empty", "D004"), ("unfit", "D004")]
)
def test_a_folder_without_documents_is_explained(tmp_path, make, code):
    folder = tmp_path / "docs"
    if make == "file":
        folder.write_text("x")
    if make in ("empty", "unfit"):
        folder.mkdir()
    if make == "unfit":
        (folder / "x.bin").write_bytes(b"\0")
    with pytest.raises(OctavoError) as raised:
        read_folder(folder, LARGEST)
    assert raised.value.code == code
    assert raised.value.exit_code == (1 if code == "D004" else 2)
    assert str(folder) in str(raised.value)


def test_sources_change_with_a_file_and_not_otherwise(folder):
    before = folder_sources(folder, LARGEST)
    assert before == folder_sources(folder, LARGEST) == sources(CollectSettings(docs=str(folder)))
    (folder / "a.md").write_text("# The first\n\nOther text.\n")
    after = folder_sources(folder, LARGEST)
    assert {name for name in after if after[name] != before[name]} == {"a.md"}


def test_the_stage_writes_documents_and_removals(folder, tmp_path):
    (folder / "x.png").write_bytes(b"")
    out = tmp_path / "out"
    out.mkdir()
    run(CollectSettings(docs=str(folder)), {}, out, tmp_path)
    assert len(list(read_documents(out))) == 3
    assert [row.reason for row in read_removed(out)] == ["unsupported type"]


def test_names_that_are_not_utf8_can_be_written(folder, tmp_path):
    (folder / os.fsdecode(b"caf\xe9.md")).write_text("# Coffee\n")
    run(CollectSettings(docs=str(folder)), {}, tmp_path, tmp_path)
    assert "caf\\xe9.md" in {document.id for document in read_documents(tmp_path)}


@pytest.mark.parametrize(
    ("text", "suffix", "title"),
    [
        ("# One #\n", ".md", "One"),
        ("```\n# not this\n```\n\nTitle\n=====\n", ".md", "Title"),
        ("Intro.\n\n## Two\n", ".md", "Two"),
        ("Title\n-----\n\ntext", ".rst", "Title"),
        ("A note\n\ntext", ".txt", "A note"),
        ("no heading at all", ".rst", ""),
    ],
)
def test_the_title_is_the_first_heading(text, suffix, title):
    assert heading(text, suffix) == title


@given(st.text(max_size=300), st.sampled_from([".md", ".rst", ".txt", ""]))
def test_any_text_has_a_heading_or_none(text, suffix):
    assert "\n" not in heading(text, suffix)


def test_a_folder_of_any_kinds_is_collected_with_licences_domains_and_hashes(folder, tmp_path):
    (folder / "deep/LICENSE").write_text("Apache License\nVersion 2.0, January 2004\n")
    page = "<!doctype html><html lang='fr'><title>Page</title><body><p>Une page sur le port.</p></body></html>"
    (folder / "deep/page.txt").write_text(page)
    (folder / "rows.bin").write_text('{"id": "r1", "text": "A row."}\n{"text": "Another."}\n')
    out = tmp_path / "out"
    out.mkdir()
    run(CollectSettings(docs=str(folder), workers=1), {}, out, tmp_path / "scratch")
    found = {document.id: document for document in read_documents(out)}
    page = found["deep/page.txt"]
    assert (page.text, page.title, page.language) == ("Une page sur le port.", "Page", "fr")
    assert (page.licence, page.domain, len(page.hash)) == ("Apache-2.0", "deep", 32)
    assert found["a.md"].licence == ""
    assert [found[name].text for name in ("r1", "rows.bin:2")] == ["A row.", "Another."]
    assert found["r1"].span == (0, 31)
