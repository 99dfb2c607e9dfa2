"""The model that an event is tested in: level, trend, season, controls, other changes and noise, as columns.

A date is tested against the trend. Growth of some tenths a year is always possible and shrunk to none; a steeper trend,
or one that bends (polynomials of second to sixth degree), is there or not, and all are weighed. The season
(`forecast.regime_model.harmonics`) is there or not, too, its coefficients being estimated anew in every placebo. Other
changes of the series are columns as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.regime_model.amounts import is_amount, logs_of, offset_of
from forecast.regime_model.grid import scatter, scatter_of_logs
from forecast.regime_model.harmonics import SIZE, columns_of, fit_harmonics
from forecast.regime_model.odd_rows import odd_of
from forecast.regime_model.placebos import COARSE
from forecast.regime_model.problem import COARSE_NOISE, NOISES
from forecast.regime_model.regression import Columns, Estimates, Noise, Weighed, estimate, log_ratios, weigh
from forecast.regime_model.working_response import Rows, Working, working
from forecast.series.series import Series

ODD = 0.01  # chance of an odd row
# Sizes of the negative binomial, finer than the grid of the placebos: between two that lie far apart some scatter
# would pass for persistence, and placebos would wander where the counts do not (python -m tests.bench event_shapes).
DISPERSIONS = (1.0, 1.8, 3.3, 6.0, 12.0, 40.0)
FLAT = 100.0  # prior variance of the level, log units
# Growth of a year, log units, that is always possible, and the most over the span; chance and size of a steeper trend.
# What they cost in power where there is no trend, and save in false calls where there is one: python -m tests.bench
# event_shapes.
YEARLY, MOST_SHRUNK, STEEP, STEEPNESS = 0.2, 1.0, 0.4, 2.5
SEASONAL = 0.5  # chance that a season which was found is none
CONTROL, SHARED = 0.7, 0.5  # prior sd of the coefficient of a control, and chance that it shares the noise
CHANGE, MAYBE = 1.5, 0.8  # prior sd of another change, and chance of one at another event that shows little
# Chance of a trend that bends, highest degree of its polynomials, and prior sd of their coefficients: that of the
# second, and of the k-th in proportion to 1 / k, so that a trend turns the more seldom the faster.
CURVES, DEGREE, CURVED = 0.3, 6, 0.5
YEAR = 365.25  # days


@dataclass(frozen=True, eq=False)
class EventModel:
    """A series as rows, columns and noise.

    plain [p] : True for columns that are no season, by which a level is told
    """

    series: Series
    rows: Rows
    gaps: np.ndarray
    columns: Columns
    noise: Noise
    plain: np.ndarray
    season: tuple[str, ...]
    offset: float = 0.0

    @property
    def central(self) -> float:
        """Own noise of a row with which means are fitted: among the settings, with some of the deviation's."""
        return float(np.median(self.noise.table[:, 2]) + np.median(self.noise.table[:, 1]) ** 2)

    def with_changes(self, changes: Sequence[np.ndarray], sure: Sequence[bool] = ()) -> EventModel:
        """The same with further columns [n] for other changes, of which those that are not sure may be there or not."""
        if not changes:
            return self
        first = len(self.plain)
        maybe = tuple(((first + k,), MAYBE) for k, certain in enumerate(sure) if not certain)
        columns = Columns(np.column_stack([self.columns.design, *changes]), np.append(
            self.columns.precision, np.full(len(changes), 1 / CHANGE**2)), self.columns.optional + maybe)
        return replace(self, columns=columns, plain=np.append(self.plain, np.ones(len(changes), bool)))

    def working(self, low: np.ndarray | None = None, high: np.ndarray | None = None) -> Working:
        """The working response of the series, or of bounds low, high [B, n] on its dates."""
        rows = self.rows if low is None or high is None else replace(self.rows, low=low, high=high)
        return working(rows, self.columns.design, self.columns.precision, self.central)

    def estimate(self, work: Working, effects: np.ndarray) -> Estimates:
        """Weigh each of the effects [n, E] by itself."""
        return estimate(work, self.columns, effects, self.gaps, self.noise)

    def weigh(self, work: Working, effects: np.ndarray) -> Weighed:
        """The same without the columns beside the effects: cheaper for many series."""
        return weigh(work, self.columns, effects, self.gaps, self.noise)

    def log_ratios(self, work: Working, effects: np.ndarray) -> np.ndarray:
        """Log Bayes factors [B, E] of each of the effects [n, E] by itself: cheaper than to size them."""
        return log_ratios(work, self.columns, effects, self.gaps, self.noise)


