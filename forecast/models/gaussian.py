"""Gaussian models of level, season, trend and steps on a power scale, weighed by their marginal likelihood.

The level is Markov and is filtered; everything else is regressed out of what the filter leaves, whose sums of products
hold all settings and all past origins of one level: linear in the rows, and no matrix larger than the regressors'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from forecast.models.kernel import BREAK, LEVEL, STEP, TREND, Kernel

POWERS = (0.0, 0.5, 1.0)  # log, square root, none: which one suits is weighed like any other setting
OFFSET = 0.5  # added to a count, so that a zero has a log; of no weight in a large one
CALM = 0.1  # a step of this variance in units of the noise has half the prior weight of none; a trend of one too
TOLD = 4  # rows from which on a step is known
UNLIKELY = 0.05  # of the best setting's weight, below which one adds nothing to a past forecast
NONE = np.zeros(0, dtype=int)
Likeliest = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


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


@dataclass(frozen=True, eq=False)
class Known:
    """What the rows before each of some stops [o], the last one all rows, tell under each level [L]; see `whitened`.

    of [g] : the level of each setting; variance [g, r] : prior variances of the r regressors, before which the p scales
    of the counts stand in the columns; number [o] : observations before each stop
    """

    of: np.ndarray
    variance: np.ndarray
    number: np.ndarray
    log: np.ndarray
    gram: np.ndarray
    state: np.ndarray
    known: np.ndarray

    @property
    def powers(self) -> int:
        """Number of scales p."""
        return int(self.gram.shape[2] - self.variance.shape[1])

    def only(self, settings: np.ndarray) -> Known:
        """The same for some of the settings."""
        return replace(self, of=self.of[settings], variance=self.variance[settings])

    def factor(self, stop: int | slice, beside: np.ndarray | None = None) -> np.ndarray:
        """Cholesky factors of the regressors' precision, in units of their prior; below it the rows times its inverse.

        beside [..., k, r] : rows that are solved for along with those of the scales; [..., r + p + k, r]
        """
        from forecast.models._numba_levels import factored

        g, r = self.variance.shape
        stops = np.atleast_1d(np.arange(len(self.number))[stop])
        pairs, more = g * len(stops), 0 if beside is None else beside.shape[-2]
        rows = np.zeros((pairs, 0, r)) if beside is None else beside.reshape(pairs, more, r)
        factor = np.zeros((pairs, r + self.powers + more, r))
        factored(self.gram, np.repeat(self.of, len(stops)), np.tile(stops, g),
                 np.repeat(np.sqrt(self.variance), len(stops), axis=0), rows, factor)
        return factor if isinstance(stop, int) else factor.reshape(g, len(stops), *factor.shape[1:])


@dataclass(frozen=True, eq=False)
class Fit:
    """Posterior of every setting (g) and power (p) on standardised observations, ahead to the coming rows (h).

    weight [g, p] sums to one; mean [g, h, p] and root [g, h, h] of the coming rows' z in units of the noise, whose
    variance is inverse gamma with shape `shape` and scale [g, p]; centre and spread [p] undo the scaling.
    table : settings [g, 6], the likeliest; past : normal scores of what followed each earlier origin under its forecast
        [origins, steps], NaN beyond the end
    """

    table: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    shape: float
    scale: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    past: np.ndarray


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log evidence [.., g, p] of every setting before some stops, with shape [..] and scale [.., g, p] of the noise."""

    log: np.ndarray
    shape: np.ndarray
    scale: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Posterior weights, which sum to one at each stop."""
        weight = np.exp(self.log - self.log.max(axis=(-2, -1), keepdims=True))
        return np.asarray(weight / weight.sum(axis=(-2, -1), keepdims=True))


def fit(observed: Observed, coming: np.ndarray, *, kernel: Kernel, table: np.ndarray, prior: float,
        origins: np.ndarray = NONE, steps: int = 0, likeliest: Likeliest | None = None) -> Fit:
    """Weigh all settings on what was observed, and predict the rows `coming`.

    origins : numbers of observations before each past forecast of `steps` rows; what is known there comes from these
        alone, and a step from the settings without one until it has been seen for a while
    likeliest : of settings and their weights, the numbers of those that forecast, and of those whose past forecasts are
        looked at (None: all)
    """
    n = len(observed.when)
    centre, spread = observed.z.mean(axis=0), np.maximum(observed.z.std(axis=0), 1e-9)  # units, which cancel
    z, single = (observed.z - centre) / spread, observed.width == 1
    columns = np.vstack([z.T, kernel.regressors(observed.when, single)])
    known = _filtered(columns, observed, kernel, table, np.append(origins, n))
    last = len(origins)
    weigh = _Prior(observed, kernel, prior, spread)
    found = weigh.evidence(known, table, last, known.factor(last))
    every = np.arange(len(table))
    chosen, looked = (every, every) if likeliest is None else likeliest(table, found.weight.sum(axis=1))
    past = _past_errors(known.only(looked), columns, observed, kernel, table[looked], weigh, steps)
    table, known = table[chosen], known.only(chosen)
    found = Evidence(found.log[chosen], found.shape, found.scale[chosen])
    mean, root = _ahead(known, kernel, table, coming - observed.when[-1], kernel.regressors(coming))
    return Fit(table, found.weight, mean, root, float(found.shape), found.scale, centre, spread, past)


def _filtered(columns: np.ndarray, observed: Observed, kernel: Kernel, table: np.ndarray,
              number: np.ndarray) -> Known:
    """Every level of the table filtered over columns [c, n] of the scales and the regressors."""
    from forecast.models._numba_levels import whitened

    levels, of = np.unique(table[:, [LEVEL, STEP]], axis=0, return_inverse=True)
    shape, count = (len(levels), len(number)), len(columns)
    log, gram = np.zeros(shape), np.zeros((*shape, count, count))
    state, known = np.zeros((*shape, 2, count)), np.zeros((*shape, 3))
    whitened(np.ascontiguousarray(columns), 1 / observed.width, kernel.moves(np.diff(observed.when, prepend=0.0)),
             kernel.begin, levels[:, 0].astype(np.int64), levels[:, 1].copy(), number.astype(np.int64), log, gram,
             state, known)
    return Known(of.ravel(), kernel.variances(table), number, log, gram, state, known)


@dataclass(frozen=True, eq=False)
class _Prior:
    """The noise of Poisson counts on every scale, and the odds of settings, before anything is weighed."""

    observed: Observed
    kernel: Kernel
    prior: float
    spread: np.ndarray

    def evidence(self, known: Known, table: np.ndarray, stop: int | slice, factor: np.ndarray) -> Evidence:
        """Evidence at one stop [g, p], or at some [o, g, p]; factor is that of `known` there."""
        powers, r, p = np.array(POWERS), known.variance.shape[1], known.powers
        number = known.number[stop]
        seen = np.cumsum(np.exp(self.observed.log))[number - 1] / number
        poisson = seen[..., None] ** (powers - 0.5)  # standard deviation of Poisson noise on each scale
        start, shape = self.prior * (poisson / self.spread) ** 2, self.prior + number / 2
        square = np.diagonal(known.gram, axis1=2, axis2=3)[known.of, stop, :p]
        square = square - (factor[..., r:r + p, :] ** 2).sum(axis=-1)
        at = np.arange(r)
        logs = 0.5 * known.log[known.of, stop] + np.log(factor[..., at, at]).sum(axis=-1)
        if isinstance(stop, slice):
            square, logs, start, shape, number = (square.swapaxes(0, 1), logs.T, start[:, None, :],
                                                  shape[:, None, None], number[:, None, None])
        scale = start + square / 2
        jacobian = np.cumsum(self.observed.log)[known.number[stop] - 1].reshape(np.shape(number))
        evidence = (-logs[..., None] - shape * np.log(scale) + self.prior * np.log(start)
                    - number * np.log(self.spread) + (powers - 1) * jacobian
                    - np.log1p(table[:, STEP] / CALM)[:, None] - np.log1p(table[:, TREND])[:, None])
        if self.kernel.steps:  # each could have come in any row
            evidence = evidence - ((table[:, BREAK] > 0) * len(self.kernel.steps) * np.log(self.kernel.end))[:, None]
        return Evidence(evidence, np.asarray(shape), scale)


def _ahead(known: Known, kernel: Kernel, table: np.ndarray, gaps: np.ndarray,
           regressors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean [g, h, p] and root of the covariance [g, h, h] of the coming rows, `gaps` rows after the last one seen."""
    g, p, kind = np.arange(len(table)), known.powers, table[:, LEVEL].astype(int)
    moves, last = kernel.moves(gaps)[kind], len(known.number) - 1
    carried = moves[:, :, [0, 1]]
    state = known.state[known.of, last]  # [g, 2, c]
    run_on = carried @ state
    left = regressors.T - run_on[:, :, p:]
    factor = known.factor(last, left)
    r = known.variance.shape[1]
    scales, rows = factor[:, r:r + p], factor[:, r + p:]
    mean = run_on[:, :, :p] + rows @ scales.transpose(0, 2, 1)
    own, both, lean = known.known[known.of, last].T
    variance = np.stack([np.stack([own, both], axis=1), np.stack([both, lean], axis=1)], axis=1)
    cover = (carried @ variance @ carried.transpose(0, 2, 1) + rows @ rows.transpose(0, 2, 1)
             + table[:, STEP][:, None, None] * kernel.together(gaps)[kind] + np.eye(len(gaps)))
    return np.asarray(mean[g]), np.linalg.cholesky(cover)


