"""The analysis that checks make otherwise: its series, how that is read, and what it concludes in each case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from forecast.breaks.regimes import Regimes
from forecast.effects.candidates import Candidates
from forecast.effects.checks.variant import BASE, NOBODY, Outcome, Variant
from forecast.effects.explanations import NOWHERE, Explanation, Window, explain_change, focal_change
from forecast.evidence.source import Evidence
from forecast.regime_model.fit import Fit
from forecast.regime_model.posterior import Posterior
from forecast.series.series import Series

ALIKE = 0.25  # share of rows that another reading may change for the placebos of the base to answer for it too
FEWEST = 4  # observed rows below which no series is left: two on either side of a change


@dataclass(frozen=True, eq=False)
class Case:
    """A series and how it is read; None where nothing is left of it.

    name : what was changed, as a noun; factor : of a check that measures instead of reading the series again
    """

    name: str
    series: Series | None
    regimes: Regimes
    windows: tuple[Window, ...]
    factor: float | None = None

    def resting_on(self, evidence: Evidence | None, name: str) -> Case:
        """The same of the series that follows from other evidence; None where nothing is left of that."""
        return replace(self, name=name, series=None if evidence is None else evidence.series)


@dataclass(frozen=True, eq=False)
class Analysis:
    """The analysis as it is reported, and what it concludes when it is made otherwise.

    evidence : behind the series, of which parts can be left out and choices made otherwise; base : nothing is changed
    candidates : events that may explain a change, with their delays
    imaged : posterior of the series where its counts are read from images, else None
    """

    evidence: Evidence
    base: Case
    candidates: Candidates
    imaged: Posterior | None = None
    _fits: dict[bytes, Fit] = field(default_factory=dict)  # many statements change no bound at all
    _leaders: dict[tuple[Fit, tuple[Window, ...]], Explanation] = field(default_factory=dict)

    @cached_property
    def conclusion(self) -> Variant:
        """What the base concludes."""
        return self._concluded(BASE, self.base)

    def otherwise(self, check: str, case: Case) -> Variant:
        """What a case of a check concludes, beside the base."""
        if case.factor is not None:
            return replace(self.conclusion, check=check, name=case.name, outcome=Outcome.MEASURED, factor=case.factor)
        found = self._concluded(check, case)
        if found.outcome is Outcome.NO_SERIES or found.leader == self.conclusion.leader:
            return found
        return replace(found, outcome=Outcome.NOTHING_CONCLUSIVE if not found.conclusive else
                       Outcome.ANOTHER_LEADS if self.conclusion.conclusive else Outcome.CONCLUSIVE)

    def _concluded(self, check: str, case: Case) -> Variant:
        if case.series is None or case.series.observed.sum() < FEWEST:
            return Variant(check, case.name, Outcome.NO_SERIES, 0.5, NOBODY, 0.5)
        fit = self._fit(case.series, case.regimes)
        nothing = Variant(check, case.name, Outcome.STANDS, fit.changed, NOBODY, 1 - fit.changed)
        if not fit.called:
            return nothing
        best = self._leader(fit, case.windows)
        if best.name == NOWHERE:  # likelier than any one explanation of the change that is called: the careful is said
            return nothing
        return Variant(check, case.name, Outcome.STANDS, fit.changed, best.name, best.probability)

    def _leader(self, fit: Fit, windows: tuple[Window, ...]) -> Explanation:
        """The likeliest explanation of the change that all cases are asked about."""
        if (fit, windows) not in self._leaders:
            breaks, about = fit.breaks, self._about
            near = None if about is None or not breaks else min(
                breaks, key=lambda b: abs(np.datetime64(b.at) - about)).position - 1
            table = explain_change(fit.given, fit.posterior, windows, near)
            self._leaders[fit, windows] = max(table, key=lambda row: row.probability)
        return self._leaders[fit, windows]

    @cached_property
    def _about(self) -> np.datetime64 | None:
        """The date of the change that all cases are asked about; None where the base dates none."""
        fit = self._base_fit
        breaks = fit.breaks
        if not breaks:
            return None
        tables = [explain_change(fit.series, fit.posterior, self.base.windows, b.position - 1) for b in breaks]
        return np.datetime64(breaks[focal_change(breaks, tables)].at)

    @cached_property
    def _base_fit(self) -> Fit:
        series = self.base.series
        assert series is not None  # noqa: S101 - for the type checker; the base has a series
        return self.base.regimes.fit(series)

    def _fit(self, series: Series, regimes: Regimes) -> Fit:
        """The fit of a case. One thing is changed at a time, so that a series without a season is not searched for one;
        where few rows differ the placebos of the base answer, if they do so clearly."""
        if series is self.base.series and regimes == self.base.regimes:
            return self._base_fit
        regimes = replace(regimes, season=self._base_fit.season is not None)
        arrays = (series.start, series.end, series.low, series.high, series.exposure)
        key = b"".join(array.tobytes() for array in arrays) + repr(regimes).encode()
        if key not in self._fits:
            fit = regimes.fit(series)
            self._fits[key] = replace(fit, like=self._base_fit.test.null) if self._alike(series) else fit
        return self._fits[key]

    def _alike(self, series: Series) -> bool:
        """Whether a series has the rows of the base, and nearly all bounds and exposures of them."""
        base = self._base_fit.series
        if len(series) != len(base) or np.any(series.start != base.start):
            return False
        differ = [~np.isclose(getattr(series, name), getattr(base, name), equal_nan=True)
                  for name in ("low", "high", "exposure")]
        return bool(np.any(differ, axis=0).mean() <= ALIKE)
