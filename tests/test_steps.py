"""Members know the steps of the level: which there are, how sure they are, and what follows after them (simulated)."""

from __future__ import annotations

import numpy as np
import pytest

from forecast import Series, predict
from forecast.models.levels import on_last_level
from forecast.models.negative_binomial import NegativeBinomial
from forecast.models.season import calendar_season, seems_yearly
from forecast.models.steps import (
    NONE,
    Steps,
    Told,
    changes_again,
    knows_steps,
    likely,
    seems_stepped,
    steps_of,
    takes_steps,
)
from forecast.panel.one import examine
from forecast.panel.settings import Settings
from forecast.regime_model.harmonics import Harmonics
from forecast.support.registry import make, names


def weekly(y: np.ndarray) -> Series:
    return Series.from_values(y, start="2022-01-03", freq="W-MON")


def shifted(after: int, seed: int, rows: int = 104, factor: float = 4.0) -> tuple[Series, np.ndarray]:
    """Weeks around 10 that rise to 40 so many rows before the end, and the eight that follow."""
    level = np.where(np.arange(rows + 8) >= rows - after, 10 * factor, 10.0)
    y = np.random.default_rng(seed).poisson(level).astype(float)
    return weekly(y[:rows]), y[rows:]


@pytest.mark.parametrize("after", [4, 8, 20])
def test_the_regression_forecasts_the_level_after_a_shift(after: int) -> None:
    inside = []
    for seed in range(6):
        series, future = shifted(after, seed)
        paths = predict(series, "negative_binomial", 8, 300)
        low, high = np.quantile(paths, [0.1, 0.9], axis=0)
        inside.append(((low <= future) & (future <= high)).mean())
    assert np.mean(inside) >= 0.7


def test_sarimax_goes_on_with_a_trend_and_starts_from_a_step() -> None:
    line = np.linspace(20, 90, 117)
    y = np.random.default_rng(0).poisson(line).astype(float)
    paths = predict(weekly(y[:104]), "sarimax", 13, 300)
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    assert ((low <= y[104:]) & (y[104:] <= high)).mean() >= 0.6
    assert np.median(predict(shifted(8, 1)[0], "sarimax", 4, 300)) == pytest.approx(40, abs=6)


def test_a_steady_level_has_no_step_and_a_shift_has_one_where_it_came() -> None:
    calm = steps_of(weekly(np.random.default_rng(0).poisson(10, 104)), Harmonics(), np.random.default_rng(0))
    assert calm.share[calm.sets.index(())] > 0.6
    found = steps_of(shifted(8, 1)[0], Harmonics(), np.random.default_rng(0))
    assert found.share[found.sets.index(())] == 0
    assert all(rows[-1] == 96 for rows in found.sets if rows)


def test_a_shift_beyond_all_doubt_overflows_nothing() -> None:
    y = np.random.default_rng(0).poisson(np.where(np.arange(300) < 150, 20, 20_000))
    found = steps_of(weekly(y), Harmonics(), np.random.default_rng(0))
    assert max(zip(found.share, found.sets, strict=True))[1] == (150,)


def test_the_sets_of_steps_share_the_draws() -> None:
    jumps = np.zeros((100, 9), dtype=bool)
    jumps[:60, 4] = True
    found = likely(jumps, np.arange(1, 10))
    assert found.sets == ((), (5,))
    assert found.share == pytest.approx((0.4, 0.6))
    assert found.numbers(10).tolist() == [4, 6]


def test_a_trend_that_explains_the_counts_takes_weight_from_steps() -> None:
    both = Steps(((), (5,)), (0.2, 0.8))
    assert both.beside(np.array([0.0, 20.0])).share == pytest.approx((0.2, 0.8))
    assert both.beside(np.array([20.0, 0.0])).share == pytest.approx((1.0, 0.0), abs=1e-6)


def test_a_level_that_changed_once_stays_and_one_that_changed_often_changes_again_within_its_levels() -> None:
    rng = np.random.default_rng(0)
    step, first = np.tile([1.0, -1.0, 1.0], (500, 1)), np.array([10, 20, 30])
    change = changes_again(step, first, (500, 40), 40, rng)
    assert 0.5 < (change != 0).any(axis=1).mean() < 1
    assert change.min() == pytest.approx(-1)  # from the present level, 1, back to 0 and up again
    assert change.max() == pytest.approx(0)


class Deaf:
    """A member of a user's own that takes no steps."""

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        return rng.poisson(np.nanmean(series.low), (draws, horizon))


def test_a_member_is_told_the_steps_and_one_without_use_for_them_is_left_as_it_is() -> None:
    series, _ = shifted(8, 2)
    model, rng = NegativeBinomial(), np.random.default_rng
    assert takes_steps(model)
    told = Told(model, Steps(((96,),))).paths(series, 4, 200, rng(0))
    untold = Told(model, NONE).paths(series, 4, 200, rng(0))
    assert np.median(told) == pytest.approx(40, abs=4)
    assert np.median(untold) < 30
    np.testing.assert_array_equal(Told(Deaf(), NONE).paths(series, 4, 50, rng(1)), Deaf().paths(series, 4, 50, rng(1)))


@pytest.mark.parametrize("name", names("models"))
def test_every_member_starts_from_the_level_after_a_shift_or_says_that_it_does_not(name: str) -> None:
    if not knows_steps(make("models", name)):
        assert name == "prophet"
        return
    paths = predict(shifted(8, 1)[0], name, 4, 300)
    assert np.median(paths) == pytest.approx(40, abs=8)
    low, high = np.quantile(paths, [0.1, 0.9])
    assert 10 < high - low < 32  # Poisson noise alone is 16 wide


