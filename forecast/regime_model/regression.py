"""A regression of a series on known columns, its noise overdispersed and autocorrelated: many series in one go.

    log mean_t = log scale_t + columns_t b + deviation_t,     deviation a stationary AR(1) in continuous time

Given the settings of the noise everything is Gaussian (see `working_response`): coefficients are integrated exactly,
settings and columns that may be absent are summed over, so that 200 placebos cost a product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from forecast.regime_model.working_response import Working

# Prior sizes of an effect, log units, and their weights: most are a quarter, many a doubling, few a hundredfold
SIZES, SHARES = np.array([0.25, 1.0, 3.0]), np.array([0.45, 0.45, 0.1])


@dataclass(frozen=True, eq=False)
class Noise:
    """Settings of the noise: correlation over the median gap, spread of the deviation, variance of a row's own noise
    (1 / r of the negative binomial), table [K, 3], and their prior weights [K]."""

    table: np.ndarray
    weight: np.ndarray

    @property
    def far(self) -> np.ndarray:
        """How far each setting wanders by itself, [K]: s sqrt((1 + rho) / (1 - rho)), its long-run spread."""
        rho, spread, _ = self.table.T
        return np.asarray(spread * np.sqrt((1 + rho) / (1 - rho)))


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns beside the effects: design [n, p], prior precision [p].

    optional : blocks of columns that may be absent, and the chance that they are there
    """

    design: np.ndarray
    precision: np.ndarray
    optional: tuple[tuple[tuple[int, ...], float], ...] = ()

    def variants(self) -> tuple[tuple[np.ndarray, float], ...]:
        """Which columns may be there together, bool [p], and the log prior of each choice."""
        made = []
        for there in product((True, False), repeat=len(self.optional)):
            kept, log = np.ones(len(self.precision), bool), 0.0
            for (block, chance), here in zip(self.optional, there, strict=True):
                kept[list(block)] = here
                log += float(np.log(chance if here else 1 - chance))
            made.append((kept, log))
        return tuple(made)


@dataclass(frozen=True, eq=False)
class Estimates:
    """Of every series b, effect e, setting k, variant v of the columns and prior size t of the effect.

    none [B, K, V] : log evidence without an effect, priors of setting and variant included
    gain, mean, sd [B, E, K, V, T] : log Bayes factor of the effect, and its size
    coefficients [B, K, V, p], covariance [B, K, V, p, p] : of the columns without an effect (zero where absent)
    moved [B, K, V, p, E] : by how much they change for each unit of an effect
    """

    none: np.ndarray
    gain: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    moved: np.ndarray

    @property
    def log_ratio(self) -> np.ndarray:
        """Log Bayes factor of each effect, [B, E].

        Summed in logs: with large counts the settings that are likeliest with an effect and without one lie further
        apart than a float can hold.
        """
        return np.asarray(_log_sum(self.joint, (2, 3, 4)) - _log_sum(self.none, (1, 2))[:, None])

    @property
    def joint(self) -> np.ndarray:
        """Log evidence with the effect, its sizes weighed, [B, E, K, V, T]."""
        return np.asarray(self.none[:, None, :, :, None] + self.gain + np.log(SHARES))


