"""ARMA errors around a mean with seasonal harmonics (statsmodels' SARIMAX)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.models.history import harmonics
from forecast.models.statespace import paths_of
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_whole


@dataclass(frozen=True)
class Sarimax(Tunable):
    """ARMA(p, q) of the log or square root of the counts around a constant and harmonics of the season.

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
              known: np.ndarray | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; `known` [n + horizon, k] covariates, standardised."""
        given = np.zeros((len(series) + horizon, 0)) if known is None else known

        def build(z: np.ndarray, cycle: int) -> tuple[Any, list[float]]:
            return self._build(z, cycle, given[len(given) - horizon - len(z):len(given) - horizon])

        def future(n: int, cycle: int) -> np.ndarray:
            return self._regressors(n + np.arange(horizon), cycle, given[len(given) - horizon:])

        return paths_of(series, build, horizon, draws, rng, future=future)

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