def _past_errors(known: Known, columns: np.ndarray, observed: Observed, kernel: Kernel, table: np.ndarray,
                 weigh: _Prior, steps: int) -> np.ndarray:
    """Normal scores [origins, steps] of what followed each origin under its forecast; NaN after the last row."""
    from scipy.special import ndtr, ndtri

    origins, n, p = known.number[:-1], columns.shape[1], known.powers
    if not len(origins) or not steps:
        return np.full((len(origins), steps), np.nan)
    rows = origins[:, None] + np.arange(steps)
    inside = rows < n
    rows = np.minimum(rows, n - 1)
    gaps = observed.when[rows] - observed.when[origins - 1][:, None]
    kind, stop = table[:, LEVEL].astype(int), slice(0, len(origins))
    moves = kernel.moves(gaps.ravel())[kind].reshape(len(table), *gaps.shape, 6)  # [g, o, s, 6]
    carried = moves[..., [0, 1]]
    left = columns[:, rows].transpose(1, 2, 0) - carried @ known.state[known.of, stop]  # [g, o, s, c]
    factor = known.factor(stop, left[..., p:])
    r = known.variance.shape[1]
    scales, beside = factor[..., r:r + p, :], factor[..., r + p:, :]
    error = left[..., :p] - beside @ scales.swapaxes(-1, -2)
    own, both, lean = (each[..., None] for each in np.moveaxis(known.known[known.of, stop], -1, 0))
    a, b = carried[..., 0], carried[..., 1]
    spread = (a**2 * own + 2 * a * b * both + b**2 * lean + table[:, STEP][:, None, None] * moves[..., 3]
              + 1 / observed.width[rows] + (beside**2).sum(axis=-1))  # [g, o, s]
    found = weigh.evidence(known, table, stop, factor)
    if kernel.steps:
        unknown = observed.when[origins - 1] < kernel.steps[-1] + TOLD - 1
        log = np.where((unknown[:, None] & (table[:, BREAK] > 0))[:, :, None], -np.inf, found.log)
        found = replace(found, log=log)
    weight = found.weight
    weight = np.where(weight > UNLIKELY * weight.max(axis=(1, 2), keepdims=True), weight, 0.0)
    weight = (weight / weight.sum(axis=(1, 2), keepdims=True)).transpose(1, 0, 2)[:, :, None, :]  # [g, o, 1, p]
    noise = (found.scale / found.shape).transpose(1, 0, 2)[:, :, None, :]
    normal = _normal_score(error / np.sqrt(spread[..., None] * noise), 2 * found.shape.reshape(1, -1, 1, 1))
    below = (weight * ndtr(normal)).sum(axis=(0, 3))
    return np.where(inside, ndtri(np.clip(below, 1e-9, 1 - 1e-9)), np.nan)


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


def _normal_score(t: np.ndarray, freedom: np.ndarray) -> np.ndarray:
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
