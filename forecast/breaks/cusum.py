"""CUSUM: cumulated deviations from the mean, significant against the simulated no-break model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.breaks.significance import OneByOne, centred_sums
from forecast.series.breaks import Break
from forecast.series.series import Series

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Cusum(OneByOne):
    """Breaks of level where |CUSUM| of OLS residuals is largest (Ploberger & Kraemer 1992), found one by one."""

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when the series is too short."""
        return self.found(series, process)


def process(y: Array) -> Array:
    """|CUSUM| [draws, n - 1] of y [draws, n]."""
    return np.abs(centred_sums(y))
