"""The grid that dates show, for frames, panels, files and notebooks alike; and the unit of its rows, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecast.series.series import DAY, Series, offset_of

PER = {"D": ("day", "days"), "B": ("working day", "working days"), "W": ("week", "weeks"), "M": ("month", "months"),
       "Q": ("quarter", "quarters"), "Y": ("year", "years"), "S": ("half month", "half months")}
ANCHORS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("THU", "FRI", "SAT", "SUN", "MON", "TUE", "WED")  # of days counted from 1970
WEEK = 7
WEEKENDS = 2  # that must have been left out before days are taken for working days
GUESS = "guess"


@dataclass(frozen=True, eq=False)
class Grid:
    """Dates on a grid: its pandas frequency by first days of rows, and start and end of the row of each date, [n]."""

    freq: str
    start: np.ndarray
    end: np.ndarray


def grid_of(dates: np.ndarray) -> Grid | None:
    """The coarsest usual grid that all dates [n] (datetime64[D]) lie on, or None.

    Whole months that begin or end on the dates, or hold them on one day of the month (QS-JAN, 2MS); whole weeks (W-MON,
    2W-MON); days, working days (B, of which Friday's lasts to Monday), every so many days (10D).

    >>> grid_of(np.array(["2024-01-15", "2024-02-15", "2024-04-15"], dtype="datetime64[D]")).freq
    'MS'
    """
    distinct = np.unique(dates)
    steps = np.diff(distinct).astype(int)
    if not len(steps):
        return Grid("D", dates, dates + DAY)
    if _working(distinct):
        return Grid("B", dates, np.busday_offset(dates + DAY, 0, roll="forward"))
    if np.median(steps) == 1:
        return Grid("D", dates, dates + DAY)
    return _months(dates) or _steps(dates, distinct, steps)


def _steps(dates: np.ndarray, distinct: np.ndarray, steps: np.ndarray) -> Grid | None:
    """Rows of whole weeks or of so many days, where all dates lie that far apart."""
    step = int(np.gcd.reduce(steps))
    if step == WEEK or (step % WEEK == 0 and len(steps) > 1):
        weeks = step // WEEK
        weekday = WEEKDAYS[int(distinct[0].astype(int)) % WEEK]
        return Grid(f"{weeks if weeks > 1 else ''}W-{weekday}", dates, dates + step * DAY)
    # two dates lie on some grid whatever they are; and a few irregular ones may have a step in common that none has
    if len(steps) > 1 and step > 1 and step == np.median(steps):
        return Grid(f"{step}D", dates, dates + step * DAY)
    return None


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


def _working(distinct: np.ndarray) -> bool:
    """Whether dates are those of working weeks: no weekend among them, of two at least."""
    weekends = int((distinct[-1] - distinct[0]).astype(int)) // WEEK
    return bool(weekends >= WEEKENDS and np.is_busday(distinct).all()
                and np.median(np.busday_count(distinct[:-1], distinct[1:])) == 1)


def _months(dates: np.ndarray) -> Grid | None:
    """Rows of whole months where all dates are the same day of a month, or the last one, which closes its row."""
    month = dates.astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    length = ((month + 1).astype("datetime64[D]") - first).astype(int)
    day = (dates - first).astype(int) + 1
    if not np.all(day == np.minimum(day.max(), length)):
        return None
    number = int(np.gcd.reduce(np.diff(np.unique(month)).astype(int)))
    if not number:
        return None
    begin = month - (number - 1) if np.all(day == length) else month
    return Grid(month_code(number, int(begin[0].astype(int)) % 12), begin.astype("datetime64[D]"),
                (begin + number).astype("datetime64[D]"))


def by_last_day(freq: str, dates: np.ndarray) -> str:
    """The frequency that names rows of whole months by their last day, where all dates are such; else as it is.

    >>> by_last_day("QS-JAN", np.array(["2024-03-31", "2024-06-30"], dtype="datetime64[D]"))
    'QE-MAR'
    """
    month = dates.astype("datetime64[M]")
    last = np.all((month + 1).astype("datetime64[D]") - DAY == dates)
    match = re.fullmatch(r"(\d*)([MQY])S(?:-[A-Z]{3})?", freq)
    if match is None or not last:
        return freq
    number = int(match[1] or 1) * {"M": 1, "Q": 3, "Y": 12}[match[2]]
    return month_code(number, int(month[0].astype(int)) % 12, "E")


def month_code(number: int, month: int, edge: str = "S") -> str:
    """The pandas frequency of rows of so many months, of which one begins (S) or ends (E) in `month`, 0 = January.

    >>> month_code(1, 4), month_code(3, 4), month_code(12, 5, "E"), month_code(2, 0)
    ('MS', 'QS-FEB', 'YE-JUN', '2MS')
    """
    if number == 3:
        return f"Q{edge}-{ANCHORS[month % 3]}"
    if number == 12:
        return f"Y{edge}-{ANCHORS[month]}"
    return f"{number if number > 1 else ''}M{edge}"


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
