from octavo.measures.accuracy import rank_of, right_within, share


def test_the_rank_is_that_of_the_first_accepted_citation():
    assert rank_of(["a", "b", "c"], ["c", "b"]) == 2
    assert rank_of(["a"], ["z"]) is None
    assert rank_of([], ["z"]) is None


def test_right_within_counts_only_ranks_up_to_k_and_compares_with_chance():
    score = right_within("first citation right", [1, 2, None, 1], 1, 1000)
    assert (score.value, score.n, score.baseline) == (0.5, 4, 0.001)
    assert right_within("in the first five", [1, 2, None, 6], 5, 1000).value == 0.5
    assert score.low < 0.5 < score.high


def test_a_share_has_direction_range_method_and_interval():
    score = share("declined", [True, True, False], direction="lower", exact=True)
    assert (score.direction, score.range, score.method) == ("lower", (0.0, 1.0), "share, Clopper-Pearson")
    assert 0 <= score.low <= score.value <= score.high <= 1
