"""CUSUM: cumulated deviations from the mean, significant against the simulated no-break model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.breaks import Break
from forecast.breaks.dating import observed_values
from forecast.breaks.significance import centred_sums, check_test, segmented, with_intervals
from forecast.ranges import MOST_ROWS, check_whole
from forecast.series import Series

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Cusum:
    """Breaks of level where |CUSUM| of OLS residuals is largest (Ploberger & Kraemer 1992), found one by one.

    alpha : level of each test; draws, seed : simulated series per test; least : rows on both sides of a break
    """

    alpha: float = 0.05
    draws: int = 199
    seed: int = 0
    least: int = 5
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_test(self)
        check_whole(self, 1, MOST_ROWS, "least")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when the series is too short."""
        values = observed_values(series)
        cuts = segmented(values.y, series.is_count, process, alpha=self.alpha, draws=self.draws,
                         seed=self.seed, least=self.least)
        return with_intervals(series, values, cuts, self.confidence)


def process(y: Array) -> Array:
    """|CUSUM| [draws, n - 1] of y [draws, n]."""
    return np.abs(centred_sums(y))
