"""Forecasters: `paths(series, horizon, draws, rng)`. One file a member; the names are those of `conf/models/`."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from forecast.registry import make
from forecast.series import Series


class Forecaster(Protocol):
    """One stateless method; constructors are cheap and typed, and never look at data."""

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths of the `horizon` rows after the last one, int64 [draws, horizon], never negative.

        `series` lies on a regular grid (NaN = not observed); nothing but it is looked at.
        """
        ...


def predict(series: Series, model: str | Forecaster = "auto", horizon: int = 12, draws: int = 1000,
            seed: int = 0) -> np.ndarray:
    """Sample paths of the next `horizon` rows by a model's name (see `conf/models/`) or object.

    Returns int64 [draws, horizon]. Mean, quantiles, totals and scores follow from the paths.
    Raises ValueError for fractions or negatives, a series without observations or without a regular grid, and a
    horizon or number of draws below one.

    >>> predict(Series.from_values([4, 6, 5, 4, 6, 5, 4, 6]), model="mean", horizon=3, draws=10).shape
    (10, 3)
    """
    if not series.is_count:
        raise ValueError(f"series {series.name}: forecasters take whole counts of at least zero: "
                         "round or rescale the values first")
    if not series.observed.any():
        raise ValueError(f"series {series.name}: no row holds an observation: nothing can be forecast")
    if series.freq is None:
        raise ValueError(f"series {series.name}: irregular dates: put it on a grid first, e.g. series.regular('W-MON')")
    for name, number in (("horizon", horizon), ("draws", draws)):
        if int(number) != number or number < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {number!r}")
    chosen: Forecaster = make("models", model) if isinstance(model, str) else model
    return chosen.paths(series, int(horizon), int(draws), np.random.default_rng(seed))
