"""Moments to days: which day a time belongs to, and what had to be decided for that."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.reading import Tray

MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?) ?(Z|UTC|[+-]\d{2}:?\d{2})?)?")
MIDNIGHT = "times at 00:00:00 taken as dates without a time: the day stands as it is written"
LOCAL = "times with an offset: the day stands as it is written, which is the day at the place"
NAIVE = "times without a time zone: their days stand as they are written"


def day_of(cells: Cells, column: str, tray: Tray, *, needed: bool = True) -> date | None:
    """The day of a date or a time as it is written: with an offset that is the day at the place. What was decided is
    noted; a time at 00:00:00 is what most programs write where only the day is known.
    """
    cell = cells.text(column, needed=needed)
    if not cell or not MOMENT.fullmatch(cell) or len(cell) == len("2024-01-01"):
        return cells.day(column)
    made = moment(cell)
    if made is None:
        cells.wrong(column, cell, "no such time in the calendar: write it as 2024-10-27 14:30:00+00:00")
        return None
    when, note = made
    if note:
        tray.notes[note] += 1
    return when.date()


def instant(cells: Cells, column: str) -> datetime | None:
    """A time as such, in UTC where it names its zone (then aware); for putting events in order."""
    cell = cells.text(column)
    made = moment(cell) if MOMENT.fullmatch(cell) else None
    if made is None:
        if cell:
            cells.wrong(column, cell, "write the time as 2024-10-27 14:30:00, with Z or an offset if it is known")
        return None
    parsed = _parsed(cell)
    return parsed if parsed is None or parsed.tzinfo is None else parsed.astimezone(UTC)


@lru_cache(maxsize=65_536)
def moment(cell: str) -> tuple[datetime, str] | None:
    """The time whose day counts, and what was decided; None if there is no such time.

    >>> moment("2024-10-27 23:30:00-05:00")[0].day, moment("2024-10-27 00:00:00+09:00")[0].day
    (27, 27)
    """
    parsed = _parsed(cell)
    if parsed is None:
        return None
    if len(cell) > len("2024-01-01") and (parsed.hour, parsed.minute, parsed.second) == (0, 0, 0):
        return parsed, MIDNIGHT
    if parsed.tzinfo is None:
        return parsed, NAIVE if len(cell) > len("2024-01-01") else ""
    return parsed, LOCAL if parsed.utcoffset() else ""


def _parsed(cell: str) -> datetime | None:
    match = MOMENT.fullmatch(cell)
    if match is None:
        return None
    day, clock, zone = match.groups()
    zone = "+00:00" if zone in ("Z", "UTC") else zone or ""
    try:
        return datetime.fromisoformat(f"{day}T{clock}{zone}" if clock else day)
    except ValueError:
        return None
