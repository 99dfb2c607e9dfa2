"""ARMA errors around a mean with seasonal harmonics and a trend (statsmodels' SARIMAX)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecast.models.history import harmonics, history
from forecast.models.levels import paths_on_level, steps_seen
from forecast.models.statespace import ENOUGH, paths_of
from forecast.models.steps import NONE, Steps
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_whole

CLEAR = 3.0  # standard errors from zero of a slope that enters
DAMPED = 0.25  # rows ahead, as a share of those seen, over which a slope loses most of itself


@dataclass(frozen=True)
class Sarimax(Tunable):
    """ARMA(p, q) of the log or square root of the counts around a constant, harmonics of the season and the level.

    A history with steps is brought to its last level, unless a straight line explains it better. A slope that the
    errors do not explain enters, and levels off.

    order : p, d, q; with d = 1 the constant drops out of the dynamics by itself
    Regressors are diffuse states, so that only ARMA parameters are searched (Durbin & Koopman 2012, section 6.2).
    """

    order: Sequence[int] = (1, 0, 1)
    harmonics: int = 2

    def __post_init__(self) -> None:
        if len(self.order) != 3:
            raise ValueError(f"sarimax: order must be three numbers p, d, q, got {list(self.order)}")
        check_whole(self, 0, 12, "order")
        check_whole(self, 1, 50, "harmonics")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator,
              known: np.ndarray | None = None, *, steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; `known` [n + horizon, k] covariates, standardised.

        steps : of the level, where they are known already
        """
        points = series.points()
        if self.order[1]:  # differences forget a level by themselves
            steps = NONE
        elif steps is None:
            steps = steps_seen(points, rng)
        rows = steps.likeliest_any()
        if rows and _is_line(history(points), rows):
            steps = replace(steps, sets=((),), share=(1.0,))

        def paths(given: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
            return self._paths(given, horizon, draws, rng, known)

        return paths_on_level(paths, points, horizon, draws, rng, steps, single=True)

    def _paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator,
               known: np.ndarray | None) -> np.ndarray:
        given = self._slope(history(series), horizon)
        given = given if known is None else np.column_stack([given, known])

        def build(z: np.ndarray, cycle: int) -> tuple[Any, list[float]]:
            return self._build(z, cycle, given[len(given) - horizon - len(z):len(given) - horizon])

        def future(n: int, cycle: int) -> np.ndarray:
            return self._regressors(n + np.arange(horizon), cycle, given[len(given) - horizon:])

        return paths_of(series, build, horizon, draws, rng, future=future)

    def _slope(self, y: np.ndarray, horizon: int) -> np.ndarray:
        """A regressor that grows and levels off after the end, if the counts show a slope, [n + horizon, 1 or 0]."""
        n, seen = len(y), np.flatnonzero(~np.isnan(y))
        rows, late = np.arange(n + horizon), DAMPED * n
        slope = (np.minimum(rows, n - 1) - late * np.expm1(-np.maximum(rows - n + 1, 0) / late))[:, None] / n
        if self.order[1] or len(seen) < ENOUGH or not _clear(np.hstack([np.ones_like(slope), slope])[seen],
                                                             np.sqrt(y[seen])):
            return slope[:, :0]
        return slope

    def _regressors(self, rows: np.ndarray, cycle: int, known: np.ndarray) -> np.ndarray:
        columns = harmonics(rows, cycle, min(self.harmonics, max(1, (cycle - 1) // 2)))
        if self.order[1] and columns.shape[1] + known.shape[1] > 1:
            columns = columns[:, 1:]
        return np.column_stack([columns, known])

    def _build(self, z: np.ndarray, cycle: int, known: np.ndarray) -> tuple[Any, list[float]]:
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        p, d, q = self.order
        model = SARIMAX(z, exog=self._regressors(np.arange(len(z)), cycle, known), order=(p, d, q),
                        mle_regression=False, concentrate_scale=True)
        return model, [0.5 / (k + 1) for k in range(p)] + [-0.2 / (k + 1) for k in range(q)]


def _is_line(y: np.ndarray, steps: tuple[int, ...]) -> bool:
    """Whether a straight line explains a history [n] better than steps do, by the Bayesian information criterion."""
    rows = np.flatnonzero(~np.isnan(y))
    constant = np.ones((len(rows), 1))

    def cost(columns: np.ndarray) -> float:
        table, z = np.hstack([constant, columns]), np.sqrt(y[rows])
        left = z - table @ np.linalg.lstsq(table, z, rcond=None)[0]
        return float(len(z) * np.log(left @ left / len(z) + 1e-9) + columns.shape[1] * np.log(len(z)))

    return cost(rows[:, None] / len(y)) < cost((rows[:, None] >= np.array(steps)).astype(float))


def _clear(columns: np.ndarray, z: np.ndarray) -> bool:
    """Whether the last regressor lies `CLEAR` standard errors from zero, with errors that are correlated at lag one."""
    n, k = columns.shape
    if n <= k + 2:
        return False
    beta, _, rank, _ = np.linalg.lstsq(columns, z, rcond=None)
    left = z - columns @ beta
    if rank < k or not left @ left:
        return False
    alike = float(np.clip(left[1:] @ left[:-1] / (left @ left), 0, 0.95))
    error = np.sqrt(left @ left / (n - k) * np.linalg.inv(columns.T @ columns)[-1, -1] * (1 + alike) / (1 - alike))
    return bool(abs(beta[-1]) > CLEAR * error)
