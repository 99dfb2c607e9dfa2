"""Records: the rows of a CSV file or of a JSON export by the names of their columns, for feeds that come as either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.lines import rows_by_column
from forecast.evidence.feeds.reading import Tray
from forecast.evidence.feeds.source import Source, scalar

LISTS = ("data", "features", "results", "records", "items", "entries", "rows", "portcalls", "vessels")
WRAPPERS = ("attributes", "properties")


def records(source: Source) -> list[dict[str, str]]:
    """The records of a JSON export as texts; a record that lies alone in a wrapper ({"PORTCALL": {...}}) is taken out.

    None of a file that is no JSON, or no list of records.
    """
    document = source.document
    if isinstance(document, dict):
        lists = (value for key, value in document.items() if key.lower() in LISTS and isinstance(value, list))
        document = next(lists, None)
    if not isinstance(document, list):
        return []
    return [{str(key): scalar(value) for key, value in _inside(each).items()} for each in document
            if isinstance(each, dict)]


def _inside(record: dict[str, Any]) -> dict[str, Any]:
    for key, value in record.items():
        if isinstance(value, dict) and (len(record) == 1 or key in WRAPPERS):
            return value
    return record


def headings(source: Source) -> set[str]:
    """The names of the columns of a CSV file, or of the first record of JSON."""
    if not source.is_json:
        return set(source.columns)
    found = records(source)
    return set(found[0]) if found else set()


def cells_of_rows(tray: Tray) -> Iterator[Cells]:
    """The cells of every row of a CSV file, or of every record of JSON."""
    if not tray.source.is_json:
        yield from rows_by_column(tray)
        return
    for number, record in enumerate(records(tray.source), start=1):
        yield tray.cells(number, record)
