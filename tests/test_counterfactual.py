"""What would have been seen without the change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast import Series, counterfactual, simulate


def test_nothing_after_the_date_is_looked_at():
    series = simulate(80, level=10, breaks={50: 3.0}, seed=1)
    value = series.value.copy()
    value[50:] += 100
    other = replace(series, low=value, high=value.copy())
    one, two = (counterfactual(s, s.start[50]) for s in (series, other))
    assert np.array_equal(one.middle, two.middle)
    assert np.array_equal(one.high, two.high)
    assert np.allclose(two.cumulative_middle - one.cumulative_middle, 100 * np.cumsum(series.observed[50:]))


def test_the_sum_lies_around_the_truth_and_around_zero_without_a_change():
    inside, quiet = 0, 0
    for seed in range(20):
        broken = simulate(80, level=10, breaks={50: 2.5}, spread=0.2, seed=seed)
        same = simulate(80, level=10, spread=0.2, seed=seed)
        low, _, high = counterfactual(broken, broken.start[50]).total
        inside += low <= 30 * 10 * 1.5 <= high
        low, _, high = counterfactual(same, same.start[50]).total
        quiet += low <= 0 <= high
    assert inside >= 16
    assert quiet >= 17


def test_counts_are_whole_and_rows_nobody_watched_add_nothing():
    series = simulate(60, level=6, breaks={40: 3.0}, missing=0.3, seed=5)
    made = counterfactual(series, series.start[40])
    unseen = np.flatnonzero(~series.observed[-len(made.when):])
    assert unseen.size
    for row in unseen[unseen > 0]:
        assert made.cumulative_middle[row] == made.cumulative_middle[row - 1]
    assert np.all(made.low >= 0)


def test_an_open_bound_leaves_the_sum_open_downwards_only_by_its_low_end():
    quiet = [5, 4, 6, 5, 5, 4, 6, 5, 4, 6]
    nan = float("nan")
    low = [nan] * 10 + [20.0, 20.0]
    series = Series.from_values([*quiet, nan, nan], low=low, start="2023-01-02")
    made = counterfactual(series, "2023-03-13")
    assert made.total[0] > 0
    assert np.isfinite(made.total).all()


def test_too_few_rows_before_the_date_are_refused():
    with pytest.raises(ValueError, match="4 are needed"):
        counterfactual(Series.from_values([1, 2, 3, 4, 5, 6, 7], start="2023-01-02"), "2023-01-20")


def test_the_ratio_is_that_of_the_sums_and_infinite_where_nothing_was_expected():
    rise = Series.from_values([20] * 30 + [40] * 20, start="2023-01-02")
    low, middle, high = counterfactual(rise, rise.start[30]).ratio
    assert low < middle < high
    assert middle == pytest.approx(2, rel=0.1)
    fresh = Series.from_values([0] * 30 + [5] * 4, start="2023-01-02")
    low, middle, high = counterfactual(fresh, fresh.start[30]).ratio
    assert high == np.inf
    assert low > 1
