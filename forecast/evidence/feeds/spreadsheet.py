"""A spreadsheet (.xlsx, .ods), read as any other table; blank means not counted, never zero."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.evidence.feeds.reading import Batch, Feed
from forecast.evidence.feeds.source import Source
from forecast.evidence.tables import reading
from forecast.evidence.tables.options import Options
from forecast.evidence.tables.workbook import is_workbook


def recognise(source: Source) -> bool:
    return is_workbook(source)


def read(source: Source) -> Iterator[Batch]:
    yield from reading.read(source, Options())


FEED = Feed("spreadsheet", "spreadsheet (.xlsx, .ods): dates and counts, in any layout; blank = not counted", "count",
            "", "simulated_spreadsheet.xlsx", recognise, read)
