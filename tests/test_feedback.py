"""Dependence on the last count, beside a latent intensity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom

from forecast import Series, detect
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.last_count import emission, last_exact, run, tellable
from forecast.regime_model.likelihood import Counts
from forecast.regime_model.odd_rows import Odd
from forecast.regime_model.posterior import ahead, present, sample
from forecast.regime_model.problem import discretise
from tests.bench.designs import lagged

INF = np.inf


def drawn(phi: float, gaps: list[float], *, level: float = 12.0, rate: float = 0.0, age: float = INF,
          noise: float = 8.0, number: int = 60_000) -> np.ndarray:
    latent = np.full((number, len(gaps)), np.log(level))
    return run(Counts(), latent, np.ones(len(gaps)), np.array(gaps), np.full(number, phi), np.full(number, noise),
               np.random.default_rng(0), rate, age)


def test_the_last_exact_row_is_found_through_gaps_and_bounds():
    nan = np.nan
    low, high = np.array([[4.0, nan, 3.0, 6.0]]), np.array([[4.0, nan, INF, 6.0]])
    rate, age = last_exact(low, high, np.array([2.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.5]))
    assert rate.tolist() == [[0.0, 2.0, 2.0, 2.0, 6.0]]
    assert age.tolist() == [[INF, 1.0, 2.0, 2.5, 0.0]]


def test_an_adjacent_row_has_the_negative_binomial_likelihood_around_the_last_one():
    levels, phi, noise = np.log([5.0, 10.0, 20.0]), np.array([0.6]), np.array([4.0])
    rows = np.array([[np.nan] * 5, [9.0, 9.0, 2.0, 3.0, 1.0]])
    found = emission(rows, levels, phi, noise, Odd())
    mean = 2.0 * (0.4 * np.exp(levels) + 0.6 * 3.0)
    assert np.log(found.table[1, 0, 0]) + found.peak[1, 0] == pytest.approx(nbinom.logpmf(9, 4.0, 4.0 / (4.0 + mean)),
                                                                               abs=1e-5)
    assert (found.table[0] == 1).all()


def test_bounds_hold_the_sum_of_what_lies_within():
    levels, phi, noise = np.log([5.0, 10.0]), np.array([0.5]), np.array([3.0])
    exact = np.array([[y, y, 1.0, 7.0, 3.0] for y in range(4, 9)])
    parts = emission(exact, levels, phi, noise, Odd())
    within = emission(np.array([[4.0, 8.0, 1.0, 7.0, 3.0]]), levels, phi, noise, Odd())
    total = (parts.table[:, 0, 0] * np.exp(parts.peak[:, 0])[:, None]).sum(axis=0)
    assert within.table[0, 0, 0] * np.exp(within.peak[0, 0]) == pytest.approx(total, rel=1e-4)


def test_paths_have_the_level_as_mean_and_phi_as_autocorrelation():
    paths = drawn(0.7, [1.0] * 12, number=20_000)
    assert paths.mean() == pytest.approx(12, rel=0.01)
    assert np.corrcoef(paths[:, -2], paths[:, -1])[0, 1] == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize("phi", [0.4, 0.8])
def test_a_long_gap_at_once_is_as_the_rows_between_one_by_one(phi):
    steps, once = (drawn(phi, gaps, rate=15.0, age=0.0)[:, -1] for gaps in ([1.0] * 3, [3.0]))
    assert once.mean() == pytest.approx(steps.mean(), rel=0.01)
    assert once.std() == pytest.approx(steps.std(), rel=0.08)  # up to how much the scatter grows with the mean


def test_lagged_counts_are_known_as_such_and_their_fall_is_found():
    falls = [bool(detect(series)) for series in lagged("phi .4", 12, 4, at=60)]
    quiet = [bool(detect(series)) for series in lagged("phi .4", 12, 4)]
    assert sum(falls) >= 10
    assert sum(quiet) <= 1
    series = lagged("phi .7", 1, 7)[0]
    posterior = sample(discretise(RegimeModel(), series), 500, np.random.default_rng(0))
    assert np.mean(posterior.feedback > 0) > 0.8


def test_the_forecast_of_lagged_counts_starts_at_the_last_one():
    counts = lagged("phi .7", 1, 7, n=200)[0].low
    high = Series.from_values([*counts, 40], start="2020-01-06", freq="W-MON")
    low = Series.from_values([*counts, 4], start="2020-01-06", freq="W-MON")
    means = [ahead(present(discretise(RegimeModel(), series), 2000, np.random.default_rng(1)), np.ones(1), np.ones(1),
                   np.random.default_rng(2)).mean() for series in (high, low)]
    assert means[0] > means[1] + 8


def test_bounds_or_rare_counts_do_not_ask_for_dependence():
    weekly = Series.from_values([3, 4, 5, 4] * 5, start="2020-01-06", freq="W-MON")
    loose = Series.from_counts(weekly.start, weekly.low, high=np.full(20, INF))
    gaps = np.ones(19)
    assert tellable(weekly, gaps)
    assert not tellable(loose, gaps)
    assert discretise(RegimeModel(), loose).blocks[-1].feedback.max() == 0


def test_shares_outside_nought_to_one_are_refused():
    with pytest.raises(ValueError, match="feedback must lie between 0 and 1"):
        RegimeModel(feedback=(1.0,))
