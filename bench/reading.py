"""Measure the readers: speed by format, main content of pages beside trafilatura, encodings beside charset-normalizer.

    python bench/reading.py [--peer PYTHON] [--shared FOLDER] [--only pages|formats|encodings] [--out TABLE.md]

`--peer` is the interpreter of a virtual environment that has trafilatura (default /tmp/peers/read/bin/python); without
one its columns are left empty. The texts are the topics of the Python reference, which every machine has, and for the
encodings the FLORES sentences of the shared data.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "data" / "read"))
import papers

from octavo.data.read.encoding import decode
from octavo.data.read.readers import read_source
from octavo.data.read.records import errands_below, read_parts
from octavo.data.read.source import Kept, Source
from octavo.measures.intervals import wilson

ROUNDS = 5
PEER = """
import json, sys, time, trafilatura
pages = json.load(open(sys.argv[1]))
trafilatura.extract(pages[0])
began = time.process_time()
texts = [trafilatura.extract(page) or "" for page in pages]
print(json.dumps({"seconds": time.process_time() - began, "texts": texts, "version": trafilatura.__version__}))
"""
LEGACY = {
    "deu_Latn": ("cp1252",),
    "fra_Latn": ("cp1252",),
    "spa_Latn": ("latin-1",),
    "por_Latn": ("cp1252",),
    "swe_Latn": ("latin-1",),
    "pol_Latn": ("cp1250", "iso8859-2"),
    "ces_Latn": ("cp1250", "iso8859-2"),
    "hun_Latn": ("cp1250",),
    "tur_Latn": ("cp1254",),
    "rus_Cyrl": ("koi8-r", "cp1251"),
    "ukr_Cyrl": ("cp1251",),
    "bul_Cyrl": ("cp1251",),
    "ell_Grek": ("cp1253",),
    "arb_Arab": ("cp1256",),
    "heb_Hebr": ("cp1255",),
    "tha_Thai": ("cp874",),
    "jpn_Jpan": ("shift_jis", "euc_jp"),
    "zho_Hans": ("gb18030", "gb2312"),
    "kor_Hang": ("euc_kr",),
}


def topics() -> dict[str, list[str]]:
    """Name → paragraphs of plain prose, of the topics of the Python reference."""
    from pydoc_data.topics import topics as every

    found = {}
    for name, text in sorted(every.items()):
        parts = [" ".join(part.split()) for part in text.split("\n\n")]
        prose = [part for part in parts if re.match(r"[A-Z]", part) and len(part) > 60 and not set("<>|&*") & set(part)]
        if len(prose) >= 3:
            found[name] = prose
    return found


def read_all(data: bytes) -> list[Kept]:
    return [one for one in read_source(Source("x", io.BytesIO(data), len(data))) if isinstance(one, Kept)]


def page_of(name: str, paragraphs: list[str], others: list[str]) -> str:
    """A page as sites make them: the prose between navigation, a side column, comments and a footer."""
    links = "".join(f'<li><a href="/{other}">{other} overview</a></li>' for other in others)
    body = "".join(f"<p>{text}</p>\n" for text in paragraphs)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>p {{ margin: 0 }}</style>"
        f'<script>window.track = function () {{ return "{name}"; }};</script></head><body>'
        f'<header class="header"><div id="logo">Site of {name}</div><nav class="menu"><ul>{links}</ul></nav></header>'
        f'<div class="breadcrumb"><a href="/">Start</a> &gt; <a href="/all">All topics</a></div>'
        f'<main><article class="content"><h1>{name}</h1>{body}</article></main>'
        f'<aside class="sidebar"><h3>Most read</h3><ul>{links}</ul>'
        f"<p>Subscribe to the letter of news today</p></aside>"
        f'<footer class="footer"><p>Copyright of the site, imprint and cookies</p><ul>{links}</ul></footer>'
        "</body></html>"
    )


def f1_of(wanted: str, found: str) -> tuple[float, float]:
    """Precision and recall of the words found."""
    a, b = Counter(wanted.split()), Counter(found.split())
    shared = sum((a & b).values())
    return shared / max(1, b.total()), shared / a.total()


def pages(peer: str, lines: list[str]) -> None:
    every = topics()
    names = list(every)
    made = {name: page_of(name, every[name], names[at % 40 : at % 40 + 25]) for at, name in enumerate(names)}
    raw = [page.encode() for page in made.values()]
    size = sum(map(len, raw)) / 1e6
    ours, theirs, ratios, peer_texts, peer_version = [], [], [], [], ""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "pages.json")
        place.write_text(json.dumps(list(made.values())))
        for _ in range(ROUNDS):
            began = time.process_time()
            texts = [read_all(page)[0].document.text for page in raw]
            ours.append(size / (time.process_time() - began))
            if Path(peer).exists():
                done = subprocess.run([peer, "-c", PEER, str(place)], capture_output=True, check=True, text=True)
                answer = json.loads(done.stdout)
                theirs.append(size / answer["seconds"])
                ratios.append(ours[-1] / theirs[-1])
                peer_texts, peer_version = answer["texts"], answer["version"]
    lines += [
        f"## Pages\n\n{len(raw)} pages of {size:.1f} MB with navigation, side column and footer around known prose; MB"
        f" of HTML a second of process time, median and range of {ROUNDS} alternating rounds. Octavo's time is all it"
        " does: sniffing, decoding, metadata, licence, hash.\n",
        "| reader | MB/s | words: precision | recall |",
        "|---|---|---|---|",
    ]
    for label, speeds, found in (("Octavo", ours, texts), (f"trafilatura {peer_version}", theirs, peer_texts)):
        if not found:
            lines.append(f"| {label} | not installed | | |")
            continue
        scores = [f1_of(" ".join(every[name]), text) for name, text in zip(names, found, strict=True)]
        p, r = (statistics.mean(part) for part in zip(*scores, strict=True))
        lines.append(f"| {label} | {spread(speeds)} | {p:.3f} | {r:.3f} |")
    if ratios:
        lines.append(f"\nOctavo / trafilatura: {spread(ratios)} times as fast.\n")


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def formats(lines: list[str]) -> None:
    every = topics()
    texts = ["\n\n".join(part).encode("cp1252", "ignore").decode("cp1252") for part in every.values()]
    rows = [{"id": str(at), "text": text} for at, text in enumerate(texts * 4)]
    plain = "\n\n\n".join(texts)
    page = page_of("all", [part for parts in every.values() for part in parts][:400], list(every)[:30]).encode()
    made = {
        "text, UTF-8": plain.encode(),
        "text, cp1252": plain.replace("'", "’").encode("cp1252"),
        "Markdown": "".join(f"# {name}\n\n{text}\n\n" for name, text in zip(every, texts, strict=True)).encode(),
        "HTML": page,
        "PDF": papers.pdf([text[:3000] for text in texts[:60]]),
        "DOCX": papers.docx([part for parts in list(every.values())[:40] for part in parts]),
        "CSV": papers.table([["id", "text"], *([row["id"], row["text"]] for row in rows)]),
        "JSON Lines": papers.jsonl(rows),
        "JSON Lines .gz": gzip.compress(papers.jsonl(rows)),
        "JSON Lines .zst": papers.packed("zst", papers.jsonl(rows)),
        "Parquet": papers.parquet(rows),
        "WARC of pages": papers.warc([(f"http://example.org/{at}", page[:60_000]) for at in range(30)]),
        "zip of texts": papers.archive({f"{at}.txt": text for at, text in enumerate(texts)}),
    }
    lines += [
        "## Formats\n\nOne core, process time, in one process; MB of text that comes out a second (median and range of"
        f" {ROUNDS} rounds). The last column is the whole command over a folder with 2 workers, wall time, its guarded"
        " processes included.\n",
        "| format | MB of file | MB of text | MB of text/s | command |",
        "|---|---|---|---|---|",
    ]
    for label, data in made.items():
        speeds = []
        for _ in range(ROUNDS):
            began = time.process_time()
            found = read_all(data)
            seconds = time.process_time() - began
            out = sum(len(one.document.text.encode()) for one in found) / 1e6
            speeds.append(out / seconds)
        lines.append(f"| {label} | {len(data) / 1e6:.2f} | {out:.2f} | {spread(speeds)} | {whole(data, out):.1f} |")
    lines.append("")


def whole(data: bytes, out: float) -> float:
    """MB of text a second of wall time for 16 copies of a file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "in")
        place.mkdir()
        for at in range(16):
            (place / f"{at}").write_bytes(data)
        began = time.perf_counter()
        read_parts(errands_below([place]), Path(folder, "parts"), workers=2)
        return 16 * out / (time.perf_counter() - began)


