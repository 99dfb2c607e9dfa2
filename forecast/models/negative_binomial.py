"""Negative binomial regression on a season, a trend and, if wanted, steps at detected breaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.models.history import dispersion, exposure, harmonics, negative_binomial, season_length
from forecast.series.season import slow_season
from forecast.series.series import Series
from forecast.support.validation import check_number

SEARCH = 25  # Newton steps at most; five are usual


@dataclass(frozen=True)
class NegativeBinomial:
    """log mean = constant + trend + season + steps + known + log exposure, counts negative binomial around it.

    trend, season : standard deviations of the normal priors on the log change over the history and on each seasonal
        effect (0: none; days seen for two years get two harmonics of the year as well); they keep estimates
        finite where a month has never seen a count, where the plain regression has none
    detector : name in `conf/detectors` whose breaks become steps; None has none
    The coefficients of a path are drawn from the normal approximation of their posterior; the trend is held where
    the history ends. With wide priors the estimates are those of statsmodels' GLM (a test says so).
    Source: McCullagh & Nelder 1989, section 2.5; dispersion by moments.
    """

    trend: float = 0.5
    season: float = 0.5
    detector: str | None = None

    def __post_init__(self) -> None:
        check_number(self, 0, 1e6, "trend", "season")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator,
              known: np.ndarray | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; `known` [n + horizon, k] standardised covariates (prior sd 1)."""
        series = series.points()
        design, penalty = self._design(series, horizon)
        if known is not None:
            design, penalty = np.column_stack([design, known]), np.append(penalty, np.ones(known.shape[1]))
        seen = series.observed
        y, share, past = series.middle[seen], exposure(series)[seen], design[:len(series)][seen]
        beta, root = fit(past, y, share, 1e4, penalty)
        for _ in range(2):
            beta, root = fit(past, y, share, dispersion(y, share * _rate(past, beta)), penalty, beta)
        size = dispersion(y, share * _rate(past, beta))
        noise = np.linalg.solve(root.T, rng.normal(size=(len(beta), draws))).T
        return negative_binomial(_rate(beta + noise, design[len(series):].T), size, rng)

    def _design(self, series: Series, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Regressors [n + horizon, k] and the inverse variances of their priors [k]."""
        n, cycle = len(series), season_length(series)
        rows = np.arange(n + horizon)
        columns, penalty = [np.ones(n + horizon)], [0.5]  # half a count, at the overall mean
        if self.trend:
            columns.append(np.minimum(rows, n - 1) / max(n - 1, 1) - 0.5)
            penalty.append(self.trend**-2)
        if self.season and 1 < cycle <= 24 and series.observed.sum() >= 2 * cycle:
            columns.extend((rows % cycle == k).astype(float) for k in range(cycle))
            penalty.extend([self.season**-2] * cycle)
        slow = slow_season(series) if self.season else 0.0
        if slow:
            columns.extend(harmonics(rows, slow, 2).T[1:])
            penalty.extend([self.season**-2] * 4)
        for position in self._breaks(series):
            columns.append((rows >= position).astype(float))
            penalty.append(0.25)
        return np.column_stack(columns), np.array(penalty)

    def _breaks(self, series: Series) -> tuple[int, ...]:
        if self.detector is None:
            return ()
        from forecast.breaks.detection import detect

        return tuple(found.position for found in detect(series, self.detector))


def _rate(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """exp of a product of regressors and coefficients, where it is no number that a computer cannot hold."""
    return np.asarray(np.exp(np.clip(left @ right, -30, 40)))


def fit(design: np.ndarray, y: np.ndarray, share: np.ndarray, size: float, penalty: np.ndarray,
        start: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Penalised maximum likelihood of a negative binomial log-linear model by Fisher scoring.

    design [n, k], y and exposure `share` [n], `size` r in variance = mean + mean^2/r, `penalty` [k] prior precisions
    around zero, for the constant around the overall mean; the search begins at `start` [k], or at that mean.
    Returns the coefficients [k] and the Cholesky factor [k, k] of their posterior precision.
    """
    beta = np.zeros(design.shape[1])
    beta[0] = np.log((y.sum() + 0.5) / (share.sum() + 0.5))
    centre, root = beta.copy(), np.eye(len(beta))
    beta = beta if start is None else start
    for _ in range(SEARCH):
        mean = share * _rate(design, beta)
        weight = mean / (1 + mean / size)
        root = np.linalg.cholesky((design.T * weight) @ design + np.diag(penalty))
        slope = design.T @ ((y - mean) / (1 + mean / size)) - penalty * (beta - centre)
        step = np.linalg.solve(root.T, np.linalg.solve(root, slope))
        # a step of more than two on the log scale leaves the region where the quadratic holds
        beta = beta + step * min(1.0, 2 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return beta, root
