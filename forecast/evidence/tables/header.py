"""Where a table begins: its headings, of one line or of several, and what stands above, between and below its rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from forecast.evidence.feeds.reading import Tray
from forecast.evidence.tables.dates import YEARS, Order, lone_month, when
from forecast.evidence.tables.numbers import Marks, count_of
from forecast.evidence.tables.sheets import Row, Sheet
from forecast.evidence.tables.words import heading

LOOKED_AT = 200  # rows that show the width of a table
HEADING_WITHIN = 40  # rows: a title and notes may stand above
LEVELS = 3  # of headings
LAX = Marks(missing=frozenset())


@dataclass(frozen=True, eq=False)
class Table:
    """Headings and rows of cells of one length.

    names : headings, those of several lines joined by a blank; "column 3" where nothing stands
    heads : the cell of the last heading line of each column, as it stood, for headings that are dates
    rows : line and cells; headed : whether headings stood there at all
    """

    name: str
    names: list[str]
    heads: list[Any]
    rows: list[Row]
    headed: bool
    ragged: bool
    delimiter: str = ""


def table_in(sheet: Sheet, skip_rows: int | None, tray: Tray, missing: Callable[[str], bool]) -> Table | None:
    """The table of a sheet, or None if it holds none; what stands around it is noted."""
    rows = _filled(sheet)
    if skip_rows is not None:
        rows = rows[skip_rows:] if not sheet.ragged else [row for row in rows if row[0] > skip_rows]
    rows = [row for row in rows if any(cell is not None for cell in row[1])]
    if not rows:
        return None
    width = _width(rows)
    least = 1 if skip_rows is not None and len(rows) > 1 and not _is_body(rows, 0, width, missing) else 0
    least = max(least, _preamble(rows, width))
    body = next(
        (
            i
            for i in range(least, min(len(rows), HEADING_WITHIN))
            if _is_body(rows, i, width, missing) or (i > 0 and _is_times(rows[i - 1][1], width))
        ),
        None,
    )
    if body is None:
        return None
    heads, headed = _head_rows(rows, body, width, sheet)
    first = rows[: body - len(heads)]
    for number, row in first:
        text = ", ".join(_text(cell) for cell in row if cell is not None)
        tray.notes[f"line {number} above the headings left aside: {text[:80]!r}"] += 0
    length = max([width, *(len(row) for _, row in heads)])
    names, last = _names(heads, length, sheet)
    kept = []
    for number, row in rows[body:]:
        if headed and _like(row, heads[-1][1]):
            tray.notes["headings that stand again among the rows left aside"] += 1
            continue
        kept.append((number, row))
    return Table(sheet.name, names, last, kept, headed, sheet.ragged, sheet.delimiter)


def _filled(sheet: Sheet) -> list[Row]:
    """Rows with the cells of a merge that goes down filled from its first, as people read them."""
    if not sheet.merged:
        return sheet.rows
    rows = [(number, list(row)) for number, row in sheet.rows]
    for top, left, bottom, right in sheet.merged:
        if bottom == top or right != left or bottom >= len(rows) or left >= len(rows[top][1]):
            continue
        value = rows[top][1][left]
        for i in range(top + 1, bottom + 1):
            if left < len(rows[i][1]) and rows[i][1][left] is None:
                rows[i][1][left] = value
    return rows


def _preamble(rows: Sequence[Row], width: int) -> int:
    """How many lines before the first full one are at most half as wide as the table: names and values, a title."""
    for i, (_, row) in enumerate(rows[:HEADING_WITHIN]):
        if sum(cell is not None for cell in row) >= 0.6 * width:
            return i
        if 2 * _last(row) > width:
            return 0
    return 0


def _width(rows: Sequence[Row]) -> int:
    """Columns that most rows fill: up to the last cell that is filled."""
    widths = Counter(_last(row) for _, row in rows[:LOOKED_AT])
    most = max(widths.values())
    return max(width for width, number in widths.items() if number >= max(most / 2, 1) or number == most)


def _last(row: Sequence[Any]) -> int:
    return next((i for i in range(len(row), 0, -1) if row[i - 1] is not None), 0)


def _is_number(cell: Any, missing: Callable[[str], bool]) -> bool:
    if isinstance(cell, float):
        return True
    if not isinstance(cell, str) or missing(cell) or len(cell) > 40:
        return False
    return count_of(cell, LAX) is not None or bool(
        re.fullmatch(r"[+\-<>~≈≥≤]?[\d.,\s']+[+?%]?", cell) and re.search(r"\d", cell)
    )


def is_time(cell: Any) -> bool:
    """Whether a heading is a date, a month or a year."""
    if isinstance(cell, date):
        return True
    if isinstance(cell, float):
        return cell.is_integer() and cell in YEARS
    if not isinstance(cell, str) or not re.search(r"\d", cell):
        return isinstance(cell, str) and lone_month(cell) is not None
    return any(when(cell, Order(first)) is not None for first in (False, True))


def _is_body(rows: Sequence[Row], i: int, width: int, missing: Callable[[str], bool]) -> bool:
    """Whether row i holds counts or dates, and is no line of headings that are dates."""
    row = rows[i][1]
    filled = [cell for cell in row if cell is not None]
    if len(filled) < min(2, width) or len(filled) < width * 0.3:
        return False
    numbers = [cell for cell in filled if _is_number(cell, missing)]
    dated = [
        cell
        for cell in filled
        if isinstance(cell, date) or (isinstance(cell, str) and re.search(r"\d", cell) and is_time(cell))
    ]
    if not numbers and not dated:
        return False
    times = [cell for cell in row if is_time(cell)]
    others = [cell for cell in filled if not is_time(cell)]
    if (
        len(times) < 2
        or any(_is_number(cell, missing) for cell in others)
        or (row[0] is not None and is_time(row[0]) and others)
    ):
        return True
    # under a line that is as full, it is the first row of counts that happen to look like years
    lettered = i > 0 and row[0] is not None and sum(cell is not None for cell in rows[i - 1][1]) >= len(filled)
    headed = bool(others) or row[0] is None or len(times) >= 3
    return lettered or not headed or i + 1 == len(rows)


def _is_times(row: Sequence[Any], width: int) -> bool:
    """Whether a line is headings of which most are dates, months or years, after one that is none."""
    times = [is_time(cell) for cell in row]
    named = [k for k, cell in enumerate(row) if cell is not None and not times[k]]
    return sum(times) >= 3 and sum(times) >= 0.5 * width and bool(named) and named[0] == 0 and not times[0]


def _head_rows(rows: Sequence[Row], body: int, width: int, sheet: Sheet) -> tuple[list[Row], bool]:
    """The lines of headings right above the body, of which the last one names most columns."""
    heads: list[Row] = []
    for i in range(body - 1, max(body - 1 - LEVELS, -1), -1):
        row = rows[i][1]
        filled = [k for k, cell in enumerate(row) if cell is not None]
        last = _last(row)
        if not heads:
            if len(filled) >= max(1, min(2, width)) or (width == 2 and len(filled) == 1 and last == 2) or width == 1:
                heads.insert(0, rows[i])
                continue
            break
        spans = any(top == i and right > left for top, left, _, right in sheet.merged)
        lone = (len(filled) < 2 and filled != [last - 1]) or filled == [0] or last > width + 1
        if lone and not (spans and filled != [0]):
            break
        below = heads[0][1]
        full = sum(cell is not None for cell in below)
        if len(filled) > full or (
            len(filled) == full
            and not spans
            and all(below[k] is not None for k in filled if k < len(below))
            and 0 in filled
            and not _bracketed(below)
        ):
            break  # a line that is as full stands for itself, not above another
        if any(isinstance(row[k], float | date) and not is_time(row[k]) for k in filled):
            break
        if filled == list(range(len(filled))) and 2 * last <= width and not spans:
            break  # a name and its value, above a table that is wider
        heads.insert(0, rows[i])
    return heads, bool(heads)


def _bracketed(row: Sequence[Any]) -> bool:
    """Whether a line under the headings holds units, such as (tonnes)."""
    texts = [str(cell) for cell in row if cell is not None]
    return sum(text.startswith(("(", "[")) for text in texts) >= len(texts) / 2


def _names(heads: Sequence[Row], length: int, sheet: Sheet) -> tuple[list[str], list[Any]]:
    """The name of each column, joined from its lines of headings; an upper one goes on to the right until the next."""
    parts: list[list[str]] = [[] for _ in range(length)]
    place = {number: i for i, (number, _) in enumerate(sheet.rows)}
    for level, (number, row) in enumerate(heads):
        upper = level < len(heads) - 1
        cells = [row[k] if k < len(row) else None for k in range(length)]
        if upper:
            cells = _onward(cells, [m for m in sheet.merged if m[0] == place.get(number)])
        for k, cell in enumerate(cells):
            text = _text(cell)
            if text and text not in parts[k]:
                parts[k].append(text)
    names = [" ".join(part) or f"column {k + 1}" for k, part in enumerate(parts)]
    last = [heads[-1][1][k] if heads and k < len(heads[-1][1]) else None for k in range(length)]
    return names, last


def _onward(cells: list[Any], merged: Sequence[tuple[int, int, int, int]]) -> list[Any]:
    if merged:
        for _, left, _, right in merged:
            for k in range(left, min(right + 1, len(cells))):
                cells[k] = cells[left]
        return cells
    before: Any = None
    for k, cell in enumerate(cells):
        before = cell if cell is not None else before
        cells[k] = before
    return cells


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return re.sub(r"\s+", " ", str(cell)).strip()


def _like(row: Sequence[Any], head: Sequence[Any]) -> bool:
    """Whether a row says what the headings say; most differ in their first cell."""
    first, named = (next((cell for cell in cells if cell is not None), None) for cells in (row, head))
    if heading(_text(first)) != heading(_text(named)):
        return False
    said = [heading(_text(cell)) for cell in row if cell is not None]
    return len(said) > 1 and said == [heading(_text(cell)) for cell in head if cell is not None]
