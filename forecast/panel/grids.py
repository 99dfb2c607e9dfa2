"""The grid that the dates of a series show, and the coarser one on which a long series is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.models.frame import month_code
from forecast.series.series import DAY, Series

MOST = 400  # rows that the regime model sees; longer series are taken in bins
BINS = 360  # of a longer series, about: seven years of weeks
WEEK = 7
WEEKDAYS = ("THU", "FRI", "SAT", "SUN", "MON", "TUE", "WED")  # of days counted from 1970
ODD = 0.25  # share of dates up to which those off the grid of the others are told by name


@dataclass(frozen=True, eq=False)
class Laid:
    """Dates on a grid: its pandas frequency, and the start and the end of the row that each date means, [n]."""

    freq: str
    start: np.ndarray
    end: np.ndarray


def gridded(series: Series) -> Series:
    """The series on the grid that its dates show: days, weeks, months, quarters, years, or every so many days.

    Each date stands for the whole row of the grid, unless its row lasts for days of its own. Irregular dates less than
    a week apart become weeks of a flow; those of a stock stay days, most of them unseen: the mean of two images is no
    count. Raises ValueError for a flow on other dates, which may be single days or all that came since the last.
    """
    laid = _laid(series.start)
    if laid is None:
        freq = _irregular(series)
        laid = Laid(freq, series.start, series.end)
    own = series.end - series.start > DAY
    whole = replace(series, start=np.where(own, series.start, laid.start), end=np.where(own, series.end, laid.end))
    try:
        return whole.regular(laid.freq)
    except ValueError as error:
        if not own.any():
            raise
        raise ValueError(f"series {series.name}: its rows begin on the grid {laid.freq}, and one of them ends beyond "
                         "its place there: let each end before the next begins") from error


def _laid(start: np.ndarray) -> Laid | None:
    """The coarsest grid that all dates lie on; None where they lie on none, or on days of which most are unseen."""
    dates = np.unique(start)
    steps = np.diff(dates).astype(int)
    if not len(steps) or np.median(steps) == 1:
        return Laid("D", start, start + DAY)
    if (months := _months(start)) is not None:
        return months
    step = int(np.gcd.reduce(steps))
    if step == WEEK:
        return Laid(f"W-{WEEKDAYS[int(dates[0].astype(int)) % WEEK]}", start, start + WEEK * DAY)
    # two dates lie on some grid whatever they are; and a few irregular ones may have a step in common that none has
    if len(steps) > 1 and step > 1 and (step % WEEK == 0 or step == np.median(steps)):
        return Laid(f"{step}D", start, start + step * DAY)
    return None


def _months(start: np.ndarray) -> Laid | None:
    """Rows of whole months where all dates are the same day of a month, or the last one, which closes its row."""
    month = start.astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    length = ((month + 1).astype("datetime64[D]") - first).astype(int)
    day = (start - first).astype(int) + 1
    if not np.all(day == np.minimum(day.max(), length)):
        return None
    number = int(np.gcd.reduce(np.diff(np.unique(month)).astype(int)))
    begin = month - (number - 1) if np.all(day == length) else month
    return Laid(month_code(number, int(begin[0].astype(int)) % 12), begin.astype("datetime64[D]"),
                (begin + number).astype("datetime64[D]"))


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
