"""The count regime model as a forecaster: its posterior run forward, future breaks included."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from forecast.models.season import factors
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.posterior import ahead, present
from forecast.regime_model.problem import discretise
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_whole


@dataclass(frozen=True)
class Regimes(Tunable):
    """Paths from the posterior of levels, deviations and settings; the level may jump again.

    recent : rows at most that are looked at (older ones say little about the present level)
    breaks : whether the future may hold breaks, at the rate of the prior
    """

    recent: int = 400
    breaks: bool = True
    season: bool = True
    model: RegimeModel = field(default_factory=RegimeModel)

    def __post_init__(self) -> None:
        check_whole(self, 4, 10_000, "recent")
        object.__setattr__(self, "model", RegimeModel.of(self.model))  # a YAML gives its settings

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon], of fully watched rows."""
        recent = series.rows(slice(max(0, len(series) - self.recent), len(series)))
        if not recent.observed.any():
            recent = series
        season, n = factors(series, horizon)[-len(recent) - horizon:], len(recent)
        now = present(discretise(self.model, recent, season[:n]), draws, rng)
        return ahead(now, season[n:], np.ones(horizon), rng, self.breaks)
