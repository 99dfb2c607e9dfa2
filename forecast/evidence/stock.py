"""A stock from statements: what stood at a place on the dates of images, and what became of each statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from forecast.evidence.decisions import Account, NothingUsedError, days, distinct, said, span, when
from forecast.evidence.files import Files
from forecast.evidence.source import Evidence
from forecast.evidence.statements import Statement, read_statements
from forecast.series.series import Series
from forecast.support.validation import check_lists


@dataclass(frozen=True)
class Stock:
    """What stood at a place on the dates of images, whole places only; dates stay irregular.

    ledgers : files or folders of statements, see `read_statements`
    sites : places that are taken for one; on a day with several the first named counts
    scopes : scopes that are the whole place
    approx_width : relative half-width of "approx"
    unit : "count" for separate things; any other (percent) is an amount, which no model takes for a count
    names : site, scope or measure -> how a reader calls it, for the reasons

    >>> cars = Stock().read().series
    >>> cars.kind, cars.freq
    ('stock', None)
    """

    ledgers: Sequence[str] = ("khasan_rajin/railcars.csv",)
    measure: str = "railcars"
    sites: Sequence[str] = ("tumangang", "tumangang_freight_yard", "tumangang_khasan_unspecified")
    scopes: Sequence[str] = ("yard",)
    approx_width: float = 0.15
    name: str = "railcars"
    unit: str = "count"
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_lists(self, "ledgers", "sites", "scopes")

    def read(self, files: Files | None = None) -> Evidence:
        """The series on the dates of the images, with a decision on every statement of the ledgers.

        Raises StatementError for unreadable ledgers, ValueError when no statement can be used.

        >>> Stock().read().series.start.astype(str).tolist()
        ['2023-08-21', '2023-09-14', '2023-10-05', '2024-06-17', '2024-12-03']
        """
        known = files or Files()
        return self.of(read_statements(self.ledgers, self.approx_width, known), known)

    def of(self, statements: Sequence[Statement], files: Files | None = None) -> Evidence:
        """The same from statements that are read already, or from some of them."""
        known, account = files or Files(), Account(self.name)
        fit = [s for s in sorted(statements, key=lambda s: s.id) if not account.refuse(s.id, self._unfit(s))]
        used = self._one_a_day(distinct(_whole(fit, account), account), account)
        if not used:
            raise NothingUsedError(account.nothing(len(statements)))
        for s in used:
            account.use(s.id, f"{said(s.low, s.high)} at {s.site}, {when(s)}")
        start, end = np.array([span(s) for s in used], dtype="datetime64[D]").T.copy()
        series = Series(start=start, end=end, low=np.array([s.low for s in used]),
                        high=np.array([s.high for s in used]), exposure=np.ones(len(used)), kind="stock",
                        name=self.name, site=self.sites[0], measure=self.measure, unit=self.unit,
                        sources=tuple((s.id,) for s in used))
        return Evidence(series=series, statements=tuple(statements), decisions=account.decisions(), source=self,
                        files=known, inputs=known.taken(*self.ledgers))

    def _called(self, word: str) -> str:
        return self.names.get(word, word.replace("_", " ") or "no part of it in particular")

    def _unfit(self, s: Statement) -> str:
        called = self._called
        places = ", ".join(called(site) for site in self.sites)
        reasons = {
            f"it counts {called(s.measure)}, this series {called(self.measure)}": s.measure != self.measure,
            f"it is about {called(s.site)}, this series about {places}": s.site not in self.sites,
            f"a bound on many unseen dates ({when(s)}), not an observation of one": s.kind == "period",
            "a passing call is no stock": s.kind == "sighting",
            f"it counts {called(s.scope)}, this series {', '.join(called(each) for each in self.scopes)}": (
                s.scope not in self.scopes),
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def _one_a_day(self, statements: list[Statement], account: Account) -> list[Statement]:
        best: dict[date | None, Statement] = {}
        for s in sorted(statements, key=lambda s: (self.sites.index(s.site), s.high - s.low, s.id)):
            first = best.setdefault(s.start, s)
            if first is not s:
                account.refuse(s.id, f"{first.id} counts the same day: two counts are not two observations")
        return sorted(best.values(), key=lambda s: (s.start or date.min, days(s)))


def _whole(statements: list[Statement], account: Account) -> list[Statement]:
    """Totals of an image; the rows of its car types go into them."""
    def image(s: Statement) -> tuple[object, ...]:
        return s.site, s.start, s.end, s.publisher

    def part(s: Statement) -> str:
        return s.details.get("car_type", "all").removeprefix("all")

    totals = {image(s): s.id for s in statements if not part(s)}
    for s in statements:
        if part(s) and image(s) in totals:
            account.merge(s.id, totals[image(s)], f"{part(s)}: a part of {totals[image(s)]}")
        elif part(s):
            account.refuse(s.id, f"{part(s)}: a part of an image without a total")
    return [s for s in statements if not part(s)]
