"""Dated counts of other libraries: the days, counts and bounds that a pandas object holds, and the grid it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecast.series.days import ISO, day_of, days_of
from forecast.series.grids import FIRST, WEEKLY, by_first_day, edges, grid_of

COUNTS = ("y", "value", "count", "counts")  # headings of the counts where a frame holds several columns of numbers
BOUNDS = {"low": ("y_low", "low"), "high": ("y_high", "high"), "exposure": ("exposure",)}
ELSEWHERE = {"polars": "its to_pandas()", "xarray": "its to_series() or to_dataframe()",
             "pyarrow": "its to_pandas()", "dask": "its compute()", "modin": "a pandas object"}
PERIODS = 13  # in a row, which show the grid of their frequency: a year of months


@dataclass(frozen=True, eq=False)
class Dated:
    """Days in order [n], what was counted on each, bounds and exposure where there are any, and the pandas frequency.

    freq : None where the days lie on no grid; on one, rows that were left out are NaN
    """

    days: np.ndarray
    values: np.ndarray
    freq: str | None
    name: str
    bounds: dict[str, Any]


def library_of(given: Any) -> str:
    """The library that an object comes from: "pandas", "numpy", "builtins"."""
    return type(given).__module__.partition(".")[0]


def described(given: Any) -> str:
    """What was given, in words: "a pandas Series", "a list"."""
    library = library_of(given)
    return f"a {type(given).__name__}" if library == "builtins" else f"a {library} {type(given).__name__}"


def has_dates(given: Any) -> bool:
    """Whether this is a pandas Series whose index holds dates."""
    return isinstance(given, pd.Series) and isinstance(given.index, pd.DatetimeIndex | pd.PeriodIndex)


def dated(obj: Any) -> Dated:
    """Days and counts of a pandas Series with an index of dates, or of a frame with a column of each.

    Raises TypeError for another kind of object, naming it; ValueError where the dates or the counts are not to be told,
    a date is missing or stands twice.
    """
    if isinstance(obj, pd.DataFrame):
        index, columns, name = _of_frame(obj)
    elif isinstance(obj, pd.Series):
        index, columns, name = _index_of(obj), {"values": obj}, str(obj.name) if obj.name is not None else ""
    else:
        instead = ELSEWHERE.get(library_of(obj))
        raise TypeError(f"from_pandas takes a pandas Series or DataFrame, got {described(obj)}: " + (
            f"give {instead}" if instead else "give Series.from_values or Series.from_counts what it holds"))
    if not len(index):
        raise ValueError("from_pandas: the object holds no row: give at least one")
    days, freq = _days_and_grid(index)
    arrays = {key: column.to_numpy(dtype=object, na_value=np.nan) for key, column in columns.items()}
    return _placed(days, freq, arrays, name)


def _placed(days: np.ndarray, freq: str | None, arrays: dict[str, np.ndarray], name: str) -> Dated:
    """In order of time, and on the grid where there is one; rows of it that were left out are missing."""
    order = np.argsort(days, kind="stable")
    days = days[order]
    if len(twice := days[1:][np.diff(days).astype(int) == 0]):
        raise ValueError(f"from_pandas: {twice[0]} stands twice: sum or average the counts of a day first, or choose "
                         "one site")
    arrays = {key: array[order] for key, array in arrays.items()}
    if freq is not None:
        labels = np.asarray(pd.date_range(days[0], days[-1], freq=freq, unit="s"), dtype="datetime64[D]")
        place = np.searchsorted(labels, days)
        if place.max(initial=0) >= len(labels) or not np.all(labels[place] == days):
            raise ValueError(f"from_pandas: {days[0]} to {days[-1]} do not all lie on the grid {freq} of the index: "
                             "use its asfreq() or to_period() first")
        spread = {key: np.full(len(labels), np.nan, dtype=object) for key in arrays}
        for key, array in arrays.items():
            spread[key][place] = array
        days, arrays = labels, spread
    return Dated(days, arrays.pop("values"), freq, name, arrays)


def _days_and_grid(index: pd.Index[Any]) -> tuple[np.ndarray, str | None]:
    """Days of an index and its frequency: the one it has, or the one that its dates show."""
    if index.hasnans:
        raise ValueError(f"from_pandas: {int(np.sum(pd.isna(index)))} of {len(index)} dates are missing: every count "
                         "needs a date")
    if isinstance(index, pd.PeriodIndex):
        first = index.min()
        several = pd.period_range(first, periods=PERIODS, freq=index.freq).to_timestamp(how="start")
        if bool((several != several.normalize()).any()):
            raise ValueError(f"from_pandas: rows of {index.freqstr} are shorter than a day: sum them to days first")
        shown = grid_of(days_of(several))
        return days_of(index.to_timestamp(how="start")), shown.freq if shown else None
    days = days_of(index)
    said = index.freqstr if isinstance(index, pd.DatetimeIndex) else None
    if said is not None and not said.startswith("-"):
        edges(days.min(), said, 1)  # refuses a grid that is shorter than a day
        return days, said
    grid = grid_of(days)
    return (days, None) if grid is None else (grid.start, grid.freq)


# -- frames -----------------------------------------------------------------------------------------------------------
def _of_frame(frame: pd.DataFrame) -> tuple[pd.Index[Any], dict[str, Any], str]:
    """Dates, columns of counts and bounds, and the name of the one series of a frame."""
    name = ""
    if "unique_id" in frame.columns:
        several = list(map(str, frame["unique_id"].unique()))
        if len(several) > 1:
            raise ValueError(f"from_pandas: the frame holds {len(several)} series ({', '.join(several[:5])}): choose "
                             f"one, frame[frame.unique_id == {several[0]!r}], or give all to forecast_frame")
        name, frame = "".join(several), frame.drop(columns="unique_id")
    index, rest = _dates_of(frame)
    columns = {key: rest[column] for key, headings in BOUNDS.items() for column in headings if column in rest}
    named = [column for headings in BOUNDS.values() for column in headings]
    numbers = [column for column in rest.columns if column not in named
               and pd.api.types.is_numeric_dtype(rest[column]) and not pd.api.types.is_bool_dtype(rest[column])]
    usual = [column for column in numbers if str(column).lower() in COUNTS]
    chosen = usual if len(usual) == 1 else numbers
    if len(chosen) != 1:
        raise ValueError(f"from_pandas: {len(chosen)} columns hold numbers ({', '.join(map(str, chosen)) or 'none'}): "
                         "leave a column of dates and one of counts, such as frame[['date', 'count']]")
    heading = "" if usual else str(chosen[0])
    return index, {"values": rest[chosen[0]], **columns}, name or heading


def _dates_of(frame: pd.DataFrame) -> tuple[pd.Index[Any], pd.DataFrame]:
    """The index of dates, or the one column that holds them, and the other columns."""
    if isinstance(frame.index, pd.DatetimeIndex | pd.PeriodIndex):
        return frame.index, frame
    dates = [column for column in frame.columns if _is_dates(frame[column])]
    if len(dates) != 1:
        raise ValueError(f"from_pandas: {len(dates)} columns hold dates ({', '.join(map(str, dates)) or 'none'}): "
                         "leave one, with dates or texts YYYY-MM-DD, or make it the index")
    column = frame[dates[0]]
    told = isinstance(column.dtype, pd.PeriodDtype) or pd.api.types.is_datetime64_any_dtype(column)
    index = pd.Index(column) if told else pd.DatetimeIndex(days_of(column.tolist()).astype("datetime64[s]"))
    return index, frame.drop(columns=dates[0])


def _index_of(series: pd.Series[Any]) -> pd.Index[Any]:
    if has_dates(series):
        return series.index
    if len(series) and _is_dates(series.index.to_series()):
        return pd.DatetimeIndex(days_of(series.index.tolist()).astype("datetime64[s]"))
    raise ValueError(f"from_pandas: the index is a {type(series.index).__name__} without dates: give the Series an "
                     "index of dates, or use Series.from_values(values, start=..., freq=...)")


def _is_dates(column: pd.Series[Any]) -> bool:
    """Whether a column holds dates, or texts and objects that are written so."""
    if isinstance(column.dtype, pd.PeriodDtype) or pd.api.types.is_datetime64_any_dtype(column):
        return True
    filled = column.dropna()
    if pd.api.types.is_numeric_dtype(column) or not len(filled):
        return False
    if all(isinstance(each, str) for each in filled):
        return all(ISO.match(each) for each in filled)
    try:
        return bool(len(days_of(filled.tolist())))
    except ValueError:
        return False


def check_agrees(values: Any, days: np.ndarray, freq: str | None, start: Any, said: str) -> None:
    """Raise ValueError where dated values were given with another start or another frequency than their own."""
    first = days_of(values.index[:1] if isinstance(values.index, pd.DatetimeIndex) else days[:1])[0]
    other = start is not FIRST and day_of(start, "start") not in (first, days[0])
    if other or (said != WEEKLY and by_first_day(said) != freq):
        raise ValueError(f"from_values: the values have dates of their own, from {first} on ({freq or 'no grid'}): "
                         "leave start and freq out, or give values.to_numpy()")


def with_bounds(values: pd.Series[Any], low: Any, high: Any, exposure: Any) -> pd.DataFrame:
    """A frame of dated values and what was given beside them, one a row."""
    given = {"low": low, "high": high, "exposure": exposure}
    told = {key: np.asarray(column, dtype=object) for key, column in given.items() if column is not None}
    for key, column in told.items():
        if column.shape not in {(), values.shape}:
            raise ValueError(f"{key} has shape {column.shape}, there are {len(values)} values: give one per value")
    return pd.DataFrame({"y": values, **told}, index=values.index)
