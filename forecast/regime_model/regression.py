"""A regression of a series on known columns, its noise overdispersed and autocorrelated: many series in one go.

    log mean_t = log scale_t + columns_t b + deviation_t,     deviation a stationary AR(1) in continuous time

Given the settings of the noise everything is Gaussian (see `working_response`): coefficients are integrated exactly,
settings and columns that may be absent are summed over, so that 200 placebos cost a few small matrices each.
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
class Weighed:
    """Of every series b, effect e, setting k, variant v of the columns and prior size t of the effect.

    none [B, K, V] : log evidence without an effect, priors of setting and variant included
    gain, mean, sd [B, E, K, V, T] : log Bayes factor of the effect, and its size
    """

    none: np.ndarray
    gain: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

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


@dataclass(frozen=True, eq=False)
class Estimates(Weighed):
    """The same with the columns beside the effects.

    coefficients [B, K, V, p], covariance [B, K, V, p, p] : of the columns without an effect (zero where absent)
    moved [B, K, V, p, E] : by how much they change for each unit of an effect
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    moved: np.ndarray


def _log_sum(logs: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Log of the sum of exponentials over these axes."""
    top = logs.max(axis=axes, keepdims=True)
    return np.asarray(np.log(np.sum(np.exp(logs - top), axis=axes)) + top.squeeze(axes))


def log_ratios(work: Working, columns: Columns, effects: np.ndarray, gaps: np.ndarray, noise: Noise) -> np.ndarray:
    """Log Bayes factors [B, E] of each of the effects [n, E] by itself against none."""
    return _weighed(work, columns, effects, gaps, noise, False)[0]


def weigh(work: Working, columns: Columns, effects: np.ndarray, gaps: np.ndarray, noise: Noise) -> Weighed:
    """Weigh each of the effects [n, E] by itself against none, and size it: what the columns are is left aside."""
    _, none, information, score = _weighed(work, columns, effects, gaps, noise, True)
    information, score = (np.moveaxis(each, 3, 1)[..., None] for each in (information, score))
    total = information + 1 / SIZES**2
    return Weighed(none, 0.5 * score**2 / total - 0.5 * np.log(total * SIZES**2), score / total, 1 / np.sqrt(total))


def _weighed(work: Working, columns: Columns, effects: np.ndarray, gaps: np.ndarray, noise: Noise,
             sizes: bool) -> tuple[np.ndarray, ...]:
    """Log Bayes factors [B, E], log evidence without an effect [B, K, V]; where `sizes`, information and score of the
    effects [B, K, V, E]."""
    from forecast.regime_model._numba_regression import weighed

    core, side, log = _sums(work, columns.design, effects, gaps, noise)
    series, settings, _, number = side.shape
    variants, p = columns.variants(), len(columns.precision)
    at = np.zeros((len(variants), p), np.int64)
    for v, (kept, _) in enumerate(variants):
        at[v, :kept.sum()] = np.flatnonzero(kept)
    prior = np.log(noise.weight)[:, None] + np.array([log_prior for _, log_prior in variants])
    shape = (series * settings, len(variants), number)
    none, ratio = np.empty(shape[:2]), np.empty((series, number))
    information, score = (np.empty(shape if sizes else (0, 1, 1)) for _ in range(2))
    weighed(core.reshape(-1, p + 1, p + 1), side.reshape(series * settings, -1), log, columns.precision, at,
            np.array([kept.sum() for kept, _ in variants]), prior, 1 / SIZES**2, SHARES, none, information, score,
            ratio)
    if not sizes:
        return ratio, none.reshape(series, settings, -1)
    return ratio, *(each.reshape(series, settings, *each.shape[1:]) for each in (none, information, score))


def estimate(work: Working, columns: Columns, effects: np.ndarray, gaps: np.ndarray, noise: Noise) -> Estimates:
    """Weigh each of the effects [n, E] by itself against none, and size it."""
    core, side, log = _sums(work, columns.design, effects, gaps, noise)
    series, settings, _, number = side.shape
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
    """Sums of products of whitened columns: [B, K, p + 1, p + 1], [B, K, p + 2, E], and log determinants [B, K]."""
    from forecast.regime_model._numba_regression import whitened_sums

    series, settings = len(work.response), len(noise.table)
    p, number = design.shape[1], effects.shape[1]
    sums, single = np.empty(series * settings * (p + 1) ** 2), np.empty(series * settings * number * (p + 2))
    log = np.empty((series, settings))
    whitened_sums(work.response, work.base, work.own, work.usual,
                  np.ascontiguousarray(np.hstack([design, effects]), dtype=float), gaps, noise.table, p, sums, single,
                  log)
    return sums.reshape(series, settings, p + 1, p + 1), single.reshape(series, settings, p + 2, number), log


def _solved(core: np.ndarray, side: np.ndarray, log: np.ndarray, precision: np.ndarray,
            kept: np.ndarray) -> tuple[np.ndarray, ...]:
    """With these of the columns: their covariance, coefficients and move by the effects; information and score of the
    effects [B, K, E]; log evidence without any."""
    p, at = len(precision), np.flatnonzero(kept)
    own, right = core[:, :, at][..., at] + np.diag(precision[at]), core[:, :, at, -1]
    across = side[:, :, at]
    inverse = np.linalg.inv(own)
    coefficient, cross = (inverse @ right[..., None])[..., 0], inverse @ across
    information = np.maximum(side[:, :, -1] - np.sum(across * cross, axis=2), 0.0)
    score = side[:, :, p] - np.sum(across * coefficient[..., None], axis=2)
    none = -0.5 * (core[..., -1, -1] - np.sum(right * coefficient, axis=2) + log + np.linalg.slogdet(own)[1]
                   - np.log(precision[at]).sum())
    return inverse, coefficient, cross, information, score, none
