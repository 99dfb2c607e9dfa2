"""`Series`: what was observed at one site of one measure, with its bounds, its gaps and its watching effort."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forecast.series.values import Kind, bounds_of, days_of, exposure_of, numbers_of

KINDS = ("stock", "flow")
COUNT = "count"  # the unit of separate things
DAY = np.timedelta64(1, "D")
YEARS = np.datetime64("0001-01-01", "D"), np.datetime64("9999-12-31", "D")
MOST_ROWS = 1_000_000  # of a regular grid
FIRST = np.datetime64("2000-01-03", "D")  # of rows without a start; by identity: a given one is held to its grid
# frequencies that name rows by their last day, and by their first
ENDS = {"ME": "MS", "BME": "MS", "CBME": "MS", "QE": "QS", "BQE": "QS", "YE": "YS", "BYE": "YS"}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, eq=False)
class Series:
    """Observations of one measure at one site, in time order; all arrays have the same length n.

    A row covers the days from `start` up to, not including, `end` (a snapshot covers one day). The count of a row
    is known to lie in [low, high]: exact when they are equal, `high` = inf for "at least", both NaN when nobody
    looked or could look. A **stock** is what stands there (averaged over a bin); a **flow** is what passes (summed
    over a bin). `exposure` is the share of the row's days on which something could be seen, in (0, 1]; the expected
    count of a flow row is proportional to it. Missing is NaN, never zero.

    Fields
    ------
    start, end : datetime64[D] arrays [n]
    low, high : float arrays [n], counts
    exposure : float array [n], share of days
    kind : "stock" or "flow"
    freq : pandas frequency alias of a regular grid, or None for irregular dates; its dates are the starts of rows, so
        that months named by their last day (ME) are kept as months named by their first (MS)
    unit : "count" for separate things; any other (tonnes, barrels, percent) is an amount
    sources : one tuple of statement ids per row (may be empty)
    """

    start: np.ndarray
    end: np.ndarray
    low: np.ndarray
    high: np.ndarray
    exposure: np.ndarray
    kind: Kind = "flow"
    freq: str | None = None
    name: str = "series"
    site: str = ""
    measure: str = ""
    unit: str = COUNT
    sources: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        n = len(self.start)
        for field in ("end", "low", "high", "exposure"):
            if len(getattr(self, field)) != n:
                raise ValueError(f"series {self.name}: {field} has {len(getattr(self, field))} rows, start has {n}: "
                                 "give one value per row")
        if self.kind not in KINDS:
            raise ValueError(f"series {self.name}: kind must be 'stock' or 'flow', got {self.kind!r}"
                             + _nearest(str(self.kind), KINDS))
        for row in np.flatnonzero(self.end <= self.start):
            raise ValueError(f"series {self.name}: row {row} starts on {self.start[row]} and ends before "
                             f"{self.end[row]}: `end` is the day after its last")
        self._sort()
        both = ~np.isnan(self.low) & ~np.isnan(self.high)
        if np.any(np.isnan(self.low) != np.isnan(self.high)):
            raise ValueError(f"series {self.name}: a bound without its partner: give low and high, or neither")
        for row in np.flatnonzero(both & (self.low > self.high)):
            raise ValueError(f"series {self.name}, row {row}: low {self.low[row]:g} is above high "
                             f"{self.high[row]:g}: swap them or mend the source")
        for row in np.flatnonzero(both & ~((self.exposure > 0) & (self.exposure <= 1))):
            raise ValueError(f"series {self.name}: exposure must lie in (0, 1] where something was seen, row {row} has "
                             f"{self.exposure[row]:g}: a row nobody watched is NaN, not zero")
        for array in (self.start, self.end, self.low, self.high, self.exposure):
            array.setflags(write=False)

    def _sort(self) -> None:
        """Put rows in order of their middles, by which time is told: a span may start before a day and lie after it."""
        middle = self.start.astype(int) + self.end.astype(int)
        if not np.any(np.diff(middle) < 0):
            return
        if self.freq is not None or np.any(np.diff(self.start) < np.timedelta64(0, "D")):
            raise ValueError(f"series {self.name}: dates are not in order: sort them (Series.from_counts does)")
        vars(self).update(vars(self.rows(np.argsort(middle, kind="stable"))))

    # -- constructors -------------------------------------------------------------------------------------------
    @classmethod
    def from_values(cls, values: Any, start: Any = FIRST, freq: str = "W-MON", *, low: Any = None,
                    high: Any = None, exposure: Any = None, kind: Kind = "flow", name: str = "series",
                    **labels: Any) -> Series:
        """Series on a regular grid. `values` [n]: numbers, NaN = not observed; `low`, `high` override as bounds.

        start : first day of the first row, or its last where `freq` names rows by that (ME); open: the first in 2000
        Raises ValueError when values are not numbers, are infinite, `freq` is unknown to pandas, or no row starts then.

        >>> Series.from_values([3, None, 5], start="2023-01-02", freq="W-MON").observed.tolist()
        [True, False, True]
        """
        exact = numbers_of(values, "values")
        grid, told = edges(start, freq, len(exact))
        low_, high_ = bounds_of(exact, low, high)
        return cls(start=grid[:-1].copy(), end=grid[1:].copy(), low=low_, high=high_,
                   exposure=exposure_of(exposure, low_, kind), kind=kind, freq=told, name=name, **labels)

    @classmethod
    def from_counts(cls, dates: Any, counts: Any, low: Any = None, high: Any = None, exposure: Any = None,
                    kind: Kind = "flow", *, name: str = "series", **labels: Any) -> Series:
        """Series on irregular dates, sorted here; each row covers one day. Bounds override `counts` where given.

        A date is the day at the place of its time zone, if it has one. Raises ValueError on an unreadable date, lengths
        that differ, or a date given twice.

        >>> s = Series.from_counts(["2023-10-05", "2023-08-21"], [73, 30], kind="stock")
        >>> s.value.tolist()
        [30.0, 73.0]
        """
        exact = numbers_of(counts, "counts")
        try:
            when = days_of(list(dates))
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"dates: cannot read them all ({error}): write them as YYYY-MM-DD") from error
        if len(when) != len(exact):
            raise ValueError(f"dates has {len(when)} rows, counts has {len(exact)}: give one count per date")
        if np.any(np.isnat(when)):
            raise ValueError(f"dates: row {int(np.flatnonzero(np.isnat(when))[0])} is empty: every count needs a date")
        order = np.argsort(when, kind="stable")
        if len(when) > 1 and np.any(np.diff(when[order]) == np.timedelta64(0, "D")):
            twice = when[order][:-1][np.diff(when[order]) == np.timedelta64(0, "D")][0]
            raise ValueError(f"dates: {twice} stands twice: reconcile the two counts first (one row a date)")
        low_, high_ = bounds_of(exact, low, high)
        return cls(start=when[order], end=when[order] + DAY, low=low_[order], high=high_[order],
                   exposure=exposure_of(exposure, low_, kind)[order], kind=kind, name=name, **labels)

    # -- views ---------------------------------------------------------------------------------------------------
    def __len__(self) -> int:
        return len(self.start)

    @property
    def value(self) -> np.ndarray:
        """Exact counts [n]; NaN where nothing was observed and where only a bound is known."""
        return np.where(self.low == self.high, self.low, np.nan)

    @property
    def middle(self) -> np.ndarray:
        """A point for models that take no bounds [n]: the exact count, the middle of a closed interval, the low
        end of an open one; NaN where nothing was observed."""
        return np.where(np.isinf(self.high), self.low, (self.low + self.high) / 2)

    @property
    def point(self) -> np.ndarray:
        """Counts for models that take no bounds [n]: exact ones, and the middle of bounds so narrow that it hardly
        matters (at most 2 apart, or 40 % of the middle); NaN elsewhere, since a wide bound is no number."""
        width = np.where(self.observed, self.high - self.low, np.inf)
        return np.where(width <= np.maximum(2.0, 0.4 * self.middle), self.middle, np.nan)

    def points(self) -> Series:
        """The series for models that take no bounds: every row exact or missing, see `point`.

        A series of nothing but wide bounds keeps their low ends: all that was surely there.
        """
        point = self.point
        if np.isnan(point).all():
            point = np.where(np.isnan(self.low), np.nan, self.low)
        return replace(self, low=point, high=point.copy())

    @property
    def observed(self) -> np.ndarray:
        """True where a count or a bound is known, bool [n]."""
        return np.asarray(~np.isnan(self.low))

    @property
    def is_count(self) -> bool:
        """True for whole numbers of at least zero of separate things: an amount (tonnes, barrels) is no count."""
        if self.unit != COUNT:
            return False
        low, high = self.low[self.observed], self.high[self.observed]
        finite = np.concatenate([low, high[np.isfinite(high)]])
        return bool(np.all(finite >= 0) and np.all(finite == np.round(finite)))

    @property
    def days(self) -> np.ndarray:
        """Days from the first row's start to the middle of each row, float [n]."""
        if not len(self):
            return np.zeros(0)
        middle = (self.start - self.start[0]).astype(float) + (self.end - self.start).astype(float) / 2
        return np.asarray(middle - (self.end[0] - self.start[0]).astype(float) / 2)

    @property
    def centre(self) -> np.ndarray:
        """Middle day of each row, datetime64[D] [n]; of an even number of days, the last one of its first half."""
        return np.asarray(self.start + (self.end - self.start - DAY) // 2)

    def rows(self, keep: slice | np.ndarray | Sequence[int]) -> Series:
        """The series restricted to the rows `keep` (slice, mask or indices in order)."""
        index = np.arange(len(self))[keep]
        sources = tuple(self.sources[i] for i in index) if self.sources else ()
        return replace(self, start=self.start[index], end=self.end[index], low=self.low[index],
                       high=self.high[index], exposure=self.exposure[index], sources=sources)

    def until(self, cutoff: Any) -> Series:
        """Only what was complete before `cutoff`: rows whose `end` is not after it."""
        return self.rows(self.end <= np.datetime64(pd.Timestamp(cutoff).date(), "D"))

    def coming(self, horizon: int) -> np.ndarray:
        """Starts of the `horizon` rows after the last one, datetime64[D]; ValueError for irregular dates."""
        if self.freq is None:
            raise ValueError(f"series {self.name}: irregular dates have no rows to come: see series.regular('W-MON')")
        return np.asarray(pd.date_range(pd.Timestamp(self.end[-1]), periods=horizon, freq=self.freq),
                          dtype="datetime64[D]")

    def frame(self) -> pd.DataFrame:
        """Long table: unique_id, ds, y, y_low, y_high, exposure (one line per row of the series)."""
        return pd.DataFrame({"unique_id": self.name, "ds": self.start.astype("datetime64[s]"), "y": self.value,
                             "y_low": self.low, "y_high": self.high, "exposure": self.exposure})

    def _repr_html_(self) -> str:
        from forecast.support.notebook import frame_html

        seen = int(self.observed.sum())
        return frame_html(f"{self.name}: {seen} of {len(self)} rows observed, {self.kind}", self.frame())

    def regular(self, freq: str) -> Series:
        """The series on a regular grid with NaN in bins nobody observed.

        A stock is averaged over a bin, a flow summed; a flow bin that holds an unobserved or uncovered part keeps
        the exposure of the covered share of its days. Bounds add (flow) or average (stock); a mean of whole counts that
        is not whole becomes the whole bounds around it. ME gives whole months, named by their first day (MS).
        Raises ValueError when a row straddles two bins of a flow.
        """
        if not len(self):
            return replace(self, freq=freq)
        first, last = pd.Timestamp(self.start.min()), pd.Timestamp(self.end.max() - DAY)
        freq, offset = offset_of(freq, first)
        if (last - first) / ((first + offset) - first) > MOST_ROWS:
            raise ValueError(f"series {self.name}: {first.date()} to {last.date()} is more than {MOST_ROWS:,} rows of "
                             f"{freq}: choose a coarser frequency")
        edge = first if offset.is_on_offset(first) else first - offset
        points = np.asarray(pd.date_range(edge.normalize(), last + 2 * offset, freq=freq), dtype="datetime64[D]")
        points = points[: int(np.searchsorted(points, self.end.max())) + 1]
        bins = np.searchsorted(points, self.start, side="right") - 1
        n = len(points) - 1
        if self.kind == "flow" and np.any(self.end > points[bins + 1]):
            row = int(np.flatnonzero(self.end > points[bins + 1])[0])
            raise ValueError(f"series {self.name}: the row {self.start[row]} to {self.end[row]} straddles two bins of "
                             f"{freq}: choose a coarser frequency")
        seen = self.observed
        number = np.bincount(bins[seen], minlength=n).astype(float)
        low, high = (np.bincount(bins[seen], weights=bound[seen], minlength=n) for bound in (self.low, self.high))
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.kind == "stock":
                low, high, exposure = low / number, high / number, np.ones(n)
                if self.is_count:  # the mean of two images may be no count, and forecasters take counts alone
                    low, high = np.floor(low), np.ceil(high)
            else:
                length = (self.end - self.start).astype(float) * self.exposure
                width = np.diff(points).astype(float)
                exposure = np.bincount(bins[seen], weights=length[seen], minlength=n) / width
        empty = number == 0
        low, high = np.where(empty, np.nan, low), np.where(empty, np.nan, high)
        sources = tuple(
            tuple(dict.fromkeys(s for i in np.flatnonzero(bins == b) for s in self.sources[i])) for b in range(n)
        ) if self.sources else ()
        return replace(self, start=points[:-1].copy(), end=points[1:].copy(), low=low, high=high,
                       exposure=np.where(empty, 1.0, np.minimum(exposure, 1.0)), freq=freq, sources=sources)


def check_series(given: Any, who: str) -> None:
    """Raise TypeError if what was given is no `Series`."""
    if not isinstance(given, Series):
        raise TypeError(f"{who} takes a Series, got a {type(given).__name__}: make one with Series.from_values or "
                        "Series.from_counts")


def edges(start: Any, freq: str, rows: int) -> tuple[np.ndarray, str]:
    """Starts of rows and the end of the last [rows + 1], and the frequency of these; ValueError if none starts then."""
    try:
        if not isinstance(freq, str):
            raise TypeError(f"freq is {freq!r}")
        first = pd.Timestamp(start).tz_localize(None).as_unit("s").floor("D")
        offset, told = pd.tseries.frequencies.to_offset(freq), _by_first_day(freq)
        begin = pd.tseries.frequencies.to_offset(told)
        if start is FIRST:
            first = offset.rollforward(first)
        if told != freq and offset.is_on_offset(first):
            first = begin.rollback(first) - (begin.n - 1) * begin.base
        days = np.asarray(pd.date_range(first, periods=rows + 1, freq=told, unit="s"), dtype="datetime64[D]")
        if np.any(np.diff(days) < DAY):
            raise ValueError("rows shorter than a day")
        if not YEARS[0] <= days[0] <= days[-1] <= YEARS[1]:
            raise ValueError(f"rows from {days[0]} to {days[-1]}, years are 1 to 9999")
        sides = f"{offset.rollback(first).date()} or {offset.rollforward(first).date()}"
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"start {start!r} with freq {freq!r}: {error}. Use a date like 2023-01-02 and a pandas "
                         "frequency such as D, W-MON, MS, QS or YS") from error
    if days[0] != np.datetime64(first, "D"):
        raise ValueError(f"start {start!r} with freq {freq!r}: no row starts or ends that day: name {sides}")
    return days, told


def _by_first_day(freq: str) -> str:
    """The frequency that names by their first day the rows that `freq` names by their last: QS-JAN for QE-DEC."""
    offset = pd.tseries.frequencies.to_offset(freq)
    code, _, month = offset.rule_code.partition("-")
    if code not in ENDS:
        return freq
    after = f"-{MONTHS[(MONTHS.index(month) + 1) % 12]}" if month else ""
    return f"{offset.n if offset.n > 1 else ''}{ENDS[code]}{after}"


def offset_of(freq: Any, first: pd.Timestamp) -> tuple[str, Any]:
    """A frequency of at least a day, by the first days of rows, and what pandas makes of it."""
    try:
        offset = pd.tseries.frequencies.to_offset(freq)
        if offset is None or first + offset < first + pd.Timedelta(days=1):
            raise ValueError("shorter than a day")
        told = _by_first_day(freq)
    except (ValueError, TypeError) as error:
        raise ValueError(f"freq {freq!r}: {str(error)[:80]}. Use a pandas frequency such as D, W-MON, MS, QS or "
                         "YS") from error
    return told, pd.tseries.frequencies.to_offset(told)


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
