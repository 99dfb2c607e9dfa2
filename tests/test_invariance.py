"""Changes of the data that must not change what the regime model says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast import Series, detect, simulate
from forecast.breaks.regimes import Regimes
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.grid import scatter_of_logs
from forecast.regime_model.problem import discretise
from forecast.regime_model.step_likelihoods import evidence

SMALL = RegimeModel(spreads=(0.3, 0.8), correlations=(0.5, 0.88), dispersions=(2.0, 15.0))


def ratios(series: Series, model: RegimeModel = SMALL) -> np.ndarray:
    """Log Bayes factor of a break in each gap."""
    return evidence(discretise(model, series)).log_ratio()[:, 0]


def broken(seed: int, **more) -> Series:
    return simulate(40, level=9, breaks={22: 2.5}, missing=0.1, seed=seed, **more)


@settings(max_examples=10, deadline=None)
@given(days=st.integers(-20000, 5000), seed=st.integers(0, 50))
def test_a_shift_in_time_changes_nothing(days, seed):
    series = broken(seed)
    step = np.timedelta64(days, "D")
    moved = replace(series, start=series.start + step, end=series.end + step, freq=None)
    assert np.allclose(ratios(moved), ratios(replace(series, freq=None)), atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 50))
def test_time_reversed_turns_the_evidence_around(seed):
    series = broken(seed)
    turned = replace(series, low=series.low[::-1].copy(), high=series.high[::-1].copy(),
                     exposure=series.exposure[::-1].copy())
    model = replace(SMALL, feedback=())  # dependence on the last count has a direction
    assert np.allclose(ratios(turned, model), ratios(series, model)[::-1], atol=0.02)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 50), at=st.integers(2, 37))
def test_a_missing_row_may_be_split(seed, at):
    """Two missing rows on the days of one: the same evidence for everything around them."""
    series = broken(seed)
    low, high = series.low.copy(), series.high.copy()
    low[at] = high[at] = np.nan
    whole = replace(series, low=low, high=high, freq=None)
    days = np.timedelta64(3, "D")
    start = np.insert(whole.start, at + 1, whole.start[at] + days)
    end = np.insert(whole.end, at, whole.start[at] + days)
    split = Series(start=start, end=end, low=np.insert(low, at, np.nan), high=np.insert(high, at, np.nan),
                   exposure=np.insert(whole.exposure, at, 1.0), kind=whole.kind)
    outside = np.r_[0:at - 1, at + 1:len(whole) - 1]
    same = np.r_[0:at - 1, at + 2:len(split) - 1]
    assert np.allclose(ratios(split)[same], ratios(whole)[outside], atol=0.15)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 50))
def test_half_the_watching_for_the_same_counts_is_twice_the_level(seed):
    series = broken(seed)
    half = replace(series, exposure=np.full(len(series), 0.5))
    assert np.allclose(ratios(half), ratios(series), atol=1e-3)
    one, two = (Regimes(season=False, draws=300).posterior(s) for s in (series, half))
    assert np.median(two.level - one.level) == pytest.approx(np.log(2), abs=0.15)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 50), factor=st.floats(0.01, 1000), shift=st.floats(-1e3, 1e3))
def test_reals_in_another_unit_break_at_the_same_rows(seed, factor, shift):
    rng = np.random.default_rng(seed)
    y = np.concatenate([rng.normal(0.1, 1, 30), rng.normal(4.1, 1, 25)])
    one = detect(Series.from_values(y), "regimes")
    two = detect(Series.from_values(factor * y + shift), "regimes")
    assert [b.position for b in one] == [b.position for b in two]


def test_reals_that_only_wander_are_not_broken():
    calls = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        z = rng.standard_normal(90)
        for t in range(1, 90):
            z[t] += 0.6 * z[t - 1]
        calls += bool(detect(Series.from_values(z), "regimes"))
    assert calls <= 2


@pytest.mark.parametrize("sd", [0.1, 0.4])
def test_runs_of_one_count_hide_nothing_of_how_far_the_others_scatter(sd):
    rng = np.random.default_rng(5)
    counts = np.round(1000 * np.exp(sd * rng.standard_normal(60)))
    assert scatter_of_logs(counts, np.ones(60)) == pytest.approx(sd, rel=0.25)
    with_run = np.concatenate([counts[:30], np.full(90, 12.0), counts[30:]])
    assert scatter_of_logs(with_run, np.ones(150)) == pytest.approx(scatter_of_logs(counts, np.ones(60)), rel=0.1)


def test_counts_scatter_by_half_of_independent_events_at_least():
    assert scatter_of_logs(np.full(40, 16.0), np.ones(40)) == 0.125  # half of 1 / sqrt(16)
    assert scatter_of_logs(np.arange(400.0, 440.0), np.ones(40)) == pytest.approx(0.5 / np.sqrt(419.5))


def test_exposure_is_taken_out_of_the_scatter():
    scale = np.tile([1.0, 4.0], 30)
    counts = np.round(500 * scale * np.exp(0.05 * np.random.default_rng(2).standard_normal(60)))
    assert scatter_of_logs(counts, scale) == pytest.approx(0.05, rel=0.3)
