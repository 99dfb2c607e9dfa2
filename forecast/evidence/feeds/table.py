"""Any other table: what no layout claims is read by its headings, its dates and its counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from forecast.evidence.feeds.reading import Batch, Feed
from forecast.evidence.feeds.source import Source
from forecast.evidence.tables import reading
from forecast.evidence.tables.options import Options


def table_feed(source: Source, told: Options, known: Sequence[str] = (), layout: Feed | None = None) -> Feed:
    """The reader of a table under options; ValueError for what is none, nor of a layout that is `known`."""
    if source.is_xml or source.is_parquet or (source.is_zip and not _workbook(source)):
        raise ValueError(
            f"{source.name}: no layout of a feed that is known ({', '.join(known)}), and no table: forecast "
            "feeds lists what each looks like"
        )

    if b"\0" in source.head and not (source.is_zip or source.encoding.startswith("utf-16")):
        raise ValueError(f"{source.name}: no layout of a feed that is known, and no text: export it as CSV")
    if layout is not None and layout.name == "long_table":  # its columns are known by their names
        told = replace(told, date=told.date or "ds", id=told.id or ("unique_id",))
        told = replace(told, value=told.value or (("y",) if "y" in source.columns else ()))

    def read(given: Source) -> Iterator[Batch]:
        return reading.read(given, told)

    if layout is not None and layout.name == "spreadsheet":
        return replace(layout, read=read)
    return Feed("table", "table of dates and counts", "count", "", "", lambda given: True, read)


def _workbook(source: Source) -> bool:
    from forecast.evidence.tables.workbook import is_workbook

    return is_workbook(source)
