"""Papers: the same text written in every format that is read, by the smallest writers that do."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
import zlib


def pdf(pages, *, info="", compress=True, objects=()):
    """A PDF with one text object a page, one line an operator; Latin text only."""
    kids, bodies = [], []
    for at, page in enumerate(pages):
        lines = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in page.split("\n")]
        stream = b"BT /F1 12 Tf 14 TL 40 800 Td " + b" ".join(b"(" + x.encode("cp1252") + b") Tj T*" for x in lines)
        stream += b" ET"
        if not page:
            stream = b"0 0 10 10 re f"
        head = b""
        if compress:
            stream, head = zlib.compress(stream), b"/Filter /FlateDecode "
        number = 5 + 2 * at
        kids.append(f"{number} 0 R")
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (number + 1)
        )
        bodies.append(b"<< %s/Length %d >>\nstream\n%s\nendstream" % (head, len(stream), stream))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    tree = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    every = [b"<< /Type /Catalog /Pages 2 0 R >>", tree, font, f"<< {info} >>".encode(), *bodies, *objects]
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(every, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(every) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\n" % (len(every) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def docx(paragraphs, *, headings=(), table=(), title=""):
    import docx as library

    document = library.Document()
    for text in headings:
        document.add_heading(text, 1)
    for text in paragraphs:
        document.add_paragraph(text)
    if table:
        made = document.add_table(len(table), len(table[0]))
        for row, cells in zip(made.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    document.core_properties.title = title
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def html(paragraphs, *, head="", lang="en", title="A page"):
    body = "".join(f"<p>{text}</p>\n" for text in paragraphs)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>{head}</head>\n'
        f"<body><nav><ul><li><a href='/'>Home</a></li><li><a href='/b'>Imprint</a></li></ul></nav>"
        f"<main><article>{body}</article></main><footer>All rights of the footer</footer></body></html>"
    ).encode()


def warc(pages, *, kind=b"text/html; charset=utf-8"):
    out = io.BytesIO()
    for address, body in pages:
        http = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)) + body
        out.write(
            b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: %s\r\nWARC-Date: 2024-05-06T07:08:09Z\r\n"
            b"WARC-Record-ID: <urn:uuid:12345678-1234-1234-1234-%012d>\r\n"
            b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"
            % (address.encode(), len(body), len(http))
        )
        out.write(http + b"\r\n\r\n")
    return out.getvalue()


def jsonl(rows):
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def table(rows, delimiter=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()


def parquet(rows):
    import pyarrow
    from pyarrow import parquet as library

    out = io.BytesIO()
    library.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def packed(kind, data):
    if kind == "zst":
        import zstandard

        return zstandard.ZstdCompressor().compress(data)
    return {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind](data)


def archive(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def every_format(paragraphs):
    """File name (which says nothing) → bytes, of the same paragraphs in every format."""
    plain = "\n\n".join(paragraphs)
    rows = [{"text": plain, "licence": "MIT"}]
    found = {
        "text": plain.encode(),
        "html": html(paragraphs),
        "pdf": pdf([plain]),
        "docx": docx(paragraphs),
        "csv": table([["name", "text"], ["first", plain], ["second", "something else altogether"]]),
        "jsonl": jsonl(rows),
        "json": json.dumps(rows, indent=1).encode(),
        "parquet": parquet(rows),
        "warc": warc([("http://example.org/a", html(paragraphs))]),
    }
    found |= {kind: packed(kind, plain.encode()) for kind in ("gz", "zst", "bz2", "xz")}
    found["warc.gz"] = packed("gz", found["warc"])
    found["zip"] = archive({"in/side": found["html"]})
    found["nested"] = archive({"a": packed("gz", archive({"b": found["pdf"]}))})
    return found
