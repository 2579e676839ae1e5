"""Languages: premiums with intervals, and what can't be compared is said."""

import json

import pytest
from small_tokenizers import SENTENCES

from octavo.spine.errors import OctavoError
from octavo.tokenizer.audit.languages import score_languages, verdicts
from octavo.tokenizer.audit.open import Plain, open_tokenizer
from octavo.tokenizer.audit.parallel import Parallel, read_parallel, samples, shipped
from octavo.tokenizer.audit.shapes import look_at_shapes


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_language_a_tokenizer_was_learnt_from_is_the_cheapest(folders):
    report = score_languages(open_tokenizer(folders["bpe"]), shipped())
    premiums = {row.language: row.premium for row in report.rows}
    assert premiums["en"] == 1
    assert min(premiums, key=premiums.get) in ("en", "zh")
    assert premiums["hi"] > premiums["de"] > 1
    assert report.rows == sorted(report.rows, key=lambda row: -row.premium)
    assert all(row.low <= row.premium <= row.high for row in report.rows)
    assert verdicts(report)[0].startswith(f"{report.rows[0].language} costs")


def test_plain_bytes_cost_what_utf8_costs():
    report = score_languages(Plain("bytes"), shipped())
    for row in report.rows:
        assert row.premium == pytest.approx(row.bytes_premium)
        assert row.bytes_per_token == 1
    characters = score_languages(Plain("characters"), shipped())
    assert all(row.premium == pytest.approx(row.characters_premium) for row in characters.rows)


def test_price_and_window_follow_the_premium(folders):
    report = score_languages(open_tokenizer(folders["bpe"]), shipped(), price=2.0, context=1000)
    for row in report.rows:
        assert row.price == pytest.approx(2 * row.premium)
        assert row.context_sentences == pytest.approx(1000 / row.tokens_per_sentence)


def test_a_tokenizer_is_as_long_as_itself(folders):
    opened = open_tokenizer(folders["bpe"])
    report = score_languages(opened, shipped(), reference=opened)
    assert {row.normalised_length for row in report.rows} == {1.0}


def test_languages_full_of_unknown_tokens_are_not_compared(folders):
    report = score_languages(open_tokenizer(folders["wordpiece"]), shipped())
    bad = {row.language for row in report.rows if not row.valid}
    assert {"hi", "ja", "zh"} <= bad
    assert "en" not in bad
    assert any(said.startswith("zh:") for said in report.left_out)


def test_words_are_not_counted_where_no_spaces_part_them():
    rows = {row.language: row for row in score_languages(Plain("bytes"), shipped()).rows}
    assert rows["zh"].fertility is None


def test_words_behind_a_space_are_one_token_when_they_were_learnt(folders):
    text = " ".join(sorted(set(SENTENCES[0].split())))
    parallel = Parallel("made", {"en": [text, text]}, "en")
    row = score_languages(open_tokenizer(folders["bpe"]), parallel).rows[0]
    assert row.single_token_rate > 0.8
    assert row.continued < 0.2


def test_lines_that_not_all_languages_have_are_left_out(tmp_path):
    rows = [{"lang": lang, "line": n, "text": f"{lang} {n}", "url": f"u{n // 3}"} for lang in "ab" for n in range(10)]
    rows += [{"lang": "c", "line": 1, "text": "alone"}]
    found = read_parallel(write(tmp_path / "p.jsonl", rows[:-3] + rows[-1:]), "a")
    assert found.texts["a"] == [f"a {n}" for n in range(8)]
    assert found.clusters == [f"u{n // 3}" for n in range(8)]
    assert found.left_out == ["c: only 1 of 10 lines"]


def test_clusters_may_come_from_another_file(tmp_path):
    rows = [{"lang": lang, "line": n, "text": "x y"} for lang in ("en", "de") for n in range(4)]
    lines = write(tmp_path / "lines.jsonl", [{"line": n, "url": "one"} for n in range(4)])
    found = read_parallel(write(tmp_path / "p.jsonl", rows), clusters=lines)
    assert found.clusters == ["one"] * 4
    assert score_languages(Plain("bytes"), found).rows[0].low is None


@pytest.mark.parametrize(
    ("rows", "base", "code"),
    [
        ([{"text": "x"}], "", "T042"),
        ([{"lang": "fra", "line": 1, "text": "x"}], "", "T043"),
        ([{"lang": "fra", "line": 1, "text": "x"}], "frr", "T043"),
    ],
)
def test_what_is_not_parallel_is_refused(tmp_path, rows, base, code):
    with pytest.raises(OctavoError) as failure:
        read_parallel(write(tmp_path / "p.jsonl", rows), base)
    assert failure.value.code == code


def test_the_shipped_sentences_are_whole():
    texts = shipped().texts
    assert len(texts) >= 12
    assert len({len(lines) for lines in texts.values()}) == 1
    assert all(text.strip() == text and text for lines in texts.values() for text in lines)
    assert all(len(set(lines)) == len(lines) for lines in texts.values())
    assert len(samples()) >= 8


def test_digits_and_spaces_are_counted_as_they_are_cut(folders):
    plain = look_at_shapes(Plain("characters"))
    assert plain.uniform_digits
    assert plain.digits[3] == {"1+1+1": 900}
    assert plain.indentation[8] == 8
    learnt = look_at_shapes(open_tokenizer(folders["bpe"]))
    assert sum(learnt.digits[2].values()) == 90
    assert not learnt.uniform_digits
    assert learnt.round_trip == []
    assert learnt.case_cost["UPPER"] > 1


def test_what_does_not_come_back_is_named(folders):
    assert "emoji" in look_at_shapes(open_tokenizer(folders["wordpiece"])).round_trip
