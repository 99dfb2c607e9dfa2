"""Gaussian processes of level, season, trend and steps on a power scale, weighed by their marginal likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

POWERS = (0.0, 0.5, 1.0)  # log, square root, none: which one suits is weighed like any other setting
DAMPED = 0.25  # rows ahead, as a share of those seen, over which a slope loses most of itself
OFFSET = 0.5  # added to a count, so that a zero has a log; of no weight in a large one
CALM = 0.1  # a step of this variance in units of the noise has half the prior weight of none; a trend of one too
FLAT = 100.0  # prior variance of the constant, in units of the noise
BROAD, FINE = 1.0, 0.4  # lengths of the two parts of a smooth season, in radians of its cycle
TOLD = 4  # rows from which on a step is known
NONE = np.zeros(0, dtype=int)
# Columns of a settings table: which level (0 a walk, k the k-th memory), and variances in units of the noise's.
LEVEL, STEP, SEASON, TREND, YEARLY, BREAK = range(6)


@dataclass(frozen=True, eq=False)
class Observed:
    """What was seen: rows `when` [n], each the mean of `width` rows, on every power scale [n, p]; log of the counts."""

    when: np.ndarray
    width: np.ndarray
    z: np.ndarray
    log: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, single: int, together: int) -> Observed:
        """Observations of y [n] (NaN = none), the last `single` of them one by one, older ones in means of rows."""
        when = np.flatnonzero(~np.isnan(y))
        seen = y[when] + OFFSET
        first = max(0, len(when) - single)
        block = np.arange(len(when)) + len(y)
        block[:first] = -((when[first] - 1 - when[:first]) // together) if first else 0
        _, group, width = np.unique(block, return_inverse=True, return_counts=True)

        def mean(values: np.ndarray) -> np.ndarray:
            return np.asarray(np.bincount(group, weights=values) / width)

        z = np.stack([mean(_power(seen, power)) for power in POWERS], axis=1)
        return cls(mean(when.astype(float)), width.astype(float), z, mean(np.log(seen)))

    def last(self, number: int) -> Observed:
        """The latest observations."""
        return Observed(self.when[-number:], self.width[-number:], self.z[-number:], self.log[-number:])


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

    def basis(self, rows: np.ndarray, single: np.ndarray | bool = True) -> np.ndarray:
        """Covariances between rows of constant, season, slope, year, steps, walk, each returning level and a drift.

        single : bool [n], whether each is a row and no mean of some, over which the short season averages out
        """
        apart = np.abs(rows[:, None] - rows)
        slowing = DAMPED * self.end  # a slope levels off after the end
        grown = np.minimum(rows, self.end - 1) - slowing * np.expm1(-np.maximum(rows - self.end + 1, 0) / slowing)
        centred = grown / max(self.end / 2, 1.0) - 1
        none = np.zeros_like(apart)
        alone = np.multiply.outer(*2 * [np.broadcast_to(np.asarray(single, dtype=float), rows.shape)])
        season = ((apart % self.cycle == 0) - 1 / self.cycle) * alone if self.cycle else none
        up = (rows[:, None] >= np.array(self.steps, dtype=float)).astype(float)
        return np.stack([np.ones_like(apart), season, np.outer(centred, centred),
                         smooth(apart, self.year) if self.year else none, up @ up.T if self.steps else none,
                         np.minimum(rows[:, None], rows), *(m / 2 * np.exp(-apart / m) for m in self.memories),
                         drifted(rows, self.drift)])

    def loadings(self, table: np.ndarray) -> np.ndarray:
        """Weights of the covariances under each setting [settings, 7 + number of memories]."""
        level, step, season, trend, yearly, change = table.T
        kinds = step[:, None] * (level[:, None] == np.arange(len(self.memories) + 2))
        return np.column_stack([np.full(len(table), FLAT), season, trend, yearly, change, kinds])


def drifted(rows: np.ndarray, memory: float) -> np.ndarray:
    """Covariance [n, n] of a level whose slope, of unit variance, returns to zero within `memory` rows.

    The integral of an Ornstein-Uhlenbeck process from row 0 on (Gillespie 1996, Physical Review E 54, 2084).
    """
    gone = np.exp(-np.maximum(rows, 0) / memory)
    apart, least = np.abs(rows[:, None] - rows), np.minimum(rows[:, None], rows)
    return np.asarray(memory**2 * (2 * least / memory + gone[:, None] + gone - 1 - np.exp(-apart / memory)))


def smooth(apart: np.ndarray, cycle: float) -> np.ndarray:
    """Periodic covariance of a few broad waves and some finer ones (MacKay 1998, eq. 47)."""
    square = -2 * np.sin(np.pi * apart / cycle) ** 2
    return np.asarray(0.7 * np.exp(square / BROAD**2) + 0.3 * np.exp(square / FINE**2))


@dataclass(frozen=True)
class Fit:
    """Posterior of every setting (g) and power (p) on standardised observations, ahead to the coming rows (h).

    weight [g, p] sums to one; mean [g, h, p] and root [g, h, h] of the coming rows' z in units of the noise, whose
    variance is inverse gamma with shape `shape` and scale [g, p]; centre and spread [p] undo the scaling.
    `past` holds the same before each earlier origin.
    """

    weight: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    shape: float
    scale: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    past: Past

    def errors(self, steps: int) -> np.ndarray:
        """Normal scores of what followed each past origin under its forecast [origins, steps], NaN beyond the end."""
        return self.past.errors(steps)


@dataclass(frozen=True)
class Past:
    """Forecasts from earlier origins, each on the observations before it: `origins` [o] are their numbers.

    root [g, n, n] factors the covariance of what was seen, whitened [g, n, p] is root^-1 z; weight [o, g, p], shape [o]
    and scale [o, g, p] are those of `Fit` at each origin. A later row is root times whitened: the part of it that
    comes after the origin is the error of a forecast from there, and its squared row the variance.
    """

    origins: np.ndarray
    root: np.ndarray
    whitened: np.ndarray
    weight: np.ndarray
    shape: np.ndarray
    scale: np.ndarray

    def errors(self, steps: int) -> np.ndarray:
        """Normal scores [origins, steps]; NaN after the last observation."""
        from scipy.special import ndtr, ndtri

        found, n = np.full((len(self.origins), steps), np.nan), self.root.shape[1]
        for k, origin in enumerate(self.origins):
            end = min(origin + steps, n)
            g, p = np.nonzero(self.weight[k] > 0.05 * self.weight[k].max())
            part = self.root[g, origin:end, origin:end]
            error = np.matvec(part, self.whitened[g, origin:end, p])
            spread = np.sqrt((part**2).sum(axis=2) * (self.scale[k, g, p] / self.shape[k])[:, None])
            normal = _normal_score(error / spread, 2 * self.shape[k])
            below = self.weight[k, g, p] @ ndtr(normal) / self.weight[k, g, p].sum()
            found[k, :end - origin] = ndtri(np.clip(below, 1e-9, 1 - 1e-9))
        return found


def fit(observed: Observed, coming: np.ndarray, *, kernel: Kernel, table: np.ndarray, prior: float,
        origins: np.ndarray = NONE) -> Fit:
    """Weigh all settings on what was observed, and predict the rows `coming`.

    origins : numbers of observations before each past forecast; what is known there comes from these alone, and a step
        from the settings without one until it has been seen for a while
    """
    n, h, powers = len(observed.when), len(coming), np.array(POWERS)
    centre, spread = observed.z.mean(axis=0), np.maximum(observed.z.std(axis=0), 1e-9)  # units, which cancel
    root, whitened = _factor(observed, coming, kernel, table, (observed.z - centre) / spread)
    number = np.append(origins, n)  # of observations before each origin, and of all
    mean = (np.cumsum(np.exp(observed.log)) / np.arange(1, n + 1))[number - 1]
    poisson = mean[:, None] ** (powers - 0.5)  # standard deviation of Poisson noise on each scale, [o, p]
    start, shape = (prior * (poisson / spread) ** 2)[:, None, :], prior + number / 2
    scale = start + np.cumsum(whitened**2, axis=1).transpose(1, 0, 2)[number - 1] / 2
    logs = np.cumsum(np.log(root[:, np.arange(n), np.arange(n)]), axis=1).T[number - 1]
    jacobian = np.cumsum(observed.log)[number - 1][:, None, None]
    evidence = (-logs[:, :, None] - shape[:, None, None] * np.log(scale) + prior * np.log(start)
                - number[:, None, None] * np.log(spread) + (powers - 1) * jacobian
                - np.log1p(table[:, STEP] / CALM)[:, None] - np.log1p(table[:, TREND])[:, None])
    if kernel.steps:  # each could have come in any row
        evidence = evidence - ((table[:, BREAK] > 0) * len(kernel.steps) * np.log(kernel.end))[:, None]
        unknown = observed.when[number - 1] < kernel.steps[-1] + TOLD - 1
        unknown[-1] = False
        evidence = np.where((unknown[:, None] & (table[:, BREAK] > 0))[:, :, None], -np.inf, evidence)
    weight = np.exp(evidence - evidence.max(axis=(1, 2), keepdims=True))
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    past = Past(origins, root[:, :n, :n], whitened, weight[:-1], shape[:-1], scale[:-1])
    return Fit(weight[-1], root[:, n:n + h, :n] @ whitened, root[:, n:n + h, n:n + h], shape[-1], scale[-1],
               centre, spread, past)


def _factor(observed: Observed, coming: np.ndarray, kernel: Kernel, table: np.ndarray,
            z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cholesky factor [g, n + h, n + h] of the covariance of rows seen and coming, and root^-1 z [g, n, p].

    One factor of [rows seen, rows coming, z] holds all: the rows of z become root^-1 z, those of the coming rows their
    regression on the seen ones, and the corner their conditional root.
    """
    n, h, powers = len(observed.when), len(coming), z.shape[1]
    single = np.append(observed.width == 1, np.ones(h, dtype=bool))
    every = kernel.basis(np.concatenate([observed.when, coming]), single)
    size, diagonal = n + h + powers, np.arange(n + h)
    parts = np.zeros((len(every) + 1, size, size))
    parts[:-1, :n + h, :n + h] = every
    parts[-1, diagonal, diagonal] = np.append(1 / observed.width, np.ones(h))
    parts[-1, n + h:, :n] = z.T
    corner = np.arange(n + h, size)
    parts[-1, corner, corner] = 1e3 * (n + h) * max(1.0, observed.width.max())  # above any z' R^-1 z
    loadings = np.column_stack([kernel.loadings(table), np.ones(len(table))])
    root = np.linalg.cholesky((loadings @ parts.reshape(len(parts), -1)).reshape(len(table), size, size))
    return root[:, :n + h, :n + h], root[:, n + h:, :n].transpose(0, 2, 1)


