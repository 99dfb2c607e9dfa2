"""Exponential smoothing with additive errors, as a state space that takes gaps (statsmodels)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.models.levels import paths_on_level
from forecast.models.statespace import paths_of
from forecast.models.steps import Steps
from forecast.series.series import Series
from forecast.support.parameters import Tunable

LOOSE = 1e4  # variance of the first level, trend and seasonal effects in units of the noise's


@dataclass(frozen=True)
class Ets(Tunable):
    """Level, season and, if wanted, a damped trend of the log or square root of the counts.

    Initial states are diffuse and the noise variance is concentrated out: only smoothing parameters are searched.
    Source: Hyndman, Koehler, Ord & Snyder 2008, chapters 3 and 5; statsmodels' tsa.statespace.
    """

    damped_trend: bool = False

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, *,
              steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon].

        steps : of the level, where they are known already
        """
        return paths_on_level(self._paths, series, horizon, draws, rng, steps, single=True)

    def _paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        return paths_of(series, self._build, horizon, draws, rng)

    def _build(self, z: np.ndarray, cycle: int) -> tuple[Any, list[float]]:
        from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing
        from statsmodels.tsa.statespace.initialization import Initialization

        model = ExponentialSmoothing(z, trend=self.damped_trend, damped_trend=self.damped_trend,
                                     seasonal=cycle if cycle > 1 else None, initialization_method="known",
                                     initial_level=0.0, initial_trend=0.0 if self.damped_trend else None,
                                     initial_seasonal=np.zeros(cycle) if cycle > 1 else None)
        # statsmodels would find the best initial states by a regression for each likelihood, at five times the cost
        first = Initialization(model.k_states)
        first.set(0, "known", constant=[0.0], stationary_cov=[[1.0]])  # the error of the row before
        first.set((1, model.k_states), "approximate_diffuse", approximate_diffuse_variance=LOOSE)
        model.ssm.initialize(first)
        model.ssm.loglikelihood_burn = max(cycle, 1) + self.damped_trend
        values = {"smoothing_level": 0.2, "smoothing_trend": 0.02, "smoothing_seasonal": 0.05, "damping_trend": 0.95}
        return model, [values[name] for name in model.param_names]
