"""Tables of text, row by row and never whole: cells by column, and what is wrong with a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from forecast.evidence.cells import LONGEST_CELL, Cells
from forecast.evidence.feeds.reading import Tray
from forecast.evidence.feeds.source import Source


def raw_rows(tray: Tray) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not blank; text that is no table becomes a fault and reading goes on."""
    source = tray.source
    if source.encoding != "utf-8":
        tray.notes[f"the file was decoded from {source.encoding}"] += 0
    with source.text() as file:
        reader = csv.reader(file, delimiter=source.delimiter, strict=True)
        yield from ((began, row) for began, row in numbered(reader, tray) if any(row))


def numbered(reader: Any, tray: Tray) -> Iterator[tuple[int, list[str]]]:
    """The rows of a `csv.reader` with the lines at which they begin; wrong quotes become a fault."""
    while True:
        began = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            tray.fault(began, "", str(error), f"mend the quotes in lines {began} to {reader.line_num}")
            continue
        yield began, row


def header(rows: Iterator[tuple[int, list[str]]], source: Source) -> list[str]:
    """The names of the columns; raises ValueError if one stands twice or none can be read."""
    _, first = next(rows, (0, []))
    names = [cell.lstrip("\ufeff").strip() for cell in first]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice or not names:
        raise ValueError(f"{source.name}: got {f'the column {twice[0]!r} twice' if twice else 'no header'}: mend row 1")
    return names


def rows_by_column(tray: Tray) -> Iterator[Cells]:
    """The cells of every row by the names of the header; a row of another length is a fault."""
    rows = raw_rows(tray)
    names = header(rows, tray.source)
    yield from (cells for number, row in rows if (cells := by_column(number, row, names, tray)) is not None)


def by_column(number: int, row: list[str], names: list[str], tray: Tray) -> Cells | None:
    """The cells of one row, or None and a fault."""
    text = tray.source.delimiter.join(row)
    if len(row) < len(names) or any(cell.strip() for cell in row[len(names):]):
        tray.fault(number, "", f"{len(row)} cells for {len(names)} columns",
                   "put text that holds the delimiter into quotes", text)
    elif max(map(len, row)) > LONGEST_CELL:
        tray.fault(number, "", f"a cell of {max(map(len, row))} characters", "shorten it: is a quote missing?",
                   text[:LONGEST_CELL])
    else:
        return tray.cells(number, dict(zip(names, row, strict=False)))
    return None
