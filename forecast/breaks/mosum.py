"""MOSUM: differences between the means of neighbouring windows, significant against the simulated no-break model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.breaks.dating import observed_values
from forecast.breaks.significance import Simulating, noise_beside_breaks, with_intervals
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.validation import MOST_ROWS, check_number, check_share

Array = np.ndarray[Any, Any]
LEAST = 3  # rows on either side of a cut
APART = 0.5  # share of a window within which a peak must be the largest


@dataclass(frozen=True)
class Mosum(Simulating):
    """All breaks of level at once: peaks of |mean of the next window - mean of the last one| (Eichinger & Kirch 2018).

    bandwidths : rows of a window, a share of the rows where below 1. Breaks of the narrowest count; a wider one adds
        those that no narrower one has nearby (Messer et al. 2014; Meier, Kirch & Cho 2021, Journal of Statistical
        Software 97). Nearer to an end than a window, the window on that side is as long as the rows that are left
    alpha : level of all bandwidths together
    """

    bandwidths: tuple[float, ...] = (0.08, 0.15, 0.25)
    confidence: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "bandwidths", tuple(self.bandwidths))
        check_share(self, "confidence")
        if not self.bandwidths:
            raise ValueError("mosum: got no bandwidths: give shares of the rows, or rows")
        check_number(self, 1e-6, MOST_ROWS, "bandwidths")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when two windows do not fit."""
        values = observed_values(series)
        y, n = values.y, len(values.y)
        widths = [width for width in self.widths(n) if 2 * width <= n]
        if not widths or np.ptp(y) == 0:
            return ()
        noise = noise_beside_breaks(y, series.is_count, self.draws, self.seed)
        drawn = noise.draws(np.random.default_rng([self.seed, n]), n, self.draws)
        cuts: list[int] = []
        for width, level in zip(widths, levels(drawn, widths, self.alpha), strict=True):
            reach = max(int(APART * width), 1)
            cuts += [cut for cut in peaks(process(y[None], width)[0], level, reach)
                     if all(abs(cut - other) > reach for other in cuts)]
        return with_intervals(series, values, sorted(cuts), self.confidence)

    def widths(self, n: int) -> list[int]:
        """Rows of the windows for `n` rows, narrowest first."""
        return sorted({max(round(each * n) if each < 1 else int(each), LEAST) for each in self.bandwidths})


def process(y: Array, width: int) -> Array:
    """MOSUM [draws, n - 2 LEAST + 1] of y [draws, n] at cuts LEAST..n-LEAST, in units of one row's deviation.

    |mean after - mean before| over the root of 1 / rows before + 1 / rows after, both windows together 2 width rows.
    """
    n = y.shape[1]
    sums = np.zeros((len(y), n + 1))
    np.cumsum(y - y.mean(axis=1, keepdims=True), axis=1, out=sums[:, 1:])
    cut = np.arange(LEAST, n - LEAST + 1)
    start = np.clip(cut - width, 0, n - 2 * width)
    before, after = cut - start, start + 2 * width - cut
    gap = (sums[:, start + 2 * width] - sums[:, cut]) / after - (sums[:, cut] - sums[:, start]) / before
    return np.asarray(np.abs(gap) / np.sqrt(1 / before + 1 / after))


def levels(drawn: Array, widths: Sequence[int], alpha: float) -> list[float]:
    """What the largest peak of each width passes so rarely that any of them does with probability alpha.

    drawn : [draws, n] series without a break
    """
    largest = np.array([process(drawn, width).max(axis=1) for width in widths])  # [widths, draws]
    usual = np.quantile(largest, 1 - alpha, axis=1)
    worst = np.quantile((largest / np.maximum(usual, 1e-12)[:, None]).max(axis=0), 1 - alpha)
    return [float(each) for each in usual * worst]


def peaks(evidence: Array, level: float, reach: int) -> list[int]:
    """Cuts above the level that are the largest within `reach` rows; of equal neighbours the first."""
    return [int(i) + LEAST for i in np.flatnonzero(evidence > level)
            if evidence[i] == evidence[max(i - reach, 0):i + reach + 1].max()
            and (i == 0 or evidence[i] > evidence[i - 1])]
