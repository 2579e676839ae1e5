import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from evaluate_parts import a_trial

from octavo.evaluate.look import STYLE
from octavo.evaluate.report import STAGE, ReportSettings, run, sources

VOID = {"meta", "br", "img", "input", "link", "hr"}


class Checker(HTMLParser):
    """Every element is closed in order; collects ids, links and the addresses that a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.ids, self.targets, self.loads, self.text = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.targets.append(value)
            if name in ("src", "srcset", "action", "data"):
                self.loads.append(value)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def out(inputs, tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "out"
    place.mkdir()
    run(ReportSettings(), inputs, place, tmp_path)
    return place


@pytest.fixture
def parsed(out) -> Checker:
    checker = Checker()
    checker.feed((out / "report.html").read_text(encoding="utf-8"))
    return checker


def test_the_page_is_well_formed_and_its_links_lead_to_its_own_sections(parsed):
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {target.removeprefix("#") for target in parsed.targets} <= set(parsed.ids)


def test_the_page_loads_nothing_and_runs_nothing(out, parsed):
    page = (out / "report.html").read_text(encoding="utf-8")
    assert not parsed.loads
    assert not re.search(r"https?:|<script|url\(|@import|javascript:", page)


def test_text_from_documents_is_shown_as_text_never_as_markup(parsed):
    assert any("what does <json>.dumps & co return" in text for text in parsed.text)


def test_every_score_stands_there_with_value_interval_n_and_baseline(parsed):
    text = " ".join(parsed.text)
    for wanted in ("named: first citation right", "98.3 %", "95.0 % – 99.5 %", "180", "1 of 9,000 at random", "better"):
        assert wanted in text
    assert "(2 unparsed)" in text
    assert "no clear difference" in text


def test_the_funnel_ends_at_the_documents_that_were_kept(parsed):
    text = " ".join(parsed.text)
    assert "390" in text
    assert "−25  →  365" in text
    assert "−60  →  305" in text
    assert "−5  →  300" in text
    assert "60 of them duplicates" in text


def test_each_removal_is_told_with_the_stage_that_made_it(parsed):
    for wanted in ("collect: too short", "clean: exact duplicate", "decontaminate: evaluation item"):
        assert wanted in parsed.text


def test_what_was_left_out_of_the_probe_is_said(parsed):
    assert "41 probe questions whose accepted documents are not in this index" in " ".join(parsed.text)


def test_every_drawing_has_a_title_and_a_description(out):
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == page.count("<title id=") == page.count("<desc id=") > 8


def test_the_same_inputs_give_the_same_bytes(inputs, out, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    run(ReportSettings(), inputs, again, tmp_path)
    for name in ("report.html", "scorecard.json"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_the_scorecard_as_json_says_how_each_score_stands_to_its_baseline(out):
    document = json.loads((out / "scorecard.json").read_text(encoding="utf-8"))
    told = [row["against_baseline"] for row in document["scores"]]
    assert told == ["better"] * 4 + ["no clear difference"] * 2
    assert document["stages"][2]["stage"] == "pretrain"
    assert document["documents"]["records"] == 300
    assert document["tokenizer"]["dearest"]["premium"] > 1


def test_a_lone_surrogate_in_a_title_does_not_stop_the_report(inputs, tmp_path):
    place = tmp_path / "odd"
    place.mkdir()
    run(ReportSettings(title="odd \ud800 title"), inputs, place, tmp_path)
    assert b"odd ? title" in (place / "report.html").read_bytes()


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    a, b = sorted((luminance(one), luminance(other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa_and_marks_that_of_graphics(scheme):
    colours = dict(re.findall(r"--(\w+):(#[0-9a-fA-F]+)", re.findall(r":root\{[^}]+\}", STYLE)[scheme]))
    for ground in ("ground", "card"):
        for text in ("ink", "muted", "accent", "good", "bad"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for mark in ("level", "band", "line1", "line2", "line3", "line4"):
            assert contrast(colours[mark], colours[ground]) >= 3, (mark, ground)


def test_the_stage_declares_what_it_reads():
    documents = {"collected", "cleaned", "documents", "card"}
    assert set(STAGE.inputs) == documents | {"audit", "scores", "given", "base", "model", "index", "clock"}


def test_a_new_trial_changes_the_recipe_and_the_page_and_an_old_one_does_not(inputs, out, tmp_path):
    store = tmp_path / ".octavo"
    assert sources(ReportSettings()) == {}
    (store / "trials").mkdir(parents=True)
    newest = store / "trials" / "hallucination-2.json"
    newest.write_text(json.dumps(a_trial()))
    first = sources(ReportSettings())
    assert list(first) == ["trial hallucination"]
    (store / "trials" / "hallucination-1.json").write_text(json.dumps(a_trial(verdict="worse")))
    assert sources(ReportSettings()) == first
    newest.write_text(json.dumps(a_trial(verdict="cannot tell")))
    assert sources(ReportSettings()) != first
    again = tmp_path / "with-trial"
    again.mkdir()
    run(ReportSettings(), inputs, again, tmp_path)
    assert "cannot tell" in (again / "report.html").read_text(encoding="utf-8")
