"""Ledgers: CSV files checked cell by cell, so that one error lists everything that is wrong.

A ledger is UTF-8 text with one header row and cells parted by commas, semicolons or tabs (the header says
which). Dates are written YYYY-MM-DD. An Excel day number such as 45123 is refused with the date it would be:
a column of plain numbers may as well be something else.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from forecast.evidence.files import Document
from forecast.support.registry import suggest
from forecast.support.untrusted import HIDDEN

LONGEST_CELL = 10_000
LARGEST = 1e15  # beyond it whole numbers are not told apart
MOST_COLUMNS = 500
SHOWN = 20
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a formula to a spreadsheet
Row = TypeVar("Row")


@dataclass(frozen=True)
class Fault:
    """One thing wrong in one cell; `row` is the line that a spreadsheet shows, 0 for the whole file."""

    file: str
    row: int
    column: str
    got: str
    do: str

    def __str__(self) -> str:
        where = f"{self.file} row {self.row}" if self.row else self.file
        return f"{where}{', ' + self.column if self.column else ''}: got {self.got}: {self.do}"


class StatementError(ValueError):
    """Everything wrong in one reading; `faults` holds all of it, the message the first twenty."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        more = len(self.faults) - SHOWN
        lines = [str(fault) for fault in self.faults[:SHOWN]]
        super().__init__("\n".join(lines + [f"and {more} more"] * (more > 0)))


def no_formula(text: str) -> str:
    """A cell that a spreadsheet shows and does not compute: what would be a formula gets an apostrophe.

    >>> no_formula("=cmd()"), no_formula("4 cars")
    ("'=cmd()", '4 cars')
    """
    return "'" + text if text.startswith(RISKY) else text


class Cells:
    """The cells of one row by column; collects what is wrong instead of stopping at the first."""

    def __init__(self, file: str, row: int, cells: Mapping[str, str]) -> None:
        self.file, self.row, self.cells = file, row, cells
        self.faults: list[Fault] = []

    def wrong(self, column: str, got: Any, do: str) -> None:
        self.faults.append(Fault(self.file, self.row, column, repr(got), do))

    def text(self, column: str, *, needed: bool = False) -> str:
        cell = self.cells.get(column, "")
        if needed and not cell:
            self.wrong(column, "nothing", "fill it in")
        return cell

    def choice(self, column: str, known: tuple[str, ...], default: str = "") -> str:
        cell = self.text(column) or default
        if cell not in known:
            self.wrong(column, cell, suggest(cell, known))
        return cell

    def number(self, column: str) -> float | None:
        cell = self.text(column)
        if not cell:
            return None
        value = float(cell) if NUMBER.fullmatch(cell) else math.nan
        if not math.isfinite(value):
            self.wrong(column, cell, "write a plain number such as 12 (a point for decimals, no separators)")
        elif value < 0:
            self.wrong(column, cell, "a count cannot be negative: write what was seen, or leave it blank")
        elif value > LARGEST:
            self.wrong(column, cell, f"no count is larger than {LARGEST:g}: write what was seen")
        else:
            return abs(value)  # "-0" is zero
        return None

    def day(self, column: str, *, needed: bool = False) -> date | None:
        cell = self.text(column, needed=needed)
        if not cell:
            return None
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
                return date.fromisoformat(cell)
        except ValueError:
            self.wrong(column, cell, "no such day in the calendar: write a real date as YYYY-MM-DD")
            return None
        if re.fullmatch(r"[2-6][0-9]{4}(\.0+)?", cell):
            meant = date(1899, 12, 30) + timedelta(days=int(float(cell)))
            self.wrong(column, cell, f"an Excel day number? it would be {meant}: write that, if it is meant")
        else:
            self.wrong(column, cell, "write the date as YYYY-MM-DD")
        return None


