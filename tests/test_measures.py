"""Amounts and irregular images are forecast too: in their unit, on a grid that is named (simulated)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast import Series, backtest, predict, scenario
from forecast.models.measures import in_units, on_grid
from forecast.panel.one import examine
from forecast.panel.settings import Settings


def tonnes(factor: float = 1.0) -> Series:
    y = np.random.default_rng(0).lognormal(np.log(12.5), 0.2, 60) * factor
    return replace(Series.from_values(np.ones(60), start="2019-01-01", freq="MS"), low=y, high=y, unit="tonnes")


def test_an_amount_is_forecast_in_its_unit_whatever_that_is() -> None:
    paths, large = (predict(tonnes(factor), horizon=6, draws=400) for factor in (1.0, 1000.0))
    assert np.median(paths) == pytest.approx(12.5, rel=0.1)
    assert not np.array_equal(paths, np.rint(paths))
    np.testing.assert_allclose(np.asarray(large), 1000 * np.asarray(paths), rtol=1e-6)
    low, high = np.quantile(paths, [0.1, 0.9])
    assert np.log(high / low) == pytest.approx(2 * 1.28 * 0.2, rel=0.35)


def test_counts_stay_as_they_are_and_fractions_without_a_unit_are_refused() -> None:
    counts = Series.from_values([3, 4, 5, 3], freq="MS")
    assert in_units(counts) == (counts, 1.0)
    with pytest.raises(ValueError, match="whole counts"):
        predict(Series.from_values([1.5, 2.0], freq="MS"))


@pytest.mark.parametrize(("gap", "freq"), [(2, "D"), (9, "W-MON"), (40, "MS"), (120, "QS-OCT")])
def test_irregular_images_are_forecast_on_a_grid_that_is_named(gap: int, freq: str) -> None:
    rng = np.random.default_rng(1)
    days = np.datetime64("2020-01-03") + np.cumsum(rng.integers(max(1, gap - 3), gap + 4, 40))
    images = Series.from_counts(days, rng.poisson(20, 40), kind="stock")
    grid = on_grid(images)
    assert grid.freq is not None
    assert grid.freq.split("-")[0] == freq.split("-", maxsplit=1)[0]
    paths = predict(images, horizon=4, draws=400)
    assert paths.when[0] >= days[-1]
    assert np.median(paths) == pytest.approx(20, abs=4)
    low, high = np.quantile(paths, [0.1, 0.9])
    assert 8 <= high - low <= 20  # the noise of one image is 11 wide


def test_irregular_flows_are_refused_as_before() -> None:
    days = np.datetime64("2020-01-03") + np.array([0, 9, 11, 40])
    with pytest.raises(ValueError, match="irregular dates"):
        predict(Series.from_counts(days, [3, 4, 5, 3], kind="flow"))


def test_a_backtest_of_an_amount_is_scored_in_its_unit() -> None:
    one, large = (backtest(tonnes(factor), ["windows", "mean"], origins=3, horizon=2, draws=100) for factor in (1.0, 1000.0))
    for column in ("crps", "wis", "sharpness_80"):
        np.testing.assert_allclose(large.scores[column], 1000 * one.scores[column], rtol=1e-4)
    for column in ("mase", "coverage_80", "brier"):
        np.testing.assert_allclose(large.scores[column], one.scores[column], rtol=1e-4)
    np.testing.assert_allclose(large.scores["log_score"], one.scores["log_score"] + np.log(1000), rtol=1e-3)
    rows = 56 + one.table.groupby("cutoff").ngroup() + one.table["step"] - 1
    np.testing.assert_allclose(one.table["observed"], tonnes().low[rows], rtol=1e-4)


def test_a_backtest_takes_irregular_images() -> None:
    rng = np.random.default_rng(1)
    days = np.datetime64("2020-01-03") + np.cumsum(rng.integers(4, 12, 60))
    images = Series.from_counts(days, rng.poisson(20, 60), kind="stock")
    scores = backtest(images, "mean", origins=6, horizon=4).scores
    assert 2 < scores["crps"][0] < 5


def test_a_scenario_of_an_amount_is_in_its_unit() -> None:
    assert np.mean(scenario(tonnes(), 6, level=20.0, draws=400)) == pytest.approx(20, rel=0.1)


def test_a_panel_takes_numbers_that_are_not_whole_for_amounts() -> None:
    series = replace(tonnes(), unit="count")
    found = examine(series, Settings(horizon=4, origins=2))
    assert "failed" not in found.series
    assert found.series["mean"] == pytest.approx(float(series.low.mean()))
    assert 1 < found.series["crps"] < 4
    assert [row["q0.5"] for row in found.forecast] == pytest.approx([12.5] * 4, rel=0.2)
    below = examine(replace(series, low=series.low - 20, high=series.high - 20), Settings())
    assert "of at least zero, got -" in below.series["failed"]
