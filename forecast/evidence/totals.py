"""What totals over overlapping periods say about any other period: exact bounds on one running total.

Let C(d) be the number of calls before day d: it never falls. A statement "14 from a to b" is low <= C(b) -
C(a) <= high, so a set of them is a system of difference constraints, and the tightest bounds that it implies
for any period are shortest paths (Bellman 1958; Dechter, Meiri & Pearl 1991). Cumulative minus cumulative,
overlapping periods, parts and wholes, at least and at most are all the same step, and a conflict is a
negative cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from forecast.evidence.decisions import Account, days, meets, said, span, when
from forecast.evidence.statements import Statement
from forecast.series.days import DAY

Day = np.datetime64
Part = tuple[Day, Day, float, float]

MONTH = np.timedelta64(1, "M")


class Cumulative:
    """Bounds on a running total at `days`, tightened one statement at a time; a contradiction is refused."""

    def __init__(self, edges: Iterable[Day]) -> None:
        self.edges = np.unique(np.asarray(list(edges), dtype="datetime64[D]"))
        n = len(self.edges)
        self.places = {day: i for i, day in enumerate(self.edges.astype(int).tolist())}
        # most[i, j]: the most that C(j) - C(i) can be; backwards at most 0, for a running total never falls
        self.most = np.where(np.arange(n)[:, None] < np.arange(n)[None, :], np.inf, 0.0)

    def bounds(self, start: Day | int, end: Day | int) -> tuple[float, float]:
        """Least and most that can have happened from `start` up to, not including, `end`.

        >>> c = Cumulative(np.array(["2023-08-26", "2023-10-01", "2023-11-01"], dtype="datetime64[D]"))
        >>> c.add(c.edges[0], c.edges[1], 3, 3), c.add(c.edges[0], c.edges[2], 14, 14)
        (True, True)
        >>> c.bounds(c.edges[1], c.edges[2])
        (11.0, 11.0)
        """
        i, j = self._place(start), self._place(end)
        return 0.0 - float(self.most[j, i]), float(self.most[i, j])

    def _place(self, day: Day | int) -> int:
        """Where a day (or its number since 1970) stands among the edges."""
        return self.places[day if isinstance(day, int) else int(day.astype("datetime64[D]").astype(int))]

    def fits(self, start: Day | int, end: Day | int, low: float, high: float) -> bool:
        """Whether [low, high] for the period agrees with everything taken so far."""
        least, most = self.bounds(start, end)
        return low <= most and high >= least

    def add(self, start: Day | int, end: Day | int, low: float, high: float) -> bool:
        """Take a statement for `start` up to, not including, `end`; on a conflict False, and no change."""
        if not self.fits(start, end, low, high):
            return False
        i, j = self._place(start), self._place(end)
        for a, b, most in ((i, j, high), (j, i, -low)):
            if most < self.most[a, b]:
                self.most = np.minimum(self.most, self.most[:, a, None] + most + self.most[None, b, :])
        return True


def subtract(later: tuple[float, float], earlier: tuple[float, float]) -> tuple[float, float] | None:
    """Bounds of what lies between two totals with one start, or None when the later one is the smaller.

    >>> subtract((26, 26), (16, np.inf))
    (0.0, 10.0)
    >>> subtract((20, 20), (22, 30)) is None
    True
    """
    low, high = later[0] - earlier[1], later[1] - earlier[0]
    return None if high < 0 else (float(max(low, 0.0)), float(high))


def edges_of(s: Statement) -> list[Day]:
    """The days at which a statement needs the running total."""
    return [day for part in parts_of(s) for day in part[:2]]


def parts_of(s: Statement) -> list[Part]:
    """A statement as bounds on periods: itself, or each month that a rate a month touches (low if whole)."""
    first, after = span(s)
    if "_per_month" not in s.measure:
        return [(first, after, s.low, s.high)]
    parts = []
    for month in np.arange(first.astype("datetime64[M]"), (after - DAY).astype("datetime64[M]") + MONTH):
        a, b = month.astype("datetime64[D]"), (month + MONTH).astype("datetime64[D]")
        parts.append((max(a, first), min(b, after), s.low if first <= a and b <= after else 0.0, s.high))
    return parts


def take_periods(periods: Iterable[Statement], total: Cumulative, taken: list[Statement],
                 account: Account) -> None:
    """Totals that agree go into `total` and `taken`, short ones first (nearest to what was counted).

    Of two that cannot both hold, the longer is left out as a conflict.
    """
    for s in sorted(periods, key=lambda s: (days(s), s.start, s.id)):
        parts = parts_of(s)
        wrong = next((part for part in parts if not total.fits(*part)), None)
        if wrong:
            account.refuse(s.id, f"a conflict: it says {said(*wrong[2:])} for {when(s)}, but "
                                 f"{said(*total.bounds(*wrong[:2]))} follows from {_against(s, taken)}")
            continue
        for part in parts:
            total.add(*part)
        account.use(s.id, _gain(s, taken))
        taken.append(s)


def take_calls(calls: Iterable[Statement], total: Cumulative, taken: list[Statement],
               account: Account) -> None:
    """Each call, and each chain of overlapping ones, holds at least as many as lie within it.

    A call beyond what the totals leave room for is left out as a conflict.
    """
    kept: list[tuple[int, int]] = []  # days since 1970: a hundred comparisons a call, slow between dates
    for s in sorted(calls, key=lambda s: (days(s), s.start, s.id)):
        first, after = (int(day.astype(int)) for day in span(s))
        spans = [*kept, (first, after)]
        least = [(a, b, float(sum(a <= c and d <= b for c, d in spans)), np.inf)
                 for a, b in _around((first, after), spans)]
        if all(total.fits(*part) for part in least):
            for part in least:
                total.add(*part)
            kept, taken[len(taken):] = spans, [s]
        else:
            account.refuse(s.id, f"a conflict: a call more, {when(s)}, than is left by {_against(s, taken)}")


def _around(one: tuple[int, int], spans: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The spans that hold `one`, and the chain of overlapping spans that it belongs to."""
    first, after = one
    for a, b in sorted(spans) + sorted(spans, reverse=True):
        if a < after and b > first:
            first, after = min(a, first), max(b, after)
    return {(a, b) for a, b in spans if a <= one[0] and one[1] <= b} | {(first, after)}


