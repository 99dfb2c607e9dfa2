"""`Series`: what was observed at one site of one measure, with its bounds, its gaps and its watching effort."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.series.days import DAY, day_of, days_of
from forecast.series.grids import FIRST, WEEKLY, edges, offset_of
from forecast.series.objects import ELSEWHERE, check_agrees, dated, described, has_dates, library_of, with_bounds
from forecast.series.values import Kind, bounds_of, exposure_of, numbers_of
from forecast.support.results import Shown, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from forecast.series.breaks import Break

KINDS = ("stock", "flow")
COUNT = "count"  # the unit of separate things
MOST_ROWS = 1_000_000  # of a regular grid


@dataclass(frozen=True, eq=False)
class Series(Shown):
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

    >>> cars = Series.from_values([4, 6, None, 5], start="2023-01-02", freq="W-MON", kind="stock", name="cars")
    >>> cars.value.tolist(), int(cars.observed.sum()), str(cars.start[-1])
    ([4.0, 6.0, nan, 5.0], 3, '2023-01-23')
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
    def from_pandas(cls, obj: Any, kind: Kind = "flow", *, name: str = "", **labels: Any) -> Series:
        """Series of a pandas Series with dates as its index, or of a frame with a column of dates and one of counts.

        NaN and dates that were left out are missing. Dates on a grid (days, weeks, months ...) give a regular series,
        others one of single days. A date is the first day of its row, or its last where it ends a month; a period says
        both: of weeks that are named by their last day, resample("W"), give `obj.to_period()`. Frames may also hold
        low, high (y_low, y_high), exposure, and one unique_id, as `frame` writes them.
        name : that of the object when empty
        Raises TypeError for other objects, ValueError where dates or counts are not to be told, or a date stands twice.

        >>> counts = pd.Series([3, 5, 4], index=pd.to_datetime(["2023-01-01", "2023-02-01", "2023-04-01"]))
        >>> series = Series.from_pandas(counts)
        >>> series.freq, series.value.tolist()
        ('MS', [3.0, 5.0, nan, 4.0])
        """
        got = dated(obj)
        labels |= {"name": name or got.name or "series"}
        if got.freq is None:
            return cls.from_counts(got.days, got.values, kind=kind, **got.bounds, **labels)
        return cls.from_values(got.values, got.days[0], got.freq, kind=kind, **got.bounds, **labels)

    @classmethod
    def from_values(cls, values: Any, start: Any = FIRST, freq: str = WEEKLY, *, low: Any = None,
                    high: Any = None, exposure: Any = None, kind: Kind = "flow", name: str = "",
                    **labels: Any) -> Series:
        """Series on a regular grid. `values` [n]: numbers, NaN = not observed; `low`, `high` override as bounds.

        start : first day of the first row, or its last where `freq` names rows by that (ME); open: the first in 2000
        A pandas Series with dates as its index brings start and freq of its own, see `from_pandas`.
        Raises ValueError when values are not numbers, are infinite, `freq` is unknown to pandas, or no row starts then.

        >>> Series.from_values([3, None, 5], start="2023-01-02", freq="W-MON").observed.tolist()
        [True, False, True]
        """
        if has_dates(values):
            named = name or str(values.name or "")
            taken = cls.from_pandas(with_bounds(values, low, high, exposure), kind, name=named, **labels)
            check_agrees(values, taken.start, taken.freq, start, freq)
            return taken
        exact = numbers_of(values, "values")
        grid, told = edges(start, freq, len(exact))
        low_, high_ = bounds_of(exact, low, high)
        return cls(start=grid[:-1].copy(), end=grid[1:].copy(), low=low_, high=high_,
                   exposure=exposure_of(exposure, low_, kind), kind=kind, freq=told, name=name or "series", **labels)

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
            when = days_of(dates)
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

    def __repr__(self) -> str:
        grid = "irregular dates" if self.freq is None else self.freq
        span = f", {self.start[0]} to {self.end[-1] - DAY}" if len(self) else ""
        return f"Series({self.name!r}: {len(self)} rows of {grid}{span}; {self.kind}, {self.observed.sum()} observed)"

    def __getitem__(self, keep: slice) -> Series:
        """Rows by dates, series["2023-01-01":"2023-12-31"], or by position, series[10:20].

        Of dates both ends are included: rows that start on one of these days. Raises TypeError for what is no slice,
        ValueError for an end that is no day, or where no row is left.
        """
        if not isinstance(keep, slice):
            raise TypeError(f"series {self.name}: got [{keep!r}]: take rows by a slice of dates, "
                            "series['2023-01-01':'2023-12-31'], or of positions, series[10:20]")
        ends = [end for end in (keep.start, keep.stop, keep.step) if end is not None]
        if not all(isinstance(end, int | np.integer) for end in ends):
            first, last = (None if end is None else day_of(end, "slice") for end in (keep.start, keep.stop))
            left = 0 if first is None else int(np.searchsorted(self.start, first))
            right = len(self) if last is None else int(np.searchsorted(self.start, last, side="right"))
            keep = slice(left, right, keep.step)
        if keep.step not in (None, 1):
            raise ValueError(f"series {self.name}: a slice with step {keep.step}: use regular(freq) for coarser rows")
        kept = self.rows(keep)
        if len(self) and not len(kept):
            raise ValueError(f"series {self.name}: no row lies there: it runs from {self.start[0]} to {self.start[-1]}")
        return kept

    __iter__ = None  # rows are arrays here: `value`, `start`; or frame() for a line a row

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
        if np.all((self.low == self.high) | np.isnan(self.low)):
            return self
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
        return self.rows(self.end <= day_of(cutoff, "cutoff"))

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

    def heading(self) -> str:
        return f"{self.name}: {int(self.observed.sum())} of {len(self)} rows observed, {self.kind}"

    def plot(self, ax: Axes | None = None, *, breaks: Sequence[Break] = (), events: Any = None) -> Axes:
        """Draw the counts with their bounds and gaps on `ax`, or on a figure of its own; returns the axes.

        breaks : as `detect` gives them; events : name -> day, or a list of `Event`
        """
        return drawn(self, ax, breaks=breaks, events=events)

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
        how = "Series.from_pandas" if library_of(given) in ("pandas", *ELSEWHERE) else (
            "Series.from_values or Series.from_counts")
        raise TypeError(f"{who} takes a Series, got {described(given)}: make one with {how}")


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
