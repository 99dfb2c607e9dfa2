"""Forecasts on a condition: what comes if a level of the past returns, or one that is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.models.forecaster import check_ahead, watched
from forecast.models.measures import in_units
from forecast.models.regimes import Regimes
from forecast.models.season import factors
from forecast.regime_model.posterior import Present, ahead, present, sample
from forecast.regime_model.problem import discretise
from forecast.series.days import day_of
from forecast.series.series import Series, check_series
from forecast.support.validation import check_paths


@dataclass(frozen=True)
class Window:
    """Rows [first, last) whose level is to return."""

    first: int
    last: int


def scenario(series: Series, horizon: int = 12, *, since: Any = None, until: Any = None, level: float | None = None,
             exposure: Any = None, draws: int = 1000, seed: int = 0) -> np.ndarray:
    """Sample paths of the next rows if a level returns and stays, int64 [draws, horizon]; floats of an amount.

    since, until : dates of the past whose level returns ("the level of last autumn"), until not included; rows that
        touch the span count, unobserved ones too, for the model knows their level from the rows around
    level : or the level itself, the mean count of a fully watched row without its season; give one or the other
    exposure : as in `predict`

    The regime model's posterior supplies the level, how counts scatter and how they are correlated, and the season; no
    further break comes. This is a condition, not a probability that it comes true.
    Raises ValueError when neither or both are given, an end is no day, the span holds no row, or the level is no number
    of at least zero, and for a series, horizon, number of draws or seed that `predict` refuses.

    >>> quiet = Series.from_values([2, 3, 1, 2, 3, 2, 2, 3], start="2023-01-02")
    >>> scenario(quiet, horizon=4, level=40, draws=50).shape
    (50, 4)
    """
    check_series(series, "scenario")
    series, unit = in_units(series)
    check_ahead(series, "scenario")
    check_paths(horizon, draws, seed)
    horizon, draws = int(horizon), int(draws)
    window = _window(series, since, until, level)
    rng, n = np.random.default_rng(seed), len(series)
    season, model = factors(series, horizon), Regimes().model
    problem = discretise(model, series, season[:n])
    if window is None:
        now = present(problem, draws, rng)
        # the mean of a log-normal deviation is exp(s^2 / 2): the level named is that of the counts
        height = np.log(max(float(level or 0.0) / unit, 1e-9)) - now.spread**2 / 2
        settings = (now.correlation, now.spread, now.noise, now.feedback)
    else:
        past = sample(problem, draws, rng)
        # one row of the span a path: where the span holds a break, both sides of it may return
        height = past.level[np.arange(draws), rng.integers(window.first, window.last, size=draws)]
        settings = (past.correlation, past.spread, past.noise, past.feedback)
    then = Present(problem, height, rng.standard_normal(draws), *settings, rate=0.0, age=np.inf)
    paths = ahead(then, season[n:], np.ones(horizon), rng, breaks=False)
    paths = paths if exposure is None else rng.binomial(paths, watched(series, exposure, horizon))
    return paths if unit == 1.0 else paths * unit


def _window(series: Series, since: Any, until: Any, level: float | None) -> Window | None:
    """Rows that touch the span; None where the level itself is given."""
    if (level is None) == (since is None and until is None):
        raise ValueError("scenario: give a span of the past (since, until) or a level, one of the two")
    if level is not None:
        if not isinstance(level, int | float | np.number) or not 0 <= level < np.inf:
            raise ValueError(f"scenario: level is a mean count of at least 0, got {level!r}")
        return None
    first = series.start[0] if since is None else day_of(since, "scenario: since")
    last = series.end[-1] if until is None else day_of(until, "scenario: until")
    rows = np.flatnonzero((series.end > first) & (series.start < last))
    if not rows.size:
        raise ValueError(f"scenario: no row of {series.name} lies from {first} to {last}: it runs from "
                         f"{series.start[0]} to {series.end[-1]}")
    return Window(int(rows[0]), int(rows[-1]) + 1)
