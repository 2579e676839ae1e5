"""Readers: what is written in any format comes back, whatever the file is called; what can't be read is listed."""

import io
import json
import sys
import zipfile

import papers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.read.source import Limits

PARAGRAPHS = [
    "The harbour of the old town was built by fishermen who came over the mountains in the year 1412.",
    "They brought their boats with them, piece by piece, and put them together again on the shore; it took a summer.",
    "Since then every child of the town learns to swim before it learns to read, and most learn both by seven.",
]
PLAIN = "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize("kind", sorted(papers.every_format(PARAGRAPHS)))
def test_a_text_comes_back_from_every_format_under_a_name_that_says_nothing(read, kind):
    documents, _, removed = read(papers.every_format(PARAGRAPHS)[kind], "file.bin")
    assert removed == []
    words = " ".join(documents[0].text.split())
    assert words == " ".join(PLAIN.split())
    if kind not in ("pdf", "nested"):  # a PDF has lines, not paragraphs
        assert documents[0].text == PLAIN
    assert len(documents[0].hash) == 32


def test_a_text_file_that_is_a_pdf_is_read_as_one(read):
    (document,), (rest,), _ = read(papers.pdf(["First page.", "", "Second page."]), "notes.txt")
    assert document.text == "First page.\n\nSecond page."
    assert rest["pages"] == [0, 11, 13]
    assert document.notes == ("pages without text: 1 of 3",)


def test_a_pdf_states_its_title_and_date(read):
    (document,), _, _ = read(papers.pdf(["Text."], info="/Title (On boats) /CreationDate (D:20210304050607Z)"))
    assert (document.title, document.date) == ("On boats", "2021-03-04")


