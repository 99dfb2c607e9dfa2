"""Long tables, the layout of the field (unique_id, ds, y): a row is one statement by its publisher."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.evidence.cells import Cells, Fault, StatementError, rows_of
from forecast.evidence.decisions import Account, Decision, said
from forecast.evidence.files import Document, Files, locate
from forecast.evidence.source import Evidence
from forecast.series.grids import edges
from forecast.series.series import Series
from forecast.series.values import Kind
from forecast.support.registry import suggest

PLAIN = ("unique_id", "ds", "y", "y_low", "y_high")
MOST_NAMES = 40  # of series, in an error


@dataclass(frozen=True)
class LongTable:
    """One series of a long table (unique_id, ds, y; perhaps y_low, y_high), a row being one statement.

    path : CSV file, or a file of any feed (`forecast feeds`: PortWatch, spreadsheets, charts, port calls ...),
        among the experiments that ship or anywhere
    unique_id : which series; may stay empty when there is only one
    freq : pandas frequency that the dates lie on (gaps become missing), or None for irregular dates; days of a feed
        that lie on no such grid are summed (flow) or averaged (stock) over its bins
    kind : "flow" or "stock", where the file does not say
    omission_above : a zero whose neighbours on both sides are at least this is an omission of the reporter,
        hence missing; None takes zeros as they stand
    site, measure : where and what was counted, for the words of the report; of a feed its own words if empty
    complete : for feeds of port calls, whether their list is complete: days without one between its first and last
        call are zeros then; otherwise every number of calls is a lower bound

    >>> LongTable("border_rail/railcars.csv", "laredo").read().series.freq
    'MS'
    """

    path: str
    unique_id: str = ""
    freq: str | None = "MS"
    kind: Kind = "flow"
    omission_above: float | None = None
    site: str = ""
    measure: str = ""
    complete: bool = False

    def read(self, files: Files | None = None) -> Evidence:
        """The series, with a decision on every row of it (rows of other series of the table are not listed).

        Raises StatementError for unreadable rows, ValueError for an unknown series or dates off the grid.

        >>> cars = LongTable("border_rail/railcars.csv", "eagle_pass", omission_above=1000).read()
        >>> [d.statement_id for d in cars.decisions if d.outcome == "left out"]
        ['eagle_pass 2017-09-01 in border_rail/railcars.csv', 'eagle_pass 2018-09-01 in border_rail/railcars.csv']
        """
        known = files or Files()
        series, account = _read(known, self)
        series = replace(series, site=self.site or series.site, measure=self.measure or series.measure)
        return Evidence(series=series, decisions=account, source=self, files=known, inputs=known.taken(self.path))


def _read(files: Files, table: LongTable) -> tuple[Series, tuple[Decision, ...]]:
    place = locate(table.path)
    if _is_plain(place):
        rows = files.once(("rows", table.path), lambda: _rows(files.document(table.path)))
        return _from_rows(rows, table.path, table.unique_id, table.freq, table.kind, table.omission_above)
    with files.streamed(table.path) as file:
        return _from_feed(file, table.path, table.unique_id, table.freq, table.kind, table.omission_above,
                          table.complete)


def _is_plain(file: Path) -> bool:
    """Whether this is a long table of counts and bounds alone: the reader of ledgers explains it."""
    from forecast.evidence.feeds.long_table import plain
    from forecast.evidence.feeds.source import Source

    if not file.is_file() or not file.stat().st_size:
        return True
    source = Source(file)
    columns = set(source.columns)
    return set(PLAIN[:3]) <= columns <= set(PLAIN) and plain(source)


def _rows(file: Document) -> list[_Row]:
    faults: list[Fault] = []
    rows = [row for _, _, row in rows_of(file, PLAIN[:3], PLAIN, _row, faults)]
    if faults:
        raise StatementError(faults)
    return rows


def _from_rows(rows: Sequence[_Row], path: str, unique_id: str, freq: str | None, kind: Kind,
               omission_above: float | None) -> tuple[Series, tuple[Decision, ...]]:
    found = tuple(sorted({row.name for row in rows}))
    name = unique_id or (found[0] if len(found) == 1 else "")
    if name not in found:
        raise ValueError(f"{path}: no series {unique_id!r}: {suggest(unique_id, found)}")
    series, account = accounted([row for row in sorted(rows, key=lambda row: row.day) if row.name == name], path, name,
                                 kind, omission_above)
    return (_on_grid(series, freq) if freq else series), account


def accounted(kept: Sequence[_Row], path: str, name: str, kind: Kind,
               omission_above: float | None) -> tuple[Series, tuple[Decision, ...]]:
    """The series of rows in order, omissions missing, and a decision on each."""
    account = Account(name)
    # with the file, as it was named: two of them may hold a series of one name, and are two pieces of evidence
    ids = [f"{name} {row.day} in {Path(path).as_posix()}" for row in kept]
    for i, row in enumerate(kept):
        reason = _omission(kept[max(i - 1, 0): i + 2], i > 0, omission_above) or (
            "nothing was reported" if np.isnan(row.low) else "")
        if not account.refuse(ids[i], reason):
            account.use(ids[i], said(row.low, row.high))
    missing = np.array([account.made[each].outcome == "left out" for each in ids])
    low, high = (np.where(missing, np.nan, [getattr(row, side) for row in kept]) for side in ("low", "high"))
    series = Series.from_counts([row.day for row in kept], np.full(len(kept), np.nan), low, high, kind=kind,
                                name=name, sources=tuple((each,) for each in ids))
    return series, account.decisions()


def _from_feed(file: Path, path: str, unique_id: str, freq: str | None, kind: Kind, omission_above: float | None,
               complete: bool) -> tuple[Series, tuple[Decision, ...]]:
    """The series of a file of any feed that counts something, in bounded memory."""
    from forecast.evidence.feeds.gather import gathered
    from forecast.evidence.feeds.layouts import detected

    source, feed = detected(file)
    made = gathered(feed, source, re.compile(re.escape(unique_id) if unique_id else ".*", flags=re.S), keep_good=False)
    found = tuple(sorted(made.codes))
    name = unique_id or (found[0] if len(found) == 1 else "")
    if name not in found:
        raise ValueError(f"{file.name}: no series {unique_id!r}: {suggest(unique_id, found[:MOST_NAMES])}")
    read = made.series(name, kind)
    rows = rows_of_series(read)
    if made.own_kind(name) == "call":
        rows = calls(rows, complete)
    series, account = accounted(rows, path, name, read.kind, omission_above)
    series = replace(series, site=read.site, measure=read.measure)
    if not freq:
        return series, account
    try:
        return _on_grid(series, freq), account
    except ValueError:  # days lie on no grid of months: then its bins take them up
        series = series.regular(freq)
    at_least = np.isinf(series.high)  # speaks of the whole bin, however few of its days are listed
    return replace(series, exposure=np.where(at_least, 1.0, series.exposure)), account


def rows_of_series(series: Series) -> list[_Row]:
    """The rows of a series as statements."""
    return [_Row(series.name, day, low, high) for day, low, high in
            zip(series.start.tolist(), series.low.tolist(), series.high.tolist(), strict=True)]


def calls(rows: list[_Row], complete: bool) -> list[_Row]:
    """Days with calls as lower bounds, or every day from the first to the last with what is listed."""
    if not complete:
        return [replace(row, high=np.inf) for row in rows]
    listed = {row.day: row for row in rows}
    span = (rows[-1].day - rows[0].day).days + 1
    days = (rows[0].day + timedelta(days=d) for d in range(span))
    return [listed.get(day, _Row(rows[0].name, day, 0.0, 0.0)) for day in days]


@dataclass(frozen=True)
class _Row:
    name: str
    day: date
    low: float
    high: float


def _row(cells: Cells) -> _Row | None:
    day = cells.day("ds", needed=True)
    y, low, high = cells.number("y"), cells.number("y_low"), cells.number("y_high")
    if day is None:
        return None
    ends = [side if side is not None else y for side in (low, high)]
    if ends != [None, None]:  # one bound alone is at least, or at most
        ends = [0.0 if ends[0] is None else ends[0], np.inf if ends[1] is None else ends[1]]
    bounds = [np.nan if end is None else end for end in ends]
    if bounds[0] > bounds[1]:
        cells.wrong("y_low", f"{bounds[0]:g}", f"it lies above {bounds[1]:g}: swap them or mend one")
    elif y is not None and not bounds[0] <= y <= bounds[1]:
        cells.wrong("y", f"{y:g}", f"it lies outside y_low {bounds[0]:g} to y_high {bounds[1]:g}: mend one of the "
                    "three")
    return _Row(cells.text("unique_id", needed=True), day, bounds[0], bounds[1])


def _omission(rows: Sequence[_Row], has_left: bool, above: float | None) -> str:
    """Why the middle one of three rows is an omission; empty if it is none."""
    if above is None or len(rows) < 3 or not has_left:
        return ""
    left, row, right = rows
    if row.high != 0 or not min(left.low, right.low) >= above:
        return ""
    return f"zero between {left.low:g} and {right.low:g}: an omission of the reporter, not a standstill"


def _on_grid(series: Series, freq: str) -> Series:
    """The series on the regular grid its dates lie on, with NaN in the gaps."""
    if series.freq == freq or not len(series):
        return series
    labels = np.asarray(pd.date_range(series.start[0], periods=_bins(series, freq), freq=freq, unit="s"),
                        dtype="datetime64[D]")
    place = np.searchsorted(labels, series.start)
    off = labels[np.minimum(place, len(labels) - 1)] != series.start
    if off.any():
        raise ValueError(f"{series.name}: {series.start[off][0]} does not lie on the grid {freq} from "
                         f"{labels[0]}: name another freq, or null for irregular dates")
    grid, told = edges(labels[0], freq, len(labels))
    low, high = np.full((2, len(labels)), np.nan)
    low[place], high[place] = series.low, series.high
    sources = dict(zip(place.tolist(), series.sources, strict=True))
    return replace(series, start=grid[:-1].copy(), end=grid[1:].copy(), low=low, high=high,
                   exposure=np.ones(len(low)), freq=told,
                   sources=tuple(sources.get(i, ()) for i in range(len(low))))


def _bins(series: Series, freq: str) -> int:
    return max(len(pd.date_range(series.start[0], series.start[-1], freq=freq)), 1)
