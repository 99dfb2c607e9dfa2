"""The mean since the last break, as a conjugate count predictive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.models.history import dispersion, exposure, history, negative_binomial
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_number


@dataclass(frozen=True)
class Mean(Tunable):
    """Negative binomial counts around the mean of what was observed since the last break.

    detector : name of a detector in `conf/detectors`, run again on each history; None takes the whole of it
    prior : observations that the whole history's mean is worth when the segment is young
    """

    detector: str | None = "bai_perron"
    prior: float = 0.5

    def __post_init__(self) -> None:
        check_number(self, 0, 1e6, "prior")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; one level a path, drawn from its posterior."""
        series = series.points()
        y, seen = history(series), series.observed
        since = np.arange(len(series)) >= self._start(series)
        segment, share = y[seen & since], exposure(series)[seen & since]
        overall = float(y[seen].mean())
        centre = float((self.prior * overall + (segment * share).sum()) / (self.prior + share.sum()))
        size = dispersion(segment, centre)
        # overdispersed counts tell less about their mean: each is worth 1 / (1 + mean/size) Poisson ones
        worth = (self.prior + share.sum()) / (1 + centre / size)
        level = rng.gamma(centre * worth + 0.5, 1 / worth, size=(draws, 1))
        return negative_binomial(np.broadcast_to(level, (draws, horizon)), size, rng)

    def _start(self, series: Series) -> int:
        if self.detector is None:
            return 0
        from forecast.breaks.detection import detect

        breaks = detect(series, self.detector)
        return breaks[-1].position if breaks else 0
