"""A digitised chart: two columns, x a date or a decimal year, y read off an axis and hence not whole."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.lines import raw_rows
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.source import Source
from forecast.evidence.feeds.times import MOMENT, day_of
from forecast.evidence.tables.words import DATES, GENERIC, YEARS, heading

NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]+)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
FIRST_YEAR, LAST_YEAR = 1900, 2101
BELOW = "points just under the axis (above -1) taken as zero"
SAME_DAY = "points of one day are looks at one count: it lies between the least and the most"
READ_OFF = "counts read off a chart: bounds are the whole numbers around each point, a reading error of up to 1 count"


def recognise(source: Source) -> bool:
    lines = source.first_lines
    if not lines or source.is_zip or source.is_json or source.is_xml or source.is_parquet:
        return False
    rows = [row for row in csv.reader(lines[:50], delimiter=source.delimiter) if row]
    points = [row for row in rows if len(row) == 2 and _is_x(row[0].strip().lstrip("\ufeff"))]
    return (len(rows[0]) == 2 and bool(points) and len(points) >= 0.5 * (len(rows) - 1) and _is_curve(rows, points)
            and all(len(row) == 2 or not any(row[2:]) for row in rows[:2]))


def _is_curve(rows: list[list[str]], points: list[list[str]]) -> bool:
    """Whether points were read off axes: no headings, or a tool's (x, y), and values or years not whole.

    Two columns with headings of their own, or whole counts, are a table.
    """
    first = [cell.strip().lstrip("\ufeff") for cell in rows[0]]
    headed = not _is_x(first[0])
    if headed and not all(heading(cell) in GENERIC for cell in first):
        return any(_broken(row[0]) for row in points) and not any(is_date(cell) for cell in map(heading, first))
    return any(_broken(cell) for row in points for cell in row) and all(
        NUMBER.fullmatch(cell.strip()) or not cell.strip() for row in points for cell in row[1:2])


def _broken(cell: str) -> bool:
    """Whether a cell is a number that is not whole."""
    text = cell.strip().lstrip("\ufeff").replace(",", ".")
    return bool(NUMBER.fullmatch(text)) and not float(text).is_integer()


def is_date(word: str) -> bool:
    return word in DATES and word not in YEARS


def _is_x(cell: str) -> bool:
    if MOMENT.fullmatch(cell):
        return True
    return bool(NUMBER.fullmatch(cell)) and FIRST_YEAR <= float(cell.replace(",", ".")) < LAST_YEAR


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    looks: dict[date | None, dict[str, Any]] = {}
    for place, (number, row) in enumerate(raw_rows(tray)):
        padded = [cell.strip().lstrip("\ufeff") for cell in [*row, "", ""]]
        if place == 0 and not _is_x(padded[0]):
            tray.notes[f"header {', '.join(row)!r} left aside: x is read as time, y as a count"] += 0
            continue
        cells = tray.cells(number, {"x": padded[0], "y": padded[1]})
        if any(padded[2:]):
            cells.wrong("", f"{len(row)} cells", "a digitised chart has two columns: export one curve a file")
        low, high, note = _count(cells, tray)
        day = _day(cells, tray)
        tray.add(cells, unique_id="chart", ds=day, y_low=low, y_high=high, note=note)
        if not cells.faults and not _first_look(looks, day, tray):
            tray.rows.pop()
    yield tray.batch()


def _first_look(looks: dict[date | None, dict[str, Any]], day: date | None, tray: Tray) -> bool:
    """Whether a point is the first of its day; a later one widens the bounds: points are looks, not parts."""
    row = tray.rows[-1]
    first = looks.setdefault(day, row)
    if first is row or day is None:
        return True
    tray.notes[SAME_DAY] += 1
    first["y_low"], first["y_high"] = np.fmin(first["y_low"], row["y_low"]), np.fmax(first["y_high"], row["y_high"])
    return False


def _day(cells: Cells, tray: Tray) -> date | None:
    """The day that a date or a decimal year means; a year holds 365 or 366 days and starts at .0."""
    cell = cells.text("x", needed=True)
    if not NUMBER.fullmatch(cell):
        return day_of(cells, "x", tray) if cell else None
    value = float(_point(cell, tray))
    if not FIRST_YEAR <= value < LAST_YEAR:
        cells.wrong("x", cell, f"write a date, or a decimal year from {FIRST_YEAR} to {LAST_YEAR - 1}")
        return None
    year = int(value)
    first = date(year, 1, 1)
    tray.notes["decimal years turned into the nearest day"] += 1
    return first + timedelta(days=round((value - year) * (date(year + 1, 1, 1) - first).days))


def _count(cells: Cells, tray: Tray) -> tuple[float, float, str]:
    """low, high and how they came about; a blank is not counted."""
    cell = cells.text("y")
    if not cell:
        return math.nan, math.nan, ""
    value = float(_point(cell, tray)) if NUMBER.fullmatch(cell) else math.nan
    if not math.isfinite(value):
        cells.wrong("y", cell, "write a plain number such as 12.4")
    elif value <= -1:
        cells.wrong("y", cell, "a count cannot be negative: calibrate the axis again")
    elif value < 0:
        tray.notes[BELOW] += 1
        return 0.0, 0.0, f"read off a chart at {cell}"
    elif not value.is_integer():
        tray.notes[READ_OFF] += 1
        return float(math.floor(value)), float(math.ceil(value)), f"read off a chart at {cell}"
    return value, value, ""


def _point(cell: str, tray: Tray) -> str:
    if "," in cell:
        tray.notes["numbers with a decimal comma"] += 1
    return cell.replace(",", ".")


FEED = Feed("digitised_chart", "digitised chart: two columns, dates or decimal years, and counts read off an axis",
            "count", "", "simulated_digitised_chart.csv", recognise, read)
