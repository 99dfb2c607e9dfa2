"""Unobserved components: a random-walk level and a fixed season (statsmodels)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.models.statespace import paths_of
from forecast.series import Series


@dataclass(frozen=True)
class Unobserved:
    """Local level, and harmonics of the season, of the log or square root of the counts; gaps are filtered through.

    Source: Harvey 1989, section 2.3; statsmodels' UnobservedComponents.
    """

    harmonics: int = 3

    def __post_init__(self) -> None:
        if self.harmonics < 1:
            raise ValueError(f"unobserved: harmonics must be at least 1, got {self.harmonics}")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        return paths_of(series, self._build, horizon, draws, rng)

    def _build(self, z: np.ndarray, cycle: int) -> tuple[Any, list[float]]:
        from statsmodels.tsa.statespace.structural import UnobservedComponents

        pairs = min(self.harmonics, cycle // 2)
        seasonal = {"freq_seasonal": [{"period": cycle, "harmonics": pairs}], "stochastic_freq_seasonal": [False]}
        model = UnobservedComponents(z, level="local level", **(seasonal if cycle > 1 else {}))
        return model, [0.7, 0.05]
