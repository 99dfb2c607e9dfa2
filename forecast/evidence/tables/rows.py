"""The rows of a table one by one: which day, which counts; what is no row is left aside, what is unreadable a fault."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from forecast.evidence.cells import LARGEST
from forecast.evidence.feeds.reading import Tray
from forecast.evidence.tables.columns import Columns
from forecast.evidence.tables.date_columns import Dates, part_of
from forecast.evidence.tables.dates import SPANS, YEARS, Order, When, from_number, main_unit, order_of, when
from forecast.evidence.tables.numbers import UNCOUNTED, Count, Marks, QuestionError, count_of, separators
from forecast.evidence.tables.roles import Roles
from forecast.evidence.tables.words import is_total

STATES = ("ok", "cloud", "no_image", "partial")
PARTIAL = "counts of images that were seen in part taken as at least so many"
ZONES = "times with an offset: the day stands as it is written, which is the day at the place"
DO_DATE = "write the date as YYYY-MM-DD, or say date_format"
DO_NAME = "a count without the name of its series: write it in every row"
DO_COUNT = "write a whole number, 4+, <=20 or 10-12; leave blank what was not counted"


@dataclass(frozen=True)
class Entry:
    """One count: the line, the series, the day and its minutes (-1 without a time), bounds, and what else was said."""

    row: int
    names: tuple[str, ...]
    heading: str
    when: When
    low: float
    high: float
    words: tuple[tuple[str, Any], ...] = ()
    line: tuple[Any, ...] = ()


def entries(columns: Columns, dates: Dates, roles: Roles, tray: Tray) -> list[Entry]:
    """The counts of a table, row by row; raises QuestionError where dates or numbers can be read in two ways."""
    told, where = columns.told, columns.file
    marks = _marks(columns, roles)
    days = list(_days(columns, dates, tray, where))
    heads = _heads(columns, dates, where)
    units = [day.unit for day in days if day is not None] if not dates.wide else [head.unit for head in heads.values()]
    unit = main_unit(units)
    last = (
        max((i for i, day in enumerate(days) if day is not None), default=-1)
        if not dates.wide or dates.columns
        else len(days) - 1
    )
    made: list[Entry] = []
    names_of_rows = [tuple(_name(columns.cells[k][i]) for k in roles.id) for i in range(len(days))]
    mixed = len({names for names in names_of_rows if not any(map(is_total, names))}) > 0
    for i, day in enumerate(days):
        names = names_of_rows[i]
        if not told.totals and mixed and any(map(is_total, names)):
            tray.notes["rows of totals left out (totals=true keeps them)"] += 1
            continue
        if day is None and (not dates.wide or dates.columns):
            _undated(columns, dates, roles, i, i > last, tray, marks)
            continue
        if day is not None and not dates.wide and day.unit != unit and day.unit in "HQYMW" and unit != day.unit:
            tray.notes[f"rows that span a {SPANS[day.unit]} among rows of a {SPANS[unit]} left out, as totals are"] += 1
            continue
        found = _row(columns, dates, roles, i, names, day, heads, marks, tray)
        if roles.id and not any(names):  # it would be a series of its own, which nobody meant
            if any(not math.isnan(entry.low) for entry in found):
                _faulter(columns, i, tray)(columns.names[roles.id[0]], columns.cells[roles.id[0]][i], DO_NAME)
            continue
        made += found
    return made


def _name(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else re.sub(r"\s+", " ", str(cell))


def _marks(columns: Columns, roles: Roles) -> Marks:
    """The decimal mark and that of thousands of all counts; where semicolons part cells a comma is decimal."""
    told = columns.told
    missing = frozenset(told.missing)
    plain = Marks(missing=missing)
    used = [k for k in (*roles.value, roles.low, roles.high, roles.exposure) if k is not None]
    texts: list[str] = []
    for k in used:
        texts += [cell for cell in columns.cells[k] if isinstance(cell, str) and not plain.is_missing(cell)]
    decimal = told.decimal
    if (
        not decimal
        and not told.thousands
        and columns.table.delimiter == ";"
        and any("," in text for text in texts)
        and not any(re.search(r"\d,\d{3}[.]\d|\d,\d{3},\d{3}", text) for text in texts)
    ):
        decimal = ","
    return replace(separators(dict.fromkeys(texts), decimal, told.thousands, columns.file), missing=missing)


# -- days -------------------------------------------------------------------------------------------------------------
def _days(columns: Columns, dates: Dates, tray: Tray, where: str) -> Iterator[When | None]:
    """The day of each row; of a wide table what the column beside its headings says, if there is one."""
    told = columns.told
    if dates.wide or dates.part:
        for i in range(len(columns.numbers)):
            yield _parted(dates, [columns.cells[k][i] for k in dates.columns])
        return
    k = dates.columns[0]
    cells = columns.cells[k]
    texts = dict.fromkeys(cell for cell in cells if isinstance(cell, str))
    order = order_of(texts, told.dayfirst, told.date_format, f"{where}: {columns.names[k]!r}")
    cache: dict[Any, When | None] = {}
    for cell in cells:
        key = (type(cell), cell)
        if key not in cache:
            cache[key] = _when(cell, order, dates.numbers)
        day = cache[key]
        if day is not None and day.zone:
            tray.notes[ZONES] += 1
        yield day


def _when(cell: Any, order: Order, numbers: str) -> When | None:
    if isinstance(cell, datetime):
        return When(cell.date(), "D", cell.hour * 60 + cell.minute or -1, cell.tzinfo is not None)
    if isinstance(cell, date):
        return When(cell)
    bare = isinstance(cell, float) or (isinstance(cell, str) and re.fullmatch(r"\d+(\.\d+)?", cell) is not None)
    if bare and numbers and not order.format:
        return from_number(float(cell), numbers)
    return when(cell, order) if isinstance(cell, str) else None


def _parted(dates: Dates, cells: list[Any]) -> When | None:
    """The day of a year and its part; of a wide table the year, or the month, that stands beside the headings."""
    if dates.wide:
        return _beside(dates, cells[0]) if cells else None
    year, *parts = (dates.year, *cells) if dates.year is not None else (_whole(cells[0]), *cells[1:])
    part = part_of(parts[0], dates.part) if parts[0] is not None else None
    day = _whole(parts[1]) if len(parts) > 1 else 1
    if year is None or part is None or day is None:
        return None
    try:
        if dates.part == "week":
            return When(date.fromisocalendar(year, part, 1), "W")
        month = 3 * part - 2 if dates.part == "quarter" else part
        return When(date(year, month, day), "D" if len(parts) > 1 else dates.part[0].upper())
    except (ValueError, OverflowError):  # a day of thirty digits
        return None


def _beside(dates: Dates, cell: Any) -> When | None:
    """The year beside headings that are months, or the month beside headings that are years."""
    if dates.part:
        year = _whole(cell)
        return None if year is None or year not in YEARS else When(date(year, 1, 1), "Y")
    month = part_of(cell, "month") if cell is not None else None
    return None if month is None else When(date(2000, month, 1), "M")


def _whole(cell: Any) -> int | None:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return int(value) if value.is_integer() else None


def _heads(columns: Columns, dates: Dates, where: str) -> dict[int, When]:
    """The days of headings that are dates."""
    if not dates.wide:
        return {}
    heads = {k: columns.table.heads[k] for k in dates.wide}
    texts = [head for head in heads.values() if isinstance(head, str)]
    order = order_of(texts, columns.told.dayfirst, columns.told.date_format, f"{where}: headings")
    made: dict[int, When] = {}
    for k, head in heads.items():
        if dates.part:
            month = part_of(head, "month")
            day = None if month is None else When(date(dates.year or 2000, month, 1), "M")
        else:
            day = _when(head, order, "year")
            if day is None and isinstance(columns.names[k], str):
                day = when(columns.names[k], order)
        if day is None:
            raise QuestionError(
                f"{where}: the heading {columns.names[k]!r} is no date, others are: mend it, or say wide=false"
            )
        made[k] = day
    return made


def _joined(head: When, beside: When | None, dates: Dates) -> When:
    """The day of a cell of a wide table, from its heading and the year or month of its row."""
    if beside is None:
        return head
    if dates.part:
        return replace(head, day=head.day.replace(year=beside.day.year))
    return When(date(head.day.year, beside.day.month, 1), "M")


# -- counts -----------------------------------------------------------------------------------------------------------
def _row(
    columns: Columns,
    dates: Dates,
    roles: Roles,
    i: int,
    names: tuple[str, ...],
    day: When | None,
    heads: dict[int, When],
    marks: Marks,
    tray: Tray,
) -> list[Entry]:
    number = columns.numbers[i]
    fault = _faulter(columns, i, tray)
    before = len(tray.faults)
    words = _words(columns, roles, i, marks, fault)
    counted: list[tuple[str, When, Count]] = []
    if day is not None and (roles.low is not None or roles.high is not None):
        counted.append(("", day, _bounded(columns, roles, i, marks, fault)))
    for k in roles.value if roles.low is None and roles.high is None else ():
        cell = columns.cells[k][i]
        if type(cell) is float and 0 <= cell <= LARGEST:  # what nearly all cells are
            count: Count | None = Count(cell, cell)
        else:
            count = _count(cell, marks, partial(fault, columns.names[k]))
        at = _joined(heads[k], day, dates) if dates.wide else day
        if count is not None and at is not None:
            counted.append(("" if dates.wide else columns.names[k], at, count))
    if len(tray.faults) > before:
        return []
    line = tuple(column[i] for column in columns.cells)
    made = []
    status = dict(words).get("status")
    for name, at, count in counted:
        low, high = count.low, count.high
        if count.note:
            tray.notes[count.note] += 1
        if status == "partial" and low == high:
            high = math.inf
            tray.notes[PARTIAL] += 1
        if status in ("cloud", "no_image") and not math.isnan(low):
            fault(
                "status",
                status,
                "nothing can be counted then: leave the count blank, or mend the status",
            )
            return []
        made.append(Entry(number, names, name, at, low, high, words, line))
    return made


def _faulter(columns: Columns, i: int, tray: Tray) -> Callable[[str, Any, str], None]:
    def fault(column: str, got: Any, do: str) -> None:
        text = ",".join("" if cell[i] is None else _name(cell[i]) for cell in columns.cells)
        tray.fault(columns.numbers[i], column, "nothing" if got is None else _name(got), do, text)

    return fault


def _count(cell: Any, marks: Marks, wrong: Callable[[Any, str], None]) -> Count | None:
    """What a cell counts, or None and a fault."""
    if cell is None:
        return Count(math.nan, math.nan)
    if isinstance(cell, float):
        count: Count | None = Count(cell, cell) if math.isfinite(cell) and abs(cell) <= LARGEST else None
    else:
        count = count_of(str(cell), marks) if not isinstance(cell, date) else None
    if count is None:
        swapped = re.fullmatch(r"(\d+)\s*[-–]\s*(\d+)", str(cell))
        wrong(
            cell,
            "the first number lies above the last: swap them"
            if swapped and int(swapped[1]) > int(swapped[2])
            else DO_COUNT,
        )
    elif count.low < 0:
        wrong(cell, "a count cannot be negative: write what was seen, or leave it blank")
        return None
    return count


def _bounded(columns: Columns, roles: Roles, i: int, marks: Marks, fault: Callable[[str, Any, str], None]) -> Count:
    """The bounds of a row that has columns of them: one alone is at least or at most, none is not counted."""
    told = [
        (k, _count(columns.cells[k][i], marks, partial(fault, columns.names[k])))
        for k in (*roles.value[:1], roles.low, roles.high)
        if k is not None
    ]
    by = {k: count for k, count in told if count is not None and not math.isnan(count.low)}
    exact = by.get(roles.value[0]) if roles.value else None
    below, above = (
        by.get(roles.low) if roles.low is not None else None,
        by.get(roles.high) if roles.high is not None else None,
    )
    if exact is None and below is None and above is None:
        return Count(math.nan, math.nan)
    low = below.low if below is not None else exact.low if exact is not None else 0.0
    high = above.high if above is not None else exact.high if exact is not None else math.inf
    if low > high:
        fault(columns.names[roles.low or 0], f"{low:g}", f"it lies above {high:g}: swap them or mend one")
    elif exact is not None and not low <= exact.low <= exact.high <= high:
        fault(
            columns.names[roles.value[0]],
            f"{exact.low:g}",
            f"it lies outside {low:g} to {high:g}: mend one of the three",
        )
    return Count(low, high)


def _words(
    columns: Columns, roles: Roles, i: int, marks: Marks, fault: Callable[[str, Any, str], None]
) -> tuple[tuple[str, Any], ...]:
    """What a row says beside its counts: image, analyst, source, note, status, exposure, last day, kind."""
    made: dict[str, Any] = {name: _name(columns.cells[k][i]) for name, k in roles.words.items()}
    if made.get("status", "") not in ("", *STATES):
        made.pop("status")
    if roles.kind is not None:
        made["kind"] = _name(columns.cells[roles.kind][i]).lower()
    if roles.exposure is not None and columns.cells[roles.exposure][i] is not None:
        share = _count(columns.cells[roles.exposure][i], marks, partial(fault, "exposure"))
        if share is not None and not math.isnan(share.low):
            if 0 < share.low <= 1:
                made["exposure"] = share.low
            else:
                fault(
                    columns.names[roles.exposure],
                    f"{share.low:g}",
                    "write a share of the day above 0, at most 1; a day nobody watched has no count",
                )
    if roles.end is not None and (cell := columns.cells[roles.end][i]) is not None:
        end = _when(cell, Order(bool(columns.told.dayfirst), columns.told.date_format), "")
        if end is not None:
            made["end"] = end.day
    return tuple(made.items())


def _undated(columns: Columns, dates: Dates, roles: Roles, i: int, after: bool, tray: Tray, marks: Marks) -> None:
    """A row without a date: a total, a line of words, or a fault."""
    cells = [column[i] for column in columns.cells]
    texts = [cell for cell in cells if isinstance(cell, str)]
    date_cell = columns.cells[dates.columns[0]][i] if dates.columns else None
    counts = [columns.cells[k][i] for k in (*roles.value, roles.low, roles.high) if k is not None]
    counted = [
        c
        for c in counts
        if isinstance(c, float)
        or (isinstance(c, str) and not marks.is_missing(c) and re.search(r"\d", c) and count_of(c, marks) is not None)
    ]
    if any(is_total(text) for text in texts[:3]):
        tray.notes["rows of totals left out (totals=true keeps them)"] += 1
    elif not counted and (after or not re.search(r"\d", str(date_cell or ""))):
        text = ", ".join(_name(cell) for cell in cells if cell is not None)
        tray.notes[f"line {columns.numbers[i]} without a date and a count left aside: {text[:60]!r}"] += 0
    else:
        _faulter(columns, i, tray)(
            columns.names[dates.columns[0]], date_cell, "fill it in" if date_cell is None else DO_DATE
        )


__all__ = ["UNCOUNTED", "Entry", "entries"]
