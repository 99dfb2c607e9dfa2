"""A stock at a place whose areas lie inside one another: every count bounds it, from below, from above or both.

A count of a part is a lower bound of the whole on that day, a count of what contains the place an upper bound. A length
or a number of trains is a range of cars by choices that are stated and can be reversed. A bound on the images of a
period bounds each of them, as many as the publisher says that it looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np

from forecast.evidence.decisions import Account, Contradiction, NothingUsedError, distinct, said, span, when
from forecast.evidence.files import Files
from forecast.evidence.source import Evidence
from forecast.evidence.statements import Statement, read_statements
from forecast.series.days import DAY
from forecast.series.series import Series
from forecast.support.validation import check_lists

WHOLE = "all"  # car type of a total


@dataclass(frozen=True)
class NestedStock:
    """What stood at a place on the dates of images, bounded by counts of it, of its parts, and of what it lies in.

    ledgers : files or folders of statements, see `read_statements`
    measure : what is counted; site : the place asked about
    areas : part -> the area that it lies in; a place that is in no chain with `site` says nothing of it
    names : area -> how a reader calls it, for the reasons
    whole_scopes : scopes that count all of an area; any other counts a part of it
    unlike : types that are not what is counted (a locomotive is no car)
    lengths : measures of a length in metres that stand for a train; () for none
    metres_per_car : least and most metres that a car of a train takes
    trains : measure of a number of trains seen at once; "" leaves them out
    cars_per_train : least and most cars of a train
    images_looked_at : measure of how many images a publisher looked at in a period; "" leaves bounds on periods to the
        dates that others name
    approx_width : relative half-width of "approx"

    >>> crossing = NestedStock(areas={"tumangang": "tumangang_khasan", "khasan": "tumangang_khasan"}).read().series
    >>> crossing.kind, crossing.freq
    ('stock', None)
    """

    ledgers: Sequence[str] = ("khasan_rajin/railcars.csv", "khasan_rajin/rail_volumes.csv")
    measure: str = "railcars"
    site: str = "tumangang"
    areas: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    whole_scopes: Sequence[str] = ("yard",)
    unlike: Sequence[str] = ("locomotive",)
    lengths: Sequence[str] = ("train_length",)
    metres_per_car: Sequence[float] = (10.0, 15.0)
    trains: str = "trains"
    cars_per_train: Sequence[int] = (3, 70)
    images_looked_at: str = "images_looked_at"
    approx_width: float = 0.15
    name: str = "railcars"

    def __post_init__(self) -> None:
        check_lists(self, "ledgers", "whole_scopes", "unlike", "lengths")
        for setting in ("metres_per_car", "cars_per_train"):
            given = getattr(self, setting)
            if isinstance(given, str) or len(given) != 2 or not 0 < given[0] <= given[1]:
                raise ValueError(f"{self.name}: {setting} takes the least and the most, got {given!r}: write [10, 15]")
        for part in self.areas:
            if len(set(self.around(part))) != len(self.around(part)):
                raise ValueError(f"{self.name}: areas go round in a circle at {part!r}: mend the chain")

    def read(self, files: Files | None = None) -> Evidence:
        """The series on the dates of the images, with a decision on every statement and every contradiction.

        Raises StatementError for unreadable ledgers, ValueError when no statement can be used.
        """
        known = files or Files()
        return self.of(read_statements(self.ledgers, self.approx_width, known), known)

    def of(self, statements: Sequence[Statement], files: Files | None = None) -> Evidence:
        """The same from statements that are read already, or from some of them."""
        known, account = files or Files(), Account(self.name)
        fit = [s for s in sorted(statements, key=lambda s: s.id) if not account.refuse(s.id, self._unfit(s))]
        looks = [s for s in fit if s.measure == self.images_looked_at]
        bounds = [s for s in fit if s.kind == "period" and s not in looks]
        seen = distinct(_same_day([s for s in fit if s.kind == "snapshot"]), account)
        if not seen:
            raise NothingUsedError(account.nothing(len(statements)))
        rows = [_Row(*span(s), low, high, (s.id,), (s.id,)) for s in seen for low, high in [self._on(s)]]
        rows = _by_day(_together(rows, seen, self))
        rows = [_bounded(row, bounds) for row in rows] + list(self._assumed(rows, bounds, looks))
        rows.sort(key=_days)
        self._account(seen, bounds, looks, account)
        series, told = _series(rows, self)
        return Evidence(series=series, statements=tuple(statements), decisions=account.decisions(), source=self,
                        files=known, inputs=known.taken(*self.ledgers), contradictions=told)

    # -- what a statement says of the place ---------------------------------------------------------------------
    def around(self, area: str) -> list[str]:
        """The areas that `area` lies in, itself first, inmost to outmost."""
        chain = [area]
        while chain[-1] in self.areas and len(chain) <= len(self.areas) + 1:
            chain.append(self.areas[chain[-1]])
        return chain

    def _called(self, area: str) -> str:
        return self.names.get(area, area.replace("_", " "))

    def _unfit(self, s: Statement) -> str:
        """Why a statement says nothing of this stock; empty if it does."""
        here, there = self.around(self.site), self.around(s.site)
        counted = (self.measure, *self.lengths, *([self.trains] if self.trains else []))
        looked = bool(self.images_looked_at) and s.measure == self.images_looked_at
        inside, around = self.site in there, s.site in here
        whole = s.scope in self.whole_scopes or looked
        kind = s.details.get("car_type", WHOLE)
        reasons = {
            f"it counts {s.measure.replace('_', ' ')}, this series counts {self.measure.replace('_', ' ')}": (
                s.measure not in counted and not looked),
            f"it speaks of {self._called(s.site)}, which neither holds {self._called(self.site)} nor lies in it": (
                not inside and not around),
            f"a part of {self._called(s.site)}: it need not lie in {self._called(self.site)}": (
                around and not inside and not whole),
            f"{kind.replace('_', ' ')}: none of what is counted": kind in self.unlike,
            "a passing call is no stock": s.kind == "sighting",
            "a flow over a period is no stock": (
                s.kind == "period" and not looked and not (s.qualifier == "at_most" and whole)),
            "it gives no first or no last day": s.start is None or s.end is None,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def _is_whole(self, s: Statement) -> bool:
        return s.site == self.site and s.scope in self.whole_scopes

    def _on(self, s: Statement) -> tuple[float, float]:
        """Least and most of the stock by one statement."""
        low, high = s.low, s.high
        if s.measure in self.lengths:
            low, high = np.floor(low / self.metres_per_car[1]), np.ceil(high / self.metres_per_car[0])
        elif s.measure == self.trains:
            low, high = low * self.cars_per_train[0], high * self.cars_per_train[1]
        if self._is_whole(s) and s.measure == self.measure and s.details.get("car_type", WHOLE).startswith(WHOLE):
            return low, high
        return (low, np.inf) if self.site in self.around(s.site) else (0.0, high)

    # -- images of which only a bound is known ----------------------------------------------------------------
    def _assumed(self, rows: Sequence[_Row], bounds: Sequence[Statement],
                 looks: Sequence[Statement]) -> Iterable[_Row]:
        """One row for each image that a publisher looked at and bounded, at even distances: its day is not known."""
        taken = {row.first for row in rows}
        for look in looks:
            for bound in bounds:
                first, after = max(span(look)[0], span(bound)[0]), min(span(look)[1], span(bound)[1])
                if look.publisher != bound.publisher or first >= after:
                    continue
                share = (after - first) / (span(look)[1] - span(look)[0])
                number = min(int(look.low * share), int((after - first) / DAY))
                steps = (np.arange(number) + 0.5) * ((after - first) / DAY) / max(number, 1)
                for day in first + steps.astype(int) * DAY:
                    if day not in taken:
                        taken.add(day)
                        yield _Row(day, day + DAY, 0.0, bound.high, (), (bound.id,))

    def _account(self, seen: Sequence[Statement], bounds: Sequence[Statement], looks: Sequence[Statement],
                 account: Account) -> None:
        for s in seen:
            low, high = self._on(s)
            how = ("all of it" if self._is_whole(s) and np.isfinite(high) else
                   f"a part, so {self._called(self.site)} held at least as many" if np.isinf(high) else
                   f"more than {self._called(self.site)} alone, which held at most as many")
            account.use(s.id, f"{said(low, high)} at {self._called(s.site)}, {when(s)}: {how}")
        for s in bounds:
            account.use(s.id, f"{said(s.low, s.high)} in every image of {when(s)}")
        for s in looks:
            known = [b for b in bounds if b.publisher == s.publisher]
            if known:
                account.use(s.id, f"{said(s.low, s.high)} images of {when(s)}, each within the bound that "
                                  f"{s.publisher} states; their days are not stated and taken at even distances")
            else:
                account.refuse(s.id, "a number of images without a bound on what they show")


@dataclass(frozen=True)
class _Row:
    """Bounds of the days from `first` up to `after`; lows and highs are the statements behind each bound."""

    first: np.datetime64
    after: np.datetime64
    low: float
    high: float
    lows: tuple[str, ...]
    highs: tuple[str, ...]


def _together(rows: Sequence[_Row], seen: Sequence[Statement], source: NestedStock) -> list[_Row]:
    """What one publisher counts of one measure in one image: parts that lie apart add up, else the largest holds."""
    def image(pair: tuple[_Row, Statement]) -> tuple[Any, ...]:
        return pair[0].first, pair[0].after, pair[1].publisher, pair[1].measure

    made = []
    pairs = sorted(zip(rows, seen, strict=True), key=lambda pair: (image(pair), pair[1].id))
    for _, group in groupby(pairs, key=image):
        own = list(group)
        made += [row for row, _ in own if not np.isinf(row.high)]
        parts = [(row, s) for row, s in own if np.isinf(row.high)]
        if parts:
            sites = sorted({s.site for _, s in parts})
            least = {site: _least([pair for pair in parts if pair[1].site == site], source) for site in sites}
            apart = [site for site in sites
                     if not any(site in source.around(other) for other in sites if other != site)]
            low = max(sum(least[site] for site in apart), *least.values())
            made.append(replace(parts[0][0], low=low, high=np.inf, lows=tuple(s.id for _, s in parts), highs=()))
    return made


def _least(parts: Sequence[tuple[_Row, Statement]], source: NestedStock) -> float:
    """Least of one site by one publisher in one image: trains and types add up, a total stands for its types."""
    totals = [row.low for row, s in parts if s.details.get("car_type", WHOLE).startswith(WHOLE)]
    if parts[0][1].measure in source.lengths or not totals:
        return float(sum(row.low for row, _ in parts))
    return float(max(totals))


def _same_day(statements: Sequence[Statement]) -> list[Statement]:
    """Links between days dropped: a train that still stands there is a count of the later day too."""
    spans = {s.id: span(s) for s in statements}
    return [replace(s, same_as=tuple(link for link in s.same_as if spans.get(link[0]) == span(s)))
            for s in statements]


def _by_day(rows: Sequence[_Row]) -> list[_Row]:
    """One row for the same days: the tightest of all bounds, with the statements behind each."""
    made = []
    for days, group in groupby(sorted(rows, key=_days), key=_days):
        own = list(group)
        bounded = [row for row in own if not np.isinf(row.high)]
        lows = (i for row in own if row.low > 0 or row in bounded for i in row.lows)
        highs = (i for row in bounded for i in row.highs)
        made.append(_Row(*days, max(row.low for row in own), min(row.high for row in own), tuple(dict.fromkeys(lows)),
                         tuple(dict.fromkeys(highs))))
    return made


def _days(row: _Row) -> tuple[np.datetime64, np.datetime64]:
    return row.first, row.after


def _bounded(row: _Row, bounds: Sequence[Statement]) -> _Row:
    """The row under the bounds of periods that hold its days."""
    for s in bounds:
        first, after = span(s)
        if first <= row.first and row.after <= after and s.high < row.high:
            row = replace(row, high=s.high, highs=(s.id,))
        elif first <= row.first and row.after <= after:
            row = replace(row, highs=tuple(dict.fromkeys((*row.highs, s.id))))
    return row


def _series(rows: Sequence[_Row], source: NestedStock) -> tuple[Series, tuple[Contradiction, ...]]:
    """The series, and where its bounds exclude each other: such a row may be anything from one to the other."""
    told = tuple(Contradiction(_day(row.first), row.low, row.lows, row.high, row.highs) for row in rows
                 if row.low > row.high)
    low = np.array([min(row.low, row.high) for row in rows])
    high = np.array([max(row.low, row.high) for row in rows])
    return Series(start=np.array([row.first for row in rows]), end=np.array([row.after for row in rows]), low=low,
                  high=high, exposure=np.ones(len(rows)), kind="stock", name=source.name, site=source.site,
                  measure=source.measure,
                  sources=tuple(tuple(dict.fromkeys((*row.lows, *row.highs))) for row in rows)), told


def _day(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))
