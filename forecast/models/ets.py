"""Exponential smoothing with additive errors, as a state space that takes gaps (statsmodels)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.models.statespace import paths_of
from forecast.series import Series


@dataclass(frozen=True)
class Ets:
    """Level, season and, if wanted, a damped trend of the log or square root of the counts.

    Initial states and noise variance are concentrated out; the smoothing parameters are searched.
    Source: Hyndman, Koehler, Ord & Snyder 2008, chapters 3 and 5; statsmodels' tsa.statespace.
    """

    damped_trend: bool = False

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        return paths_of(series, self._build, horizon, draws, rng)

    def _build(self, z: np.ndarray, cycle: int) -> tuple[Any, list[float]]:
        from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

        model = ExponentialSmoothing(z, trend=self.damped_trend, damped_trend=self.damped_trend,
                                     seasonal=cycle if cycle > 1 else None, initialization_method="concentrated")
        values = {"smoothing_level": 0.2, "smoothing_trend": 0.02, "smoothing_seasonal": 0.05, "damping_trend": 0.95}
        return model, [values[name] for name in model.param_names]
