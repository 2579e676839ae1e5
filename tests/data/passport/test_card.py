"""A data card is computed from the records alone, adds up over shards, and two of them can be compared."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.cli.main import main
from octavo.data.card import CardSettings, run
from octavo.data.passport.card import Look, lines_of, make_card
from octavo.data.passport.diff import changed_rows, compare_cards, compare_records
from octavo.data.passport.tally import Tally, length_of, step_of
from octavo.kinds.card import KIND, read_card
from octavo.kinds.documents import Document, Removed, write_documents
from octavo.kinds.records import write_rows

QUICK = Look(languages=False)
WORDS = ["keeper", "lamp", "house", "counts", "every", "boat", "comes", "over", "bar", "dusk", "writes", "book", "tide"]


def rows(count=60, seed=0):
    chance = random.Random(seed)
    return [
        {
            "id": f"r{number}",
            "text": " ".join(chance.choice(WORDS) for _ in range(30 + number)),
            "licence": "MIT" if number % 2 else "Apache-2.0",
            "domain": "ab"[number % 3 == 0],
            "date": f"2024-0{1 + number % 9}-01",
        }
        for number in range(count)
    ]


def card_of(tmp_path, records, name="in.jsonl", **options):
    write_rows(tmp_path / name, records)
    return make_card([tmp_path / name], tmp_path / f"scratch-{name}", QUICK, on="serial", **options)[0]


def test_the_card_counts_what_is_there(tmp_path):
    records = rows()
    records.append({**records[7], "id": "copy"})
    records[3] = {**records[3], "text": records[3]["text"] + " write to jane.roe@lamphousekeepers.net"}
    card = card_of(tmp_path, records)
    assert (card["records"], card["characters"]) == (61, sum(len(row["text"]) for row in records))
    assert card["fields"]["licence"]["records"] == {"MIT": 31, "Apache-2.0": 30}
    assert card["dates"] == {"known": 61, "from": "2024-01-01", "to": "2024-09-01"}
    assert (card["duplicates"]["exact"], card["duplicates"]["biggest_cluster"]) == (1, 2)
    assert card["personal"]["EMAIL"]["records"] == 1
    assert sum(card["mixture"]["shares"].values()) == pytest.approx(1, abs=1e-5)
    assert any(row[0] == "licence" for row in lines_of(card))


def test_shards_and_order_make_no_difference(tmp_path, monkeypatch):
    records = rows()
    whole = card_of(tmp_path, records)
    shuffled = card_of(tmp_path, random.Random(1).sample(records, len(records)), "other.jsonl")
    assert shuffled["digest"] == whole["digest"]
    monkeypatch.setattr("octavo.kinds.records.SHARD_BYTES", 500)
    monkeypatch.setattr("octavo.kinds.records.shards.__defaults__", (500,))
    in_parts = card_of(tmp_path, records, "parts.jsonl")
    for card in (whole, in_parts):
        card.pop("inputs")
    assert in_parts == whole


def test_what_is_no_record_is_counted(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": "a", "text": "some words"}\nnothing\n')
    card, bad = make_card([tmp_path / "in.jsonl"], tmp_path / "scratch", QUICK, on="serial")
    assert (card["records"], card["not_records"]) == (1, 1)
    assert (bad[0].row, bad[0].reason) == (2, "not a JSON object")


def test_contamination_is_in_the_card_when_items_are_given(tmp_path):
    records = rows()
    write_rows(tmp_path / "eval.jsonl", [{"id": "q", "text": records[20]["text"]}])
    card = card_of(tmp_path, records, against=[tmp_path / "eval.jsonl"])
    assert (card["contamination"]["items"], card["contamination"]["found"]) == (1, 1)


@given(st.integers(0, 10**9))
def test_the_histogram_of_lengths_is_right_within_an_eighth(length):
    assert length_of(step_of(length)) <= length < length_of(step_of(length) + 1)
    assert length - length_of(step_of(length)) <= length / 8


@given(st.lists(st.tuples(st.text(), st.text()), max_size=8))
def test_tallies_add_up(pairs):
    whole, parts = Tally(), Tally()
    for name, text in pairs:
        whole.add({"id": name, "text": text})
        one = Tally()
        one.add({"id": name, "text": text})
        parts.merge(one)
    assert {**vars(whole), "last": ""} == {**vars(parts), "last": "", "repeated": whole.repeated}


RECORDS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3), st.tuples(st.text("xy", max_size=3), st.integers(0, 1))
)


@given(before=RECORDS, after=RECORDS)
def test_a_diff_of_records_is_what_a_dictionary_says(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("diff")
    for name, side in (("a", before), ("b", after)):
        write_rows(folder / f"{name}.jsonl", [{"id": i, "text": t, "n": n} for i, (t, n) in side.items()])
    a, b = [folder / "a.jsonl"], [folder / "b.jsonl"]
    changes, both = compare_records(a, b)
    expected = [{"id": name, "change": "removed"} for name in before if name not in after]
    for name, (text, number) in after.items():
        if name not in before:
            expected.append({"id": name, "change": "added"})
        elif before[name][0] != text:
            expected.append({"id": name, "change": "text"})
        elif before[name][1] != number:
            expected.append({"id": name, "change": "fields"})
    assert list(changed_rows(a, b, both)) == expected
    counted = changes.added + changes.removed + changes.changed + changes.fields_changed
    assert (counted, changes.same) == (len(expected), len(before.keys() | after.keys()) - len(expected))


def test_cards_differ_in_what_differs(tmp_path):
    old, new = card_of(tmp_path, rows()), card_of(tmp_path, rows(61), "more.jsonl")
    found = {row["what"]: (row["before"], row["after"]) for row in compare_cards(old, new)}
    assert found["records"] == (60, 61)
    assert compare_cards(old, old) == []


def test_the_stage_writes_a_card_with_what_was_removed(tmp_path):
    documents, out = tmp_path / "documents", tmp_path / "out"
    documents.mkdir()
    out.mkdir()
    kept = [Document(f"m.f{n}", " ".join(WORDS) + f" {n}", "function", package="m") for n in range(5)]
    write_documents(documents, kept, [Removed(Document("m.g", "x"), "too short", count=3)])
    run(CardSettings(), {"documents": documents}, out, tmp_path / "scratch")
    KIND.check(out)
    card = read_card(out)
    assert card["removed"] == {"records": 3, "by": {"too short": 3}}
    assert card["mixture"]["shares"] == {"m": 1.0}
    assert KIND.describe(out)["records"] == 5


def run_command(*arguments):
    with pytest.raises(SystemExit) as end:
        main(["data", *map(str, arguments)])
    return end.value.code


def test_the_commands_write_a_card_and_compare_two(tmp_path, capsys):
    for name, count in (("a", 20), ("b", 25)):
        write_rows(tmp_path / f"{name}.jsonl", rows(count))
        assert run_command("card", tmp_path / f"{name}.jsonl", "-o", tmp_path / f"{name}.json", "--no-languages") == 0
    capsys.readouterr()
    assert run_command("diff", tmp_path / "a.json", tmp_path / "b.json", "--json") == 0
    assert {"what": "records", "before": 20, "after": 25} in json.loads(capsys.readouterr().out)["card"]
    assert run_command("diff", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "-o", tmp_path / "rows.jsonl") == 0
    assert "added" in capsys.readouterr().out
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 5
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_wrong_use_is_said(tmp_path, capsys):
    (tmp_path / "no.json").write_text("{}")
    assert run_command("diff", tmp_path / "no.json", tmp_path / "no.json") == 1
    assert "D110" in capsys.readouterr().err
    assert run_command("diff", tmp_path / "no.json") == 2
    write_rows(tmp_path / "a.jsonl", rows(2))
    assert run_command("card", tmp_path / "a.jsonl", "-o", tmp_path / "a.jsonl") == 2
    assert "D020" in capsys.readouterr().err


def test_what_a_mixture_reads_again_is_counted_as_that_and_not_as_duplicates(tmp_path):
    documents = [{"id": f"d{n // 2}", "text": f"{n // 2} " + " ".join(WORDS)} for n in range(8)]
    card = card_of(tmp_path, [*documents, {**documents[0], "id": "copy"}])
    assert card["mixture"]["repeated_records"] == 4
    assert card["duplicates"]["exact"] == 1
