from octavo.measures.latency import latency


def test_median_and_p95_have_intervals_in_seconds():
    median, p95 = latency([i / 100 for i in range(1, 101)])
    assert (median.value, p95.unit, p95.direction) == (0.505, "s", "lower")
    assert median.low <= median.value <= median.high
    assert p95.low <= p95.value <= p95.high
    assert p95.value > median.value
