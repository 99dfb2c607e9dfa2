"""The long table of the field, as CSV: unique_id, ds, y; perhaps y_low, y_high and words about each row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from forecast.evidence.cells import NUMBER, Cells
from forecast.evidence.feeds.columns import table_of
from forecast.evidence.feeds.lines import by_column, header, raw_rows
from forecast.evidence.feeds.reading import BATCH, ROWS, TEXTS, Batch, Feed, Tray, bounds
from forecast.evidence.feeds.source import HEAD, Source
from forecast.evidence.feeds.times import MOMENT, day_of
from forecast.evidence.tables.dates import Order, when
from forecast.evidence.tables.numbers import Marks, count_of
from forecast.evidence.tables.words import is_total

NEEDED = {"unique_id", "ds"}
COUNTS = {"y", "y_low", "y_high"}
PEEK = 1_000  # lines that show how a table is written
STYLE = Marks(",", ".")
ORDERS = (Order(True), Order(False))
STATES = ("ok", "cloud", "no_image", "partial")
PARTIAL = "counts of images that were seen in part taken as at least so many"


def recognise(source: Source) -> bool:
    return set(source.columns) >= NEEDED and bool(COUNTS & set(source.columns))


def plain(source: Source) -> bool:
    """Whether dates, numbers and delimiter are those of a long table, so that it can be read as a stream.

    The first lines decide: a single cell that is not stays a fault of its row.
    """
    if source.delimiter not in ",\t" and any(re.search(r"\d,\d", line) for line in source.first_lines[:PEEK]):
        return False
    if len(set(source.columns)) < len(source.columns):
        return True
    names = list(source.columns)
    if len(source.head) < HEAD and source.delimiter not in source.first_lines[-1]:
        return False  # a line of words below the table
    place, counts = names.index("ds"), [names.index(name) for name in ("y", "y_low", "y_high") if name in names]
    rows = [row for row in csv.reader(source.first_lines[1:PEEK], delimiter=source.delimiter) if len(row) == len(names)]
    days = [row[place].strip() for row in rows if not MOMENT.fullmatch(row[place].strip())]
    numbers = [row[k].strip() for row in rows for k in counts if "." in row[k] or not NUMBER.fullmatch(row[k].strip())]
    thousands = [cell for cell in numbers if "." in cell]
    return not (
        2 * sum(when(cell, order) is not None for cell in days for order in ORDERS[:1]) > len(rows)
        or 2 * sum("," in cell and count_of(cell, STYLE) is not None for cell in numbers) > len(rows)
        or (thousands and all(re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", cell) for cell in thousands))
        or any(is_total(row[names.index("unique_id")]) for row in rows))


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    rows = raw_rows(tray)
    names = header(rows, source)
    while chunk := list(islice(rows, BATCH)):
        whole = all(len(row) == len(names) for _, row in chunk)
        columns = dict(zip(names, zip(*(row for _, row in chunk), strict=True), strict=True)) if whole else {}
        table = table_of(columns, [number for number, _ in chunk]) if whole else None
        if table is None:
            for number, row in chunk:
                cells = by_column(number, row, names, tray)
                if cells is not None:
                    tray.add(cells, **line(cells, tray))
        yield tray.batch(table)
    if tray.faults or tray.notes:
        yield tray.batch()


def line(cells: Cells, tray: Tray) -> dict[str, Any]:
    """One row of a long table; an image under cloud or not taken counted nothing, whatever stands in `y`.

    Of a partial image a count is what there was at least; bounds that are written stand.
    """
    status = cells.text("status")
    if status:
        cells.choice("status", STATES)
    if cells.text("kind"):
        cells.choice("kind", ROWS[1:])
    counted = _counted(cells, tray)
    if status in ("cloud", "no_image") and counted["y_high"] == counted["y_high"]:
        cells.wrong("status", status, "nothing can be counted then: leave y blank, or mend the status")
    if status == "partial" and counted["y_low"] == counted["y_high"]:
        counted["y_high"] = np.inf
        tray.notes[PARTIAL] += 1
    exposure = cells.number("exposure")
    if exposure is not None and not 0 < exposure <= 1:
        cells.wrong("exposure", exposure, "write a share of the day above 0, at most 1; a day nobody watched has no y")
    day, end = day_of(cells, "ds", tray), cells.day("end")
    if day and end and end < day:
        cells.wrong("end", str(end), f"it lies before {day}: swap them or mend one")
    return {**{column: cells.text(column) for column in TEXTS}, **counted,
            "unique_id": cells.text("unique_id", needed=True), "ds": day, "end": end, "exposure": exposure}


def _counted(cells: Cells, tray: Tray) -> dict[str, float]:
    """The bounds of a row; of a count in words (20+, ~15) those that it states."""
    said = cells.text("y")
    spoken = None if not said or NUMBER.fullmatch(said) else count_of(said, Marks())
    if spoken is None or spoken.low < 0:
        return bounds(cells, cells.number("y"), cells.number("y_low"), cells.number("y_high"))
    if cells.text("y_low") or cells.text("y_high"):
        cells.wrong("y", said, "bounds stand beside it: write a plain number, or leave one of them out")
    if spoken.note:
        tray.notes[spoken.note] += 1
    return {"y_low": spoken.low, "y_high": spoken.high}


FEED = Feed("long_table", "own CSV: unique_id, ds, y (y_low, y_high, status, sensor, image_id, note ...)", "count", "",
            "simulated_long_table.csv", recognise, read)