def _against(s: Statement, taken: Sequence[Statement]) -> str:
    """The totals that stand against a statement: the longest within it and the shortest around it."""
    first, after = span(s)
    met = [(span(t), t.id) for t in taken if t.kind == "period" and meets(t, first, after)]
    inside = [(p, i) for p, i in met if p[0] >= first and p[1] <= after]
    longest = [(p, i) for p, i in inside
               if not any(q != p and q[0] <= p[0] and p[1] <= q[1] for q, _ in inside)]
    around = sorted((p for p in met if p not in inside), key=lambda p: (p[0][1] - p[0][0], p[1]))[:1]
    return ", ".join(i for _, i in sorted(longest) + around) or "the single calls"


def _gain(s: Statement, taken: Sequence[Statement]) -> str:
    """What a period says, and what is left after the longest earlier total with the same start."""
    words = f"{said(s.low, s.high)}{' a month' if '_per_month' in s.measure else ''}, {when(s)}"
    before = [t for t in taken if t.end and s.end and t.end < s.end and t.kind == "period" and
              (t.start, t.measure, t.scope, t.publisher) == (s.start, s.measure, s.scope, s.publisher)]
    if not before:
        return words
    last = max(before, key=lambda t: (t.end or date.min, t.id))
    left = subtract((s.low, s.high), (last.low, last.high))
    return words if left is None else f"{words}; less {last.id} leaves {said(*left)} after {last.end}"