def test_a_pdf_without_text_and_one_with_a_password_are_listed(read):
    import pypdf

    assert [row.reason for row in read(papers.pdf(["", ""]))[2]] == ["scanned: no text layer"]
    writer = pypdf.PdfWriter(io.BytesIO(papers.pdf(["Secret."])))
    writer.encrypt("open sesame", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert [row.reason for row in read(out.getvalue())[2]] == ["encrypted"]


def test_word_files_keep_headings_paragraphs_and_tables_in_order(read):
    data = papers.docx(["One.", "Two."], headings=["Boats"], table=[["length", "9 m"], ["crew", "4"]], title="Ships")
    (document,), _, _ = read(data)
    assert document.text == "# Boats\n\nOne.\n\nTwo.\n\nlength | 9 m\ncrew | 4"
    assert document.title == "Ships"


def test_a_page_gives_its_main_content_title_language_date_and_licence(read):
    head = (
        '<meta property="article:published_time" content="2020-02-03T04:05:06Z">'
        '<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">'
    )
    (document,), _, _ = read(papers.html(PARAGRAPHS, head=head, lang="de-AT", title="Der Hafen"))
    assert document.text == PLAIN
    assert (document.title, document.language) == ("Der Hafen", "de")
    assert (document.date, document.licence) == ("2020-02-03T04:05:06Z", "CC-BY-SA-4.0")


def test_rows_keep_their_place_in_the_file_and_the_fields_that_nobody_knows(read):
    rows = [
        {"content": "Grüße", "license": "apache 2", "published": "2020/3/4", "stars": 5},
        {"content": "More", "url": "u", "annotated": True, "published": "soon"},
    ]
    data = papers.jsonl(rows)
    documents, rests, removed = read(data, "a.jsonl")
    assert removed == []
    assert [d.id for d in documents] == ["a.jsonl:1", "a.jsonl:2"]
    assert [json.loads(data[slice(*d.span)])["content"] for d in documents] == ["Grüße", "More"]
    assert (documents[0].licence, documents[0].date) == ("Apache-2.0", "2020-03-04")
    assert (documents[1].source, documents[1].annotated) == ("u", True)
    assert rests == [{"stars": 5}, {"published": "soon"}]


def test_rows_that_are_none_are_listed_one_by_one(read):
    data = b'{"text": "good", "id": 7}\nnot json\n[1]\n{"text": 5}\n\n{"text": " "}\n{"text": "\\ud800 half"}\n'
    documents, _, removed = read(data, "rows")
    assert [(d.id, d.text) for d in documents] == [("7", "good"), ("rows:7", "\ufffd half")]
    assert [(row.document.id, row.reason) for row in removed] == [
        ("rows:2", "not a JSON object"),
        ("rows:3", "not a JSON object"),
        ("rows:4", "no text"),
        ("rows:6", "empty"),
    ]


def test_a_guessed_text_field_is_said_and_no_field_of_text_is_no_document(read):
    documents, _, _ = read(papers.jsonl([{"lyrics": sentence, "n": 1} for sentence in PARAGRAPHS]))
    assert [d.notes for d in documents] == [("text field guessed: lyrics",), (), ()]
    _, _, removed = read(papers.jsonl([{"a": 1, "b": "x"}] * 3))
    assert [row.reason for row in removed] == ["unsupported type"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_tables_are_read_row_by_row_whatever_separates_their_cells(read, delimiter):
    rows = [["id", "comment", "stars"], ["a", f'He said "no{delimiter}"\nand left the house', "5"], ["b", "Fine.", "4"]]
    data = papers.table(rows, delimiter)
    documents, rests, removed = read(data, "t.xyz")
    assert removed == []
    assert [(d.id, d.text) for d in documents] == [("a", rows[1][1]), ("b", "Fine.")]
    assert rests == [{"stars": "5"}, {"stars": "4"}]
    assert data[slice(*documents[1].span)].startswith(b"b")


def test_a_table_without_text_is_one_document(read):
    data = papers.table([["x", "y"], ["1", "2"], ["3", "4"]])
    (document,), _, _ = read(data, "t")
    assert document.text == "x,y\n1,2\n3,4"


def test_prose_with_commas_is_no_table(read):
    text = "Dear Ann, dear Tom,\nthe boat is ready, the sail is set,\nthe wind is fair, come soon,\n"
    assert read(text.encode())[0][0].text == text.strip()


def test_pages_of_a_web_archive_bring_address_date_and_charset(read):
    page = "<html><body><p>Die Straße führt über die Brücke zum größeren Hafen.</p></body></html>"
    data = papers.warc([("http://example.org/x", page.encode("latin-1"))], kind=b"text/html; charset=iso-8859-1")
    (document,), _, _ = read(data, "crawl")
    assert document.text == "Die Straße führt über die Brücke zum größeren Hafen."
    assert (document.source, document.date, document.id) == ("http://example.org/x", "2024-05-06T07:08:09Z", "crawl:1")


def test_packed_too_deeply_is_listed(read):
    data = b"text"
    for _ in range(6):
        data = papers.packed("gz", data)
    assert [row.reason for row in read(data)[2]] == ["packed too deeply"]


def test_bombs_are_stopped_before_they_fill_the_disk(read):
    limits = Limits(largest=2_000_000, unpacked=40_000_000)
    bomb = papers.packed("gz", bytes(30_000_000))
    assert [row.reason for row in read(bomb, limits=limits)[2]] == ["suspicious packing"]
    noise = papers.packed("gz", b"ab" * 21_000_000)
    assert read(noise, limits=limits)[2][0].reason in ("suspicious packing", "over the size limit")
    assert [row.reason for row in read(papers.archive({"a": bytes(30_000_000)}), limits=limits)[2]] == [
        "suspicious packing"
    ]


def test_members_that_lie_about_their_size_or_place_are_refused(read):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("../evil.txt", "/etc/evil", "a\\..\\b", ".hidden", "__MACOSX/x", "good.txt"):
            made.writestr(name, "Text of a member.")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    documents, _, removed = read(out.getvalue(), "z")
    assert [d.id for d in documents] == ["z/good.txt"]
    assert sorted(row.reason for row in removed) == [
        "hidden file",
        "hidden file",
        "link",
        *["path out of the archive"] * 3,
    ]


def test_too_many_members_and_too_large_files_are_listed(read):
    data = papers.archive({f"{at}": "x" for at in range(20)})
    assert [row.reason for row in read(data, limits=Limits(entries=10))[2]] == ["too many members"]
    assert [row.reason for row in read(b"word " * 1000, limits=Limits(largest=100))[2]] == ["over the size limit"]
    line = b'{"text": "a"}\n{"text": "' + b"b" * 1000 + b'"}\n{"text": "c"}\n'
    documents, _, removed = read(line, limits=Limits(largest=200))
    assert [d.text for d in documents] == ["a", "c"]
    assert [row.reason for row in removed] == ["over the size limit"]


def test_one_damaged_member_does_not_cost_the_others(read):
    members = {
        "a.txt": "Text of a.",
        "b": papers.pdf(["x"])[:200],
        "c": papers.packed("gz", b"x" * 999)[:20],
        "d": "D.",
    }
    documents, _, removed = read(papers.archive(members), "z")
    assert [d.id for d in documents] == ["z/a.txt", "z/d"]
    assert [row.document.id for row in removed] == ["z/b", "z/c"]


def test_a_licence_in_the_archive_is_that_of_its_folder(read):
    mit = "MIT License\n\nPermission is hereby granted, free of charge, to any person …\n" + (
        "The above copyright notice and this permission notice shall be included in all copies or substantial portions."
    )
    members = {
        "p/LICENSE": mit,
        "p/a.md": "# A\n",
        "b.md": "# B\n",
        "p/c.md": "<!-- SPDX-License-Identifier: 0BSD -->\n",
    }
    documents, _, _ = read(papers.archive(members), "z")
    assert {d.id: d.licence for d in documents} == {
        "z/b.md": "",
        "z/p/LICENSE": "MIT",
        "z/p/a.md": "MIT",
        "z/p/c.md": "0BSD",
    }


@pytest.mark.parametrize(
    ("library", "kind"), [("pypdf", "pdf"), ("docx", "docx"), ("fastwarc.warc", "warc"), ("pyarrow", "parquet")]
)
def test_a_missing_library_is_named_and_costs_only_its_files(read, monkeypatch, library, kind):
    for name in [name for name in sys.modules if name == library or name.startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    documents, _, removed = read(papers.archive({"a.txt": "Text.", "b": FORMATS[kind]}), "z")
    assert [document.id for document in documents] == ["z/a.txt"]
    name = library.partition(".")[0]
    assert [row.reason for row in removed] == [f"needs {name}: pip install 'octavo[documents]'"]


FORMATS = papers.every_format(PARAGRAPHS)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), st.floats(0, 1), st.binary(max_size=20))
def test_cut_or_spoiled_files_of_every_format_are_read_or_listed(read, kind, share, noise):
    data = FORMATS[kind]
    at = int(share * len(data))
    for spoiled in (data[:at], data[:at] + noise + data[at + len(noise) :]):
        documents, _, removed = read(spoiled, "x")
        assert documents or removed
        assert all(row.reason for row in removed)


HEADS = [
    b"",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"%PDF-1.4\n",
    b"PAR1",
    b"WARC/1.0\r\n",
    b"{",
    b"<html>",
    b"a,b\n",
    b"\xff\xfe",
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(HEADS), st.binary(max_size=400))
def test_any_bytes_are_read_or_listed(read, head, data):
    documents, _, removed = read(head + data, "x.md")
    assert documents or removed


def test_one_huge_line_of_every_kind_is_no_trouble(read):
    limits = Limits(largest=3_000_000)
    for data in (b"a" * 2_000_000, b"[" * 200_000, b'{"a":' * 100_000, b"<div>" * 100_000, b'"' + b"," * 1_000_000,
                 b'{"text": "' + b"a" * 2_000_000 + b'"}', b"<!--" * 100_000, b"<" * 500_000):  # fmt: skip
        documents, _, removed = read(data, "x", limits=limits)
        assert documents or removed