def simulated(fit: Fit, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Real-valued paths [draws, horizon], the settings of each drawn by their weight."""
    g, p = np.divmod(rng.choice(fit.weight.size, size=draws, p=fit.weight.ravel()), len(POWERS))
    noise = np.sqrt(fit.scale[g, p] / rng.gamma(fit.shape, size=draws))[:, None]
    z = rng.normal(size=(draws, fit.root.shape[1]))
    for k in np.unique(g):  # a root for each path would fill the memory where the horizon is long
        z[g == k] = z[g == k] @ fit.root[k].T
    z = (fit.mean[g, :, p] + noise * z) * fit.spread[p][:, None] + fit.centre[p][:, None]
    paths = np.empty_like(z)
    for k, power in enumerate(POWERS):
        paths[p == k] = _unpower(z[p == k], power) - OFFSET
    return np.asarray(paths)


def _normal_score(t: np.ndarray, freedom: float) -> np.ndarray:
    """The normal score below which as much lies as below Student's t with at least five degrees of freedom.

    Hill 1970, Communications of the ACM 13, 617-619 (algorithm 395), right to six digits at a thirtieth of the time.
    """
    a = freedom - 0.5
    b, square = 48 * a**2, a * np.log1p(t**2 / freedom)
    inner = ((-0.4 * square - 3.3) * square - 24) * square - 85.5
    size = ((inner / (0.8 * square**2 + 100 + b) + square + 3) / b + 1) * np.sqrt(square)
    return np.asarray(np.copysign(size, t))


def _power(y: np.ndarray, power: float) -> np.ndarray:
    return np.asarray((y**power - 1) / power if power else np.log(y))


def _unpower(z: np.ndarray, power: float) -> np.ndarray:
    return np.asarray(np.maximum(power * z + 1, 0) ** (1 / power) if power else np.exp(np.minimum(z, 40)))
