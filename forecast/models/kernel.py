"""What a Gaussian model of counts is made of: levels that a filter can run, and regressors of a known covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

DAMPED = 0.25  # rows ahead, as a share of those seen, over which a slope loses most of itself
FLAT = 100.0  # prior variance of the constant, in units of the noise
BROAD, FINE, SHARE = 1.0, 0.4, 0.7  # lengths of the parts of a smooth season, radians of its cycle; the first's part
WAVES = 7  # of a smooth season: the finer ones hold a thousandth of its variance
# Columns of a settings table: which level (0 a walk, k the k-th memory), and variances in units of the noise's.
LEVEL, STEP, SEASON, TREND, YEARLY, BREAK = range(6)


@dataclass(frozen=True)
class Kernel:
    """Covariances that a series may have: rows up to `end`, a short `cycle` (0: none), a `year` in rows (0: none).

    memories : of levels that return; steps : rows in which the level changes for good
    drift : rows within which the slope of a drifting level returns to zero
    """

    end: float
    cycle: int = 0
    year: float = 0.0
    memories: Sequence[float] = ()
    steps: tuple[int, ...] = ()
    drift: float = 12.0

    def regressors(self, rows: np.ndarray, single: np.ndarray | bool = True) -> np.ndarray:
        """Constant, slope, phases of the season, steps and waves of the year over these rows, [regressors, n].

        single : bool [n], whether each is a row and no mean of some, over which the short season averages out
        """
        slowing = DAMPED * self.end  # a slope levels off after the end
        grown = np.minimum(rows, self.end - 1) - slowing * np.expm1(-np.maximum(rows - self.end + 1, 0) / slowing)
        phases = (rows % self.cycle == np.arange(self.cycle)[:, None]) - 1 / self.cycle if self.cycle else NOTHING
        up = (rows >= np.array(self.steps, dtype=float)[:, None]).astype(float)
        angle = 2 * np.pi / self.year * np.arange(1, WAVES + 1)[:, None] * rows if self.year else NOTHING
        return np.vstack([np.ones((1, len(rows))), (grown / max(self.end / 2, 1.0) - 1)[None, :],
                          *(each for each in (phases * np.broadcast_to(single, rows.shape), up, np.cos(angle),
                                              np.sin(angle)) if each.size)])

    def variances(self, table: np.ndarray) -> np.ndarray:
        """Prior variance of each regressor's coefficient under each setting [settings, regressors]."""
        constant, waves = FLAT + np.zeros(len(table)), np.zeros(0)
        if self.year:
            shares = _smooth_waves()
            constant, waves = constant + shares[0] * table[:, YEARLY], np.tile(shares[1:], 2)
        return np.column_stack([constant, table[:, TREND], np.repeat(table[:, [SEASON]], self.cycle, axis=1),
                                np.repeat(table[:, [BREAK]], len(self.steps), axis=1), table[:, [YEARLY]] * waves])

    @cached_property
    def begin(self) -> np.ndarray:
        """Variances of level, of level and slope, and of slope at row 0, for each kind of level [kinds, 3]."""
        return np.array([[0.0, 0.0, 0.0], *([m / 2, 0.0, 0.0] for m in self.memories), [0.0, 0.0, 1.0]])

    def moves(self, gaps: np.ndarray) -> np.ndarray:
        """What levels and slopes keep over gaps of so many rows, and what comes in, [kinds, n, 6] (`whitened`).

        A walk; levels that return (Ornstein-Uhlenbeck), whose variance is half their memory; a level whose slope
        returns, the integral of such a process (Gillespie 1996, Physical Review E 54, 2084).
        """
        none, one, m = np.zeros_like(gaps), np.ones_like(gaps), self.drift
        gone = np.exp(-gaps / m)
        returning = [np.stack([np.exp(-gaps / each), none, one, -np.expm1(-2 * gaps / each) * each / 2, none, none],
                              axis=1) for each in self.memories]
        drifting = np.stack([one, m * (1 - gone), gone, m**2 * (2 * gaps / m - 3 + 4 * gone - gone**2),
                             m * (1 - gone)**2, 1 - gone**2], axis=1)
        return np.stack([np.stack([one, none, one, gaps, none, none], axis=1), *returning, drifting])

    def together(self, gaps: np.ndarray) -> np.ndarray:
        """Covariance of what comes in over these gaps from one row, of each kind of level [kinds, h, h]."""
        least, apart = np.minimum(gaps[:, None], gaps), np.abs(gaps[:, None] - gaps)
        total = gaps[:, None] + gaps
        returning = [each / 2 * (np.exp(-apart / each) - np.exp(-total / each)) for each in self.memories]
        m, gone = self.drift, np.exp(-gaps / self.drift)
        drifting = m**2 * (2 * least / m + gone[:, None] + gone - 1 - np.exp(-apart / m)
                           - np.multiply.outer(1 - gone, 1 - gone))
        return np.stack([least, *returning, drifting])


NOTHING = np.zeros((0, 1))


def _smooth_waves() -> np.ndarray:
    """Variances of the constant and of each wave of a smooth year, [1 + WAVES].

    The Fourier series of the periodic covariance exp(-2 sin^2(pi t / year) / length^2) (MacKay 1998, eq. 47) of a few
    broad waves and some finer ones.
    """
    from scipy.special import ive

    wave = np.arange(WAVES + 1)
    return np.asarray((2 - (wave == 0)) * (SHARE * ive(wave, BROAD**-2) + (1 - SHARE) * ive(wave, FINE**-2)))
