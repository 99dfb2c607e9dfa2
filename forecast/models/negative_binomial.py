"""Negative binomial regression on a season, a trend and the steps of the level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.models.history import exposure, negative_binomial, season_length
from forecast.models.regression import Regression, regression
from forecast.models.season import calendar_season, pairs_of, row_days, waves
from forecast.models.steps import Steps, changes_again, steps_of
from forecast.regime_model.harmonics import Harmonics
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_number

STEP = 2.0  # standard deviation of the prior on the log of a step
WEEK = 7  # days
DAMPED = 0.05  # rows ahead, as a share of those seen, over which a trend loses most of its slope


@dataclass(frozen=True)
class NegativeBinomial(Tunable):
    """log mean = constant + trend + season + steps + known + log exposure, counts negative binomial around it.

    trend, season : standard deviations of the normal priors on the log change over the history and on each seasonal
        effect (0: none; days and weeks get the harmonics of the year that they show as well); they keep estimates
        finite where a month has never seen a count, where the plain regression has none
    detector : name in `conf/detectors` whose breaks become steps; None takes those of the count regime model, each set
        of them by its posterior probability (`steps.steps_of`): some paths know a step that others do not
    The coefficients of a path are drawn from the normal approximation of their posterior; the trend levels
    off after the history ends. With wide priors the estimates are those of statsmodels' GLM (a test says so).
    Source: McCullagh & Nelder 1989, section 2.5; dispersion by moments.
    """

    trend: float = 0.5
    season: float = 0.5
    detector: str | None = None

    def __post_init__(self) -> None:
        check_number(self, 0, 1e6, "trend", "season")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator,
              known: np.ndarray | None = None, *, steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; `known` [n + horizon, k] standardised covariates (prior sd 1).

        steps : of the level, where they are known already
        """
        given, series = series, series.points()
        season = steps.season if steps is not None else None
        season = (calendar_season(series) if season is None else season) if self.season else Harmonics()
        if self.detector is not None:
            steps = Steps((self._breaks(series),))
        elif steps is None:
            steps = steps_of(given, season, rng)  # rows within wide bounds say where a step lies as well
        design, penalty = self._design(series, season, horizon)
        if known is not None:
            design, penalty = np.column_stack([design, known]), np.append(penalty, np.ones(known.shape[1]))
        n, seen = len(series), series.observed
        y, share = series.middle[seen], exposure(series)[seen]
        fits, columns = [], []
        for rows in steps.sets:
            up = np.arange(len(design))[:, None] >= np.array(rows, dtype=int)
            columns.append(np.column_stack([design, up]))
            fits.append(regression(columns[-1][:n][seen], y, share, np.append(penalty, np.full(len(rows), STEP**-2))))
        numbers = steps.beside(np.array([each.log for each in fits])).numbers(draws)
        parts = [_drawn(each, table[n:], len(rows), table[:n, table.shape[1] - len(rows):], int(number), rng)
                 for each, table, rows, number in zip(fits, columns, steps.sets, numbers, strict=True) if number]
        return parts[0] if len(parts) == 1 else rng.permutation(np.concatenate(parts))

    def _design(self, series: Series, season: Harmonics, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Regressors [n + horizon, k] and the inverse variances of their priors [k]."""
        n, cycle = len(series), season_length(series)
        rows = np.arange(n + horizon)
        columns, penalty = [np.ones((n + horizon, 1))], [0.5]  # half a count, at the overall mean
        if self.trend:
            slowing = DAMPED * n * -np.expm1(-np.maximum(rows - (n - 1), 0) / (DAMPED * n))
            grown = np.minimum(rows, n - 1) + slowing
            columns.append((grown / max(n - 1, 1) - 0.5)[:, None])
            penalty.append(self.trend**-2)
        phases = bool(self.season) and 1 < cycle <= 24 and series.observed.sum() >= 2 * cycle
        if phases:
            columns.append((rows[:, None] % cycle == np.arange(cycle)).astype(float))
        pairs = pairs_of(season, "year")
        if pairs and not (phases and row_days(series) > WEEK):  # the phases of months and quarters are the year
            columns.append(waves(series, horizon, "year", pairs))
        design = np.hstack(columns)
        return design, np.append(penalty, np.full(design.shape[1] - len(penalty), (self.season or 1.0)**-2))

    def _breaks(self, series: Series) -> tuple[int, ...]:
        from forecast.breaks.detection import detect

        return tuple(found.position for found in detect(series, str(self.detector)))


def _drawn(found: Regression, ahead: np.ndarray, steps: int, seen: np.ndarray, draws: int,
           rng: np.random.Generator) -> np.ndarray:
    """Paths [draws, horizon] of a regression over the coming rows of its design, whose last columns are the steps.

    seen : those columns over the rows seen [n, steps]
    """
    coefficients = found.drawn(draws, rng)
    log = coefficients @ ahead.T
    if steps > 1:
        log += changes_again(coefficients[:, -steps:], seen.argmax(axis=0), log.shape, len(seen), rng)
    return negative_binomial(np.exp(np.clip(log, -30, 40)), found.size, rng)
