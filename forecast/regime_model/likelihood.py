"""What a row says of a state: negative binomial counts or Student-distributed reals, exact or within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from forecast.regime_model.grid import deviations
from forecast.regime_model.odd_rows import USUAL, WIDTH, Odd, mixed

# log-likelihood floor of one row against its best state: an outlier this far out is as good as impossible
FLOOR = -46.0
STEP = 0.025
WIDE = np.arange(-12.0, 24.0, STEP)  # log means on which the probability of an interval is kept
PART = 80  # places of it that are worked out at once
SMOOTH = 100.0  # dispersion up to which that probability changes slowly enough for this grid
DEGREES = 6.0  # of freedom of a real observation: near normal, yet an outlier is no break
DENSITY = 15 / (16 * np.sqrt(6))  # of Student's t with so many at zero


@dataclass(frozen=True, eq=False)
class Emission:
    """Likelihood of each distinct row under each state.

    table : float32 [U, D, E, L], relative to the best state of that row and setting (row 0: a missing row, ones)
    peak : float64 [U, E], log-likelihood of that best state
    """

    table: np.ndarray
    peak: np.ndarray


class Observation(Protocol):
    """The last layer of the regime model: how a row scatters around its level."""

    @property
    def odd(self) -> Odd:
        """How likely odd rows are."""
        ...

    @property
    def unit(self) -> float:
        """Scale of the levels by which sizes of changes are told."""
        ...

    def regular(self) -> Observation:
        """The same without odd rows."""
        ...

    def emission(self, rows: np.ndarray, levels: np.ndarray, spread: np.ndarray, noise: np.ndarray,
                 nodes: int) -> Emission:
        """Likelihood of distinct rows `[U, 3]` (low, high, scale) for E settings (spread, noise)."""
        ...

    def density(self, low: float, high: float, latent: np.ndarray, scale: float, noise: np.ndarray) -> np.ndarray:
        """Likelihood of one row within its bounds under states [P] (deviation included), if it is not odd."""
        ...

    def wide(self, rows: np.ndarray) -> np.ndarray:
        """Likelihood of rows [U, 2+] (low, high, ...) as odd ones, times the chance that they are, [U]."""
        ...

    def blended(self, before: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Level of a row of which this share lies under the level after, the rest under that before."""
        ...

    def draw(self, latent: np.ndarray, scale: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Simulated values for latent levels (deviation included), all arrays that broadcast."""
        ...

    def mean(self, level: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Expected value of a fully watched row at this level, over its deviations."""
        ...


@dataclass(frozen=True)
class Counts:
    """Counts of mean scale * exp(latent) and variance mean + mean^2 / noise, the size of the negative binomial.

    odd : chance that a row is odd (see `forecast.regime_model.odd_rows`)
    """

    odd: Odd = USUAL

    @property
    def unit(self) -> float:
        """Sizes of changes are told in log units."""
        return 1.0

    def regular(self) -> Counts:
        """The same without odd rows."""
        return Counts()

    def emission(self, rows: np.ndarray, levels: np.ndarray, spread: np.ndarray, noise: np.ndarray,
                 nodes: int) -> Emission:
        """Negative binomial likelihood; a row with low < high contributes P(low <= Y <= high)."""
        from forecast.regime_model._numba_filters import emissions

        seen = ~np.isnan(rows[:, 0])
        exact = rows[:, 0] == rows[:, 1]
        scales, of_seen = np.unique(rows[seen, 2], return_inverse=True)
        which = np.full(len(rows), -1)
        which[seen] = of_seen
        eta = deviations(nodes)[0][:, None, None] * spread[:, None] + levels  # [D, E, L]
        logs = np.log(scales)
        total = np.multiply.outer(scales, np.exp(eta))  # in place, for it is large: log(mean + size)
        total += noise[:, None]
        np.log(total, out=total)
        table, peak = np.zeros((len(rows), *eta.shape), np.float32), np.zeros((len(rows), len(noise)))
        emissions(rows[:, 0].copy(), np.where(exact, which, -1), logs, eta.ravel(), total.ravel(), noise, nodes, FLOOR,
                  table.ravel(), peak.ravel())
        peak[exact] += count_terms(rows[exact, 0], noise)
        for scale in np.unique(which[seen & ~exact]):
            within = np.flatnonzero((which == scale) & ~exact)
            for row, bounded in zip(within, _intervals(rows[within], logs[scale] + eta, noise), strict=True):
                peak[row] = bounded.max(axis=(0, 2))
                table[row] = np.maximum(bounded - peak[row][:, None], FLOOR)
        np.exp(table, out=table)
        return Emission(*mixed(table, peak, self.wide(rows), self.odd.usual(rows)))

    def density(self, low: float, high: float, latent: np.ndarray, scale: float, noise: np.ndarray) -> np.ndarray:
        """Negative binomial probability, [P]."""
        from scipy.special import gammaln

        mean = np.maximum(scale * np.exp(latent), 1e-12)
        if low != high:
            return np.asarray(np.exp(log_mass(low, high, noise / (noise + mean), noise)))
        total = np.log(noise + mean)
        return np.asarray(np.exp(gammaln(low + noise) - gammaln(noise) - gammaln(low + 1)
                                 + noise * (np.log(noise) - total) + low * (np.log(mean) - total)))

    def wide(self, rows: np.ndarray) -> np.ndarray:
        """Flat in the log of the count."""
        return self.odd.wide(rows)

    def blended(self, before: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Log of the mean of both intensities."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log((1 - share) * np.exp(before) + share * np.exp(after)))

    def draw(self, latent: np.ndarray, scale: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Counts, as floats."""
        mean = scale * np.exp(latent)
        rate = mean * rng.gamma(np.broadcast_to(noise, mean.shape), 1 / noise)
        return np.asarray(rng.poisson(np.minimum(rate, 1e15)), dtype=float)

    def mean(self, level: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """exp(level + spread^2 / 2), the mean of a log-normal intensity."""
        return np.asarray(np.exp(level + spread**2 / 2))


@dataclass(frozen=True)
class Reals:
    """Reals: latent plus Student noise with six degrees of freedom and scale `noise`; exposure plays no part.

    odd : chance that a row is odd, spread evenly over ten of `unit`, by which sizes of changes are measured
    offset : of an amount, whose rows are log(1 + amount / offset); 0 for plain reals
    """

    odd: Odd = USUAL
    unit: float = 1.0
    offset: float = 0.0

    def regular(self) -> Reals:
        """The same without odd rows."""
        return Reals(unit=self.unit, offset=self.offset)

    def emission(self, rows: np.ndarray, levels: np.ndarray, spread: np.ndarray, noise: np.ndarray,
                 nodes: int) -> Emission:
        """Student likelihood; a row with low < high contributes P(low <= Y <= high)."""
        from forecast.regime_model._numba_rows import log_student_masses

        x, _ = deviations(nodes)
        eta = x[:, None, None] * spread[:, None] + levels  # [D, E, L]
        scale = noise[:, None]
        logs = np.empty((len(rows), *eta.shape))
        for row, (low, high, _) in enumerate(rows):
            if low == high:
                logs[row] = -0.5 * (DEGREES + 1) * np.log1p(((low - eta) / scale) ** 2 / DEGREES) - np.log(scale)
            elif not np.isnan(low):
                log_student_masses(low, high, x, levels, spread, noise, logs[row])
        made = scaled(rows, logs)
        return Emission(*mixed(made.table, made.peak, self.wide(rows), Odd(self.odd.share).usual(rows)))

    def density(self, low: float, high: float, latent: np.ndarray, scale: float, noise: np.ndarray) -> np.ndarray:
        """Student density, or probability within bounds, [P]."""
        from scipy.special import stdtr

        near, far = (low - latent) / noise, (high - latent) / noise
        if low != high:
            return np.asarray(stdtr(DEGREES, far) - stdtr(DEGREES, near))
        return np.asarray(DENSITY * (1 + near**2 / DEGREES) ** (-(DEGREES + 1) / 2) / noise)

    def wide(self, rows: np.ndarray) -> np.ndarray:
        """Flat over ten units."""
        width = np.where(rows[:, 0] == rows[:, 1], 1.0, rows[:, 1] - rows[:, 0])  # a density, or a probability
        mass = np.where(rows[:, 0] == rows[:, 1], width / (WIDTH * self.unit), np.minimum(
            width / (WIDTH * self.unit), 0.5))
        return np.where(np.isnan(rows[:, 0]), 0.0, self.odd.share * mass)

    def blended(self, before: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Mean of both levels; of amounts, of what was measured, turned into its log again."""
        if not self.offset:
            return np.asarray((1 - share) * before + share * after)
        return np.asarray(np.log1p((1 - share) * np.expm1(before) + share * np.expm1(after)))

    def draw(self, latent: np.ndarray, scale: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Real values."""
        shape = np.broadcast_shapes(latent.shape, scale.shape, noise.shape)
        return np.asarray(latent + noise * rng.standard_t(DEGREES, size=shape))

    def mean(self, level: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """The level itself, whatever its spread; of an amount the median, turned back from its logs."""
        own = level + 0.0 * spread
        return np.asarray(self.offset * np.expm1(own) if self.offset else own)


def scaled(rows: np.ndarray, logs: np.ndarray) -> Emission:
    """Log-likelihoods [U, D, E, L] of distinct rows as a table relative to their peaks; a missing row says nothing."""
    logs[np.isnan(rows[:, 0])] = 0.0
    peak = logs.max(axis=(1, 3))
    logs -= peak[:, None, :, None]
    table = np.maximum(logs, FLOOR, out=logs).astype(np.float32)
    return Emission(table=np.exp(table, out=table), peak=peak)  # in single precision: several times faster


def count_terms(count: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Terms of the negative binomial log-likelihood without the mean, [U, E]."""
    from scipy.special import gammaln

    y, r = count[:, None], dispersion[None, :]
    return np.asarray(gammaln(y + r) - gammaln(r) - gammaln(y + 1) + r * np.log(r))


def _intervals(rows: np.ndarray, mean_log: np.ndarray, size: np.ndarray) -> Iterator[np.ndarray]:
    """log P(low <= Y <= high) of each row (low, high, ...) under each state [D, E, L], linear between log means."""
    bottom, top = float(mean_log.min()), float(mean_log.max())
    smooth = size.max() <= SMOOTH and WIDE[0] <= bottom and top < WIDE[-1]
    grid = WIDE if smooth else np.linspace(bottom, top, 256)
    place = np.minimum((mean_log - grid[0]) / (grid[1] - grid[0]), len(grid) - 1.001)
    left = place.astype(int)
    share = place - left
    # of the wide grid whole parts only, so that the next call finds them again
    first, last = (PART * (left.min() // PART), PART * (left.max() // PART + 1) + 1) if smooth else (0, len(grid))
    left += (min(last, len(grid)) - first) * np.arange(len(size))[:, None] - first  # the values of all sizes in a row
    for low, high in rows[:, :2]:
        values = np.concatenate([_wide(low, high, float(r), int(first), int(last)) if smooth else
                                 log_mass(low, high, r / (r + np.exp(grid)), r) for r in size])
        yield values[left] * (1 - share) + values[left + 1] * share


@lru_cache(maxsize=4096)
def _wide(low: float, high: float, size: float, first: int, last: int) -> np.ndarray:
    """log P(low <= Y <= high) over a part of the wide grid; the same bounds come back in variants and at origins."""
    return log_mass(low, high, size / (size + np.exp(WIDE[first:last])), size)


def log_mass(low: np.ndarray | float, high: np.ndarray | float, success: np.ndarray,
             size: np.ndarray | float) -> np.ndarray:
    """log P(low <= Y <= high) of a negative binomial, at least log 1e-300.

    success : any shape, to which the others are broadcast
    """
    from forecast.regime_model._numba_rows import log_masses

    low, high, size = (np.ascontiguousarray(np.broadcast_to(each, success.shape), float) for each in (low, high, size))
    made = np.empty(success.shape)
    success = np.ascontiguousarray(success)
    log_masses(low.ravel(), high.ravel(), success.ravel(), size.ravel(), made.ravel())
    long = np.isnan(made) & ~np.isnan(low)
    if long.any():
        made[long] = _long_mass(low[long], high[long], success[long], size[long])
    return made


def _long_mass(low: np.ndarray, high: np.ndarray, success: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The same by the regularised incomplete beta function, for bounds that hold too many counts to be summed, [N]."""
    from scipy.special import betainc

    some, open_ = low > 0, np.isinf(high)
    inside = np.ones_like(success)
    tail = open_ & some
    inside[tail] = betainc(low[tail], size[tail], 1 - success[tail])
    below = np.zeros_like(success)
    both = ~open_ & some
    below[both] = betainc(size[both], low[both], success[both])
    # each tail from its own side, so that a far bound does not lose all digits to 1 - 1
    upper = below > 0.5
    r, p = size[upper], success[upper]
    inside[upper] = betainc(low[upper], r, 1 - p) - betainc(high[upper] + 1, r, 1 - p)
    lower = ~open_ & ~upper
    inside[lower] = betainc(size[lower], high[lower] + 1, success[lower]) - below[lower]
    return np.asarray(np.log(np.maximum(inside, 1e-300)))
