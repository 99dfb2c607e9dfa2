"""Covariates known ahead: holidays, tides, sailing lists, image days; aligned to a series and its horizon."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from forecast.registry import make, names
from forecast.series import Series


def paths_given(model: Any, series: Series, known: pd.DataFrame, horizon: int, draws: int,
                rng: np.random.Generator) -> np.ndarray:
    """Paths of a model that takes covariates, int64 [draws, horizon]; ValueError where it takes none."""
    if "known" not in signature(model.paths).parameters:
        able = [name for name in names("models") if "known" in signature(make("models", name).paths).parameters]
        raise ValueError(f"{type(model).__name__} takes no covariates known ahead: choose one of {', '.join(able)}, or "
                         "leave `known` out")
    paths: np.ndarray = model.paths(series, horizon, draws, rng, known=aligned(known, series, horizon))
    return paths


def aligned(known: pd.DataFrame, series: Series, horizon: int) -> np.ndarray:
    """Columns at the rows of the series and of the horizon [n + horizon, k], in units of their spread in the history.

    The index of `known` holds the start of each row; other dates are left out. A column that never varied before the
    end tells a model nothing and is refused, like a gap and whatever is no number.
    """
    coming = pd.date_range(series.start[-1], periods=horizon + 1, freq=series.freq)[1:]
    rows = pd.DatetimeIndex(np.concatenate([series.start, coming.to_numpy().astype("datetime64[D]")])).as_unit("s")
    index = pd.DatetimeIndex(known.index).as_unit("s")
    if index.has_duplicates:
        raise ValueError(f"known: {index[index.duplicated()][0].date()} stands twice: one line a row")
    lacking = rows.difference(index)
    if len(lacking):
        raise ValueError(f"known: no line for {lacking[0].date()} ({len(lacking)} rows lack one): covariates must be "
                         f"given for every row from {rows[0].date()} to {rows[-1].date()}")
    try:
        table = known.set_axis(index).loc[rows].to_numpy(dtype=float)
    except (ValueError, TypeError) as error:
        raise ValueError(f"known: not all are numbers ({error}): code categories as columns of 0 and 1") from error
    past = table[:len(series)][series.observed]
    for k, name in enumerate(known.columns):
        if not np.isfinite(table[:, k]).all():
            at = rows[int(np.flatnonzero(~np.isfinite(table[:, k]))[0])]
            raise ValueError(f"known: {name!r} is not finite on {at.date()}: fill it or drop the column")
        if np.ptp(past[:, k]) == 0:
            raise ValueError(f"known: {name!r} never varies while the series is observed: nothing can be learned of it")
    return np.asarray((table - past.mean(axis=0)) / past.std(axis=0))