def event_model(series: Series, controls: Sequence[np.ndarray] = (), exposure: np.ndarray | None = None) -> EventModel:
    """Lay a series on columns; controls : [n] each, see `controls_of`; exposure : [n], in place of the series' own."""
    offset = 0.0
    if is_amount(series):
        offset = offset_of(series)
        series = logs_of(series, offset)
    n = len(series)
    given = (series.exposure if series.kind == "flow" else np.ones(n)) if exposure is None else exposure
    log_scale = np.log(np.where(series.observed, given, 1.0)) if series.is_count else np.zeros(n)
    steps = np.diff(series.days)
    noise, width = _noise(series, log_scale)
    season = fit_harmonics(series)[0]
    waves = columns_of(season, series)
    years = max(float(series.days[-1]), 1.0) / YEAR
    line = series.days / max(float(series.days[-1]), 1.0)
    line = line - line.mean()
    curved = np.polynomial.legendre.legvander(2 * line, DEGREE)[:, 2:]
    own = np.column_stack([np.ones(n), line, line, curved, *controls, waves])
    bends = curved.shape[1]
    number, first = len(controls), 3 + bends + len(controls)
    spread = np.concatenate([[np.sqrt(FLAT), STEEPNESS, min(YEARLY * years, MOST_SHRUNK)],
                             2 * CURVED / np.arange(2, DEGREE + 1), np.full(number, CONTROL),
                             np.full(waves.shape[1], SIZE)])
    optional: list[tuple[tuple[int, ...], float]] = [((1,), STEEP)]
    optional += [(tuple(range(3, 3 + bends)), CURVES)]
    optional += [((3 + bends + k,), SHARED) for k in range(number)]
    if waves.shape[1]:
        optional.append((tuple(range(first, first + waves.shape[1])), SEASONAL))
    seen = series.middle[series.observed]
    return EventModel(
        series=series, rows=Rows(series.low[None], series.high[None], log_scale, series.is_count,
                                 odd_of(series, ODD), 1.0 if series.is_count else max(float(np.std(seen)), width)),
        gaps=steps / np.median(steps), columns=Columns(own, 1 / spread**2, tuple(optional)), noise=noise,
        plain=np.arange(own.shape[1]) < first, season=season.names, offset=offset)


def _noise(series: Series, log_scale: np.ndarray) -> tuple[Noise, float]:
    """Settings of the noise, its spreads and correlations those of the placebos, and the scatter from row to row."""
    seen = series.observed
    if series.is_count:
        small = min(1.0, scatter_of_logs(series.middle[seen], np.exp(log_scale[seen])) / COARSE_NOISE)
        spreads, own, width = [s * small for s in COARSE.spreads], [small**2 / r for r in DISPERSIONS], small
    else:
        values = series.middle[seen]
        width = max(scatter(values), 0.05 * float(values.std()), 1e-9)
        spreads, own = [3 * width * s for s in COARSE.spreads], [(width * s) ** 2 for s in NOISES]
    table = [(0.0, 0.0, v) for v in own] + [(rho, s, v) for s in spreads for rho in COARSE.correlations for v in own]
    weight = np.array([1.0] * len(own) + [1 / len(COARSE.correlations)] * (len(table) - len(own)))
    return Noise(np.array(table), weight / weight.sum()), width
