"""Rows laid on their working response, so that a regression of counts within bounds becomes a Gaussian one.

z = eta + (y - mean) / mean with variance 1 / mean + 1 / r for an exact count (Fisher scoring of the negative binomial
with a log link; McCullagh & Nelder 1989, Generalized Linear Models, section 2.5), slope over bend of the log
probability for one known within bounds. The means do not hold the deviation, whose variance is added by the regression
(estimating equations of Zeger 1988, Biometrika 75, 621-629). Odd rows weigh as much as they are likely to be usual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.regime_model.likelihood import log_mass
from forecast.regime_model.odd_rows import WIDTH, Odd

LOOPS = 6  # of Fisher scoring
FARTHEST = 1.5  # log units that the mean of a row moves in one loop, at most
LEAST_MEAN = 0.02  # expected counts below which a row says nothing more
STEP = 0.1  # log units, of the slope and bend of a probability


@dataclass(frozen=True, eq=False)
class Rows:
    """What rows say: bounds low, high [B, n] (NaN: nothing) and log scale [n].

    count : whole counts, or reals; odd : chance of odd rows; unit : of reals, their spread
    """

    low: np.ndarray
    high: np.ndarray
    log_scale: np.ndarray
    count: bool
    odd: Odd
    unit: float = 1.0


@dataclass(frozen=True, eq=False)
class Working:
    """Working response, its own variance, whether the noise of a setting is added, the share that counts: [B, n]."""

    response: np.ndarray
    base: np.ndarray
    own: np.ndarray
    usual: np.ndarray

    def weight(self, noise: float) -> np.ndarray:
        """Of each row in least squares."""
        return np.asarray(self.usual / (self.base + self.own * noise))


def working(rows: Rows, design: np.ndarray, precision: np.ndarray, noise: float) -> Working:
    """The working response at the coefficients that fit best with independent noise of this size.

    design [n, p]; precision [p] : prior of the coefficients
    """
    seen = ~np.isnan(rows.low)
    if not rows.count:
        return _reals(rows, seen, design, precision, noise)
    open_, low = np.isinf(rows.high), rows.low
    middle = np.where(seen, np.where(open_, 1.3 * low + 1, (low + np.where(open_, low, rows.high)) / 2), 0.0)
    start = np.where(seen, np.log(middle + 0.5) - rows.log_scale, 0.0)
    eta = solved(start, seen.astype(float), design, precision) @ design.T
    expected = np.sum(np.where(seen, np.exp(eta + rows.log_scale), 0.0), axis=1)
    eta += np.log((middle.sum(axis=1) + 0.1) / expected)[:, None]
    for _ in range(LOOPS):
        made = _counts(rows, eta, noise, middle, seen)
        moved = solved(made.response, made.weight(noise), design, precision) @ design.T
        eta = eta + np.clip(moved - eta, -FARTHEST, FARTHEST)
    return _counts(rows, eta, noise, middle, seen)


def solved(response: np.ndarray, weight: np.ndarray, design: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Coefficients [B, p] of weighted least squares."""
    matrix = (weight[:, :, None] * design).swapaxes(1, 2) @ design + np.diag(precision)
    right = (weight * response) @ design
    return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0])


def _reals(rows: Rows, seen: np.ndarray, design: np.ndarray, precision: np.ndarray, noise: float) -> Working:
    open_ = np.isinf(rows.high)
    middle = np.where(seen, np.where(open_, rows.low, (rows.low + np.where(open_, rows.low, rows.high)) / 2), 0.0)
    base = np.where(seen & ~open_, np.where(open_, 0.0, rows.high) - np.where(seen, rows.low, 0.0), 0.0) ** 2 / 12
    eta = solved(middle, seen / (base + noise), design, precision) @ design.T
    off = (middle - eta) ** 2 / (base + noise)
    odds = rows.odd.share * np.sqrt(2 * np.pi * (base + noise)) / (WIDTH * rows.unit) * np.exp(np.minimum(off / 2, 50))
    return Working(middle, base, np.ones_like(middle), np.where(seen, 1 / (1 + odds), 0.0))


def _counts(rows: Rows, eta: np.ndarray, noise: float, middle: np.ndarray, seen: np.ndarray) -> Working:
    mean = np.maximum(np.exp(np.clip(eta + rows.log_scale, -30, 34)), LEAST_MEAN)
    response, base, own = eta + (middle - mean) / mean, 1 / mean, np.ones_like(mean)
    wide = seen & (rows.low != rows.high)
    if wide.any():
        response[wide], base[wide] = _bounded(rows.low[wide], rows.high[wide], eta[wide], mean[wide], noise)
        own[wide] = 0.0
    usual = seen.astype(float)
    exact = seen & ~wide
    odd = rows.odd.wide(np.stack([middle[exact], middle[exact]], axis=1))
    usual[exact] = 1 - odd / (odd + _probability(middle[exact], mean[exact], 1 / noise) + 1e-300)
    return Working(np.where(seen, response, 0.0), base, own, usual)


def _bounded(low: np.ndarray, high: np.ndarray, eta: np.ndarray, mean: np.ndarray,
             noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Working response and variance of rows known within bounds, from the slope and bend of their log probability."""
    size = 1 / noise
    several = mean[:, None] * np.exp(STEP * np.array([-1.0, 0.0, 1.0]))
    logs = log_mass(low[:, None], high[:, None], size / (size + several), size)
    slope, bend = (logs[:, 2] - logs[:, 0]) / (2 * STEP), (2 * logs[:, 1] - logs[:, 0] - logs[:, 2]) / STEP**2
    # on a flat shoulder the slope says how much there is to learn, not the bend
    information = np.clip(np.maximum(bend, slope**2 / 4), 1e-3, 1 / (1 / mean + noise))
    return eta + np.clip(slope / information, -3, 3), 1 / information


def _probability(count: np.ndarray, mean: np.ndarray, size: float) -> np.ndarray:
    """Negative binomial probabilities of exact counts."""
    from scipy.special import gammaln

    total = np.log(size + mean)
    return np.asarray(np.exp(gammaln(count + size) - gammaln(size) - gammaln(count + 1)
                             + size * (np.log(size) - total) + count * (np.log(mean) - total)))
