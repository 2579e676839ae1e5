"""Linking real advisories to real CVE records: a small part of the shared data, read blind."""

import gzip
import json
import os
from pathlib import Path

import pytest
from flaws import f1, write

from octavo.knowledge.entities.link import link
from octavo.knowledge.entities.record import read_records

VULNS = Path(os.environ.get("OCTAVO_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "vulns"


def rows(name, every=1, wanted=frozenset()):
    with gzip.open(VULNS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, text in enumerate(lines):
            row = (
                json.loads(text)
                if number % every == 0 or text[15:60].partition('"id":"')[2].partition('"')[0] in wanted
                else None
            )
            if row is not None and (number % every == 0 or row["id"] in wanted):
                yield row


def test_rust_advisories_find_their_cve_or_none(tmp_path):
    if not (VULNS / "cve.jsonl.gz").exists():
        pytest.skip(f"the shared data is not there: {VULNS}")
    left = [row for row in rows("rustsec") if not row["masked"]]
    right = list(rows("cve", 40, frozenset(alias for row in left for alias in row["aliases"])))
    ids = {row["id"] for row in right}
    truth = {row["id"]: alias for row in left for alias in row["aliases"] if alias in ids}
    records = [read_records(write(tmp_path / f"{n}.jsonl", side), blind=True) for n, side in enumerate((left, right))]
    links = [one.as_json() for one in link(*records)]
    assert len(truth) > 25
    assert f1(links, truth) > 0.8
