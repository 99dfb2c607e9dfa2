"""Grids of days: the rows of a pandas frequency, and the frequency that dates show, for notebooks and files alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecast.series.days import DAY, YEARS, day_of
from forecast.support.terminal import quoted, short

FIRST = np.datetime64("2000-01-03", "D")  # of rows without a start; by identity: a given one is held to its grid
WEEKLY = "W-MON"
# frequencies that name rows by their last day, and by their first
ENDS = {"ME": "MS", "BME": "MS", "CBME": "MS", "QE": "QS", "BQE": "QS", "YE": "YS", "BYE": "YS"}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("THU", "FRI", "SAT", "SUN", "MON", "TUE", "WED")  # of days counted from 1970
WEEK = 7
WEEKENDS = 2  # that must have been left out before days are taken for working days


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
        return f"Q{edge}-{MONTHS[month % 3]}"
    if number == 12:
        return f"Y{edge}-{MONTHS[month]}"
    return f"{number if number > 1 else ''}M{edge}"


def edges(start: Any, freq: str, rows: int) -> tuple[np.ndarray, str]:
    """Starts of rows and the end of the last [rows + 1], and the frequency of these; ValueError if none starts then."""
    day = day_of(start, "start")
    try:
        if not isinstance(freq, str):
            raise TypeError(f"freq is {freq!r}")
        first = pd.Timestamp(day).as_unit("s").floor("D")
        offset, told = pd.tseries.frequencies.to_offset(freq), by_first_day(freq)
        begin = pd.tseries.frequencies.to_offset(told)
        if start is FIRST:
            first = offset.rollforward(first)
        if told != freq and offset.is_on_offset(first):
            first = begin.rollback(first) - (begin.n - 1) * begin.base
        days = np.asarray(pd.date_range(first, periods=rows + 1, freq=told, unit="s"), dtype="datetime64[D]")
        if np.any(np.diff(days) < DAY):
            raise ValueError("rows shorter than a day")
        if not YEARS[0] <= days[0] <= days[-1] <= YEARS[1]:
            raise ValueError(f"rows from {days[0]} to {days[-1]}, years are 1 to 9999")
        sides = f"{offset.rollback(first).date()} or {offset.rollforward(first).date()}"
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"start {start!r} with freq {freq!r}: {error}. Use a date like 2023-01-02 and a pandas "
                         "frequency such as D, W-MON, MS, QS or YS") from error
    if days[0] != np.datetime64(first, "D"):
        raise ValueError(f"start {start!r} with freq {freq!r}: no row starts or ends that day: name {sides}")
    return days, told


def by_first_day(freq: str) -> str:
    """The frequency that names by their first day the rows that `freq` names by their last: QS-JAN for QE-DEC."""
    offset = pd.tseries.frequencies.to_offset(freq)
    code, _, month = offset.rule_code.partition("-")
    if code not in ENDS:
        return freq
    after = f"-{MONTHS[(MONTHS.index(month) + 1) % 12]}" if month else ""
    return f"{offset.n if offset.n > 1 else ''}{ENDS[code]}{after}"


def offset_of(freq: Any, first: pd.Timestamp) -> tuple[str, Any]:
    """A frequency of at least a day, by the first days of rows, and what pandas makes of it."""
    try:
        offset = pd.tseries.frequencies.to_offset(freq)
        if offset is None or first + offset < first + pd.Timedelta(days=1):
            raise ValueError("shorter than a day")
        told = by_first_day(freq)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:  # of a number of twenty digits
        raise ValueError(f"freq {quoted(freq)}: {short(str(error), 80)}. Use a pandas frequency such as D, W-MON, MS, "
                         "QS or YS") from error
    return told, pd.tseries.frequencies.to_offset(told)
