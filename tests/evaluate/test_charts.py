import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.evaluate.charts import Amount, Level, Line, amounts, funnel, interval_bar, lines, short, ticks

finite = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0344, "0.0344"), (12.5, "12.5"), (1234, "1,234"), (56_400, "56.4 k"), (1.2e6, "1.2 M"), (3.0, "3")],
)
def test_numbers_are_written_as_people_read_them(value, text):
    assert short(value) == text


def test_ticks_are_round_and_inside():
    assert ticks(0, 1) == [0, 0.25, 0.5, 0.75, 1]
    assert ticks(0, 397) == [0, 100, 200, 300]
    assert ticks(5, 5) == [5]


@given(finite, finite)
def test_ticks_stay_between_the_ends_whatever_they_are(a, b):
    low, high = sorted((a, b))
    slack = (high - low) * 1e-6 + 1e-9
    assert all(low - slack <= tick <= high + slack for tick in ticks(low, high))


@given(st.lists(st.tuples(st.floats(0, 1e6), finite), min_size=1, max_size=40), finite)
def test_a_line_chart_is_well_formed_and_draws_inside_its_frame(points, level):
    drawing = lines("T", [Line("a <b>", points)], x="x", y="y", levels=[Level("guess", level)])
    root = ET.fromstring(drawing)
    height = float(root.get("viewBox").split()[3])
    for part in root.iter("polyline"):
        for pair in part.get("points").split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 400
            assert 0 <= y <= height


@given(st.lists(st.tuples(st.text(max_size=60), st.floats(0, 1e12)), max_size=20))
def test_bars_are_well_formed_for_any_label_and_never_wider_than_the_drawing(rows):
    rows = [(re.sub(r"[^\w ]", "", label), value) for label, value in rows]
    given_rows = [Amount(label, value, short(value)) for label, value in rows]
    for drawing in (amounts("T", given_rows, what="W"), funnel("T", given_rows)):
        root = ET.fromstring(drawing)
        assert all(float(bar.get("width")) <= 400 for bar in root.iter("rect"))


def test_an_interval_bar_says_in_words_what_it_shows():
    drawing = interval_bar(title="accuracy", value=0.5, low=0.4, high=0.6, baseline=0.1, domain=(0, 1))
    assert "0.5, from 0.4 to 0.6, baseline 0.1" in drawing
    assert ET.fromstring(drawing).get("role") == "img"


def test_two_drawings_on_a_page_have_different_ids():
    one, other = (lines("T", [Line("a", [(0, 0), (1, y)])], x="x", y="y") for y in (1, 2))
    assert set(re.findall(r' id="(\w+)"', one)).isdisjoint(re.findall(r' id="(\w+)"', other))
