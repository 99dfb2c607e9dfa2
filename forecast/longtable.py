"""Long tables, the layout of the field (unique_id, ds, y): a row is one statement by its publisher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from forecast.accounts import Account, Decision, said
from forecast.ledgers import Cells, Problem, StatementError, locate, rows_of
from forecast.registry import suggest
from forecast.series import Kind, Series


@dataclass(frozen=True)
class LongTable:
    """One series of a long table (unique_id, ds, y; perhaps y_low, y_high), a row being one statement.

    path : CSV file, among the experiments that ship or anywhere
    unique_id : which series; may stay empty when there is only one
    freq : pandas frequency that the dates lie on (gaps become missing), or None for irregular dates
    omission_above : a zero whose neighbours on both sides are at least this is an omission of the reporter,
        hence missing; None takes zeros as they stand
    site, measure : where and what was counted, for the words of the report
    """

    path: str
    unique_id: str = ""
    freq: str | None = "MS"
    kind: Kind = "flow"
    omission_above: float | None = None
    site: str = ""
    measure: str = ""

    def series(self) -> tuple[Series, tuple[Decision, ...]]:
        """The series, and a decision on every row of it (rows of other series of the table are not listed).

        Raises StatementError for unreadable rows, ValueError for an unknown series or dates off the grid.

        >>> cars, account = LongTable("border_rail/railcars.csv", "eagle_pass", omission_above=1000).series()
        >>> [d.statement_id for d in account if d.outcome == "left out"]
        ['eagle_pass 2017-09-01', 'eagle_pass 2018-09-01']
        """
        series, account = read_long(self.path, self.unique_id, self.freq, self.kind, self.omission_above)
        return replace(series, site=self.site, measure=self.measure), account


def read_long(path: str, unique_id: str = "", freq: str | None = "MS", kind: Kind = "flow",
              omission_above: float | None = None) -> tuple[Series, tuple[Decision, ...]]:
    """What `LongTable` reads, as a function."""
    problems: list[Problem] = []
    needed = ("unique_id", "ds", "y")
    rows = [row for _, _, row in rows_of(locate(path), needed, (*needed, "y_low", "y_high"), _row, problems)]
    if problems:
        raise StatementError(problems)
    found = tuple(sorted({row.name for row in rows}))
    name = unique_id or (found[0] if len(found) == 1 else "")
    if name not in found:
        raise ValueError(f"{path}: no series {unique_id!r}: {suggest(unique_id, found)}")
    kept = [row for row in sorted(rows, key=lambda row: row.day) if row.name == name]
    account = Account(name)
    for i, row in enumerate(kept):
        reason = _omission(kept[max(i - 1, 0): i + 2], i > 0, omission_above) or (
            "nothing was reported" if np.isnan(row.low) else "")
        if not account.refuse(row.id, reason):
            account.use(row.id, said(row.low, row.high))
    missing = np.array([account.made[row.id].outcome == "left out" for row in kept])
    low, high = (np.where(missing, np.nan, [getattr(row, side) for row in kept]) for side in ("low", "high"))
    series = Series.from_counts([row.day for row in kept], np.full(len(kept), np.nan), low, high, kind=kind,
                                name=name, sources=tuple((row.id,) for row in kept))
    return (_on_grid(series, freq) if freq else series), account.decisions()


@dataclass(frozen=True)
class _Row:
    name: str
    day: date
    low: float
    high: float

    @property
    def id(self) -> str:
        return f"{self.name} {self.day}"


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
    edges = np.asarray(pd.date_range(series.start[0], periods=_bins(series, freq) + 1, freq=freq, unit="s"),
                       dtype="datetime64[D]")
    place = np.searchsorted(edges, series.start)
    off = (place >= len(edges) - 1) | (edges[np.minimum(place, len(edges) - 1)] != series.start)
    if off.any():
        raise ValueError(f"{series.name}: {series.start[off][0]} does not lie on the grid {freq} from "
                         f"{edges[0]}: name another freq, or null for irregular dates")
    low, high = np.full((2, len(edges) - 1), np.nan)
    low[place], high[place] = series.low, series.high
    sources = dict(zip(place.tolist(), series.sources, strict=True))
    return replace(series, start=edges[:-1].copy(), end=edges[1:].copy(), low=low, high=high,
                   exposure=np.ones(len(low)), freq=freq,
                   sources=tuple(sources.get(i, ()) for i in range(len(low))))


def _bins(series: Series, freq: str) -> int:
    return max(len(pd.date_range(series.start[0], series.start[-1], freq=freq)), 1)
