"""Parquet with the columns of the long table, whoever wrote it (pandas, polars, DuckDB ...)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forecast.evidence.feeds.columns import table_of
from forecast.evidence.feeds.long_table import COUNTS, NEEDED, line
from forecast.evidence.feeds.reading import BATCH, COLUMNS, Batch, Feed, Tray
from forecast.evidence.feeds.source import Source, scalar
from forecast.support.extras import needs

MOST_ROWS = 50_000_000  # run-length encoding lets a kilobyte claim any number of rows
LONGEST = 10_000  # characters of a text: a dictionary lets a kilobyte repeat one of megabytes in every row


def recognise(source: Source) -> bool:
    return source.is_parquet


def read(source: Source) -> Iterator[Batch]:
    arrow, parquet = needs("pyarrow", "parquet"), needs("pyarrow.parquet", "parquet")
    tray = Tray(source)
    try:
        with parquet.ParquetFile(source.path, read_dictionary=_texts(parquet.read_metadata(source.path))) as file:
            number = 1
            for part in file.iter_batches(batch_size=BATCH, columns=_columns(file, source)):
                _check_lengths(part, source)
                columns = {name: [scalar(value) for value in cells] for name, cells in part.to_pydict().items()}
                numbers = range(number + 1, number + 1 + part.num_rows)
                number += part.num_rows
                table = table_of(columns, numbers)
                for place, row in enumerate(numbers if table is None else ()):
                    cells = tray.cells(row, {name: column[place] for name, column in columns.items()})
                    tray.add(cells, **line(cells, tray))
                yield tray.batch(table)
    except (OSError, NotImplementedError, ArithmeticError, KeyError, TypeError, MemoryError,
            arrow.ArrowException) as error:
        raise ValueError(f"{source.name}: Parquet that cannot be read ({error}): write it again") from error
    if tray.faults or tray.notes:
        yield tray.batch()


def _texts(metadata: Any) -> list[str]:
    """The columns of text, which are held as a dictionary until their lengths are known."""
    columns = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY" and column.path in COLUMNS]


def _check_lengths(part: Any, source: Source) -> None:
    """Raise ValueError for a text too long for a cell, before it is repeated row by row."""
    for name, column in zip(part.schema.names, part.columns, strict=True):
        words = getattr(column, "dictionary", None)
        # no text is longer than all of them, and only where these are long is each looked at
        if words is not None and words.nbytes > LONGEST and (longest := max(map(len, words.to_pylist()))) > LONGEST:
            raise ValueError(f"{source.name}: column {name} holds a text of {longest} characters, at most {LONGEST} "
                             "are read: leave it out")


def _columns(file: Any, source: Source) -> list[str]:
    """The columns that are read; raises ValueError where one is lacking or the file claims too many rows."""
    there = list(file.schema_arrow.names)
    lacking = sorted(NEEDED - set(there)) or ([] if COUNTS & set(there) else ["y"])
    if lacking:
        raise ValueError(f"{source.name}: no column {', '.join(lacking)}, got {', '.join(there[:20])}: name them "
                         "as in a long table (unique_id, ds, y)")
    if file.metadata.num_rows > MOST_ROWS:
        raise ValueError(f"{source.name}: {file.metadata.num_rows} rows, at most {MOST_ROWS} are read: split the file")
    read = [column for column in there if column in COLUMNS]
    for column in read:
        if "binary" in str(file.schema_arrow.field(column).type):
            raise ValueError(f"{source.name}: column {column} holds bytes: write it as text or numbers")
    return read


FEED = Feed("parquet", "Parquet with the columns of the long table", "count", "", "simulated_long_table.parquet",
            recognise, read)
