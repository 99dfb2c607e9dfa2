"""Level, season and trend as one Gaussian process on a power scale, its settings averaged by their evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from forecast.models.calibration import learned, stretched
from forecast.models.history import history, season_length, trimmed, whole
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.threads import single_thread
from forecast.support.validation import check_number, check_whole

POWERS = (0.0, 0.5, 1.0)  # log, square root, none: which one suits is weighed like any other setting
YEAR = 365.25
FURTHEST = 2000  # rows ahead
FIRST_LOOK = 96  # observations on which all settings are weighed before the best few see the rest
CALM = 0.1  # a step of this variance in units of the noise has half the prior weight of none
LEFT = 12  # settings that see the rest
NONE = np.zeros(0, dtype=int)
ORIGINS, LATEST, STEPS = 25, 12, 12  # past forecasts over the history, the latest ones, rows ahead of each
# Columns of a settings table: which level (0 a walk, k the k-th memory), and variances in units of the noise's.
LEVEL, STEP, SEASON, TREND, YEARLY = range(5)


@dataclass(frozen=True)
class Structural(Tunable):
    """Structural time series with every setting integrated out; gaps cost nothing, since only what was seen enters.

    z = power(y) = constant + level + season + trend + noise, all Gaussian. The level is a random walk of variance
    `steps` a row, or returns to the constant within one of `memories` rows (Ornstein-Uhlenbeck); seasonal effects are
    exchangeable with variance `seasons` (smooth in the phase for cycles of more than 24 rows), the slope has
    variance `trends` over half the history; all in units of the noise variance, which is integrated out in closed
    form under a prior of `prior` observations of Poisson noise. Every combination of settings and of the powers 0,
    1/2 and 1 is weighed by its marginal likelihood and by a prior that favours calm levels; paths are drawn from
    the mixture (Rasmussen & Williams 2006, sections 2.2 and 5.4; Harvey 1989, section 2.3). The spread and
    tails of the paths are then made what past forecasts of the same history needed (`calibration.learned`): the factor
    that gives the forecast holds those from every earlier row as well, so that they cost no refit.

    rows : most recent observations used; the few settings that lead on the last 96 are weighed again on these
    """

    steps: tuple[float, ...] = (0.0, 0.001, 0.006, 0.03, 0.12, 0.5)
    seasons: tuple[float, ...] = (0.0, 0.1, 0.4, 1.5, 6.0)
    trends: tuple[float, ...] = (0.0, 0.2)
    memories: tuple[float, ...] = (6.0, 24.0)
    prior: float = 1.0
    rows: int = 700

    def __post_init__(self) -> None:
        check_number(self, 0, 1e6, "steps", "seasons", "trends")
        check_number(self, 0.001, 1e6, "memories", "prior")
        check_whole(self, 4, 3000, "rows")  # the time grows with their cube

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; ValueError for so many rows that their matrices fill the memory."""
        if horizon > FURTHEST:
            raise ValueError(f"structural: looks at most {FURTHEST:,} rows ahead, got {horizon:,}: choose windows or "
                             "ets, or coarser rows")
        with single_thread():  # the matrices are small: more threads burn several times the CPU for nothing
            return self._paths(series, horizon, draws, rng)

    def _paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        y = trimmed(history(series))
        when = np.flatnonzero(~np.isnan(y)).astype(float)[-self.rows:]
        seen, end = y[~np.isnan(y)][-self.rows:], float(len(y))
        cycle = season_length(series)
        daily = cycle == 7 and end - when[0] >= 2 * YEAR
        cycle = cycle if end - when[0] >= 2 * cycle and len(seen) >= 1.5 * cycle and cycle > 1 else 0
        table, coming = self._table(cycle), end + np.arange(horizon, dtype=float)

        def basis(rows: np.ndarray) -> np.ndarray:
            return _basis(rows, end, cycle, self.memories, yearly=daily)

        fit = partial(_fit, basis=basis, prior=self.prior)
        if len(seen) > FIRST_LOOK:
            first = fit(when[-FIRST_LOOK:], seen[-FIRST_LOOK:], coming[:0], table=table)
            table = table[np.argsort(-first.weight.sum(axis=1))[:LEFT]]
        if daily:  # a yearly cycle on top of the weekly one
            table = np.concatenate([table, table])
            table[len(table) // 2:, YEARLY] = 0.1
        origins = _origins(when, cycle)
        found = fit(when, seen, coming, table=table, origins=origins)
        tails = learned(found.errors(min(horizon, STEPS)), len(seen) - 1 - origins)
        return whole(stretched(_simulate(found, draws, rng), tails))

    def _table(self, cycle: int) -> np.ndarray:
        """All combinations of settings [settings, 5]."""
        levels = [(0, step) for step in self.steps]
        for kind, memory in enumerate(self.memories, start=1):  # below that variance it is the noise's twin or nothing
            levels += [(kind, step) for step in self.steps if step * memory > 0.1]
        seasons = self.seasons if cycle else (0.0,)
        return np.array([(*level, season, trend, 0.0)
                         for level, season, trend in product(levels, seasons, self.trends)])


def _origins(when: np.ndarray, cycle: int) -> np.ndarray:
    """Numbers of observations before each past forecast: spread over the last two thirds, and the latest ones all."""
    last = len(when) - 1
    least = max(10, len(when) // 3, int(np.searchsorted(when, when[0] + 2 * cycle)))
    if least > last:
        return NONE
    return np.unique(np.concatenate([np.linspace(least, last, ORIGINS).astype(int),
                                     np.arange(max(least, last + 1 - LATEST), last + 1)]))


@dataclass(frozen=True)
class Fit:
    """Posterior of every setting (g) and power (p) on standardised observations, ahead to the coming rows (h).

    weight [g, p] sums to one; mean [g, h, p] and root [g, h, h] of the coming rows' z in units of the noise, whose
    variance is inverse gamma with shape `shape` and scale [g, p]; centre, spread [p] and `offset` undo the power.
    `past` holds the same before each earlier origin.
    """

    weight: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    shape: float
    scale: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    offset: float
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
    The scale of the observations alone (their centre and spread) is taken from the whole history.
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


def _fit(when: np.ndarray, seen: np.ndarray, coming: np.ndarray, *, basis: Callable[[np.ndarray], np.ndarray],
         table: np.ndarray, prior: float, origins: np.ndarray = NONE) -> Fit:
    """Weigh all settings on the counts `seen` at rows `when`, and predict the rows `coming`."""
    n, h, powers = len(seen), len(coming), np.array(POWERS)
    offset = 0.5 if seen.min() < 5 else 0.0
    z = np.stack([_power(seen + offset, power) for power in POWERS], axis=1)
    mean = seen.mean() + max(offset, 1e-9)
    poisson = np.sqrt(mean) * mean ** (powers - 1)  # standard deviation of Poisson noise on each scale
    centre, spread = z.mean(axis=0), np.maximum(z.std(axis=0), poisson / 2)
    # one Cholesky factor of [rows seen, rows coming, z] holds all: the rows of z become root^-1 z, those of the
    # coming rows their regression on the seen ones, and the corner their conditional root
    every = basis(np.concatenate([when, coming]))
    size, diagonal = n + h + len(powers), np.arange(n + h)
    parts = np.zeros((len(every) + 1, size, size))
    parts[:-1, :n + h, :n + h] = every
    parts[-1, diagonal, diagonal] = 1
    parts[-1, n + h:, :n] = ((z - centre) / spread).T
    corner = np.arange(n + h, size)
    parts[-1, corner, corner] = 1e3 * (n + h)  # anything above z' R^-1 z, which is at most n
    loadings = np.column_stack([_loadings(table, len(every) - 5), np.ones(len(table))])
    joint = (loadings @ parts.reshape(len(parts), -1)).reshape(len(table), size, size)
    root = np.linalg.cholesky(joint)
    scaled = root[:, n + h:, :n].transpose(0, 2, 1)
    # the evidence of the first `number` observations, for each origin and for all of them
    number = np.append(origins, n)
    start, shape = prior * (poisson / spread) ** 2, prior + number / 2
    scale = start + np.cumsum(scaled**2, axis=1).transpose(1, 0, 2)[number - 1] / 2
    logs = np.cumsum(np.log(root[:, diagonal[:n], diagonal[:n]]), axis=1).T[number - 1]
    jacobian = np.cumsum(np.log(seen + offset))[number - 1][:, None, None]
    evidence = (-logs[:, :, None] - shape[:, None, None] * np.log(scale) + prior * np.log(start)
                - number[:, None, None] * np.log(spread) + (powers - 1) * jacobian
                - np.log1p(table[:, STEP] / CALM)[:, None])
    weight = np.exp(evidence - evidence.max(axis=(1, 2), keepdims=True))
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    past = Past(origins, root[:, :n, :n], scaled, weight[:-1], shape[:-1], scale[:-1])
    return Fit(weight[-1], root[:, n:n + h, :n] @ scaled, root[:, n:n + h, n:n + h], shape[-1], scale[-1],
               centre, spread, offset, past)


def _loadings(table: np.ndarray, memories: int) -> np.ndarray:
    """Weights of the basis covariances under each setting [settings, 5 + number of memories]."""
    level, step, season, trend, yearly = table.T
    kinds = step[:, None] * (level[:, None] == np.arange(memories + 1))
    return np.column_stack([np.full(len(table), 100.0), season, trend, yearly, kinds])


def _basis(rows: np.ndarray, end: float, cycle: int, memories: Sequence[float], *, yearly: bool) -> np.ndarray:
    """Covariances between rows of constant, season, slope, year, walk and each mean-reverting level [k, n, n]."""
    apart = np.abs(rows[:, None] - rows)
    centred = rows / max(end / 2, 1.0) - 1
    none = np.zeros_like(apart)
    season = none if not cycle else _smooth(apart, cycle) if cycle > 24 else (apart % cycle == 0) - 1 / cycle
    return np.stack([np.ones_like(apart), season, np.outer(centred, centred), _smooth(apart, YEAR) if yearly else none,
                     np.minimum(rows[:, None], rows), *(m / 2 * np.exp(-apart / m) for m in memories)])


def _smooth(apart: np.ndarray, cycle: float) -> np.ndarray:
    """Periodic covariance with a length of about a twelfth of the cycle (MacKay 1998, eq. 47)."""
    return np.asarray(np.exp(-2 * np.sin(np.pi * apart / cycle) ** 2 / 0.5**2))


def _simulate(fit: Fit, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Real-valued paths [draws, horizon], the settings of each drawn by their weight."""
    g, p = np.divmod(rng.choice(fit.weight.size, size=draws, p=fit.weight.ravel()), len(POWERS))
    noise = np.sqrt(fit.scale[g, p] / rng.gamma(fit.shape, size=draws))[:, None]
    z = rng.normal(size=(draws, fit.root.shape[1]))
    for k in np.unique(g):  # a root for each path would fill the memory where the horizon is long
        z[g == k] = z[g == k] @ fit.root[k].T
    z = (fit.mean[g, :, p] + noise * z) * fit.spread[p][:, None] + fit.centre[p][:, None]
    paths = np.empty_like(z)
    for k, power in enumerate(POWERS):
        paths[p == k] = _unpower(z[p == k], power) - fit.offset
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