def encodings(shared: Path, lines: list[str]) -> None:
    from charset_normalizer import from_bytes

    place = shared / "data" / "curation" / "flores_devtest.jsonl.gz"
    if not place.exists():
        sys.exit(f"{place} is missing: give --shared")
    by_language = defaultdict(list)
    with gzip.open(place, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            by_language[row["lang"]].append(row["text"])
    lines += [
        "## Encodings\n\nFLORES sentences written in a legacy encoding; right = the very same characters come back"
        " (sentences that the encoding can't hold, or that are ASCII in it, are left out). Octavo lists a text when it"
        " is not sure; *silently wrong* is what neither comes out right nor is listed or noted.\n",
        "| language | encoding | sentences | n | Octavo right | listed | silently wrong | charset-normalizer right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    totals: dict[int, Counter[str]] = defaultdict(Counter)
    for language, encoding in ((one, name) for one, names in LEGACY.items() for name in names):
        for together in (1, 4):
            count = Counter[str]()
            texts = by_language[language]
            for at in range(0, len(texts) - together + 1, together):
                text = "\n".join(texts[at : at + together])
                try:
                    raw = text.encode(encoding)
                except UnicodeEncodeError:
                    continue
                if raw.isascii():
                    continue
                decoded = decode(raw)
                best = from_bytes(raw).best()
                right = decoded.text == text
                said = not decoded.sure or decoded.broken > 0 or bool(decoded.why)
                count.update(
                    {
                        "n": 1,
                        "right": right and decoded.sure,
                        "listed": not decoded.sure,
                        "wrong": not right and not said,
                        "peer": best is not None and _text(raw, best.encoding) == text,
                    }
                )
            totals[together].update(count)
            lines.append(_row(language, encoding, together, count))
    for together, count in totals.items():
        lines.append(_row("**all**", "", together, count))
    lines.append("")


def _text(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _row(language: str, encoding: str, together: int, count: Counter[str]) -> str:
    n = count["n"]
    if not n:
        return f"| {language} | {encoding} | {together} | 0 | | | | |"
    share = wilson(count["right"], n)
    right = f"{count['right'] / n:.3f} [{share.low:.3f}, {share.high:.3f}]"
    shares = [f"{count[name] / n:.3f}" for name in ("listed", "wrong", "peer")]
    return f"| {' | '.join([language, encoding, str(together), str(n), right, *shares])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default="/tmp/peers/read/bin/python")
    shared = Path(os.environ.get("OCTAVO_SHARED", Path(__file__).parents[2] / "shared"))
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--only", choices=("pages", "formats", "encodings"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "reading.md")
    given = parser.parse_args()
    lines: list[str] = []
    if given.only in (None, "pages"):
        pages(given.peer, lines)
    if given.only in (None, "formats"):
        formats(lines)
    if given.only in (None, "encodings"):
        encodings(given.shared, lines)
    load = os.getloadavg()[0]
    busy = f" **Machine busy** (load {load:.1f} on {os.cpu_count()} cores)." if load > 1.5 else ""
    head = (
        f"# Readers\n\n`python bench/reading.py`, {date.today()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {_version(name)}" for name in ("resiliparse", "fastwarc", "pypdf", "charset-normalizer"))
        + f", {platform.machine()}, {os.cpu_count()} cores.{busy}\n\n"
    )
    text = head + "\n".join(lines)
    print(text)
    if given.only is None:
        given.out.write_text(text.rstrip() + "\n", encoding="utf-8")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


if __name__ == "__main__":
    main()
