"""MOSUM: differences between the means of neighbouring windows, significant against the simulated no-break
model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.breaks import Break
from forecast.breaks.dating import observed_values
from forecast.breaks.significance import check_test, noise_beside_breaks, with_intervals
from forecast.series import Series

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mosum:
    """All breaks of level at once: peaks of |mean of the next window - mean of the last one| (Eichinger &
    Kirch 2018).

    bandwidth : rows of a window, a share of the rows when below 1; a peak must be the largest within half a
        window
    """

    bandwidth: float = 0.15
    alpha: float = 0.05
    draws: int = 199
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_test("mosum", self.alpha, self.draws, self.confidence)
        if not self.bandwidth > 0:
            raise ValueError("mosum: bandwidth must be above 0 (a share of the rows, or rows), got "
                             f"{self.bandwidth}")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when two windows do not fit."""
        values = observed_values(series)
        y, n = values.y, len(values.y)
        width = max(round(self.bandwidth * n) if self.bandwidth < 1 else int(self.bandwidth), 3)
        if n < 2 * width or np.ptp(y) == 0:
            return ()
        noise = noise_beside_breaks(y, series.is_count, self.draws, self.seed)
        ours = process(y[None], width)[0]
        drawn = noise.draws(np.random.default_rng([self.seed, n]), n, self.draws)
        level = float(np.quantile(process(drawn, width).max(axis=1), 1 - self.alpha))
        reach = max(width // 2, 1)
        # of equal neighbours the first is the peak
        peaks = [i for i in np.flatnonzero(ours > level)
                 if ours[i] == ours[max(i - reach, 0):i + reach + 1].max()
                 and (i == 0 or ours[i] > ours[i - 1])]
        return with_intervals(series, values, [int(i) + width for i in peaks], self.confidence)


def process(y: Array, width: int) -> Array:
    """|MOSUM| [draws, n - 2 width + 1] of y [draws, n] at cuts width..n-width: mean after less mean
    before."""
    sums = np.zeros((len(y), y.shape[1] + 1))
    np.cumsum(y - y.mean(axis=1, keepdims=True), axis=1, out=sums[:, 1:])
    window = (sums[:, width:] - sums[:, :-width]) / width
    return np.asarray(np.abs(window[:, width:] - window[:, :-width]))
