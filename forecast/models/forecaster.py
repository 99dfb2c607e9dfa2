"""Forecasters: `paths(series, horizon, draws, rng)`. One file a member; the names are those of `conf/models/`."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pandas as pd

from forecast.series.series import Series, check_series
from forecast.support.registry import make
from forecast.support.validation import check_paths


class Forecaster(Protocol):
    """One stateless method; constructors are cheap and typed, and never look at data."""

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths of the `horizon` rows after the last one, int64 [draws, horizon], never negative.

        `series` lies on a regular grid (NaN = not observed); nothing but it is looked at.
        """
        ...


def predict(series: Series, model: str | Forecaster = "auto", horizon: int = 12, draws: int = 1000,
            seed: int = 0, *, exposure: Any = None, known: pd.DataFrame | None = None) -> np.ndarray:
    """Sample paths of the next `horizon` rows by a model's name (see `conf/models/`) or object.

    Returns int64 [draws, horizon]. Mean, quantiles, totals and scores follow from the paths.
    exposure : share of each coming row's days on which something could be seen, one number or [horizon] in (0, 1], for
        a flow: the paths are then the counts *seen*; None gives the counts that are *there* (what a full watch
        would see), whatever the exposure of the history was
    known : covariates known ahead, a frame of numbers with the start of each row as its index, for every row of the
        series and of the horizon; `negative_binomial`, `prophet` and `sarimax` take them, others refuse

    Raises ValueError for fractions or negatives, a series without observations or without a regular grid, a horizon
    or number of draws below one, an exposure outside (0, 1] or of a stock, and covariates with a gap.

    >>> predict(Series.from_values([4, 6, 5, 4, 6, 5, 4, 6]), model="mean", horizon=3, draws=10).shape
    (10, 3)
    """
    check_ahead(series, "predict")
    check_paths(horizon, draws, seed)
    share = None if exposure is None else watched(series, exposure, int(horizon))
    chosen: Forecaster = make("models", model) if isinstance(model, str) else model
    if not callable(getattr(chosen, "paths", None)):
        raise TypeError(f"model {model!r} has no paths(): name one of conf/models, or give a forecaster")
    rng = np.random.default_rng(seed)
    if known is None:
        paths = chosen.paths(series, int(horizon), int(draws), rng)
    else:
        from forecast.models.covariates import paths_given

        paths = paths_given(chosen, series, known, int(horizon), int(draws), rng)
    return paths if share is None else rng.binomial(paths, share)


def check_counts(series: Series, caller: str) -> None:
    """Raise ValueError for what `caller` was given that is no series of whole counts."""
    check_series(series, caller)
    if not series.is_count:
        raise ValueError(f"series {series.name}: forecasters take whole counts of at least zero: "
                         "round or rescale the values first")


def check_ahead(series: Series, caller: str) -> None:
    """Raise ValueError for what `caller` was given that is no series of whole counts on a grid, some observed."""
    check_counts(series, caller)
    if not series.observed.any():
        raise ValueError(f"series {series.name}: no row holds an observation: nothing can be forecast")
    if series.freq is None:
        raise ValueError(f"series {series.name}: irregular dates: put it on a grid first, e.g. series.regular('W-MON')")


def watched(series: Series, exposure: Any, horizon: int) -> np.ndarray:
    """Exposure of the coming rows [horizon], from one number or one a row; ValueError as `predict` says."""
    if series.kind != "flow":
        raise ValueError(f"series {series.name}: exposure belongs to a flow; a stock is there whole on each image: "
                         "leave it out")
    share = np.asarray(exposure, dtype=float)
    if share.shape not in {(), (horizon,)}:
        raise ValueError(f"exposure has shape {share.shape}, the horizon is {horizon}: give one number or one a row")
    if not np.all((share > 0) & (share <= 1)):
        raise ValueError(f"exposure is a share of days in (0, 1], got {share.min():g} to {share.max():g}")
    return np.broadcast_to(share, (horizon,))


def totals(paths: np.ndarray) -> np.ndarray:
    """Total over the horizon of each path [draws]: its quantiles are those of the total, not sums of quantiles.

    >>> totals(np.array([[1, 2, 3], [0, 0, 4]])).tolist()
    [6, 4]
    """
    return np.asarray(np.asarray(paths).sum(axis=1))
