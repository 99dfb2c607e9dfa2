"""A long table by whole columns: the same rows as cell by cell and far sooner, where every cell is plain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.evidence.cells import LONGEST_CELL
from forecast.evidence.feeds.reading import BROKEN, COLUMNS, NUMBERS, ROWS, TEXTS, UNSEEN
from forecast.evidence.feeds.times import moment

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"\+?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
# what is judged together with other cells of its row is left to the reader of cells
PLAIN = {"unique_id", "ds", "y", "y_low", "y_high", "site", "measure", "class", "sensor", "image_id", "analyst",
         "source", "note", "kind"}


def table_of(columns: Mapping[str, Sequence[str]], numbers: Sequence[int]) -> pd.DataFrame | None:
    """The rows of cells given by column (`numbers` are their lines), or None where any cell needs a closer look."""
    if any(name in COLUMNS and name not in PLAIN and any(cells) for name, cells in columns.items()):
        return None
    n = len(numbers)
    read = {name: _read(columns[name], _reader(name)) for name in columns if name in PLAIN}
    if n == 0 or any(values is None for values in read.values()) or any(
            "" in values.categories for name, values in read.items() if name == "unique_id" and values is not None):
        return None
    if "kind" in read and not set(read["kind"].categories) <= set(ROWS):
        return None
    nowhere = np.full(n, np.nan)
    y, low, high = (_numbers(read.get(name), nowhere) for name in ("y", "y_low", "y_high"))
    low, high = np.where(np.isnan(low), y, low), np.where(np.isnan(high), y, high)
    low, high = (np.where(np.isnan(low) & ~np.isnan(high), 0.0, low),
                 np.where(np.isnan(high) & ~np.isnan(low), np.inf, high))
    if (low > high).any() or ((y < low) | (y > high)).any():
        return None
    nothing = words(np.zeros(n, dtype=np.int8), [""])
    made: dict[str, Any] = {name: read.get(name, nothing) for name in TEXTS} | dict.fromkeys(NUMBERS, nowhere)
    days = read["ds"]
    made |= {"ds": np.array(days.categories, dtype="datetime64[s]")[days.codes], "y_low": low, "y_high": high,
             "end": np.full(n, "NaT", dtype="datetime64[s]"), "y": np.where(low == high, low, np.nan),
             "row": np.array(numbers, dtype=np.int64)}
    return pd.DataFrame({name: made[name] for name in COLUMNS})


def _reader(name: str) -> Callable[[str], Any]:
    return _day if name == "ds" else _number if name in NUMBERS else _text


def _read(cells: Sequence[str], reader: Callable[[str], Any]) -> Any:
    """Cells as categories of what they mean, each distinct one read once; None if one of them cannot be read so."""
    codes, found = pd.factorize(np.array(cells, dtype=object))
    meant = [reader(cell.strip()) for cell in found.tolist()]
    if any(value is None for value in meant):
        return None
    distinct = sorted(set(meant))
    place = {value: i for i, value in enumerate(distinct)}
    return words(np.array([place[value] for value in meant], dtype=np.int32)[codes], distinct)


def _text(cell: str) -> str | None:
    return None if BROKEN.search(cell) or UNSEEN.search(cell) or len(cell) > LONGEST_CELL else cell


def _day(cell: str) -> np.datetime64 | None:
    read = moment(cell) if DAY.fullmatch(cell) else None
    return None if read is None else np.datetime64(read[0].date())


def _number(cell: str) -> float | None:
    """A count, -1 for a blank; None for what is none."""
    if not cell:
        return -1.0
    value = float(cell) if NUMBER.fullmatch(cell) else np.inf
    return value if np.isfinite(value) else None


def _numbers(read: Any, nowhere: np.ndarray) -> np.ndarray:
    if read is None:
        return nowhere
    values = np.array(read.categories, dtype=float)[read.codes]
    return np.where(values < 0, np.nan, values)


def words(codes: np.ndarray, categories: Iterable[Any]) -> pd.Categorical:
    """Values by code, each held once."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(categories), dtype=object))
