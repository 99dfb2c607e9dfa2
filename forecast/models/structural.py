"""Level, season and trend as one Gaussian process on a power scale, its settings averaged by their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from forecast.models.history import history, season_length, trimmed, whole
from forecast.series import Series

POWERS = (0.0, 0.5, 1.0)  # log, square root, none: which one suits is weighed like any other setting
YEAR = 365.25
FIRST_LOOK = 150  # observations on which all settings are weighed before the best few see the rest
# Columns of a settings table: variances in units of the noise's, tau in rows.
STEP, TAU, SEASON, TREND, YEARLY = range(5)


@dataclass(frozen=True)
class Structural:
    """Structural time series with every setting integrated out; gaps cost nothing, since only what was seen enters.

    z = power(y) = constant + level + season + trend + noise, all Gaussian. The level is a random walk of variance
    `steps` a row or an Ornstein-Uhlenbeck process of the same steps and `memory` rows; seasonal effects are
    exchangeable with variance `seasons` (smooth in the phase for cycles of more than 24 rows), the slope has
    variance `trends` over half the history; all in units of the noise variance, which is integrated out in closed
    form under a prior of `prior` observations of Poisson noise. Every combination of settings and of the powers 0,
    1/2 and 1 is weighed by its marginal likelihood and by a prior that favours calm levels; paths are drawn from
    the mixture (Rasmussen & Williams 2006, sections 2.2 and 5.4; Harvey 1989, section 2.3).

    rows : most recent observations used; the few settings that lead on the last 150 are weighed again on these
    """

    steps: tuple[float, ...] = (0.0, 0.001, 0.006, 0.03, 0.12, 0.5)
    seasons: tuple[float, ...] = (0.0, 0.1, 0.4, 1.5, 6.0)
    trends: tuple[float, ...] = (0.0, 0.2)
    memory: float = 24.0
    prior: float = 1.0
    rows: int = 700

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        y = trimmed(history(series))
        when = np.flatnonzero(~np.isnan(y)).astype(float)[-self.rows:]
        seen, end = y[~np.isnan(y)][-self.rows:], float(len(y))
        cycle = season_length(series)
        daily = cycle == 7 and end - when[0] >= 2 * YEAR
        cycle = cycle if end - when[0] >= 2 * cycle and len(seen) >= 1.5 * cycle and cycle > 1 else 0
        table = self._table(cycle)
        if len(seen) > FIRST_LOOK:
            first = _fit(when[-FIRST_LOOK:], seen[-FIRST_LOOK:], end, cycle, table, self.prior)
            table = table[np.argsort(-first.weight.sum(axis=1))[:8]]
        if daily:  # a yearly cycle on top of the weekly one
            table = np.concatenate([table, table])
            table[len(table) // 2:, YEARLY] = 0.3
        fit = _fit(when, seen, end, cycle, table, self.prior)
        return whole(_simulate(fit, horizon, draws, rng))

    def _table(self, cycle: int) -> np.ndarray:
        """All combinations of settings [settings, 5]."""
        seasons = self.seasons if cycle else (0.0,)
        return np.array([(step, tau, season, trend, 0.0) for step, tau, season, trend
                         in product(self.steps, (np.inf, self.memory), seasons, self.trends)
                         if step > 0 or tau == np.inf])


@dataclass(frozen=True)
class Fit:
    """Posterior of every setting (g) and power (p) on standardised observations (n).

    weight [g, p] sums to one; root [g, n, n] Cholesky factors; scaled [g, n, p] = root^-1 z; the noise variance is
    inverse gamma with shape `shape` and scale [g, p]; centre, spread [p] and `offset` undo the power.
    """

    when: np.ndarray
    end: float
    cycle: int
    table: np.ndarray
    weight: np.ndarray
    root: np.ndarray
    scaled: np.ndarray
    shape: float
    scale: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    offset: float


def _fit(when: np.ndarray, seen: np.ndarray, end: float, cycle: int, table: np.ndarray, prior: float) -> Fit:
    n, diagonal = len(seen), np.arange(len(seen))
    offset = 0.5 if seen.min() < 5 else 0.0
    z = np.stack([_power(seen + offset, p) for p in POWERS], axis=1)
    mean = seen.mean() + max(offset, 1e-9)
    poisson = np.array([np.sqrt(mean) * mean ** (p - 1) for p in POWERS])  # Poisson noise on each scale
    centre, spread = z.mean(axis=0), np.maximum(z.std(axis=0), poisson / 2)
    z = (z - centre) / spread
    covariance = _covariance(when, when, end, cycle, table)
    covariance[:, diagonal, diagonal] += 1
    root = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(root, np.broadcast_to(z, (len(table), *z.shape)))
    shape, scale = prior + n / 2, prior * (poisson / spread) ** 2 + (scaled**2).sum(axis=1) / 2
    evidence = (-np.log(root[:, diagonal, diagonal]).sum(axis=1)[:, None] - shape * np.log(scale)
                + prior * np.log(prior * (poisson / spread) ** 2) - n * np.log(spread)
                + (np.array(POWERS) - 1) * np.log(seen + offset).sum()
                - 0.5 * np.log1p(table[:, STEP] / 0.003)[:, None])
    weight = np.exp(evidence - evidence.max())
    return Fit(when, end, cycle, table, weight / weight.sum(), root, scaled, shape, scale, centre, spread, offset)


def _covariance(a: np.ndarray, b: np.ndarray, end: float, cycle: int, table: np.ndarray) -> np.ndarray:
    """Prior covariance of the signal at rows a and b under each setting [settings, len(a), len(b)]."""
    step, tau, season, trend, yearly = table.T[:, :, None, None]
    row, column = a[:, None], b[None, :]
    apart = np.abs(row - column)
    walk = np.minimum(row, column)
    memory = np.where(np.isinf(tau), 1.0, tau)
    level = np.where(np.isinf(tau), walk, memory / 2 * np.exp(-apart / memory))
    half = max(end / 2, 1.0)
    total = 100.0 + step * level + trend * ((row - half) * (column - half) / half**2)
    if cycle:
        total += season * (np.exp(-2 * np.sin(np.pi * apart / cycle) ** 2 / 0.5**2) if cycle > 24
                           else (apart % cycle == 0) - 1 / cycle)
    if yearly.any():
        total += yearly * np.exp(-2 * np.sin(np.pi * apart / YEAR) ** 2 / 0.5**2)
    return np.asarray(total)


def _simulate(fit: Fit, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Real-valued paths [draws, horizon], in random order."""
    coming = fit.end + np.arange(horizon, dtype=float)
    number = rng.multinomial(draws, fit.weight.ravel()).reshape(fit.weight.shape)
    parts = []
    for g in np.flatnonzero(number.sum(axis=1)):
        setting = fit.table[g:g + 1]
        gain = np.linalg.solve(fit.root[g], _covariance(fit.when, coming, fit.end, fit.cycle, setting)[0])
        left = _covariance(coming, coming, fit.end, fit.cycle, setting)[0] - gain.T @ gain
        root = np.linalg.cholesky(left + (1 + 1e-9) * np.eye(horizon))
        for p in np.flatnonzero(number[g]):
            size = (number[g, p], 1)
            noise = np.sqrt(fit.scale[g, p] / rng.gamma(fit.shape, size=size))
            z = gain.T @ fit.scaled[g, :, p] + noise * (rng.normal(size=(size[0], horizon)) @ root.T)
            parts.append(_unpower(z * fit.spread[p] + fit.centre[p], POWERS[p]) - fit.offset)
    return np.asarray(rng.permutation(np.concatenate(parts)))


def _power(y: np.ndarray, power: float) -> np.ndarray:
    return np.asarray((y**power - 1) / power if power else np.log(y))


def _unpower(z: np.ndarray, power: float) -> np.ndarray:
    return np.asarray(np.maximum(power * z + 1, 0) ** (1 / power) if power else np.exp(np.minimum(z, 40)))
