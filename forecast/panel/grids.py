"""The grid that the dates of a series show, and the coarser one on which a long series is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.series.calendar import laid
from forecast.series.grids import Grid, grid_of
from forecast.series.series import Series

MOST = 400  # rows that the regime model sees; longer series are taken in bins
BINS = 360  # of a longer series, about: seven years of weeks
WEEK = 7
ODD = 0.25  # share of dates up to which those off the grid of the others are told by name


def gridded(series: Series) -> Series:
    """The series on the grid that its dates show: days, weeks, months, quarters, years, or every so many days.

    Each date stands for the whole row of the grid, unless its row lasts for days of its own. Irregular dates less than
    a week apart become weeks of a flow; those of a stock stay days, most of them unseen: the mean of two images is no
    count. Raises ValueError for a flow on other dates, which may be single days or all that came since the last.
    """
    if series.freq is not None:
        return series
    return laid(series, grid_of(series.start) or Grid(_irregular(series), series.start, series.end))


def _irregular(series: Series) -> str:
    """The grid of dates that lie on none; ValueError where it would be a guess how long a row lasts."""
    if series.kind == "stock":
        return "D"
    step = float(np.median(np.diff(np.unique(series.start)).astype(int)))
    if step < WEEK:
        return "W-MON"
    weekday = series.start.astype(int) % WEEK
    day = (series.start - series.start.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
    off = min((mark != np.bincount(mark).argmax() for mark in (weekday, day)), key=np.sum)
    odd = f": {series.start[off][0]} is off that of the others" if off.mean() <= ODD else ""
    raise ValueError(f"series {series.name}: its dates, mostly {step:g} days apart, lie on no grid of days, weeks, "
                     f"months, quarters or years{odd}. Mend the dates, or sum the counts to weeks or months")


def in_bins(grid: Series) -> Series:
    """The grid in bins of whole weeks, or of several rows, so that the regime model sees at most about `BINS` of them.

    A stock is added up as well: so many cars on so many images, which keeps counts whole.
    """
    if len(grid) <= MOST:
        return grid
    days = int(np.median((grid.end - grid.start).astype(int)))
    several = -(-len(grid) // BINS)
    if "S" in str(grid.freq).partition("-")[0]:  # MS, QS, YS: months differ in length
        months = (grid.end[:1].astype("datetime64[M]") - grid.start[:1].astype("datetime64[M]")).astype(int)
        return replace(grid, kind="flow").regular(f"{several * int(months[0])}MS")
    width = WEEK * -(-len(grid) // (WEEK * BINS)) if days == 1 else days * several
    return replace(grid, kind="flow").regular(f"{width}D")
