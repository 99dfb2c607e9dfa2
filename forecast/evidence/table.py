"""`Table`: one series of any file of dates and counts, for configs; `read_table`: all of them, for notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from forecast.evidence.feeds.gather import Gathered, gathered
from forecast.evidence.feeds.layouts import detected
from forecast.evidence.files import Files, locate
from forecast.evidence.long_table import accounted, calls, rows_of_series
from forecast.evidence.source import Evidence
from forecast.evidence.tables.options import GUESS, NAMES, Options, options
from forecast.series.calendar import on_grid
from forecast.series.days import DAY
from forecast.series.grids import grid_of
from forecast.series.series import Series
from forecast.series.values import Kind
from forecast.support.registry import suggest

MOST_NAMES = 40  # of series, in an error


@dataclass(frozen=True)
class Table:
    """One series of a table, or of a file of any feed, a row being one statement.

    path : a CSV file, a workbook, JSON, or a file of any feed (`forecast feeds`), among the experiments that ship or
        anywhere
    unique_id : which series, as `forecast check` lists them; may stay empty when there is only one
    omission_above : a zero whose neighbours on both sides are at least this is an omission of the reporter, hence
        missing; None takes zeros as they stand
    site, measure : where and what was counted, for the words of the report; of the file its own words if empty
    complete : for feeds of port calls, whether their list is complete: days without one between its first and last
        call are zeros then; otherwise every number of calls is a lower bound
    freq : pandas frequency of the rows; guessed from the dates if not said, null for irregular dates. Days that lie on
        no such grid are summed (flow) or averaged (stock) over its bins
    date, value, id, low, high, exposure, kind, sheet, skip_rows, date_format, dayfirst, decimal, thousands, missing,
    wide, cumulative, totals : what is said of the table; the rest is guessed, see `Options`

    >>> Table("border_rail/railcars.csv", "laredo").read().series.name
    'laredo'
    """

    path: str
    unique_id: str = ""
    omission_above: float | None = None
    site: str = ""
    measure: str = ""
    complete: bool = False
    date: str = ""
    value: str | Sequence[str] = ()
    id: str | Sequence[str] = ()
    low: str = ""
    high: str = ""
    exposure: str = ""
    kind: str = ""
    freq: str | None = GUESS
    sheet: str | Sequence[str] = ()
    skip_rows: int | None = None
    date_format: str = ""
    dayfirst: bool | None = None
    decimal: str = ""
    thousands: str = ""
    missing: str | Sequence[str] = ()
    wide: bool | None = None
    cumulative: bool | None = None
    totals: bool = False

    @property
    def told(self) -> Options:
        """What is said of the table."""
        return options({name: getattr(self, name) for name in NAMES}, "Table")

    def read(self, files: Files | None = None) -> Evidence:
        """The series, with a decision on every row of it (rows of other series of the table are not listed).

        Raises StatementError for unreadable rows, ValueError for an unknown series, a table that can be read in two
        ways, or dates off the grid.

        >>> cars = Table("border_rail/railcars.csv", "eagle_pass", omission_above=1000).read()
        >>> cars.series.freq, [d.statement_id for d in cars.decisions if d.outcome == "left out"][0]
        ('MS', 'eagle_pass 2017-09-01 in border_rail/railcars.csv')
        """
        told, known = self.told, files or Files()
        with known.streamed(self.path) as file:
            made = _gathered(file, told, self.unique_id)
        name = _chosen(made, self.unique_id, Path(self.path).name)
        read = series_of(made, name, told)
        rows = rows_of_series(read)
        if made.own_kind(name) == "call":
            rows = calls(rows, self.complete)
        series, account = accounted(rows, self.path, name, read.kind, self.omission_above)
        series = replace(series, site=self.site or read.site, measure=self.measure or read.measure)
        if len(series) == len(read):  # else the days between calls were filled in
            series = replace(series, end=read.end.copy(), exposure=read.exposure.copy())
        return Evidence(series=on_grid(series, told.freq), decisions=account, source=self, files=known,
                        inputs=known.taken(self.path))


def read_table(path: str | Path, **given: Any) -> Mapping[str, Series]:
    """Every series of a table, or of a file of any feed, by name: on its grid where its dates show one.

    given : what is said of the table (date, value, id, kind, freq, dayfirst, thousands ...), see `Options`

    Raises StatementError listing every cell that cannot be read; ValueError for a file that is no table, for an option
    that is none, and where two readings are possible (01/02/2023, 1,250): the message holds both and what settles it.

    >>> {name: series.freq for name, series in read_table("border_rail/railcars.csv").items()}["laredo"]
    'MS'
    """
    return {series.name: series for series in read_series(path, options(given))}


def read_series(path: str | Path, told: Options) -> Iterator[Series]:
    """The series of `read_table`, one after the other by name."""
    made = _gathered(locate(path), told, "")
    for name in sorted(made.codes):
        yield on_grid(_bounded(made, name, told), told.freq)


def _bounded(made: Gathered, name: str, told: Options) -> Series:
    """A series; calls are at least so many, for their list may lack some."""
    series = series_of(made, name, told)
    if made.own_kind(name) != "call":
        return series
    return replace(series, high=np.where(series.observed, np.inf, np.nan))


def _gathered(file: Path, told: Options, name: str) -> Gathered:
    source, feed = detected(file, told)
    return gathered(
        feed, source, re.compile(re.escape(name) if name else ".*", flags=re.S), keep_good=False, lasting=True
    )


def _chosen(made: Gathered, wanted: str, file: str) -> str:
    found = tuple(sorted(made.codes))
    name = wanted or (found[0] if len(found) == 1 else "")
    if name not in found:
        raise ValueError(f"{file}: no series {wanted!r}: {suggest(wanted, found[:MOST_NAMES])}")
    return name


def series_of(made: Gathered, name: str, told: Options) -> Series:
    """A series on its days, a stock or a flow as the file says, as is said, or by its dates (images are irregular).

    Raises ValueError where the file says otherwise than is said.
    """
    own = made.own_kind(name)
    said: Kind = "stock" if told.kind == "stock" else "flow"
    if not told.kind and own == "count" and told.freq in (GUESS, None):  # irregular dates are images
        looked = made.series(name, "stock")
        lasts = bool((looked.end - looked.start > DAY).any())
        said = "flow" if lasts or (told.freq and grid_of(looked.start) is not None) else "stock"
    if told.kind and own in ("stock", "flow") and own != told.kind:
        raise ValueError(f"series {name}: the file says that it is a {own}, kind={told.kind} does not: leave kind out")
    return made.series(name, said)
