"""A series on the grid that its dates show, or on one that is said; and the unit of its rows, in words."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from forecast.series.days import DAY
from forecast.series.grids import Grid, grid_of, offset_of
from forecast.series.series import Series

PER = {"D": ("day", "days"), "B": ("working day", "working days"), "W": ("week", "weeks"), "M": ("month", "months"),
       "Q": ("quarter", "quarters"), "Y": ("year", "years"), "S": ("half month", "half months")}
GUESS = "guess"


def on_grid(series: Series, freq: str | None) -> Series:
    """The series on the grid that its dates show (`freq` "guess"), on the one that is said, or as it is (None).

    Each date stands for the whole row of the grid, unless its row lasts for days of its own; dates left out are
    missing. Days that lie on no such grid are summed (flow) or averaged (stock) over its bins; where dates show no grid
    the series keeps its irregular dates. Raises ValueError for a frequency that is none.
    """
    if freq is None or not len(series) or series.freq == freq:
        return series
    grid = grid_of(series.start) if freq == GUESS else _said(series.start, freq)
    if grid is None:
        return series if freq == GUESS else _binned(series, freq)
    return laid(series, grid)


def laid(series: Series, grid: Grid) -> Series:
    """The series on a grid, each date standing for its whole row unless its row lasts for days of its own.

    Raises ValueError for a row that ends beyond its place there.
    """
    own = series.end - series.start > DAY
    whole = replace(series, start=np.where(own, series.start, grid.start), end=np.where(own, series.end, grid.end))
    try:
        return _binned(whole, grid.freq)
    except ValueError as error:
        if not own.any():
            raise
        raise ValueError(f"series {series.name}: its rows begin on the grid {grid.freq}, and one of them ends beyond "
                         "its place there: let each end before the next begins") from error


def _binned(series: Series, freq: str) -> Series:
    regular = series.regular(freq)
    at_least = np.isinf(regular.high)  # speaks of the whole bin, however few of its days are listed
    return replace(regular, exposure=np.where(at_least, 1.0, regular.exposure))


def _said(dates: np.ndarray, freq: str) -> Grid | None:
    """The rows of a frequency that was said, if every date begins one or shows it; None where dates lie within them."""
    shown = grid_of(dates)
    code, _ = offset_of(freq, pd.Timestamp(dates.min()))
    if shown is not None and shown.freq == code:
        return shown
    labels = np.asarray(pd.date_range(dates.min(), dates.max() + 800 * DAY, freq=code, unit="s"), dtype="datetime64[D]")
    place = np.searchsorted(labels, dates)
    if not np.all(labels[np.minimum(place, len(labels) - 1)] == dates) or place.max() + 1 >= len(labels):
        return None
    return Grid(code, dates, labels[place + 1])


def row_noun(series: Series, n: int = 1) -> str:
    """What one row of the series is: a month, a week, a dated count; of several units, a spell of them."""
    times, one, many = _unit_of_time(series)
    if times:
        return f"{times} {many}" if n == 1 else f"spells of {times} {many}"
    return one if n == 1 else many


def _unit_of_time(series: Series) -> tuple[str, str, str]:
    """How many of which unit a row spans: ("14", "day", "days"); the number is empty for one."""
    found = re.match(r"(\d*)(?:B(?=[MQY]))?([A-Z]?)", series.freq or "")
    times, letter = found.groups() if found else ("", "")
    return (times if times != "1" else "", *PER.get(letter, ("dated count", "dated counts")))


def per_row(series: Series) -> str:
    """What a level is counted by: "a month" or "every 14 days" for a flow; "at a time" for a stock."""
    if not series.freq or series.kind != "flow":
        return "at a time"
    times, one, many = _unit_of_time(series)
    return f"every {times} {many}" if times else f"a {one}"
