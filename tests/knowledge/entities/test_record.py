import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.knowledge.entities.mask import mask_text, names_an_id
from octavo.knowledge.entities.record import ids_in, read_records, record_of
from octavo.spine.errors import OctavoError

ADVISORY = {
    "id": "GO-2022-0001",
    "aliases": ["CVE-2022-12345", "GHSA-aaaa-bbbb-cccc"],
    "summary": "Path traversal in github.com/nats-io/nats-server (CVE-2022-12345)",
    "details": "ServeFiles in `server/files.go` before v1.6.0 reads too much; see CVE-2022-12345.",
    "packages": [
        {
            "ecosystem": "Go",
            "name": "github.com/nats-io/nats-server/v2",
            "ranges": [{"events": [{"introduced": "0"}, {"fixed": "1.6.0"}]}],
        }
    ],
    "references": [
        {"url": "https://github.com/nats-io/nats-server/commit/063a3fb69896acf985759f0fe3851f15973993f3"},
        {"url": "https://github.com/nats-io/nats-server/pull/5"},
        {"url": "https://nvd.nist.gov/vuln/detail/CVE-2022-12345"},
    ],
    "cwes": ["CWE-22"],
    "published": "2022-04-14T20:04:52Z",
    "cluster": "CVE-2022-12345",
    "path": "reports/GO-2022-0001.yaml",
}


def test_what_an_advisory_states_is_read_as_what_it_is():
    fields = record_of(ADVISORY, "GO-2022-0001").fields
    assert fields["fixed"] == ("1.6",)
    assert "063a3fb" in fields["commit"]
    assert fields["thread"] == ("nats-io/nats-server#5",)
    assert fields["repository"] == ("nats-io/nats-server",)
    assert fields["weakness"] == ("cwe-22",)
    assert "servefiles" in fields["symbol"]
    assert fields["date"] == 738259.0


def test_no_identifier_is_left_in_a_record_that_is_read_blind():
    record = record_of(ADVISORY, "row", blind=True)
    everything = json.dumps([record.text, record.names, dict(record.fields)]).upper()
    for identifier in ("CVE-2022", "GO-2022", "GHSA-", "12345"):
        assert identifier not in everything
    assert "declared" not in record.fields
    assert "cve-2022-12345" in record_of(ADVISORY, "row").fields["declared"]


def test_ids_of_unknown_families_are_hidden_when_they_are_known():
    assert mask_text("see flaw:9981, please", {"flaw:9981"}).split() == ["see", ",", "please"]
    assert names_an_id("https://a.example/x/flaw:9981", {"flaw:9981"})


@given(st.text(alphabet="CVEGOHSA-0123456789 x", max_size=60))
def test_masking_twice_changes_nothing(text):
    assert mask_text(mask_text(text)).split() == mask_text(text).split()


def test_rows_that_are_no_records_are_counted_with_their_reason(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b'{"id": "a", "text": "one"}\n\n{"id": "a", "text": "two"}\n[1]\n{"id": "b", "text": "caf\xe9"}\n{"id": "c"}\n'
        + b'{"id": "d", "text": "'
        + b"x" * (9 << 20)
        + b'"}\n{"id": "e", "details": "last", "packages": 7, "references": [null, {"url": 3}], "aliases": "x"}\n'
    )
    rejected = []
    assert [record.id for record in read_records(path, rejected=rejected)] == ["a", "e"]
    assert [(row.row, row.reason) for row in rejected] == [
        (3, "its id was there before; the first such row counts"),
        (4, "not a JSON object"),
        (5, "not UTF-8"),
        (6, "nothing to compare: neither text nor fields"),
        (7, "longer than 8 MB"),
    ]
    with pytest.raises(OctavoError, match="Row 3"):
        read_records(path)


def test_a_file_without_records_is_refused(tmp_path):
    path = tmp_path / "none.jsonl"
    path.write_text("\n")
    with pytest.raises(OctavoError, match="no records"):
        read_records(path)


def test_only_ids_that_no_family_covers_have_to_be_collected(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "CVE-2024-1", "aliases": ["flaw:77"], "text": "x"}\nnonsense\n')
    assert ids_in(path) == {"CVE-2024-1", "flaw:77"} - {"CVE-2024-1"} | ids_in(path)
    assert "flaw:77" in ids_in(path)
