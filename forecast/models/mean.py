"""The mean on the last level, as a conjugate count predictive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.models.history import dispersion, exposure, history, negative_binomial
from forecast.models.levels import paths_on_level
from forecast.models.steps import Steps
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_number


@dataclass(frozen=True)
class Mean(Tunable):
    """Negative binomial counts around the mean of the level that the last rows lie on.

    detector : name of a detector in `conf/detectors`, run again on each history, after whose last break the mean is
        taken; None takes the steps of the count regime model, each set of them by its probability
    prior : observations that the whole history's mean is worth when the segment is young
    """

    detector: str | None = None
    prior: float = 0.5

    def __post_init__(self) -> None:
        check_number(self, 0, 1e6, "prior")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, *,
              steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; one level a path, drawn from its posterior.

        steps : of the level, where they are known already
        """
        if self.detector is None:
            return paths_on_level(self._since, series, horizon, draws, rng, steps)
        from forecast.breaks.detection import detect

        points = series.points()
        breaks = detect(points, self.detector)
        return self._since(points, horizon, draws, rng, breaks[-1].position if breaks else 0)

    def _since(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, start: int = 0) -> np.ndarray:
        """Paths around the mean from row `start` on."""
        series = series.points()
        y, seen = history(series), series.observed
        since = np.arange(len(series)) >= start
        segment, share = y[seen & since], exposure(series)[seen & since]
        overall = float(y[seen].mean())
        centre = float((self.prior * overall + (segment * share).sum()) / (self.prior + share.sum()))
        size = dispersion(segment, centre)
        # overdispersed counts tell less about their mean: each is worth 1 / (1 + mean/size) Poisson ones
        worth = (self.prior + share.sum()) / (1 + centre / size)
        level = rng.gamma(centre * worth + 0.5, 1 / worth, size=(draws, 1))
        return negative_binomial(np.broadcast_to(level, (draws, horizon)), size, rng)
