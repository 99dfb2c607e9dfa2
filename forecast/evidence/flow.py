"""A flow from statements: calls on a regular grid, bounded by all that publishers say, and what became of each.

Which series for the break question? For ships at Rajin it is `Flow(publishers=["VOA Korean"],
unlisted="totals")`: one publisher, one way of counting (a ship that changes pier counts again) and totals
that are complete by their own account, bounded by the calls that the same publisher dates. The list of single
calls is no such series: 39 calls of container or unknown cargo were found where VOA alone states 62, so how
many a month lists depends on what the press quoted. Taken as complete (`unlisted="zero"`) it is a check on
the primary series, not evidence beside it.

Before August 2023 stands one observed zero (Reuters). How long a run of zeros is taken would decide the level
before by itself; `start` sets it, by default so that as many months lie before the first ship as VOA watched
after it. Coal in tonnes is read by the same class (`measure="coal_tonnes"`), but tonnes are no counts of
separate things: do not give them to a model of counts; four yearly totals and a few parts are no basis for
dating anything either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from forecast.evidence.decisions import (
    GUESSES,
    MERGES,
    Account,
    NothingUsedError,
    day_of_setting,
    distinct,
    merge_groups,
    span,
    when,
)
from forecast.evidence.files import Files
from forecast.evidence.source import Evidence
from forecast.evidence.statements import Statement, Watching, read_statements, read_watching
from forecast.evidence.totals import Cumulative, edges_of, take_calls, take_periods
from forecast.series.days import DAY
from forecast.series.grids import offset_of
from forecast.series.series import COUNT, Series
from forecast.support.registry import suggest
from forecast.support.validation import check_lists

ROUNDING = 0.5  # of an amount that is printed as a whole number


@dataclass(frozen=True, eq=False)
class _Counted:
    """What the statements come to: edges of the bins, the usable share of each day and whether a watcher states it, the
    watched days of each bin, the running total, the statements behind it and what became of all."""

    edges: np.ndarray
    share: np.ndarray
    stated: np.ndarray
    hulls: list[tuple[np.datetime64, ...]]
    total: Cumulative
    taken: list[Statement]
    account: Account


@dataclass(frozen=True, eq=False)
class FlowTotals:
    """What a publisher's totals say of several rows together: more than the bounds of each, which may each take all."""

    counted: _Counted
    rows: Series

    def since(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Least and most that rows `row` to each later one hold together, [n - row], inf where nothing bounds it."""
        counted, hulls = self.counted, self.counted.hulls
        seen = self.rows.observed[row:]
        least = np.cumsum(np.where(seen, self.rows.low[row:], 0.0))
        most = np.cumsum(np.where(seen, self.rows.high[row:], 0.0))
        watched = [hull for hull in hulls[row:] if hull]
        for at, hull in enumerate(hulls[row:]):
            if hull and watched:
                low, high = counted.total.bounds(watched[0][0], hull[1])
                begin, end = (int((day - counted.edges[0]) / DAY) for day in (watched[0][0], hull[1]))
                most[at] = min(most[at], high)  # what was watched is no more than all that came
                least[at] = max(least[at], low if np.all(counted.share[begin:end] > 0) else 0.0)
        return np.maximum.accumulate(least), np.minimum.accumulate(most[::-1])[::-1]


@dataclass(frozen=True)
class Flow:
    """Calls (or another flow) at one site on a regular grid, bounded by all that the statements say.

    ledgers : files or folders of statements, see `read_statements`
    watching : ledger of watching periods; without one, a day is watched if a used period covers it
    scopes : scopes that are one and the same count; an observed zero of the whole port counts for every scope
    publishers : whose counts to follow, all if empty; an observed zero is taken from anybody
    cargo : cargo of single calls to keep, all if empty ("containers" takes in empty ones)
    unlisted : what is known of calls that no row lists: "totals" (a publisher's totals bound them), "zero"
        (the list is complete on watched days) or "unknown" (every count is a lower bound)
    merge : weakest link that makes two statements one call: "none", "same_call" or "possible_dup"
    include_inferred : keep calls that the source infers or only thinks possible
    exposure : "stated" (share of usable days; where no watcher states one, the mean of the stated ones, so
        that a change in what is stated does not pass for a change in traffic) or "full" (a watched day is a
        day)
    start, end : first and last day of the series; open: the first and the last statement used
    approx_width : relative half-width of "approx"
    conversions : other measures that can be turned into this one -> least and most of it in one of theirs (barrels in a
        tonne); they widen the bounds
    unit : "count" for separate things; any other (tonnes, barrels) is an amount, which no model takes for a count
    names : site, scope or measure -> how a reader calls it; a site without a name ("") is not told

    >>> coal = Flow(scopes=["coal_pier"], unlisted="zero").read().series
    >>> coal.kind, coal.freq
    ('flow', 'MS')
    """

    ledgers: Sequence[str] = ("khasan_rajin/port_calls.csv", "khasan_rajin/port_aggregates.csv")
    watching: str | None = "khasan_rajin/watching.csv"
    site: str = "rajin"
    measure: str = "ships"
    scopes: Sequence[str] = ("container_piers",)
    publishers: Sequence[str] = ()
    cargo: Sequence[str] = ()
    unlisted: Literal["totals", "zero", "unknown"] = "totals"
    merge: str = "possible_dup"
    include_inferred: bool = True
    exposure: Literal["stated", "full"] = "stated"
    freq: str = "MS"
    start: str | None = "2022-01-01"
    end: str | None = None
    approx_width: float = 0.15
    name: str = "ships"
    conversions: Mapping[str, Sequence[float]] = field(default_factory=dict)
    unit: str = "count"
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for field_, known in (("unlisted", ("totals", "zero", "unknown")), ("exposure", ("stated", "full")),
                              ("merge", MERGES)):
            given = getattr(self, field_)
            if given not in known:
                raise ValueError(f"{self.name}: {field_} {given!r} is unknown: {suggest(str(given), known)}")
        for day in (self.start, self.end):
            day_of_setting(day, self.name)
        check_lists(self, "ledgers", "scopes", "publishers", "cargo")
        for measure, each in self.conversions.items():
            if isinstance(each, str) or len(each) != 2 or not 0 < each[0] <= each[1]:
                raise ValueError(f"{self.name}: conversions: {measure} takes the least and the most of "
                                 f"{self.measure} in one, got {each!r}: write [8.0, 8.4]")

    def read(self, files: Files | None = None) -> Evidence:
        """The series on the grid `freq`, with a decision on every statement of the ledgers.

        Raises StatementError for unreadable ledgers, ValueError when no statement can be used.

        >>> ships = Flow(publishers=["VOA Korean"]).read().series
        >>> ships.rows(ships.start == np.datetime64("2023-10-01")).value.tolist()
        [11.0]
        """
        known = files or Files()
        return self.of(read_statements(self.ledgers, self.approx_width, known), known)

    def of(self, statements: Sequence[Statement], files: Files | None = None) -> Evidence:
        """The same from statements that are read already, or from some of them."""
        known = files or Files()
        watches = read_watching(self.watching, known) if self.watching else ()
        counted = self._counted(statements, watches)
        rows = self._rows(counted)
        return Evidence(series=rows, statements=tuple(statements), decisions=counted.account.decisions(), source=self,
                        totals=FlowTotals(counted, rows), files=known, assumed=_assumed(counted, rows),
                        inputs=known.taken(*self.ledgers, *([self.watching] if self.watching else [])))

    def _counted(self, read: Sequence[Statement], watches: Sequence[Watching]) -> _Counted:
        """The running total that the statements bound, and what became of each."""
        statements = sorted(read, key=lambda s: s.id)
        account = Account(self.name)
        fit = [self._converted(s) for s in statements if not account.refuse(s.id, self._unfit(s))]
        calls = self._calls([s for s in fit if s.kind == "sighting"], account)
        periods = distinct([s for s in fit if s.kind == "period"], account)
        if not calls and not periods:
            raise NothingUsedError(account.nothing(len(statements)))
        edges = self._edges([*calls, *periods])
        share, stated = self._watched(edges, periods, watches)
        hulls = [_hull(share, edges[0], start, end) for start, end in pairwise(edges)]
        total = Cumulative([*edges, *(day for s in [*calls, *periods] for day in edges_of(s)),
                            *(day for hull in hulls for day in hull)])
        taken: list[Statement] = []
        rate = [s for s in periods if s.measure != self.measure]
        # of an amount nothing is a report like any other: nobody counted things one by one
        zero = [s for s in periods if s not in rate and s.high == 0 and self.unit == COUNT]
        # a stated total is the series itself; a ship seen outweighs a word that none was; a rate is vaguest
        take_periods([s for s in periods if s not in rate and s not in zero], total, taken, account)
        take_calls(calls, total, taken, account)
        take_periods(zero, total, taken, account)
        take_periods(rate, total, taken, account)
        return _Counted(edges, share, stated, hulls, total, taken, account)

    def _converted(self, s: Statement) -> Statement:
        """A statement as bounds on this measure: of an amount a printed number is known to half its last unit."""
        rounded = ROUNDING if self.unit != COUNT and s.low == s.high > 0 else 0.0
        least, most = self.conversions.get(s.measure, (1.0, 1.0))
        if not rounded and s.measure not in self.conversions:
            return s
        return replace(s, measure=s.measure if s.measure not in self.conversions else self.measure,
                       low=(s.low - rounded) * least, high=(s.high + rounded) * most)

    def _called(self, word: str) -> str:
        return self.names.get(word) or word.replace("_", " ") or "no part of it in particular"

    def _unfit(self, s: Statement) -> str:
        """Why a statement cannot speak about this series, in a reader's words; empty if it can."""
        return next(self._reasons(s), "")

    def _reasons(self, s: Statement) -> Iterator[str]:
        """Every reason why a statement cannot speak about this series, the plainest first."""
        called, zero = self._called, s.kind == "period" and s.high == 0
        if s.site != self.site:
            yield f"it is about {called(s.site)}, this series about {called(self.site)}"
        if s.measure not in (self.measure, f"{self.measure}_per_month", *self.conversions):
            yield f"it counts {called(s.measure)}, this series {called(self.measure)}"
        if s.kind == "snapshot":
            yield "a stock at an instant is no flow"
        if s.start is None or s.end is None:
            yield "it gives no start or no end: a total to date has no place"
        if s.scope not in self.scopes and not (zero and s.scope == "port"):
            wanted = ", ".join(called(scope) for scope in self.scopes)
            yield f"it speaks of {called(s.scope)}, this series of {wanted}: two such counts are never subtracted"
        if s.certainty in GUESSES and not self.include_inferred:
            guess = {"inferred_by_source": "its source infers it", "possible_only": "its source thinks it possible"}
            yield f"nobody saw it: {guess.get(s.certainty, '')}, and such calls are left out here"
        if self.publishers and s.publisher not in self.publishers and not zero:
            yield f"by {s.publisher}, the series follows {', '.join(self.publishers)}"
        if s.kind == "period" and not zero and self.unlisted != "totals":
            yield "a total: this series rests on the calls that are listed one by one"
        first, last = day_of_setting(self.start, self.name), day_of_setting(self.end, self.name)
        if first and s.end and s.end < first:
            yield f"it ends before the series starts ({self.start})"
        if last and s.start and s.start > last:
            yield f"it starts after the series ends ({self.end})"

    def _calls(self, sightings: list[Statement], account: Account) -> list[Statement]:
        """One statement per distinct call, of the cargo wanted."""
        groups = merge_groups(sightings, self.merge)
        cargo: dict[str, set[str]] = {}
        for s in sightings:
            load = s.details.get("cargo", "unknown").removeprefix("empty ")
            cargo.setdefault(groups[s.id][0], set()).add(load)
        calls = []
        for s in sightings:
            into, why = groups[s.id]
            carried = cargo[into] - {"unknown"} or {"unknown"}
            loads = ", ".join(sorted(carried))
            if self.cargo and not carried & set(self.cargo):
                account.refuse(s.id, f"cargo {loads}, the series takes {', '.join(self.cargo)}")
            elif why:
                account.merge(s.id, into, why)
            else:
                calls.append(s)
                account.use(s.id, f"one call, {when(s)}, cargo {loads}")
        return calls

    def _edges(self, used: list[Statement]) -> np.ndarray:
        """Edges of the bins, from that of `start` (or the first statement) to that of `end` (or the last)."""
        first = pd.Timestamp(self.start or min(s.start for s in used if s.start))
        last = pd.Timestamp(self.end or max(s.end for s in used if s.end))
        freq, offset = offset_of(self.freq, first)
        points = pd.date_range(offset.rollback(first), last + 2 * offset, freq=freq)
        edges = np.asarray(points, dtype="datetime64[D]")
        return edges[: int(np.searchsorted(edges, np.datetime64(last, "D"), side="right")) + 1]

    def _watched(self, edges: np.ndarray, periods: list[Statement],
                 read: Sequence[Watching]) -> tuple[np.ndarray, np.ndarray]:
        """Per day: the share of it that was usable (0 where nobody watched), and whether a watcher states it."""
        heard = {*self.publishers, *(s.publisher for s in periods)}
        if self.watching:
            watches = [w for w in read
                       if w.site == self.site and w.scope in ("", "port", *self.scopes)
                       and (not self.publishers or w.publisher in heard)]
        else:
            watches = [Watching(s.id, s.site, s.start, s.end, None, s.publisher)
                       for s in periods if s.start and s.end]
        stated = [(w.share, (w.end - w.start).days + 1) for w in watches if w.share is not None]
        usual = sum(share * n for share, n in stated) / sum(n for _, n in stated) if stated else 1.0
        watched, known = np.zeros((2, int((edges[-1] - edges[0]) / DAY)))
        for w in watches:
            first, last = (int((np.datetime64(day, "D") - edges[0]) / DAY) for day in (w.start, w.end))
            here = slice(max(first, 0), max(last + 1, 0))
            watched[here] = 1.0
            known[here] = np.maximum(known[here], w.share or 0.0)
        for given, outside in ((self.start, np.less), (self.end, np.greater)):
            # calls beyond either end are left out, so nothing is known of these days
            if day := day_of_setting(given, self.name):
                watched[outside(edges[0] + np.arange(len(watched)) * DAY, np.datetime64(day, "D"))] = 0.0
        if self.exposure == "full":
            return watched, np.ones(len(watched), dtype=bool)
        return watched * np.where(known > 0, known, usual), (known > 0) | (watched == 0)

    def _rows(self, counted: _Counted) -> Series:
        """One row a bin, bounded over its watched days; a lower bound alone speaks of the whole bin."""
        edges, share, total, taken = counted.edges, counted.share, counted.total, counted.taken
        first, after = np.array([span(s) for s in taken], dtype="datetime64[D]").reshape(-1, 2).T
        called = np.array([s.kind == "sighting" for s in taken], dtype=bool)
        rows, sources = [], []
        for start, end, hull in zip(edges[:-1], edges[1:], counted.hulls, strict=True):
            low, high = total.bounds(*hull) if hull else (0.0, np.inf)
            if self.unlisted == "zero" and hull:
                high = min(high, float(np.sum(called & (first < hull[1]) & (after > hull[0]))))
            exposure = share[int((start - edges[0]) / DAY): int((end - edges[0]) / DAY)].mean()
            if np.isinf(high):
                low, exposure = total.bounds(start, end)[0], 1.0
            nothing = low == 0 and np.isinf(high)
            rows.append((np.nan, np.nan, 1.0) if nothing else (low, high, exposure))
            here = np.flatnonzero((first < end) & (after > start))
            sources.append(() if nothing else tuple(sorted(taken[i].id for i in here)))
        low, high, exposure = (column.copy() for column in np.array(rows).T)
        return Series(start=edges[:-1].copy(), end=edges[1:].copy(), low=low, high=high, exposure=exposure,
                      kind="flow", freq=offset_of(self.freq, pd.Timestamp(edges[0]))[0], name=self.name,
                      site=self.names.get(self.site, self.site), measure=self.measure, unit=self.unit,
                      sources=tuple(sources))


def _assumed(counted: _Counted, rows: Series) -> np.ndarray | None:
    """Rows on some watched day of which the usable share is not stated, but that of other days; None without such."""
    at = ((counted.edges - counted.edges[0]) / DAY).astype(int)
    some = np.array([not counted.stated[a:b].all() for a, b in pairwise(at)]) & rows.observed & (rows.exposure < 1)
    return some if some.any() else None


def _hull(share: np.ndarray, origin: np.datetime64, start: np.datetime64,
          end: np.datetime64) -> tuple[np.datetime64, ...]:
    """First watched day of a bin and the day after the last; empty if nobody watched."""
    seen = np.flatnonzero(share[int((start - origin) / DAY):int((end - origin) / DAY)])
    return (start + seen[0] * DAY, start + (seen[-1] + 1) * DAY) if len(seen) else ()
