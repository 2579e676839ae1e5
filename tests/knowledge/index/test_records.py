from octavo.knowledge.index.records import read_records


def test_a_rejected_row_is_told_by_its_own_number_and_its_true_reason(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"id": "a", "text": "one"}\n\xff\xfe\n\n{"id": "a", "text": "two"}\n{"id": "b"}\n[]\n')
    bad = []
    assert [record.document.text for record in read_records([path], bad)] == ["one"]
    assert [(one.row, one.reason) for one in bad] == [
        (2, "not UTF-8"),
        (4, "the id was there before: a"),
        (5, "no text"),
        (6, "not a JSON object"),
    ]
