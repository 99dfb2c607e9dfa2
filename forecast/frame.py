"""Forecasts for a long table `unique_id, ds, y`, the layout that users of statsforecast and sktime hold."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import pandas as pd

from forecast.models import Forecaster, predict
from forecast.series import Kind, Series

GRIDS = ("YS", "QS", "MS", "ME")  # tried first, coarsest first; then weeks of one day, then days
ERRORS = ("raise", "report")
SHOWN = 20  # series that an error names


def forecast_frame(frame: pd.DataFrame, horizon: int, model: str | Forecaster = "auto",
                   level: Sequence[float] = (80, 95), *, freq: str | None = None, kind: Kind = "flow",
                   draws: int = 1000, seed: int = 0, errors: str = "raise") -> pd.DataFrame:
    """Forecast every series of a long table: one line per series and coming row.

    frame : columns unique_id, ds, y; NaN in y and dates left out alike are missing, never zero
    level : central intervals in percent
    freq : pandas frequency of all series; None takes the coarsest of YS, QS, MS, ME, weekly, D that all dates lie on
    errors : "raise" stops with every series that cannot be forecast and why; "report" gives these NaN and the reason in
        the column `error`, which is then there

    Returns unique_id, ds, mean, median, and lo-80, hi-80 and so on by `level`. A series' figures depend on its own
    rows and `seed` alone, not on the company it comes in.
    Raises TypeError for what is no frame, ValueError for missing columns, rows without a name or a number, dates that
    stand twice or lie off the grid, and levels outside (0, 100).

    >>> table = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=9, freq="MS"), "y": range(9)})
    >>> forecast_frame(table, 2, "mean", level=(80,)).columns.tolist()
    ['unique_id', 'ds', 'mean', 'median', 'lo-80', 'hi-80']
    """
    _check(frame, level, errors)
    days = pd.to_datetime(frame["ds"])
    grid = freq or _grid(days)
    parts, failed = [], {}
    for name, rows in frame.assign(ds=days).groupby("unique_id", sort=False):
        try:
            parts.append(_one(str(name), rows, horizon, model, level, grid, kind, draws, seed).assign(unique_id=name))
        except ValueError as error:
            failed[name] = str(error)
    if failed and errors == "raise":
        said = "; ".join(f"{name}: {why}" for name, why in list(failed.items())[:SHOWN])
        more = f"; and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
        raise ValueError(f"{len(failed)} of {len(failed) + len(parts)} series cannot be forecast ({said}{more}): mend "
                         "or drop them, or pass errors='report'")
    table = pd.concat([*parts, pd.DataFrame({"unique_id": list(failed), "error": list(failed.values())})] if failed
                      else parts, ignore_index=True)
    return table[["unique_id", *(column for column in table.columns if column != "unique_id")]]


def _check(frame: pd.DataFrame, level: Sequence[float], errors: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"forecast_frame takes a pandas DataFrame, got a {type(frame).__name__}: convert it first")
    lacking = {"unique_id", "ds", "y"} - set(frame.columns)
    if lacking:
        raise ValueError(f"frame lacks {', '.join(sorted(lacking))}, got {', '.join(map(str, frame.columns))}: rename "
                         "the columns to unique_id, ds and y")
    if frame.empty:
        raise ValueError("frame holds no row: nothing can be forecast")
    if pd.api.types.is_numeric_dtype(frame["ds"]):
        raise ValueError("ds holds numbers: give dates, e.g. pd.date_range(...)")
    try:
        frame["y"].astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y holds what is no number ({error}): write NaN for what was not observed") from error
    if frame["unique_id"].isna().any():
        raise ValueError(f"unique_id is missing in {int(frame['unique_id'].isna().sum())} rows: name every series")
    if any(not 0 < each < 100 for each in level):
        raise ValueError(f"level is in percent, between 0 and 100, got {tuple(level)}")
    if errors not in ERRORS:
        raise ValueError(f"errors must be one of {', '.join(ERRORS)}, got {errors!r}")


def _grid(days: pd.Series[pd.Timestamp]) -> str:
    """The coarsest usual grid that all dates lie on; ValueError when none fits."""
    index = pd.DatetimeIndex(days.unique())
    weekly = f"W-{index[0].day_name()[:3].upper()}"
    for code in (*GRIDS, weekly, "D"):
        offset = pd.tseries.frequencies.to_offset(code)
        if all(offset.is_on_offset(day) for day in index) and bool((index == index.normalize()).all()):
            return code
    raise ValueError("ds holds times of day: sum or average them to days, or give freq")


def _one(name: str, rows: pd.DataFrame, horizon: int, model: str | Forecaster, level: Sequence[float], freq: str,
         kind: Kind, draws: int, seed: int) -> pd.DataFrame:
    column = rows.set_index("ds")["y"].astype(float).sort_index()
    if column.index.has_duplicates:
        raise ValueError(f"{column.index[column.index.duplicated()][0].date()} stands twice: one row a date")
    regular = column.asfreq(freq)
    if len(column.index.difference(regular.index)):
        raise ValueError(f"{column.index.difference(regular.index)[0].date()} lies off the grid {freq}: give freq")
    series = Series.from_values(regular.to_numpy(), start=regular.index[0], freq=freq, kind=kind, name=name)
    # a seed of its own, so that neither order nor company changes a series' figures
    paths = predict(series, model, horizon, draws, seed=crc32(f"{seed} {name}".encode()))
    table = {"ds": pd.date_range(regular.index[-1], periods=horizon + 1, freq=freq)[1:], "mean": paths.mean(axis=0),
             "median": np.median(paths, axis=0)}
    for each in level:
        ends = np.quantile(paths, [0.5 - each / 200, 0.5 + each / 200], axis=0)
        table |= {f"lo-{each:g}": ends[0], f"hi-{each:g}": ends[1]}
    return pd.DataFrame(table)