def _log_sum(logs: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Log of the sum of exponentials over these axes."""
    top = logs.max(axis=axes, keepdims=True)
    return np.asarray(np.log(np.sum(np.exp(logs - top), axis=axes)) + top.squeeze(axes))


def log_ratios(work: Working, columns: Columns, effects: np.ndarray, gaps: np.ndarray, noise: Noise) -> np.ndarray:
    """Log Bayes factors [B, E] of each of the effects [n, E] by itself against none."""
    core, side, log = _sums(work, columns.design, effects, gaps, noise)
    some, none = [], []
    for kept, prior in columns.variants():
        _, _, _, information, score, without = _solved(core, side, log, columns.precision, kept)
        total = information[..., None] + 1 / SIZES**2
        each = 0.5 * score[..., None] ** 2 / total
        top = each.max(axis=-1)  # of large counts beyond what a float holds as a power of e
        gain = top + np.log(np.sum(SHARES / np.sqrt(total * SIZES**2) * np.exp(each - top[..., None]), axis=-1))
        none.append(without + prior + np.log(noise.weight))
        some.append(none[-1][..., None] + gain)
    return np.asarray(np.logaddexp.reduce(np.stack(some), axis=(0, 2))
                      - np.logaddexp.reduce(np.stack(none), axis=(0, 2))[:, None])


def estimate(work: Working, columns: Columns, effects: np.ndarray, gaps: np.ndarray, noise: Noise) -> Estimates:
    """Weigh each of the effects [n, E] by itself against none, and size it."""
    core, side, log = _sums(work, columns.design, effects, gaps, noise)
    series, settings, number, _ = side.shape
    p = columns.design.shape[1]
    parts, priors = [], []
    for kept, prior in columns.variants():
        inverse, coefficient, cross, information, score, none = _solved(core, side, log, columns.precision, kept)
        total = np.swapaxes(information, 1, 2)[..., None] + 1 / SIZES**2
        score = np.swapaxes(score, 1, 2)[..., None]
        gain = 0.5 * score**2 / total - 0.5 * np.log(total * SIZES**2)
        at = np.flatnonzero(kept)
        full, one, other = (np.zeros((series, settings, *shape)) for shape in ((p, p), (p,), (p, number)))
        full[:, :, at[:, None], at], one[:, :, at], other[:, :, at] = inverse, coefficient, cross
        parts.append((none, gain, score / total, 1 / np.sqrt(total), one, full, other))
        priors.append(prior)
    none, gain, mean, sd, coefficients, covariance, moved = (np.stack(each, axis=axis) for each, axis in zip(
        zip(*parts, strict=True), (2, 3, 3, 3, 2, 2, 2), strict=True))
    return Estimates(none + np.log(noise.weight)[:, None] + np.array(priors), gain, mean, sd, coefficients, covariance,
                     moved)


def _sums(work: Working, design: np.ndarray, effects: np.ndarray, gaps: np.ndarray,
          noise: Noise) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of products of whitened columns: [B, K, p + 1, p + 1], [B, K, E, p + 2], and log determinants [B, K]."""
    from forecast.regime_model._numba_regression import whitened_sums

    series, settings = len(work.response), len(noise.table)
    p, number = design.shape[1], effects.shape[1]
    sums, single = np.empty(series * settings * (p + 1) ** 2), np.empty(series * settings * number * (p + 2))
    log = np.empty((series, settings))
    whitened_sums(work.response, work.base, work.own, work.usual,
                  np.ascontiguousarray(np.hstack([design, effects]), dtype=float), gaps, noise.table, p, sums, single,
                  log)
    return sums.reshape(series, settings, p + 1, p + 1), single.reshape(series, settings, number, p + 2), log


def _solved(core: np.ndarray, side: np.ndarray, log: np.ndarray, precision: np.ndarray,
            kept: np.ndarray) -> tuple[np.ndarray, ...]:
    """With these of the columns: their covariance, coefficients and move by the effects; information and score of the
    effects [B, K, E]; log evidence without any."""
    p, at = len(precision), np.flatnonzero(kept)
    own, right = core[:, :, at][..., at] + np.diag(precision[at]), core[:, :, at, -1]
    across = np.swapaxes(side[..., at], 2, 3)  # [B, K, p, E]
    inverse = np.linalg.inv(own)
    coefficient, cross = (inverse @ right[..., None])[..., 0], inverse @ across
    information = np.maximum(side[..., -1] - np.sum(across * cross, axis=2), 0.0)
    score = side[..., p] - np.sum(across * coefficient[..., None], axis=2)
    none = -0.5 * (core[..., -1, -1] - np.sum(right * coefficient, axis=2) + log + np.linalg.slogdet(own)[1]
                   - np.log(precision[at]).sum())
    return inverse, coefficient, cross, information, score, none
