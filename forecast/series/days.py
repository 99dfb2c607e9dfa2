"""Days as a caller writes them: ISO text, dates and timestamps; no guess is made of anything else."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

DAY = np.timedelta64(1, "D")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}($|[T ])")
PLACE = re.compile(r"(?<=\d)(Z|[+-]\d{2}:?\d{2})$")  # of a time that says how far it is from UTC
SHORTEST = ("D", "h", "m", "s", "ms", "us", "ns")  # units of datetime64 that name a day: a month does not
YEARS = np.datetime64("0001-01-01", "D"), np.datetime64("9999-12-31", "D")  # of the calendar of Python's dates
SHOWN = 60  # characters of what was given that an error repeats


def day_of(given: Any, what: str) -> np.datetime64:
    """The day, datetime64[D], that a text YYYY-MM-DD, a date, a datetime, a Timestamp or a datetime64 names.

    A time of day is left out; one with a time zone is the day at its place. Raises ValueError, naming `what`, for
    anything else: 03/02/2023 may be two days, and 20231218 a number of anything.

    >>> str(day_of("2023-07-25", "event"))
    '2023-07-25'
    """
    day = _read(given)
    if day is None:
        raise ValueError(f"{what} {repr(given)[:SHOWN]} is no day: write it as YYYY-MM-DD, or give a date or a "
                         "timestamp")
    return day


def date_of(given: Any, what: str) -> date:
    """The same as a `date`."""
    return date.fromisoformat(str(day_of(given, what)))


def _read(given: Any) -> np.datetime64 | None:
    if isinstance(given, str):
        readable = bool(ISO.match(given))
    elif isinstance(given, np.datetime64):
        readable = np.datetime_data(given)[0] in SHORTEST
    else:
        readable = isinstance(given, date)  # datetimes and Timestamps are dates too
    if not readable:
        return None
    try:
        stamp = pd.Timestamp(given)
        return None if pd.isna(stamp) else np.datetime64(stamp.date(), "D")
    except (ValueError, TypeError, OverflowError, NotImplementedError):  # the last for the year 0
        return None


def days_of(given: Any) -> np.ndarray:
    """Days of many dates, datetime64[D] [n], NaT for an empty one; ValueError for one that `day_of` does not read."""
    days = _days(given)
    if (outside := days[(days < YEARS[0]) | (days > YEARS[1])]).size:
        raise ValueError(f"date {outside[0]} is no day of the years 1 to 9999: write it as YYYY-MM-DD")
    return days


def _days(given: Any) -> np.ndarray:
    dtype = getattr(given, "dtype", None)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return np.asarray(pd.DatetimeIndex(given).tz_localize(None), dtype="datetime64[D]")
    if isinstance(dtype, np.dtype) and dtype.kind == "M" and np.datetime_data(dtype)[0] in SHORTEST:
        return np.asarray(given).astype("datetime64[D]")
    dates = list(given)
    if all(isinstance(each, str) and len(each) == 10 and ISO.match(each) for each in dates):
        return np.asarray(dates, dtype="datetime64[D]")
    places = {match[0] for each in dates if isinstance(each, str) and (match := PLACE.search(each))}
    if len(places) > 1:
        raise ValueError(f"times of several places ({', '.join(sorted(places))}): give each as the day where it was "
                         "seen")
    empty = np.datetime64("NaT", "D")
    return np.array([empty if _is_empty(each) else day_of(each, "date") for each in dates], dtype="datetime64[D]")


def _is_empty(given: Any) -> bool:
    return given is None or given == "" or given is pd.NA or (pd.api.types.is_scalar(given) and bool(pd.isna(given)))
