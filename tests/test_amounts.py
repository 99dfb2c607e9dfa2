"""Amounts (tonnes, barrels): positive reals that may be nothing, in any unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast import RegimeModel, Series, load
from forecast.regime_model.amounts import is_amount, logs_of, offset_of


def amounts(*parts: tuple[float, int], seed: int = 0, factor: float = 1.0) -> Series:
    """Simulated months around levels that scatter by a half of themselves."""
    rng = np.random.default_rng(seed)
    values = np.concatenate([level * rng.lognormal(0.0, 0.5, number) for level, number in parts])
    return Series.from_values(np.round(values * factor, 1), start="2018-01-01", freq="MS", unit="tonnes", name="simulated")


def test_an_amount_is_no_count_even_where_its_numbers_are_whole():
    whole = Series.from_values([3, 0, 5], start="2018-01-01", freq="MS", unit="tonnes")
    assert not whole.is_count
    assert is_amount(whole)
    assert not is_amount(replace(whole, unit="count"))
    assert not is_amount(Series.from_values([3, -1, 5], start="2018-01-01", freq="MS", unit="degrees"))


def test_nothing_stays_nothing_and_bounds_stay_bounds():
    series = Series.from_values([np.nan, 0.0, 8.0], start="2018-01-01", freq="MS", unit="tonnes", low=[2.0, np.nan, np.nan],
                                high=[np.inf, np.nan, np.nan])
    logs = logs_of(series, offset_of(series))
    assert logs.low[1] == logs.high[1] == 0
    assert np.isinf(logs.high[0])
    assert logs.low[0] < logs.low[2]


@pytest.mark.parametrize("factor", [0.001, 1.0, 1000.0])
def test_a_stop_and_a_restart_are_dated_in_any_unit(factor):
    fit = RegimeModel().fit(amounts((12_000, 24), (0, 14), (5_000, 20), factor=factor))
    assert [each.position for each in fit.breaks] == [24, 38]
    assert fit.breaks[0].after < 0.05 * fit.breaks[0].before
    assert fit.breaks[1].after == pytest.approx(5_000 * factor, rel=0.5)


def test_a_steady_amount_shows_no_change():
    assert sum(bool(RegimeModel().fit(amounts((12_000, 50), seed=seed)).breaks) for seed in range(10)) <= 1


def test_oil_shows_the_closure_of_2020_and_the_restart_of_december_2022_without_being_told():
    oil = load("khasan_rajin").series["oil_reported_to_the_UN"].read().series
    closed, reopened = RegimeModel().fit(oil).breaks
    assert closed.after < 0.05 * closed.before
    assert closed.low <= "2020-07-01" <= closed.high
    assert reopened.after > 10 * reopened.before
    assert reopened.low <= "2022-12-01" <= reopened.high
