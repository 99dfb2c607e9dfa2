"""Odd rows: a row may, with a small probability, come from something much wider than its level says.

    p(y | state) = (1 - e - z 1[y = 0]) p_model(y | state) + e w(y) + z 1[y = 0]

w is flat in the log of the count (over ten units of it), so that one wild row, or a zero that means "not reported",
costs a fixed amount instead of two changes of level (Fearnhead & Rigaill 2019, JASA 114, 169-183; Gerlach, Carter &
Kohn 2000, JASA 95, 819-828).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.series.series import Series

WIDTH = 10.0  # log units over which an odd count is spread evenly
BUSY = 5.0  # median of the rows around from which a zero may be a report that is missing
AROUND = 4  # rows to either side that say whether a zero is out of place
MOST_ZEROS = 0.3  # share of rows that may be zeros nobody reported


@dataclass(frozen=True)
class Odd:
    """How odd a row may be: chance of an odd row, and chance of a zero that stands for no report."""

    share: float = 0.0
    zeros: float = 0.0

    def wide(self, rows: np.ndarray) -> np.ndarray:
        """Likelihood of rows [U, 2+] (low, high, ...) if they are odd counts, times the chance that they are, [U]."""
        low, high = rows[:, 0], rows[:, 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            within = np.minimum(0.5, np.log((high + 1.5) / (low + 0.5)) / WIDTH)
            mass = np.where(low == high, 1 / (WIDTH * (1 + low)), within)
        return np.where(np.isnan(low), 0.0, self.share * mass + self.zeros * (high == 0))

    def usual(self, rows: np.ndarray) -> np.ndarray:
        """Chance that a row is not odd, [U]."""
        return np.where(np.isnan(rows[:, 0]), 1.0, 1 - self.share - self.zeros * (rows[:, 1] == 0))


USUAL = Odd()  # no row is odd


def mixed(table: np.ndarray, peak: np.ndarray, wide: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likelihoods table [U, D, E, L] (relative to exp(peak) [U, E]) mixed with those of odd rows.

    wide [U] : likelihood as an odd row times its chance; usual [U] : chance of the model's own. The table is changed in
    place.
    """
    if not wide.any():
        return table, peak
    with np.errstate(over="ignore"):
        part = np.minimum((wide / usual)[:, None] * np.exp(-peak), 1e30)
    table += part[:, None, :, None].astype(table.dtype)
    table /= (1 + part)[:, None, :, None].astype(table.dtype)
    return table, peak + np.log(usual)[:, None] + np.log1p(part)


def unreported_zeros(series: Series) -> np.ndarray:
    """Indices of exact zeros that stand among busy rows, as zeros of a report that is missing do.

    Two of them are needed: one is an odd row. They say nothing where the counts reach down to them.
    """
    exact = series.observed & (series.low == series.high)
    zero = np.flatnonzero(exact & (series.low == 0))
    busy = np.flatnonzero(exact & (series.low > 0))
    if len(zero) < 2 or len(busy) < 2 * AROUND:
        return np.zeros(0, dtype=int)
    around = np.searchsorted(busy, zero)[:, None] + np.arange(-AROUND, AROUND)
    inside = (around >= 0) & (around < len(busy))
    near = np.sort(np.where(inside, series.low[busy][np.clip(around, 0, len(busy) - 1)], np.inf), axis=1)
    row, number = np.arange(len(zero)), inside.sum(axis=1)
    middle = (near[row, (number - 1) // 2] + near[row, number // 2]) / 2
    found = zero[(middle >= BUSY) & (near[:, 0] >= 0.2 * middle)]
    return np.asarray(found if len(found) >= 2 else found[:0])


def odd_of(series: Series, share: float) -> Odd:
    """Chances of odd rows of a series of counts; that of an unreported zero is the share of rows that look like one."""
    if not share:
        return Odd()
    zeros = len(unreported_zeros(series)) / max(int(series.observed.sum()), 1)
    return Odd(share, min(zeros, MOST_ZEROS))
