"""Numbers are said for people: sizes, spans of time, what is left to do, the course of a loss."""

import pytest

from octavo.cli.talk import Pace, answer, answer_json, size, span, sparkline, table, watcher
from octavo.spine.errors import OctavoError


def test_sizes_and_spans_have_the_unit_that_fits():
    assert [size(n) for n in (0, 999, 1500, 2_000_000, 3.5e9, 7e12)] == [
        "0 bytes",
        "999 bytes",
        "1.5 kB",
        "2.0 MB",
        "3.5 GB",
        "7000.0 GB",
    ]
    assert [span(s) for s in (0.04, 9.94, 12.4, 59.6, 200)] == ["0.0 s", "9.9 s", "12 s", "1 min 00 s", "3 min 20 s"]


def test_progress_says_how_much_is_left():
    pace = Pace("parse")
    pace.began -= 10
    assert pace.line(250, 1000, "files", "") == "parse: 250 of 1,000 files, 25 %, 30 s to go"
    assert pace.line(1000, 1000, "files", "note") == "parse: 1,000 of 1,000 files, 100 %  note"
    assert pace.line(50, None, "rows", "") == "parse: 50 rows, 5 a second"


def test_a_sparkline_falls_with_its_values():
    assert sparkline([]) == sparkline([1.0]) == ""
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1]) == "█▇▆▅▄▃▂▁"
    assert len(sparkline(range(1000))) == 20
    assert set(sparkline([2, 2, 2])) == {"▁"}


def test_columns_line_up():
    assert table([["a", "bb", "c"], ["aaa", "b", ""]]) == "a    bb  c\naaa  b"
    assert table([]) == ""


def test_text_that_has_no_utf8_is_printed_all_the_same(capsys):
    answer("a\udcff")
    answer_json({"name": "a\udcffü"})
    assert capsys.readouterr().out == 'a?\n{"name": "a\\udcff\\u00fc"}\n'


def test_an_unknown_way_to_show_is_refused():
    with pytest.raises(OctavoError, match="no way to show"):
        watcher("loud", ())
