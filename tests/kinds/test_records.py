"""Records are read in shards that cover a file exactly, whatever it is packed in, and are written whole."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.kinds.records import (
    Bad,
    check_outputs,
    encode_row,
    join_rows,
    read_rows,
    read_shard,
    shards,
    write_rows,
)
from octavo.spine.errors import OctavoError

ROWS = [{"id": f"r{n}", "text": f"text {n} ü 漢 \u0000", "n": n} for n in range(50)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_what_is_written_is_read_again(tmp_path, name):
    path = tmp_path / name
    assert write_rows(path, ROWS) == 50
    assert list(read_rows(path)) == ROWS
    parts = shards([path], tmp_path / "scratch", size=500)
    assert len(parts) > 3
    assert [row for part in parts for row in read_shard(part)] == ROWS


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_equal_rows_are_equal_bytes(tmp_path, name):
    write_rows(tmp_path / name, ROWS)
    write_rows(tmp_path / f"b{name}", ROWS)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"b{name}").read_bytes()


@given(texts=st.lists(st.text(), max_size=20), size=st.integers(1, 300))
def test_shards_hold_every_row_once_in_order(tmp_path_factory, texts, size):
    folder = tmp_path_factory.mktemp("rows")
    path = folder / "rows.jsonl"
    path.write_bytes(b"".join(encode_row({"id": str(n), "text": text}) for n, text in enumerate(texts)))
    found = [row for part in shards([path], folder, size) for row in read_shard(part)]
    assert found == [{"id": str(n), "text": text} for n, text in enumerate(texts)]
    assert found == list(read_rows(path))


def test_rows_that_are_no_records_are_listed_with_their_place(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a"}\n\nnot json\n{"id": 5, "text": "b"}\n{"id": "x"}\n[1]\n{"text": 3}\n')
    bad: list[Bad] = []
    assert [row["id"] for row in read_rows(path, bad)] == ["rows.jsonl:1", "5"]
    assert [(one.row, one.reason) for one in bad] == [
        (3, "not a JSON object"),
        (5, "no text"),
        (6, "not a JSON object"),
        (7, "no text"),
    ]
    shard_bad: list[Bad] = []
    ids = [row["id"] for part in shards([path], tmp_path, 20) for row in read_shard(part, shard_bad)]
    assert (ids, shard_bad) == (["rows.jsonl:1", "5"], bad)
    with pytest.raises(OctavoError, match="Row 3 is no record") as caught:
        list(read_rows(path))
    assert caught.value.code == "D021"


def test_half_characters_are_replaced_and_not_the_end_of_the_work(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "a", "text": "x\\ud800y"}\n')
    assert next(read_rows(path))["text"] == "x\ufffdy"


def test_a_packed_file_that_was_cut_off_is_named(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    whole = gzip.compress(b"".join(map(encode_row, ROWS)))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OctavoError, match="damaged") as caught:
        list(read_rows(path))
    assert caught.value.code == "D022"


def test_parts_are_joined_into_any_format(tmp_path):
    parts = []
    for n in range(3):
        parts.append(tmp_path / f"part{n}")
        parts[-1].write_bytes(b"".join(map(encode_row, ROWS[n * 10 : n * 10 + 10])))
    for name in ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"):
        join_rows(tmp_path / name, parts)
        assert list(read_rows(tmp_path / name)) == ROWS[:30]


def test_a_column_of_mixed_values_is_kept_as_json_in_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    write_rows(path, [{"id": "a", "text": "t", "v": [1]}, {"id": "b", "text": "t", "v": {"k": "ü"}, "w": 1.5}])
    first, second = read_rows(path)
    assert json.loads(first["v"]) == [1]
    assert (json.loads(second["v"]), second["w"]) == ({"k": "ü"}, 1.5)


def test_a_failed_writer_leaves_nothing(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("before")

    def rows():
        yield ROWS[0]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write_rows(path, rows())
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_inputs_are_never_overwritten(tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.touch()
    (tmp_path / "link.jsonl").symlink_to(one)
    check_outputs([two, None], [one])
    for outputs in ([one], [tmp_path / "link.jsonl"], [two, two]):
        with pytest.raises(OctavoError) as caught:
            check_outputs(outputs, [one])
        assert (caught.value.code, caught.value.exit_code) == ("D020", 2)
