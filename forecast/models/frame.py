"""Forecasts for a long table `unique_id, ds, y`, the layout that users of statsforecast and sktime hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from forecast.models.forecaster import Forecaster, predict
from forecast.series.days import ISO
from forecast.series.grids import by_last_day, grid_of
from forecast.series.series import Series
from forecast.series.values import Kind

WEEK = 7
FEWEST = 4  # dates of a series that show a grid of its own
ERRORS = ("raise", "report")
SHOWN = 20  # series that an error names


def forecast_frame(frame: pd.DataFrame, horizon: int, model: str | Forecaster = "auto",
                   level: float | Sequence[float] = (80, 95), *, freq: str | None = None, kind: Kind = "flow",
                   draws: int = 1000, seed: int = 0, errors: str = "raise",
                   known: pd.DataFrame | None = None) -> pd.DataFrame:
    """Forecast every series of a long table: one line per series and coming row.

    frame : columns unique_id, ds, y; NaN in y and dates left out alike are missing, never zero. ds holds dates, texts
        YYYY-MM-DD, or periods, which count as their first day
    level : central intervals in percent, one or several
    freq : pandas frequency of all series; None takes the coarsest that all dates lie on: whole numbers of months that
        begin or end on them or have them on one day (YS-JAN, QE-DEC, 2MS, ME ...), of weeks (W-MON, 2W-MON), of days
        (10D), working days, D. A series that shows a coarser one by itself is then refused
    errors : "raise" stops with every series that cannot be forecast and why; "report" gives these NaN and the reason in
        the column `error`, which is then there
    known : covariates known ahead: numbers beside `ds`, for every row of the series and of the horizon, and beside
        `unique_id` where each series has its own; models that take none refuse

    Returns unique_id, ds, mean, median, and lo-80, hi-80 and so on by `level`. A series' figures depend on its own
    rows and `seed` alone, not on the company it comes in.
    Raises TypeError for what is no frame, ValueError for missing columns, rows without a name, a date or a number,
    dates that stand twice or lie on no grid or off the given one, levels outside (0, 100) and a horizon below one.

    >>> table = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=9, freq="MS"), "y": range(9)})
    >>> forecast_frame(table, 2, "mean", level=(80,)).columns.tolist()
    ['unique_id', 'ds', 'mean', 'median', 'lo-80', 'hi-80']
    """
    _check(frame, horizon, errors)
    levels = _levels(level)
    dated = frame.assign(ds=_dates(frame["ds"]))
    grid = freq or _grid(dated, frame["ds"])
    day = 1 if freq else _day_of_month(dated["ds"], grid)
    dated = dated if day == 1 else dated.assign(ds=dated["ds"].to_numpy(dtype="datetime64[M]").astype("datetime64[s]"))
    parts: list[pd.DataFrame] = []
    failed: dict[object, str] = {}
    for name, rows in dated.groupby("unique_id", sort=False):
        try:
            if freq is None:
                _check_company(rows, grid)
            parts.append(_one(str(name), rows, int(horizon), model, levels, grid, kind, draws, seed,
                              _known_of(known, name)).assign(unique_id=name))
        except ValueError as error:
            failed[name] = str(error)
    if failed and errors == "raise":
        raise ValueError(_listed(failed, len(failed) + len(parts)))
    table = pd.concat([*parts, pd.DataFrame({"unique_id": list(failed), "error": list(failed.values())})] if failed
                      else parts, ignore_index=True)
    ends = [f"{side}-{each:g}" for each in levels for side in ("lo", "hi")]
    table = table.reindex(columns=["unique_id", "ds", "mean", "median", *ends, *(["error"] if failed else [])])
    return _named(table, day) if parts else table.assign(ds=pd.to_datetime(table["ds"]))


def _listed(failed: dict[object, str], number: int) -> str:
    said = "; ".join(f"{name}: {why}" for name, why in list(failed.items())[:SHOWN])
    more = f"; and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return (f"{len(failed)} of {number} series cannot be forecast ({said}{more}): mend or drop them, or pass "
            "errors='report'")


def _check(frame: pd.DataFrame, horizon: float, errors: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"forecast_frame takes a pandas DataFrame, got a {type(frame).__name__}: convert it first")
    lacking = {"unique_id", "ds", "y"} - set(frame.columns)
    if lacking:
        raise ValueError(f"frame lacks {', '.join(sorted(lacking))}, got {', '.join(map(str, frame.columns))}: rename "
                         "the columns to unique_id, ds and y")
    if frame.empty:
        raise ValueError("frame holds no row: nothing can be forecast")
    try:
        frame["y"].astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y holds what is no number ({error}): write NaN for what was not observed") from error
    if frame["unique_id"].isna().any():
        raise ValueError(f"unique_id is missing in {int(frame['unique_id'].isna().sum())} rows: name every series")
    if not isinstance(horizon, int | float | np.number) or horizon != horizon // 1 or horizon < 1:
        raise ValueError(f"horizon must be a whole number of at least 1, got {horizon!r}")
    if errors not in ERRORS:
        raise ValueError(f"errors must be one of {', '.join(ERRORS)}, got {errors!r}")


def _levels(level: Any) -> tuple[float, ...]:
    given = tuple(level) if isinstance(level, Sequence | np.ndarray) and not isinstance(level, str) else (level,)
    if any(not isinstance(each, int | float | np.number) or not 0 < each < 100 for each in given):
        raise ValueError(f"level is in percent, between 0 and 100, got {level!r}")
    return given


# -- dates ------------------------------------------------------------------------------------------------------------
def _dates(ds: pd.Series[Any]) -> pd.Series[Any]:
    """Dates as such; no guess is made of 01/02/2024, nor of a number that may be a day of some calendar."""
    ds = ds.infer_objects()
    if pd.api.types.is_numeric_dtype(ds):
        raise ValueError("ds holds numbers: give dates, e.g. pd.date_range(...)")
    if ds.isna().any():
        raise ValueError(f"ds is missing in {int(ds.isna().sum())} rows: every count needs a date")
    if isinstance(ds.dtype, pd.PeriodDtype):
        return pd.Series(ds.dt.to_timestamp(how="start"))
    for each in [] if pd.api.types.is_datetime64_any_dtype(ds) else ds.unique():
        if isinstance(each, int | float | np.number) or (isinstance(each, str) and not ISO.match(each)):
            raise ValueError(f"ds holds {each!r}, which may be one day or another: write YYYY-MM-DD")
    try:
        return pd.to_datetime(ds, format="ISO8601")
    except (ValueError, TypeError, OverflowError) as error:
        said = str(error).splitlines()[0]
        raise ValueError(f"ds: cannot read all dates ({said}): write them as YYYY-MM-DD") from error


def _grid(dated: pd.DataFrame, given: pd.Series[Any]) -> str:
    """The coarsest usual grid that all dates lie on, that of the periods where those were given.

    Raises ValueError when none fits, or when days are so far apart that each may stand for all since the last.
    """
    index = pd.DatetimeIndex(dated["ds"].unique()).sort_values().tz_localize(None)
    told = isinstance(given.dtype, pd.PeriodDtype)
    if told:
        first = given.min()
        index = pd.period_range(first, first + 12 * first.freq.n, freq=first.freq).to_timestamp(how="start")
    if not bool((index == index.normalize()).all()):
        raise ValueError("ds holds times of day: sum or average them to days, or give freq")
    dates = index.to_numpy(dtype="datetime64[D]")
    if len(dates) == 1:
        raise ValueError(f"ds holds {dates[0]} alone, which lies on any grid: give freq")
    within = dated.sort_values("ds").groupby("unique_id", sort=False)["ds"].diff().dt.days
    steps = within[within > 0] if (within > 0).any() and not told else np.diff(dates).astype(int)
    usual = float(np.median(steps))
    grid = grid_of(dates)
    several = re.fullmatch(r"(\d*)D", grid.freq) if grid else None
    if grid is not None and not (several and usual >= WEEK and usual != int(several[1] or 1)):
        return by_last_day(grid.freq, dates)
    if usual >= WEEK:
        raise ValueError(f"ds lies on no grid of days, weeks, months, quarters or years, mostly {usual:g} days apart: "
                         "mend the dates, or give freq")
    return "D"


def _day_of_month(ds: pd.Series[Any], grid: str) -> int:
    """The day that names rows of whole months where it is neither their first nor their last; else 1."""
    return int(ds.dt.day.max()) if re.match(r"\d*[MQY]S", grid) and not (ds.dt.day == 1).all() else 1


def _named(table: pd.DataFrame, day: int) -> pd.DataFrame:
    """The forecast with its rows named by a day of the month, as those of the table are."""
    if day == 1:
        return table
    last = table["ds"].dt.days_in_month.clip(upper=day)
    return table.assign(ds=table["ds"] + pd.to_timedelta(last - 1, unit="D"))


def _check_company(rows: pd.DataFrame, grid: str) -> None:
    """Raise ValueError for a series that by itself lies on a coarser grid than the table: is a quarter one month?"""
    if rows["ds"].nunique() < FEWEST:
        return
    try:
        own = _grid(rows, rows["ds"])
    except ValueError:
        return
    if own not in (grid, "B"):
        raise ValueError(f"its dates lie on the grid {own}, those of the table on {grid}: give freq={grid!r} if what "
                         "lies between is missing, or forecast it by itself")


def _known_of(known: pd.DataFrame | None, name: object) -> pd.DataFrame | None:
    """Covariates of one series, the start of each row as the index."""
    if known is None:
        return None
    if not isinstance(known, pd.DataFrame) or "ds" not in known.columns:
        raise ValueError(f"known takes a frame of numbers with a column ds, got "
                         f"{', '.join(map(str, getattr(known, 'columns', [type(known).__name__])))}")
    own = known[known["unique_id"] == name].drop(columns="unique_id") if "unique_id" in known.columns else known
    return own.assign(ds=_dates(own["ds"])).set_index("ds")


# -- one series -------------------------------------------------------------------------------------------------------
def _one(name: str, rows: pd.DataFrame, horizon: int, model: str | Forecaster, level: Sequence[float], freq: str,
         kind: Kind, draws: int, seed: int, known: pd.DataFrame | None) -> pd.DataFrame:
    column = rows.set_index("ds")["y"].astype(float).sort_index()
    if column.index.has_duplicates:
        raise ValueError(f"{column.index[column.index.duplicated()][0].date()} stands twice: one row a date")
    regular = column.asfreq(freq)
    if len(column.index.difference(regular.index)):
        raise ValueError(f"{column.index.difference(regular.index)[0].date()} lies off the grid {freq}: give freq")
    series = Series.from_values(regular.to_numpy(), start=regular.index[0], freq=freq, kind=kind, name=name)
    # a seed of its own, so that neither order nor company changes a series' figures
    paths = predict(series, model, horizon, draws, seed=crc32(f"{seed} {name}".encode()), known=known)
    table = {"ds": pd.date_range(regular.index[-1], periods=horizon + 1, freq=freq)[1:], "mean": paths.mean(axis=0),
             "median": np.median(paths, axis=0)}
    for each in level:
        ends = np.quantile(paths, [0.5 - each / 200, 0.5 + each / 200], axis=0)
        table |= {f"lo-{each:g}": ends[0], f"hi-{each:g}": ends[1]}
    return pd.DataFrame(table)
