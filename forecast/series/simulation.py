"""Simulated series with known truth, for tests, calibration and documentation; always named as simulated."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast.series.days import day_of
from forecast.series.series import Series
from forecast.series.values import Kind

LONGEST = 1_000_000  # rows
HIGHEST = 1e9  # of a level, or of a factor on it


def simulate(n: int = 104, level: float = 10.0, breaks: Mapping[int, float] | None = None, *, dispersion: float = 5.0,
             spread: float = 0.3, correlation: float = 0.5, missing: float = 0.0, at_least: float = 0.0,
             start: str = "2022-01-03", freq: str = "W-MON", kind: Kind = "flow", seed: int = 0) -> Series:
    """A simulated count series: NB around level segments with a mean-one AR(1) log intensity.

    breaks : first row of each new segment -> factor on the level there (cumulative)
    dispersion : size r of the negative binomial (variance = mean + mean^2 / r)
    spread, correlation : marginal sd and lag-one autocorrelation of the log intensity around its level
    missing, at_least : shares of rows that are not observed, and that are known as "at least 80 %" of the count alone
    start : the first row is the first of the grid from this day on
    Raises ValueError when a share lies outside [0, 1) or a break outside the rows.

    >>> simulate(6, level=4, seed=1).value.tolist()
    [2.0, 7.0, 7.0, 2.0, 5.0, 6.0]
    """
    if not 1 <= n <= LONGEST:
        raise ValueError(f"simulate: n must lie between 1 and {LONGEST:,}, got {n}")
    for name, share in (("missing", missing), ("at_least", at_least), ("correlation", correlation)):
        if not 0 <= share < 1:
            raise ValueError(f"simulate: {name} must lie in [0, 1), got {share}")
    if not (0 <= level <= HIGHEST and dispersion > 0 and spread >= 0):
        raise ValueError(f"simulate: level must lie in [0, {HIGHEST:g}], dispersion above 0 and spread at 0 or above, "
                         f"got {level}, {dispersion} and {spread}")
    factors = np.ones(n)
    for at, factor in (breaks or {}).items():
        if not 0 <= factor <= HIGHEST:
            raise ValueError(f"simulate: the factor at row {at} must lie in [0, {HIGHEST:g}], got {factor}")
        if not 0 < at < n:
            raise ValueError(f"simulate: break at row {at} lies outside 1 to {n - 1}")
        factors[at:] *= factor
    rng = np.random.default_rng(seed)
    unit = np.empty(n)
    unit[0] = rng.standard_normal()
    for t in range(1, n):
        unit[t] = correlation * unit[t - 1] + np.sqrt(1 - correlation**2) * rng.standard_normal()
    mean = level * factors * np.exp(spread * unit - spread**2 / 2)
    counts = rng.poisson(mean * rng.gamma(dispersion, 1 / dispersion, size=n)).astype(float)
    bounded = rng.random(n) < at_least
    low, high = np.where(bounded, np.floor(0.8 * counts), counts), np.where(bounded, np.inf, counts)
    unseen = rng.random(n) < missing
    counts[unseen] = low[unseen] = high[unseen] = np.nan
    return Series.from_values(counts, start=_first(start, freq), freq=freq, low=low, high=high, kind=kind,
                              name="simulated", site="simulated yard", measure="railcars")


def _first(start: str, freq: str) -> str:
    """The first day of the grid from `start` on; a start or a grid that is none is left for `Series` to refuse."""
    try:
        return str(pd.tseries.frequencies.to_offset(freq).rollforward(pd.Timestamp(day_of(start, "start"))).date())
    except (ValueError, TypeError, AttributeError, OverflowError):
        return start


