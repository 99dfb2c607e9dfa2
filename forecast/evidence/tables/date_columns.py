"""Where the days of a table stand: one column, a year beside a month, or headings that are dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from forecast.evidence.tables.columns import MOST, Columns, is_bare, is_count, is_date, share
from forecast.evidence.tables.dates import Order, lone_month, numbers_of, when
from forecast.evidence.tables.header import is_time
from forecast.evidence.tables.numbers import QuestionError
from forecast.evidence.tables.words import DATES, DAYS, ENDS, LATER, MONTHS, QUARTERS, WEEKS, YEARS, heading, is_total

FEWEST = 2  # headings that are dates, for a wide table
PARTS = (("month", MONTHS), ("quarter", QUARTERS), ("week", WEEKS))


@dataclass(frozen=True)
class Dates:
    """Where the days stand: one column, a year beside a part of it, or the headings (`wide`).

    columns : the column of dates, or year and part ("month", "quarter", "week") and perhaps day; of a wide table the
        column of years or months beside headings of the other, or none
    wide : columns whose headings are dates; numbers : what bare numbers in the column are
    """

    columns: tuple[int, ...] = ()
    part: str = ""
    wide: tuple[int, ...] = ()
    numbers: str = ""
    year: int | None = None


def dates_of(columns: Columns, missing: Callable[[str], bool]) -> Dates | None:
    """Where the days of a table stand, or None; raises QuestionError where two columns may hold them."""
    told = columns.told
    if told.date:
        return _told(columns, missing)
    wide = _wide(columns, missing) if told.wide is not False else None
    if wide is not None and (told.wide or len(wide.wide) >= FEWEST):
        columns.used |= {*wide.columns, *wide.wide}
        return wide
    if told.wide:
        raise ValueError(
            f"{columns.file}: wide: no headings are dates, got {', '.join(columns.names[:8])}: leave it out, or mend "
            "the headings"
        )
    found = _parted(columns) if _one(columns, missing, exact=True) is None else None
    found = found or _one(columns, missing)
    if found is not None:
        columns.used |= set(found.columns)
    return found


def _told(columns: Columns, missing: Callable[[str], bool]) -> Dates:
    k = columns.named(columns.told.date, "date")
    year = _sheet_year(columns)
    if year and _months_alone(columns, k):
        return Dates((k,), part="month", year=year)
    if (
        heading(columns.names[k]) in YEARS
        and not columns.told.date_format
        and (found := _parted(columns, k)) is not None
    ):
        columns.used |= set(found.columns)
        return found
    return Dates((k,), numbers=_numbers(columns, k, missing))


def _numbers(columns: Columns, k: int, missing: Callable[[str], bool]) -> str:
    return numbers_of([float(cell) for cell in columns.filled(k) if is_bare(cell) and not missing(str(cell))])


def _one(columns: Columns, missing: Callable[[str], bool], exact: bool = False) -> Dates | None:
    """The column of dates with the best heading; bare numbers are dates under a heading that says so alone."""
    ranked: list[tuple[float, int, str]] = []
    for k in columns.free():
        word = heading(columns.names[k])
        rank = (
            0.0 if word in DATES[:20] else 0.5 if word in DATES else 1.0 if set(word.split()) & set(DATES[:20]) else 2.0
        )
        rank += 3.0 if set(word.split()) & set(LATER) else 0.0
        if (
            columns.told.date_format
            and share(
                columns,
                k,
                lambda cell: isinstance(cell, str) and when(cell, Order(format=columns.told.date_format)) is not None,
                missing,
            )
            >= MOST
        ):
            ranked.append((rank, k, ""))
        elif share(columns, k, is_date, missing) >= MOST:
            ranked.append((rank, k, _numbers(columns, k, missing)))
        elif (
            rank < 1
            and not exact
            and share(columns, k, is_bare, missing) >= MOST
            and (what := _numbers(columns, k, missing))
        ):
            ranked.append((rank + 0.2, k, what))
        elif rank < 1 and not exact and (year := _sheet_year(columns)) and _months_alone(columns, k):
            return Dates((k,), part="month", year=year)
    if not columns.table.headed and not ranked:  # a chart: decimal years are no counts
        for k in columns.free():
            cells = columns.filled(k)
            if cells and all(map(is_bare, cells)) and _numbers(columns, k, missing) == "decimal":
                return Dates((k,), numbers="decimal")
    if not ranked:
        return None
    ranked.sort()
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0] and columns.cells[ranked[0][1]] != columns.cells[ranked[1][1]]:
        first, second = (columns.names[ranked[i][1]] for i in (0, 1))
        if {heading(first), heading(second)} & set(ENDS) or ranked[0][0] < 1:
            return Dates((ranked[0][1],), numbers=ranked[0][2])
        raise QuestionError(
            f"{columns.file}: dates stand in {first!r} and in {second!r}: say date={first!r} or date={second!r}"
        )
    return Dates((ranked[0][1],), numbers=ranked[0][2])


def _parted(columns: Columns, year: int | None = None) -> Dates | None:
    """A column of years beside one of months, quarters or weeks, and perhaps of days."""
    years = (
        [year]
        if year is not None
        else [
            k
            for k in columns.by_heading(YEARS)
            if all(is_bare(cell) for cell in columns.filled(k))
            and numbers_of([float(cell) for cell in columns.filled(k)]) == "year"
        ]
    )
    if not years:
        return None
    for part, words in PARTS:
        for k in columns.by_heading(words):
            if k != years[0] and _months_alone(columns, k, part):
                days = [
                    d
                    for d in columns.by_heading(DAYS)
                    if part == "month" and all(is_bare(cell) and 1 <= float(cell) <= 31 for cell in columns.filled(d))
                ]
                return Dates((years[0], k, *days[:1]), part=part)
    return None


def _months_alone(columns: Columns, k: int, part: str = "month") -> bool:
    cells = [cell for cell in columns.filled(k) if not (isinstance(cell, str) and is_total(cell))]
    return bool(cells) and all(part_of(cell, part) is not None for cell in cells)


def part_of(cell: Any, part: str) -> int | None:
    """The number of a month, a quarter or a week that stands without its year."""
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
    if part == "month":
        return lone_month(text)
    match = re.fullmatch(r"(?:q|qtr|quarter|w|wk|week|kw)?[\s.]*(\d{1,2})", text, flags=re.I)
    most = 4 if part == "quarter" else 53
    return int(match[1]) if match and 1 <= int(match[1]) <= most else None


def _sheet_year(columns: Columns) -> int | None:
    match = re.fullmatch(r"\D*(19\d\d|20\d\d)\D*", columns.table.name)
    return int(match[1]) if match else None


def _wide(columns: Columns, missing: Callable[[str], bool]) -> Dates | None:
    """Headings that are dates, months or years; with months alone, or years alone, the other stands in a column."""
    heads = columns.table.heads
    times = [k for k in columns.free() if is_time(heads[k]) or (heads[k] is not None and is_time(columns.names[k]))]
    if len(times) < FEWEST or not columns.table.headed:
        return None
    counted = [k for k in times if share(columns, k, is_count, missing) >= MOST or not columns.filled(k)]
    if len(counted) < FEWEST or len(counted) < len(times) - 1:
        return None
    columns.used |= set(counted)
    months = all(lone_month(str(heads[k])) is not None for k in counted if not isinstance(heads[k], float | date))
    months = months and not any(isinstance(heads[k], float | date) for k in counted)
    beside: tuple[int, ...] = ()
    if months:
        beside = tuple(
            k
            for k in columns.by_heading(YEARS) or columns.free()[:1]
            if numbers_of([float(cell) for cell in columns.filled(k) if is_bare(cell)] or [0.0]) == "year"
        )[:1]
        if not beside and _sheet_year(columns) is None:
            columns.used -= set(counted)
            return None
    else:
        beside = tuple(
            k
            for k in columns.free()
            if heading(columns.names[k]) in (*MONTHS, "", *QUARTERS) and _months_alone(columns, k)
        )[:1]
    columns.used -= set(counted)
    return Dates(
        beside,
        part="month" if months else "",
        wide=tuple(counted),
        year=_sheet_year(columns) if months and not beside else None,
    )
