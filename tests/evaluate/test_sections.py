"""What the sections on documents, tokenizer and trials tell, and what they say when something was not looked for."""

import json
import xml.etree.ElementTree as ET

import pytest
from evaluate_parts import a_card, a_trial
from hypothesis import given
from hypothesis import strategies as st

from octavo.data.passport.card import Look, make_card
from octavo.evaluate.charts import Range, ranges
from octavo.evaluate.holdings import holdings
from octavo.evaluate.scorecard import about
from octavo.evaluate.tried import tried
from octavo.evaluate.vocabulary import vocabulary
from octavo.kinds.audit import describe, read_audit


def without(card, *names):
    return {name: value for name, value in card.items() if name not in names}


def test_the_section_on_documents_tells_amounts_sources_licences_and_the_digest():
    told = holdings(a_card())
    for wanted in (">300<", "30.5 kB", "6,000", "ab" * 32, "package-0", "MIT", "not stated", "200"):
        assert wanted in told
    assert "5 others" in told
    assert "3 were labelled or checked by people" in told


def test_personal_data_and_duplicates_are_told_with_how_many_were_looked_at_and_intervals():
    told = holdings(a_card())
    assert "200 of 300 records were looked at" in told
    assert "15.0 % (12.0 – 19.5 %)" in told
    assert "6.0 % (4.8 – 7.8 %)" in told
    assert "alike from 0.5 on" in told
    assert "2.0 %" in told


def test_what_was_not_looked_for_is_said_and_not_shown_as_none():
    told = holdings(without(a_card(), "personal", "duplicates"))
    assert told.count("not looked for") == 2
    assert "it was not detected" in told
    assert "hold personal data" not in told


def test_no_personal_data_among_those_looked_at_is_said_with_their_number():
    assert "200 of 300 records were looked at: none was found" in holdings(a_card(personal={}))


def test_detected_languages_have_intervals_and_evaluation_items_are_counted():
    found = {"en": {"records": 180, "share": 0.9, "low": 0.85, "high": 0.93}}
    items = {"items": 50, "found": 2, "too_short": 1, "records": 3, "against": []}
    told = holdings(a_card(languages=found, contamination=items))
    assert "90.0 % (85.0 – 93.0 %)" in told
    assert "2 of 50 evaluation items stand in 3 records" in told


def test_values_of_fields_are_text_and_never_markup():
    told = holdings(a_card())
    assert "class &lt;b&gt;" in told
    assert "<b>" not in told.replace("<b>300</b>", "").split("Kinds of records")[1]


def test_a_card_just_computed_can_be_told(tmp_path):
    rows = [{"id": f"r{i}", "text": f"A text with the number {i} in it.", "domain": f"d{i % 30}"} for i in range(60)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    look = Look(languages=False, personal=False)
    card, _ = make_card([tmp_path / "rows.jsonl"], tmp_path / "scratch", look, removed={"too short": 4}, on="serial")
    told = holdings(card)
    assert "by domain" in told
    assert "18 others" in told
    assert card["digest"] in told


@pytest.mark.parametrize("records", [0, 1])
def test_a_card_of_hardly_anything_can_be_told(tmp_path, records):
    (tmp_path / "rows.jsonl").write_text('{"id": "a", "text": "b"}\n' * records)
    card, _ = make_card(
        [tmp_path / "rows.jsonl"], tmp_path / "scratch", Look(personal=False, languages=False), on="serial"
    )
    assert "The records name no domain and no package" in holdings(card)


def test_the_section_on_the_tokenizer_tells_costs_idle_tokens_and_cuts(audit):
    told = vocabulary(read_audit(audit))
    for wanted in ("What the same content costs in each language", "24 lines are few", "The tick is at 1"):
        assert wanted in told
    for wanted in ("never used, and nothing needs them", "1+1+1", "Spaces in front of a line", "comes back as it was"):
        assert wanted in told
    assert "<code>&lt;b&gt;</code>" in told


def test_more_parallel_lines_are_not_called_few_and_languages_that_cannot_be_compared_are_named(audit):
    found = read_audit(audit)
    found["languages"] |= {"sentences": 997, "left_out": ["km: 40% of its tokens are unknown"]}
    told = vocabulary(found)
    assert "997 lines" in told
    assert "few:" not in told
    assert "km: 40% of its tokens are unknown" in told


def test_counts_of_a_sample_of_the_documents_are_called_that(audit):
    found = read_audit(audit)
    assert "an even sample" not in vocabulary(found)
    found["usage"] |= {"share": 0.64}
    assert "64% of the documents, an even sample" in vocabulary(found)


def test_numbers_cut_in_several_ways_are_told_with_shares(audit):
    found = read_audit(audit)
    found["shapes"] |= {"uniform_digits": False, "digits": {"3": {"3": 900, "2+1": 75, "1+2": 20, "1+1+1": 5}}}
    told = vocabulary(found)
    assert "3 (90%), 2+1 (8%), 1+2 (2%) and 1 more" in told
    assert "harder to learn" in told


def test_a_trial_is_told_with_before_after_interval_verdict_and_cost():
    told = tried([a_trial()], [])
    for wanted in (
        "hallucination",
        "model alone",
        "retrieve and cite",
        "2026-01-02",
        "seeds 0, 1",
        "a tiny model &amp;",
    ):
        assert wanted in told
    for wanted in (
        "-0.400 (-0.420 to -0.380, p = 0.0004)",
        'class="verdict good">better',
        "no effect",
        "unsupported &lt;",
    ):
        assert wanted in told
    for wanted in ("1 min 01 s", "300 MiB", "unknown", "2.5e+12", "600.0 J", "10 W a busy core"):
        assert wanted in told


def test_a_trial_of_the_baseline_alone_shows_its_scores():
    told = tried([a_trial() | {"responses": []}], [])
    assert "the baseline" in told
    assert "false answers" in told


def test_without_trials_the_page_says_how_to_run_one_and_files_that_are_none_are_named():
    assert "octavo try" in tried([], [])
    told = tried([], ["broken <1>.json"])
    assert "broken &lt;1&gt;.json can&#x27;t be read" in told


def test_a_change_without_bounds_has_no_bar_and_still_its_row():
    odd = a_trial()
    odd["responses"][0]["effects"][0]["interval"]["high"] = float("nan")
    assert tried([odd], []).count("<svg") == 1


def test_two_lines_of_the_scorecard_tell_of_documents_and_tokenizer(audit):
    documents, tokenizer, base = about(a_card(), describe(audit), "from scratch")
    assert base == "base       from scratch"
    assert documents.startswith("documents  300 records, 30,500 bytes")
    assert "with personal data: 15.0% [12.0%, 19.5%]" in documents
    assert "bytes each" in tokenizer
    assert "× en" in tokenizer
    assert about(None, None) == []


ends = st.tuples(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9)).map(sorted)


@given(st.lists(ends, max_size=12), st.none() | st.floats(0, 1e9))
def test_ranges_are_drawn_inside_their_frame_whatever_the_values(values, mark):
    rows = [Range("a <b>", value, low, high, "text") for low, value, high in values]
    root = ET.fromstring(ranges("T", rows, what="W", mark=mark))
    for band in root.iter("rect"):
        assert 0 <= float(band.get("x")) <= 400
        assert float(band.get("x")) + float(band.get("width")) <= 402
    assert all(0 <= float(dot.get("cx")) <= 400 for dot in root.iter("circle"))
