"""The default for real values: it finds levels and trends, and takes neither persistence nor season for breaks."""

from __future__ import annotations

import numpy as np
import pytest

from forecast import Series
from forecast.breaks.segments import Segments, Sums, designs


def positions(y: np.ndarray, **settings: float) -> list[int]:
    return [b.position for b in Segments(**settings).detect(Series.from_values(y, start="1900-01-01", freq="MS"))]


def autoregression(rng: np.random.Generator, n: int, phi: float) -> np.ndarray:
    z = rng.normal(size=n)
    for t in range(1, n):
        z[t] += phi * z[t - 1]
    return z


def test_a_level_break_has_its_date_and_interval() -> None:
    y = np.random.default_rng(0).normal(size=200) + 4.0 * (np.arange(200) >= 120)
    (found,) = Segments().detect(Series.from_values(y))
    assert found.position == 120
    assert found.low <= found.at <= found.high
    assert found.probability > 0.9
    assert found.after - found.before == pytest.approx(4, abs=0.4)


def test_a_change_of_trend_is_found_near_its_date() -> None:
    t = np.arange(200)
    y = np.where(t < 100, 0.05 * t, 5 - 0.08 * (t - 100)) + np.random.default_rng(1).normal(scale=0.2, size=200)
    (found,) = positions(y)
    assert found == pytest.approx(100, abs=6)


@pytest.mark.parametrize("kind", ["AR .5", "AR .9", "trend", "season", "trend, AR .8", "outliers"])
def test_what_is_not_a_break_is_rarely_called_one(kind: str) -> None:
    t, alarms = np.arange(150), 0
    for seed in range(40):
        rng = np.random.default_rng([seed, 7])
        y = {"AR .5": autoregression(rng, 150, 0.5), "AR .9": autoregression(rng, 150, 0.9),
             "trend": 0.04 * t + rng.normal(size=150), "season": 3 * np.sin(t * np.pi / 6) + rng.normal(size=150),
             "trend, AR .8": 0.04 * t + autoregression(rng, 150, 0.8),
             "outliers": rng.normal(size=150) + 9 * (rng.random(150) < 0.02)}[kind]
        alarms += len(positions(y)) > 0
    assert alarms <= 5


def test_a_season_does_not_hide_a_break() -> None:
    rng = np.random.default_rng(3)
    t = np.arange(180)
    y = 4 * np.sin(t * np.pi / 6) + 4.0 * (t >= 90) + rng.normal(size=180)
    assert positions(y) == pytest.approx([90], abs=2)


def test_long_series_are_cut_to_the_row() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(size=30_000) + 2.0 * (np.arange(30_000) >= 20_011)
    (found,) = Segments().detect(Series.from_values(y, start="1900-01-01", freq="D"))
    assert found.position == pytest.approx(20_011, abs=3)
    assert found.low <= found.at <= found.high


def test_sums_give_the_rss_of_least_squares() -> None:
    rng = np.random.default_rng(5)
    y = 1e3 + np.cumsum(rng.normal(size=80))
    for X in designs(y, np.arange(80.0)):
        sums = Sums.of(y, X)
        for start, stop in ((0, 80), (10, 17), (40, 79)):
            beta = np.linalg.lstsq(X[start:stop], y[start:stop], rcond=None)[0]
            expected = float(((y[start:stop] - X[start:stop] @ beta) ** 2).sum())
            assert sums.rss(np.array([start]), np.array([stop]))[0] == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_intervals_cover_about_what_they_state() -> None:
    inside = total = 0
    for seed in range(60):
        rng = np.random.default_rng([seed, 9])
        y = rng.normal(size=120) + 1.5 * (np.arange(120) >= 70)
        series = Series.from_values(y)
        for found in Segments().detect(series):
            total += 1
            inside += found.low <= str(series.start[70]) and str(series.start[69]) <= found.high
    assert total >= 50
    assert inside / total >= 0.8


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ValueError, match="share must lie from"):
        Segments(share=0.7)
