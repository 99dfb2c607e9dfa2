"""The course of a series: its counts in a few stretches with their sums, as a reader can add them up from the list.

Stretches are cut where the count regime model names a change, where the first count above zero stands, where rows are
known by one total only, and, where the model finds a further change likely but cannot date it, where the counts fit two
means best (least squares in Poisson terms, by the BIC of Yao 1988, Statist. Probab. Lett. 6, 181-189). They describe
what was counted; whether anything changed is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from forecast.series.days import DAY

if TYPE_CHECKING:
    from forecast.experiment.reading import Reading
    from forecast.series.breaks import Break
    from forecast.series.series import Series

FEWEST = 3  # rows on either side of a cut between two means
LONE = 3  # rows that rest on one statement alone, from which they are told as that one statement


class Known(StrEnum):
    """How the rows of a stretch are known."""

    NONE = "none"  # all are observed zeros
    COUNTED = "counted"
    TOTAL = "total"  # by a total over several rows, hardly by themselves
    UNKNOWN = "unknown"  # nobody looked


@dataclass(frozen=True)
class Span:
    """Rows that rest on one statement, or on one total over all of them.

    row, after : the first of them, and the one after the last; low, high : of their sum where `total`, else of each;
        high is None where nothing bounds it
    rows : how many observed rows rest on it; publishers : of the statements behind them
    """

    row: int
    after: int
    rows: int
    low: float
    high: float | None
    total: bool
    publishers: tuple[str, ...]


@dataclass(frozen=True)
class Stretch:
    """Rows that are told together.

    row, after : the first of them, and the one after the last; first, last : days on which those that were observed
        begin and end, ISO
    observed : how many were observed; known : how
    low, high : of the sum of a flow over its observed rows, of the mean of a stock; high None where nothing bounds it
    least, most : the least of any observed row, and the most that is known of one; open : rows with a lower bound alone
    peak : row that holds the most for certain, None where another one may hold as much
    alone_by : publisher of the one statement that all of it rests on, "" for several
    """

    row: int
    after: int
    first: str
    last: str
    observed: int
    known: Known
    low: float
    high: float | None
    least: float
    most: float
    open: int
    peak: int | None
    alone_by: str

    @property
    def brief(self) -> bool:
        """Whether it is over so soon that it is told with its length."""
        return self.observed < FEWEST

    @property
    def mean(self) -> tuple[float, float | None]:
        """Least and most of the mean of an observed row of a flow."""
        n = max(self.observed, 1)
        return self.low / n, None if self.high is None else self.high / n


def course(reading: Reading, *, split: bool) -> tuple[Stretch, ...]:
    """The stretches of a series, in order; split : look for a further cut after the last change."""
    s = reading.series
    cuts = {0, len(s), *(row for b in reading.changes for row in rows_of_change(s, b))}
    some = np.flatnonzero(s.observed & (s.low > 0))
    if some.size and (s.observed & (s.high == 0))[:some[0]].any():
        cuts = {cut for cut in cuts if cut >= some[0] or cut == 0} | {int(some[0])}
    for span in spans(reading):
        if span.total and span.after - span.row >= 2 * FEWEST:
            cuts |= {span.row, span.after}
    if split and reading.changes:
        begin = rows_of_change(s, reading.changes[-1])[reading.changes[-1].shape == "gradual"]
        end = min((cut for cut in cuts if cut > begin), default=len(s))
        cuts |= set(_two_means(reading, begin, end))
    return tuple(_stretch(reading, a, b) for a, b in pairwise(sorted(cuts)))


def rows_of_change(s: Series, b: Break) -> tuple[int, int]:
    """First row after a change begins, and the one from which it is over: of a step the end of the series.

    A slope that leaves fewer rows than a mean needs at an end of the series has that end as its own.
    """
    over = np.flatnonzero(s.start >= np.datetime64(b.until, "D")) if b.until else np.zeros(0, int)
    first, after = b.position, int(over[0]) if over.size else len(s)
    if b.shape == "gradual":
        first = 0 if s.observed[:first].sum() < FEWEST else first
        after = len(s) if s.observed[after:].sum() < FEWEST else after
    return first, after


def spans(reading: Reading) -> tuple[Span, ...]:
    """Runs of rows that rest on one statement alone, or that one total bounds far better than each by itself."""
    return tuple(sorted([*_alone(reading), *_totals(reading)], key=lambda span: span.row))


def _alone(reading: Reading) -> list[Span]:
    """Rows whose one and only source is the same statement; of a flow they must stand in a row."""
    s, found = reading.series, []
    by: dict[str, list[int]] = {}
    for i, ids in enumerate(s.sources):
        if s.observed[i] and len(ids) == 1:
            by.setdefault(ids[0], []).append(i)
    for name, rows in by.items():
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if s.kind == "flow" else [np.array(rows)]
        for run in runs:
            if len(run) < LONE:
                continue
            low, high = float(s.low[run].min()), float(s.high[run].max())
            if s.kind == "flow" and high > 0:
                continue  # a total over them, which is told as such
            found.append(Span(int(run[0]), int(run[-1]) + 1, len(run), low, _finite(high), False,
                              _publishers(reading, {name})))
    return found


def _totals(reading: Reading) -> list[Span]:
    """Runs of vague rows of a flow whose sum is known at least twice as well as the rows by themselves."""
    s, found = reading.series, list[Span]()
    if reading.totals is None:
        return found
    vague = np.flatnonzero(s.observed & np.isfinite(s.high) & (s.high - s.low > np.maximum(3.0, s.low)))
    for run in np.split(vague, np.flatnonzero(np.diff(vague) > 1) + 1):
        if len(run) < 2:
            continue
        a, b = int(run[0]), int(run[-1]) + 1
        low, high = total_of(reading, a, b)
        if high is not None and 2 * (high - low) <= float((s.high[run] - s.low[run]).sum()):
            ids = {i for row in range(a, b) for i in s.sources[row]} if s.sources else set()
            found.append(Span(a, b, b - a, low, high, True, _publishers(reading, ids)))
    return found


def total_of(reading: Reading, row: int, after: int) -> tuple[float, float | None]:
    """Least and most of the sum over the observed rows from `row` up to, not including, `after`."""
    s = reading.series
    seen = np.flatnonzero(s.observed[row:after]) + row
    low, high = float(s.low[seen].sum()), float(s.high[seen].sum())
    if reading.totals is not None and len(seen):
        least, most = reading.totals.since(row)
        low, high = max(low, float(least[after - 1 - row])), min(high, float(most[after - 1 - row]))
    return low, _finite(high)


def _stretch(reading: Reading, row: int, after: int) -> Stretch:
    s = reading.series
    seen = np.flatnonzero(s.observed[row:after]) + row
    first, last = str(s.start[row]), str(s.end[after - 1] - DAY)
    if not len(seen):
        return Stretch(row, after, first, last, 0, Known.UNKNOWN, 0.0, None, 0.0, 0.0, 0, None, "")
    first, last = str(s.start[seen[0]]), str(s.end[seen[-1]] - DAY)
    low, high = total_of(reading, row, after)
    if s.kind == "stock":
        low, high = low / len(seen), None if high is None else high / len(seen)
    whole = any(span.total and span.row <= row and after <= span.after for span in spans(reading))
    known = Known.NONE if not s.high[seen].any() else Known.TOTAL if whole else Known.COUNTED
    top = int(seen[s.low[seen].argmax()])
    peak = top if np.sum(s.low[seen] == s.low[top]) == 1 and len(seen) > 1 else None
    ids = {s.sources[i] for i in seen} if s.sources else set()
    alone = _publishers(reading, set(next(iter(ids)))) if len(ids) == 1 and len(next(iter(ids))) == 1 else ()
    return Stretch(row, after, first, last, len(seen), known, low, high, float(s.low[seen].min()),
                   float(np.where(np.isinf(s.high), s.low, s.high)[seen].max()), int(np.isinf(s.high[seen]).sum()),
                   peak, alone[0] if alone and len(seen) > 1 else "")


def _two_means(reading: Reading, begin: int, end: int) -> list[int]:
    """Where the rows from `begin` to `end` fall into two means, if that is worth two parameters more; [] or one row."""
    s = reading.series
    narrow = s.observed & np.isfinite(s.high) & (s.high - s.low <= np.maximum(2.0, 0.5 * s.low))
    rows = np.flatnonzero(narrow[begin:end]) + begin
    x, n = s.middle[rows], len(rows)
    best, where = 0.0, []
    for cut in range(FEWEST, n - FEWEST + 1):
        parts = x[:cut], x[cut:]
        fitted = np.concatenate([np.full(len(part), max(part.mean(), 0.1)) for part in parts])
        scatter = max(1.0, float(((x - fitted) ** 2 / fitted).sum()) / max(n - 2, 1))
        gain = 2 * sum(part.sum() * np.log(max(part.mean(), 0.1) / max(x.mean(), 0.1)) for part in parts) / scatter
        if gain > max(best, 2 * np.log(n)):
            best, where = gain, [int(rows[cut])]
    return where


def _publishers(reading: Reading, ids: set[str]) -> tuple[str, ...]:
    return tuple(sorted({s.publisher for s in reading.statements if s.id in ids}))


def _finite(x: float) -> float | None:
    return x if np.isfinite(x) else None
