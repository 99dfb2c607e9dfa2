"""The count regime model: exact where it can be checked, and the same answer however the same data are told."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from forecast import Series, detect, simulate
from forecast.breaks.regimes import Regimes
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.grid import deviations, transition
from forecast.regime_model.likelihood import Counts
from forecast.regime_model.posterior import ahead, present, sample
from forecast.regime_model.problem import discretise
from forecast.regime_model.step_likelihoods import evidence

SMALL = RegimeModel(spreads=(0.3,), correlations=(0.6,), dispersions=(2.0, 10.0), levels=6, nodes=7)


def brute_force(series: Series, model: RegimeModel, at: int | None) -> float:
    """Log evidence by summing over every level and path of deviations of a tiny problem."""
    problem = discretise(model, series)
    total = 0.0
    offset = 0
    for block in problem.blocks:
        _, stationary = deviations(block.nodes)
        for e in range(block.settings):
            weight = problem.weight[offset + e]
            table = block.emission.table[block.index[0], :, e].swapaxes(1, 2) * np.exp(
                block.emission.peak[block.index[0], e])[:, None, None]  # [n, L, D]
            move = transition(block.nodes, round(block.correlation, 9)).astype(float)
            for first, second in product(range(len(problem.levels)), repeat=2):
                if at is None and first != second:
                    continue
                chance = problem.prior[first] * (1.0 if at is None else problem.prior[second])
                state = stationary * table[0, first]
                for t in range(1, len(series)):
                    level = first if at is None or t < at else second
                    state = (state @ move) * table[t, level]
                total += weight * chance * state.sum()
        offset += block.settings
    return float(np.log(total))


def test_evidence_equals_the_sum_over_every_path():
    series = Series.from_values([3, 5, np.nan, 9, 12], low=[np.nan] * 3 + [8, np.nan], high=[np.nan] * 3 + [11, np.nan])
    known = evidence(discretise(SMALL, series))
    ratios = known.log_ratio()[:, 0]
    none = brute_force(series, SMALL, None)
    for gap in range(4):
        assert ratios[gap] == pytest.approx(brute_force(series, SMALL, gap + 1) - none, abs=1e-4)


def test_years_without_an_image_cost_as_much_as_one_day():
    days = np.r_[0:10, 7000:7010]
    y = np.full(7010, np.nan)
    y[days] = np.r_[np.full(10, 5.0), np.full(10, 15.0)]
    every = Series.from_values(y, start="2000-01-01", freq="D")
    problem = discretise(RegimeModel(), every)
    thin, rows = problem.observed_rows()
    assert rows.tolist() == days.tolist()
    assert thin.gaps.sum() == pytest.approx(problem.gaps.sum())
    assert thin.share.sum() == pytest.approx(problem.share.sum())
    found = sample(problem, 2000, np.random.default_rng(0))
    assert found.jumps[:, 9:6999].any(axis=1).mean() > 0.9
    where = np.flatnonzero(found.jumps[:, 9:6999].sum(axis=0))  # a date in the gap is as likely as any other
    assert np.abs(np.quantile(where, (0.25, 0.5, 0.75)) / 6990 - (0.25, 0.5, 0.75)).max() < 0.05
    moved = np.diff(found.level, axis=1) != 0
    assert not (moved & ~found.jumps).any()


def test_transitions_keep_the_stationary_moments():
    for nodes, correlation in ((9, 0.3), (9, 0.6), (13, 0.85), (21, 0.95), (21, 0.995)):
        x, weight = deviations(nodes)
        move = transition(nodes, correlation).astype(float)
        mean = move @ x
        assert np.sum(weight * x * mean) / np.sum(weight * x**2) == pytest.approx(correlation, abs=0.03)
        assert np.sum((weight @ move) * x**2) == pytest.approx(np.sum(weight * x**2), rel=0.05)


def test_an_interval_is_the_sum_of_its_counts():
    levels, spread, size = np.linspace(0, 3, 5), np.array([0.3]), np.array([2.5])
    exact = np.array([[float(k), float(k), 1.0] for k in range(4, 9)])
    one = Counts().emission(exact, levels, spread, size, 7)
    whole = Counts().emission(np.array([[4.0, 8.0, 1.0]]), levels, spread, size, 7)
    single = np.log((one.table * np.exp(one.peak)[:, None, :, None]).sum(axis=0))
    together = np.log(whole.table[0] * np.exp(whole.peak[0])[:, None])
    np.testing.assert_allclose(together, single, atol=2e-3)


def test_at_least_zero_says_nothing():
    series = simulate(40, breaks={20: 3.0}, seed=3)
    low, high = series.low.copy(), series.high.copy()
    low[5], high[5] = 0.0, np.inf
    vague = replace(series, low=low, high=high)
    low, high = series.low.copy(), series.high.copy()
    low[5] = high[5] = np.nan
    missing = replace(series, low=low, high=high)
    model = RegimeModel()
    np.testing.assert_allclose(evidence(discretise(model, vague)).log_ratio(), evidence(discretise(model, missing)).log_ratio(), atol=0.15)


def test_the_answer_does_not_move_with_the_calendar():
    series = simulate(60, breaks={30: 2.5}, seed=5, missing=0.2)
    later = replace(series, start=series.start + np.timedelta64(700, "D"), end=series.end + np.timedelta64(700, "D"))
    assert [b.position for b in detect(series)] == [b.position for b in detect(later)]
    assert [b.probability for b in detect(series)] == [b.probability for b in detect(later)]


@pytest.mark.parametrize("row", [9, 20, 36])
@pytest.mark.parametrize("unseen", [0, 3])
def test_a_break_stands_at_the_first_count_of_the_new_level(row, unseen):
    y = np.r_[np.tile([7.0, 8.0, 9.0], 15)[:row], np.tile([88.0, 90.0, 92.0], 15)[:45 - row]]
    y[row - unseen:row] = np.nan
    series = Series.from_values(y, start="2023-01-02", freq="W-MON")
    (found,) = detect(series, "regimes")
    assert (found.position, found.at) == (row, str(series.start[row]))
    # in the days between the middles of the last count of the old level and the first of the new one
    assert str(series.start[row - unseen - 1]) < found.low <= found.at <= found.high < str(series.end[row])


def test_reversed_time_finds_the_same_gap():
    series = simulate(60, breaks={30: 3.0}, seed=8)
    back = replace(series, low=series.low[::-1].copy(), high=series.high[::-1].copy())
    model = RegimeModel(feedback=())  # dependence on the last count has a direction
    np.testing.assert_allclose(evidence(discretise(model, series)).log_ratio()[:, 0],
                               evidence(discretise(model, back)).log_ratio()[::-1, 0], atol=1e-3)


def test_double_exposure_with_double_counts_is_the_same_level():
    half = Series.from_values([4, 5, 6, 4, 5, 3, 5, 6], exposure=0.5)
    problem = discretise(RegimeModel(), half)
    assert np.exp(np.sum(problem.prior * problem.levels)) == pytest.approx(9.5, rel=0.35)  # per fully watched row


def test_splitting_a_missing_row_changes_nothing():
    counts, dates = [5, 6, 4, 20, 22, 19], ["2023-01-01", "2023-01-08", "2023-01-15", "2023-02-05", "2023-02-12", "2023-02-19"]
    plain = Series.from_counts(dates, counts)
    gappy = Series.from_counts([*dates, "2023-01-22", "2023-01-29"], [*counts, np.nan, np.nan])
    rng = np.random.default_rng(0)
    one = sample(discretise(RegimeModel(), plain), 400, rng).log_ratio
    two = sample(discretise(RegimeModel(), gappy), 400, rng).log_ratio
    assert one == pytest.approx(two, abs=0.02)


def test_a_spell_between_two_quiet_stretches_is_one_temporary_change():
    rng = np.random.default_rng(1)
    mean = np.r_[np.full(30, 4), np.full(15, 15), np.full(30, 4)]
    series = Series.from_values(rng.poisson(mean))
    spell, = detect(series)
    assert spell.shape == "temporary"
    assert abs(spell.position - 30) <= 1
    assert spell.until_low <= str(series.start[45]) <= spell.until_high
    assert spell.total_low <= 15 * 11 <= spell.total_high


def test_wide_bounds_hide_a_break_that_exact_counts_show():
    series = simulate(60, level=8, breaks={30: 3.0}, seed=2)
    assert detect(series)
    assert not detect(replace(series, low=np.zeros(60), high=np.full(60, np.inf)))


def test_three_rows_are_too_few_to_detect_anything():
    assert detect(Series.from_values([0, 0, 50])) == ()


def test_future_paths_keep_the_present_level():
    series = simulate(80, level=5, breaks={40: 4.0}, seed=4)
    now = present(discretise(RegimeModel(), series), 2000, np.random.default_rng(0))
    paths = ahead(now, np.ones(3), np.ones(3), np.random.default_rng(1), breaks=False)
    assert paths.dtype == np.int64
    assert paths.min() >= 0
    assert paths.mean() == pytest.approx(np.mean(series.value[40:]), rel=0.2)


@pytest.mark.parametrize(("field", "value"), [("spreads", ()), ("correlations", (1.0,)), ("dispersions", (0.0,)),
                                              ("level_spread", 0.0), ("breaks", -1.0), ("nodes", 1)])
def test_a_wrong_prior_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        RegimeModel(**{field: value})


@pytest.mark.parametrize(("field", "value"), [("draws", 0), ("credibility", 1.0)])
def test_a_wrong_threshold_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        Regimes(**{field: value})
