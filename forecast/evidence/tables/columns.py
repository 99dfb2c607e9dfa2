"""The cells of a table by column, and what most cells of a column are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from forecast.evidence.tables.dates import Order, when
from forecast.evidence.tables.header import Table
from forecast.evidence.tables.numbers import Marks, count_of
from forecast.evidence.tables.options import Options
from forecast.evidence.tables.words import heading, is_total
from forecast.support.registry import suggest

MOST = 0.8  # share of filled cells that must be dates, or numbers, for a column to be one of them
LOOKED_AT = 2_000  # distinct cells of a column that show what it is
ORDERS = (Order(True), Order(False))
STYLES = (Marks(), Marks(",", "."), Marks(".", ","))


@dataclass(eq=False)
class Columns:
    """The cells of a table by column, and the columns that were chosen so far."""

    table: Table
    told: Options
    file: str
    numbers: list[int]  # the line of each row
    cells: list[list[Any]]
    used: set[int] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        return self.table.names

    def named(self, wanted: str, option: str) -> int:
        """The column of a heading; ValueError naming the nearest where there is none."""
        found = [k for k, name in enumerate(self.names) if name == wanted] or [
            k for k, name in enumerate(self.names) if heading(name) == heading(wanted)
        ]
        if (
            not found
            and (match := re.fullmatch(r"column (\d+)", wanted.strip().lower()))
            and int(match[1]) <= len(self.names)
        ):
            found = [int(match[1]) - 1]
        if not found:
            raise ValueError(f"{self.file}: {option}={wanted!r}: no such column: {suggest(wanted, self.names[:40])}")
        if len(found) > 1:
            raise ValueError(f"{self.file}: the column {wanted!r} stands twice: give each a heading of its own")
        self.used.add(found[0])
        return found[0]

    def free(self) -> list[int]:
        return [k for k in range(len(self.names)) if k not in self.used]

    def by_heading(self, words: Iterable[str]) -> list[int]:
        known = set(words)
        return [k for k in self.free() if heading(self.names[k]) in known]

    def filled(self, k: int) -> list[Any]:
        """Distinct cells of a column that are not blank, in order, the first two thousand of them."""
        found: dict[Any, None] = {}
        for cell in self.cells[k]:
            if cell is not None:
                found[cell] = None
                if len(found) >= LOOKED_AT:
                    break
        return list(found)


def is_bare(cell: Any) -> bool:
    return isinstance(cell, float) or (isinstance(cell, str) and re.fullmatch(r"\d+(\.\d+)?", cell) is not None)


def share(columns: Columns, k: int, fits: Callable[[Any], bool], missing: Callable[[str], bool]) -> float:
    cells = [cell for cell in columns.filled(k) if not (isinstance(cell, str) and (missing(cell) or is_total(cell)))]
    return sum(map(fits, cells)) / len(cells) if cells else 0.0


def is_date(cell: Any) -> bool:
    if isinstance(cell, date):
        return True
    return isinstance(cell, str) and not is_bare(cell) and any(when(cell, order) is not None for order in ORDERS)


def is_count(cell: Any) -> bool:
    return isinstance(cell, float) or (isinstance(cell, str) and looks_like_count(cell))


def looks_like_count(cell: str) -> bool:
    """Whether a text is a number in any style, or a bound in words."""
    return any(count_of(cell, marks) is not None for marks in STYLES)
