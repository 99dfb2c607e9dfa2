"""Unobserved components: a random-walk level and a fixed season (statsmodels)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from forecast.models.levels import paths_on_level
from forecast.models.statespace import paths_of
from forecast.models.steps import Steps
from forecast.series.season import slow_season
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_whole


@dataclass(frozen=True)
class Unobserved(Tunable):
    """Local level, and harmonics of the season, of the log or square root of the counts; gaps are filtered through.

    Days seen for two years get two harmonics of the year on top of the week's.

    Source: Harvey 1989, section 2.3; statsmodels' UnobservedComponents.
    """

    harmonics: int = 3

    def __post_init__(self) -> None:
        check_whole(self, 1, 50, "harmonics")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, *,
              steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon].

        steps : of the level, where they are known already
        """
        return paths_on_level(self._paths, series, horizon, draws, rng, steps, single=True)

    def _paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        return paths_of(series, partial(self._build, slow=slow_season(series)), horizon, draws, rng)

    def _build(self, z: np.ndarray, cycle: int, slow: float) -> tuple[Any, list[float]]:
        from statsmodels.tsa.statespace.structural import UnobservedComponents

        periods: list[dict[str, float]] = []
        if cycle > 1:
            periods.append({"period": cycle, "harmonics": min(self.harmonics, cycle // 2)})
        if slow:
            periods.append({"period": slow, "harmonics": 2})
        seasonal = {"freq_seasonal": periods, "stochastic_freq_seasonal": [False] * len(periods)}
        model = UnobservedComponents(z, level="local level", **(seasonal if periods else {}))
        return model, [0.7, 0.05]