def rows_of(document: Document, needed: tuple[str, ...], known: tuple[str, ...], make: Callable[[Cells], Row | None],
            faults: list[Fault]) -> list[tuple[str, int, Row]]:
    """(file, row, object) of each good row of a CSV; what is wrong is added to `faults`."""
    made: list[tuple[str, int, Row]] = []
    for cells in _table(document, needed, known, faults):
        item = make(cells)
        faults += cells.faults
        if item is not None and not cells.faults:
            made.append((cells.file, cells.row, item))
    return made


def _table(document: Document, needed: tuple[str, ...], known: tuple[str, ...],
           faults: list[Fault]) -> list[Cells]:
    name = document.name
    text, fault = _text(document)
    if fault:
        faults.append(Fault(name, 0, "", *fault))
        return []
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        faults.append(Fault(name, 0, "", f"text that is no table ({error})",
                                "mend the quotes, or a cell longer than any note should be"))
        return []
    stripped = [[cell.strip() for cell in row] for row in table]
    rows = [(number, row) for number, row in enumerate(stripped, start=1) if any(row)]
    if not rows:
        faults.append(Fault(name, 0, "", "cells that are all empty", "write a header row and at least one row"))
        return []
    columns = rows[0][1]
    in_header = _header(name, rows[0][0], columns, needed, known)
    faults += in_header
    return [] if in_header else _cells(name, columns, rows[1:], faults)


def _header(name: str, row: int, columns: list[str], needed: tuple[str, ...],
            known: tuple[str, ...]) -> list[Fault]:
    if len(columns) > MOST_COLUMNS:
        return [Fault(name, row, "", f"{len(columns)} columns", f"keep those that are needed: {', '.join(needed)}")]
    strange = [c for c in columns if c and c not in known]
    faults = []
    for column in needed:
        if column not in columns:
            near = difflib.get_close_matches(column, strange, n=1, cutoff=0.5)
            hint = f" (is it the column {near[0]!r}?)" if near else ""
            faults.append(Fault(name, row, column, "no such column",
                                  f"add it{hint}; needed are {', '.join(needed)}"))
    twice = sorted(c for c, number in Counter(columns).items() if c and number > 1)[:SHOWN]
    return faults + [Fault(name, row, c, "this column twice", "keep one") for c in twice]


def _cells(name: str, columns: list[str], rows: Iterable[tuple[int, list[str]]],
           faults: list[Fault]) -> list[Cells]:
    tables = []
    for number, row in rows:
        extra = [cell for cell in row[len(columns):] if cell]
        long = [c for c, cell in zip(columns, row, strict=False) if len(cell) > LONGEST_CELL]
        hidden = [(c, mark[0]) for c, cell in zip(columns, row, strict=False) if (mark := HIDDEN.search(cell))]
        if extra or len(row) < len(columns):
            faults.append(Fault(name, number, "", f"{len(row)} cells for {len(columns)} columns",
                                    "put text that holds the delimiter into quotes"))
        elif long:
            faults.append(Fault(name, number, long[0], f"a cell of more than {LONGEST_CELL} characters",
                                    "shorten it: is a quote missing?"))
        elif hidden:
            faults.append(Fault(name, number, hidden[0][0], f"the hidden character U+{ord(hidden[0][1]):04X}",
                                    "take it out: it changes how the text around it looks"))
        else:
            tables.append(Cells(name, number, dict(zip(columns, row, strict=False))))
    return tables


def _text(document: Document) -> tuple[str, tuple[str, str] | None]:
    """The text of a file, or (got, do) of why it is none."""
    if document.fault:
        return "", document.fault
    raw = document.data
    foreign = {b"PK\x03\x04": "an Excel or zip file", b"\xff\xfe": "text in UTF-16",
               b"\xfe\xff": "text in UTF-16"}
    nul = "NUL bytes" if b"\0" in raw else ""
    kind = next((what for mark, what in foreign.items() if raw.startswith(mark)), nul)
    if kind:
        return "", (kind, "save it as CSV UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "", (f"byte {raw[error.start]:#x} at {error.start}, which is not UTF-8 (perhaps Latin-1)",
                    "save it as CSV UTF-8")
    return text, None if text.strip() else ("an empty file", "write a header row and at least one row")
