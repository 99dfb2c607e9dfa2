"""Any member with its intervals recalibrated on what it would have said inside the history."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from forecast.models.calibration import learned, stretched
from forecast.models.history import history, whole
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.registry import make
from forecast.support.validation import MOST_DRAWS, MOST_ROWS, check_whole

LEAST = 8  # observations that a forecast inside the history rests on


@dataclass(frozen=True)
class Recalibrated(Tunable):
    """Paths of `member`, stretched as its own past errors ask.

    The member forecasts from `origins` rows inside the history, `ahead` rows each and `every` rows apart, and sees
    nothing after them; where what followed lay among those paths gives the width and the tails of the coming ones.
    Few origins leave both near what most series need. It costs `origins` more fits.
    `structural`, and so `auto`, does the like by itself, without refits.
    """

    member: str = "negative_binomial"
    origins: int = 12
    ahead: int = 6
    every: int = 3
    draws: int = 200

    def __post_init__(self) -> None:
        check_whole(self, 1, 1000, "origins", "ahead")
        check_whole(self, 1, MOST_ROWS, "every")
        check_whole(self, 2, MOST_DRAWS, "draws")
        if self.member in {"recalibrated", "combination"}:
            raise ValueError(f"recalibrated: member must be a single forecaster, got {self.member!r}")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        errors, age = self.errors(series, rng)
        paths = make("models", self.member).paths(series, horizon, draws, rng)
        tails = learned(errors, age, memory=float(self.origins * self.every))
        return whole(stretched(paths, tails))

    def errors(self, series: Series, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Normal scores of what followed each origin inside the history [origins, ahead] (NaN = nothing observed).

        Beside them the rows from each origin to the end, [origins].
        """
        y, found, age = history(series), [], []
        for place in range(len(series) - 1, 0, -self.every)[:self.origins]:
            before, after = series.rows(slice(0, place)), y[place:place + self.ahead]
            if before.observed.sum() < LEAST or np.isnan(after).all():
                continue
            paths = make("models", self.member).paths(before, len(after), self.draws, rng)
            score = [NormalDist().inv_cdf(((draw < seen).sum() + (draw <= seen).sum() + 1) / (2 * self.draws + 2))
                     if np.isfinite(seen) else np.nan for draw, seen in zip(paths.T, after, strict=True)]
            found.append(score + [np.nan] * (self.ahead - len(score)))
            age.append(len(series) - 1 - place)
        return np.array(found).reshape(len(found), self.ahead), np.array(age)