def test_a_shift_of_small_counts_is_looked_into_and_their_scatter_is_not() -> None:
    rng = np.random.default_rng(8)
    mean = np.concatenate([np.ones(100), np.full(6, 4.0)])
    looked = [[seems_stepped(rng.poisson(level).astype(float)) for _ in range(60)] for level in (mean, np.ones(106))]
    assert np.mean(looked[0]) > 0.85
    assert np.mean(looked[1]) < 0.15


def test_half_of_the_steps_of_sparse_counts_are_believed_to_stay() -> None:
    found = Steps(((), (90,), (92,)), (0.2, 0.6, 0.2)).believed(0.5)
    assert found.sets == ((), (90,), (92,))
    assert found.share == pytest.approx((0.6, 0.3, 0.1))
    assert NONE.believed(0.5).sets == ((),)
    counts = np.random.default_rng(3).poisson(np.append(np.full(100, 0.6), np.full(12, 4.0)))
    series = Series.from_values(counts, start="2021-01-04", freq="W-MON")
    assert np.nanmean(counts) < 2
    mean = predict(series, "auto", 4, 800).mean()
    assert 2.7 < mean < 4.2  # 2.4 if they were told no step


def test_counts_brought_to_another_level_are_counts_of_that_level() -> None:
    rng = np.random.default_rng(0)
    size, mean = 5.0, np.where(np.arange(4000) < 3000, 8.0, 24.0)
    series = weekly(rng.poisson(mean * rng.gamma(size, 1 / size, 4000)).astype(float))
    for row, level in ((3000, 24.0), (1, series.low[1:].mean())):
        found = on_last_level(series, (row,), Harmonics(), rng).series
        np.testing.assert_array_equal(found.low[row:], series.low[row:])
        assert found.low.mean() == pytest.approx(level, rel=0.03)
    up = on_last_level(series, (3000,), Harmonics(), rng)
    assert np.var(up.series.low[:3000]) == pytest.approx(24 + 24**2 / size, rel=0.15)
    assert up.error == pytest.approx(np.sqrt((1 / 24 + 1 / size) / 1000), rel=0.2)
    down = on_last_level(weekly(series.low[::-1]), (1000,), Harmonics(), rng)
    assert np.var(down.series.low[:1000]) == pytest.approx(8 + 8**2 / size, rel=0.2)


def test_the_level_of_few_rows_is_known_less_well_where_rows_are_alike() -> None:
    rng = np.random.default_rng(1)
    wave = np.zeros(200)
    for row in range(1, 200):
        wave[row] = 0.8 * wave[row - 1] + rng.normal(0, 0.2)
    errors = [on_last_level(weekly(rng.poisson(40 * np.exp(each))), (196,), Harmonics(), rng).error
              for each in (wave, rng.permutation(wave))]
    assert errors[0] > 1.5 * errors[1]


def test_sarimax_takes_a_line_for_no_staircase() -> None:
    y = np.random.default_rng(0).poisson(np.linspace(20, 90, 104)).astype(float)
    stairs = Steps(((26, 52, 78),))
    paths = Told(make("models", "sarimax"), stairs).paths(weekly(y), 8, 300, np.random.default_rng(0))
    assert np.median(paths) > 85


def test_a_year_of_days_is_known_from_one_and_a_half_cycles() -> None:
    rng, days = np.random.default_rng(1), np.arange(560 + 180)
    mean = 30 * np.exp(0.8 * np.sin(2 * np.pi * days / 365.25))
    series = Series.from_values(rng.poisson(mean[:560]), start="2021-03-01", freq="D")
    assert "year" in calendar_season(series).names
    middle = np.median(predict(series, "negative_binomial", 180, 200), axis=0)
    assert np.corrcoef(middle, mean[560:])[0, 1] > 0.9


def test_few_counts_show_a_year_too() -> None:
    rng, weeks = np.random.default_rng(2), np.arange(260)
    y = rng.poisson(np.exp(-0.7 + 1.2 * np.sin(2 * np.pi * weeks / 52.18)))
    assert calendar_season(weekly(y)).names == ("year",)
    assert calendar_season(weekly(rng.poisson(0.6, 260))).names == ()
    assert seems_yearly(weekly(y))


@pytest.mark.parametrize("rows", [104, 900])
def test_a_panel_forecasts_the_level_that_its_tables_tell(rows: int) -> None:
    level = np.where(np.arange(rows) >= rows - 10, 40.0, 10.0)
    y = np.random.default_rng(3).poisson(level)
    series = Series.from_values(y, start="2021-01-04", freq="W-MON" if rows == 104 else "D")
    found = examine(series, Settings(horizon=8))
    assert found.breaks[-1]["after"] == pytest.approx(40, rel=0.2)
    assert [row["q0.5"] for row in found.forecast] == pytest.approx([40] * 8, rel=0.15)


@pytest.mark.parametrize("model", ["mean", "negative_binomial", "auto"])
def test_images_that_are_mostly_bounds_are_forecast_from_the_level_after_the_last_step(model: str) -> None:
    """At most 20 on each of 55 days, five of them counted, then few images with more, most of them at least: a yard."""
    days = np.concatenate([np.arange(0, 165, 3), [255, 355, 414, 440, 441, 450, 511, 637]]) + np.datetime64("2022-01-03")
    low = np.concatenate([np.zeros(55), [62, 15, 30, 86, 43, 44, 219, 8]])
    high = np.concatenate([np.full(55, 20.0), [84, *[np.inf] * 5, 297, np.inf]])
    low[:55:11] = high[:55:11] = 5
    middle = np.where(np.isinf(high), low, (low + np.where(np.isinf(high), low, high)) / 2)
    series = Series.from_counts(days, np.rint(middle), low=low, high=high, kind="stock")
    assert 90 < np.median(predict(series, model, 3, 200)[:, -1]) < 300
