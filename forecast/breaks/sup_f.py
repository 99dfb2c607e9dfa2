"""Sup F: the largest F statistic of one change of level, significant against the simulated no-break model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from forecast.breaks.significance import OneByOne, centred_sums
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.validation import check_number

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class SupF(OneByOne):
    """Breaks of level where F over all dates but the outer `trimming` is largest (Andrews 1993), found one by
    one."""

    trimming: float = 0.15

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(self, 0.001, 0.49, "trimming")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when the series is too short."""
        return self.found(series, partial(f_statistics, trimming=self.trimming))


def f_statistics(y: Array, trimming: float) -> Array:
    """F [draws, n - 1] of a change of level before rows 1..n-1, zero within the outer `trimming` of the
    rows."""
    n = y.shape[1]
    r = np.arange(1, n) / n
    explained = centred_sums(y) ** 2 / (r * (1 - r))  # share of n: 1 - RSS / TSS = explained / n
    f = explained / np.maximum(1 - explained / n, 1e-12) * (n - 2) / n
    return np.where((r >= trimming - 1e-9) & (r <= 1 - trimming + 1e-9), f, 0.0)
