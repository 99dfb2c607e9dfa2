"""Forecasters: `paths(series, horizon, draws, rng)`. One file a member; the names are those of `conf/models/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from forecast.models.measures import in_units, on_grid
from forecast.models.paths import Paths
from forecast.series.series import Series, check_series
from forecast.support.registry import make
from forecast.support.threads import single_thread
from forecast.support.validation import check_paths


class Forecaster(Protocol):
    """One stateless method; constructors are cheap and typed, and never look at data.

    >>> class Seven:
    ...     def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    ...         return np.full((draws, horizon), 7)
    >>> predict(Series.from_values([6, 8, 7]), Seven(), horizon=2, draws=3).shape
    (3, 2)
    """

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths of the `horizon` rows after the last one, int64 [draws, horizon], never negative.

        `series` lies on a regular grid (NaN = not observed); nothing but it is looked at.
        """
        ...


def predict(series: Series, model: str | Forecaster = "auto", horizon: int = 12, draws: int = 1000,
            seed: int = 0, *, exposure: Any = None, known: pd.DataFrame | None = None) -> Paths:
    """Sample paths of the next `horizon` rows by a model's name (see `conf/models/`) or object.

    Returns int64 [draws, horizon], floats of an amount (tonnes). Irregular images of a stock are laid on a grid of
    days, weeks, months, quarters or years by the middle gap between them, which `series.freq` of the paths names; where
    nothing was seen is missing. Mean, quantiles, totals and scores follow from the paths, which know their rows:
    `frame()` has the dates, means and quantiles, `plot()` draws them.
    model : a name, or an object of your own with paths(series, horizon, draws, rng); what it gives is checked
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
    check_series(series, "predict")
    given = on_grid(series)
    series, unit = in_units(given)
    check_ahead(series, "predict")
    check_paths(horizon, draws, seed)
    share = None if exposure is None else watched(series, exposure, int(horizon))
    chosen = forecaster_of(model)
    rng = np.random.default_rng(seed)
    with single_thread():
        paths = _paths(chosen, series, known, int(horizon), int(draws), rng)
    paths = paths if share is None else rng.binomial(paths, share)
    return Paths.of(paths if unit == 1.0 else paths * unit, given)


def _paths(chosen: Forecaster, series: Series, known: pd.DataFrame | None, horizon: int, draws: int,
           rng: np.random.Generator) -> np.ndarray:
    """Paths of a forecaster that are counts, from covariates known ahead where there are any."""
    if known is None:
        return checked(chosen.paths(series, horizon, draws, rng), draws, horizon, chosen)
    from forecast.models.covariates import paths_given

    return checked(paths_given(chosen, series, known, horizon, draws, rng), draws, horizon, chosen)


def forecaster_of(given: str | Forecaster) -> Forecaster:
    """A forecaster by its name or as it is; TypeError for what has no paths(), ValueError for an unknown name."""
    chosen: Forecaster = make("models", given) if isinstance(given, str) else given
    if isinstance(chosen, type) or not callable(getattr(chosen, "paths", None)):
        raise TypeError(f"model {given!r} has no paths(): name one of conf/models, or give a forecaster")
    return chosen


def members(given: Any) -> dict[str, Forecaster]:
    """Forecasters by their names: of a name, an object, a list of these, or a mapping of names to them.

    An object in a list is called by its class. Raises TypeError for what is no forecaster, ValueError for no model, an
    unknown name or one that stands twice.

    >>> list(members(["mean", "ets"]))
    ['mean', 'ets']
    """
    if isinstance(given, Mapping):
        named = [(str(name), model) for name, model in given.items()]
    else:
        listed = [given] if isinstance(given, str) or callable(getattr(given, "paths", None)) else given
        if not isinstance(listed, list | tuple):
            raise TypeError(f"models: got {repr(given)[:60]}: give a name, a forecaster, or a list of these")
        named = [(model if isinstance(model, str) else type(model).__name__, model) for model in listed]
    names = [name for name, _ in named]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"models: got {', '.join(names) or 'no model'}: give at least one, each name once; a mapping "
                         "{'mine': model} names objects of one class apart")
    return {name: forecaster_of(model) for name, model in named}


def checked(paths: Any, draws: int, horizon: int, model: object) -> np.ndarray:
    """Paths as int64 [draws, horizon]; ValueError, naming the model, for other shapes and for what are no counts."""
    array, who = np.asarray(paths), f"model {type(model).__name__}"
    if array.shape != (draws, horizon):
        raise ValueError(f"{who}: paths() gave the shape {array.shape}: return {draws} paths of {horizon} rows, "
                         f"{(draws, horizon)}")
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ValueError(f"{who}: paths() gave {array.dtype} values, not all of them numbers: return whole counts")
    if np.any(array < 0):
        raise ValueError(f"{who}: paths() gave {array.min():g}: return counts of at least zero")
    if array.dtype.kind == "f" and np.any(array != np.round(array)):
        raise ValueError(f"{who}: paths() gave {array[array != np.round(array)][0]:g}: return whole counts, such as "
                         "draws of a Poisson distribution")
    return array.astype(np.int64, copy=False)


def check_counts(series: Series, caller: str) -> None:
    """Raise ValueError for what `caller` was given that is no series of whole counts."""
    check_series(series, caller)
    if not series.is_count:
        odd = series.low[series.observed & ((series.low < 0) | (series.low != np.round(series.low)))]
        raise ValueError(f"series {series.name}: forecasters take whole counts of at least zero"
                         f"{f', got {odd[0]:g}' if odd.size else ''}: name the unit of an amount, as in unit='tonnes', "
                         "and round or rescale anything else")


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
