from octavo.evaluate.scorecard import against_baseline, as_json, table
from octavo.kinds.scores import Score


def score(low, high, baseline, direction="higher", **more):
    return Score(
        "named", (low + high) / 2, 100, low, high, direction, baseline=baseline, baseline_name="chance", **more
    )


def test_better_is_said_only_when_the_whole_interval_is_on_the_better_side():
    assert against_baseline(score(0.6, 0.8, 0.5)) == "better"
    assert against_baseline(score(0.4, 0.8, 0.5)) == "no clear difference"
    assert against_baseline(score(0.1, 0.2, 0.5)) == "worse"
    assert against_baseline(score(0.1, 0.2, 0.5, "lower")) == "better"
    assert against_baseline(score(0.1, 0.2, None)) == ""


def test_the_table_shows_value_interval_n_baseline_and_what_could_not_be_read():
    lines = table([score(0.6, 0.8, 0.5, unparsed=3)]).splitlines()
    assert lines[0].split() == ["measure", "value", "95", "%", "interval", "n", "baseline"]
    assert lines[2] == "named ↑  70.0 %  [60.0 %, 80.0 %]  100 (3 unparsed)  50.0 %  chance: better"


def test_bits_are_not_shown_as_percent():
    text = table([Score("bits per byte", 1.5, 10, 1.4, 1.6, "lower", "bits per byte", (0.0, 32.0))])
    assert "1.500  [1.400, 1.600]" in text


def test_json_carries_the_comparison():
    document = as_json([score(0.6, 0.8, 0.5)], {"a": 1}, [{"stage": "x"}], {"records": 2}, {"vocabulary": 3})
    assert document["scores"][0]["against_baseline"] == "better"
    assert document["facts"] == {"a": 1}
