"""A file as tables of cells: text of any delimiter and encoding, workbooks, and JSON that holds records."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from forecast.evidence.cells import LONGEST_CELL
from forecast.evidence.feeds.lines import numbered
from forecast.evidence.feeds.reading import BROKEN, UNSEEN, Tray
from forecast.evidence.feeds.source import Source
from forecast.evidence.tables.footnotes import MARKS, bare
from forecast.evidence.tables.numbers import FOOTNOTES
from forecast.evidence.tables.workbook import Merged, is_workbook, workbook

Cell = str | float | date | datetime | None
Row = tuple[int, list[Any]]  # the line that a user sees, and its cells
MOST_BYTES = 200_000_000  # of a table of text, which is read whole
MOST_CELLS = 12_000_000
DELIMITERS = "\t;|,"  # of equal fit the first: a comma may be a decimal mark
SAMPLE = 200  # lines that show the delimiter
RECORDS = ("data", "results", "records", "rows", "items", "value", "observations", "features", "series")


@dataclass(frozen=True, eq=False)
class Sheet:
    """One table of cells: texts are stripped, numbers and dates of a workbook are such, None is blank.

    merged : first row, first column, last row, last column of merged cells, rows by their place in `rows`
    ragged : whether a row of another length is a fault, as in text, where a delimiter may stand in a cell
    """

    name: str
    rows: list[Row]
    merged: tuple[Merged, ...] = ()
    ragged: bool = False
    delimiter: str = ""


def sheets(source: Source, wanted: Sequence[str], tray: Tray) -> list[Sheet]:
    """The tables of a file, of a workbook the visible sheets or those that are `wanted`.

    Raises ValueError for what holds no table, is too large, or lacks a sheet that is wanted.
    """
    if source.is_zip:
        if not is_workbook(source):
            raise ValueError(
                f"{source.name}: an archive of {len(source.members)} files that is no workbook: unpack it, name one "
                "file"
            )
        return [
            Sheet(name, [(i, [_cell(v, tray) for v in row]) for i, row in enumerate(rows, start=1)], merged)
            for name, rows, merged in workbook(source, wanted, tray)
        ]
    if source.is_json:
        return [Sheet("", _records(source, tray), ragged=False)]
    text = _text(source, tray)
    mark = delimiter(text)
    return [Sheet("", list(_text_rows(source, text, mark, tray)), ragged=True, delimiter=mark)]


def _cell(value: Any, tray: Tray) -> Cell:
    if value is None or isinstance(value, float | date):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return float(value) if abs(value) < 2**53 else str(value)
    text = str(value)
    if UNSEEN.search(text):
        tray.notes["characters that cannot be seen (direction marks, control characters) taken out of cells"] += 1
        text = UNSEEN.sub("", text)
    text = text.strip()
    if text and text[-1] in MARKS and (without := bare(text)) != text:
        tray.notes[FOOTNOTES] += 1
        text = without
    return text or None


# -- text -------------------------------------------------------------------------------------------------------------
def _text(source: Source, tray: Tray) -> str:
    if (size := source.path.stat().st_size) > MOST_BYTES:
        raise ValueError(
            f"{source.name}: {size / 1e6:.0f} MB in one table: keep the columns needed, or write them as "
            "unique_id,ds,y, which is read in any length"
        )
    if source.encoding != "utf-8":
        tray.notes[f"the file was decoded from {source.encoding}"] += 0
    with source.text() as file:
        return file.read().lstrip("\ufeff")


def _text_rows(source: Source, text: str, mark: str, tray: Tray) -> Iterator[Row]:
    if mark != ",":
        tray.notes[f"cells are parted by {'tabs' if mark == chr(9) else repr(mark)}"] += 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True, skipinitialspace=True)
    cells = 0
    for began, row in numbered(reader, tray):
        cells += len(row)
        if cells > MOST_CELLS:
            raise ValueError(
                f"{source.name}: more than {MOST_CELLS:,} cells: keep the columns needed, or split the file"
            )
        if any(map(str.strip, row)):
            if max(map(len, row)) > LONGEST_CELL:
                tray.fault(
                    began,
                    "",
                    f"a cell of {max(map(len, row))} characters",
                    "shorten it: is a quote missing?",
                    mark.join(row)[:LONGEST_CELL],
                )
                continue
            if broken := next((cell for cell in row if BROKEN.search(cell)), None):
                tray.fault(
                    began,
                    "",
                    broken,
                    f"a NUL or a byte that is not {source.encoding}: save it as CSV UTF-8",
                    mark.join(row),
                )
                continue
            yield began, [_cell(cell, tray) for cell in row]


def delimiter(text: str) -> str:
    """The mark that parts most lines into the same number of cells, and into most of them.

    >>> delimiter("Datum;Anzahl\\n2023-01-01;3,5\\n2023-01-02;4,5\\n"), delimiter("date,calls\\n2023-01-01,3\\n")
    (';', ',')
    """
    lines = [line for line in text[:200_000].splitlines()[: SAMPLE + 1] if line.strip()][:SAMPLE]
    best = (-1.0, 1, 0)
    chosen = ","
    for place, mark in enumerate(reversed(DELIMITERS)):
        widths = Counter(_width(line, mark) for line in lines)
        several = Counter({width: n for width, n in widths.items() if width > 1})
        if not several:
            continue
        width, number = several.most_common(1)[0]
        fit = (float(number >= 0.8 * len(lines)) + float(number >= 0.5 * len(lines)), width, place)
        if fit > best:
            best, chosen = fit, mark
    return chosen


def _width(line: str, mark: str) -> int:
    if '"' not in line:
        return line.count(mark) + 1
    try:
        return len(next(csv.reader([line], delimiter=mark, skipinitialspace=True)))
    except (csv.Error, StopIteration):
        return 0


# -- JSON -------------------------------------------------------------------------------------------------------------
def _records(source: Source, tray: Tray) -> list[Row]:
    """Records as rows under the heading of their keys; keys of nested objects are joined by points."""
    found = _list_of(source.document)
    if found is None:
        raise ValueError(
            f"{source.name}: JSON that holds no list of records: write it as a table with a date and a count"
        )
    if all(isinstance(each, list) for each in found):
        return [
            (i, [_cell(v if not isinstance(v, dict | list) else None, tray) for v in row])
            for i, row in enumerate(found, start=1)
        ]
    flat = [_flat(each) for each in found]
    names = list(dict.fromkeys(key for each in flat for key in each))
    if len(names) * len(flat) > MOST_CELLS:
        raise ValueError(f"{source.name}: more than {MOST_CELLS:,} cells: split the file")
    return [
        (0, [str(name) for name in names]),
        *((i, [_cell(each.get(name), tray) for name in names]) for i, each in enumerate(flat, start=1)),
    ]


def _list_of(node: Any, depth: int = 0) -> list[Any] | None:
    """The list of records in a document: itself, one of its usual keys, or columns of one length laid side by side."""
    if isinstance(node, list):
        whole = bool(node) and (
            all(isinstance(each, dict) for each in node) or all(isinstance(each, list) for each in node)
        )
        return node if whole else None
    if not isinstance(node, dict) or depth > 3:
        return None
    for key in (*RECORDS, *node):
        child = next((value for name, value in node.items() if str(name).lower() == str(key).lower()), None)
        if (found := _list_of(child, depth + 1)) is not None:
            return found
    columns = {key: value for key, value in node.items() if isinstance(value, list)}
    lengths = {len(value) for value in columns.values()}
    if len(columns) >= 2 and len(lengths) == 1:
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return None


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The plain values of a record; what lies in attributes (ArcGIS) or properties (GeoJSON) has its own name."""
    flat: dict[str, Any] = {}
    queue: list[tuple[str, Any]] = [("", record)]
    while queue:
        path, node = queue.pop(0)
        for key, value in node.items():
            inner = path if key in ("attributes", "properties") else f"{path}{key}."
            if isinstance(value, dict) and key != "geometry":
                queue.append((inner, value))
            elif not isinstance(value, dict | list):
                flat.setdefault(f"{path}{key}", value)
    return flat
