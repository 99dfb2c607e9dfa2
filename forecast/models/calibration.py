"""Tails of a forecast as wide as past forecasts of the same history turned out to need."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

CENTRE = 1.2816**2  # squared normal score of the 80 % interval's ends: the tail factor leaves them where they are
TAILS = np.array([0.0, 0.03, 0.06, 0.09, 0.12, 0.16, 0.2])
SCALES = np.exp(np.linspace(-0.45, 0.45, 7))
USUAL, LOOSE = 0.09, 0.05  # prior mean and standard deviation of the tail factor, from all public sets together
REACH = 5.0  # normal scores beyond which a past error counts no more


@dataclass(frozen=True)
class Tails:
    """A path's normal score z becomes scale * z * (1 + tail * (z^2 - 1.2816^2)); scale 1 and tail 0 change nothing.

    The map is monotone, keeps the median, and at scale 1 the 80 % interval; a tail of 0.09 makes the 95 % interval a
    fifth wider, as if errors had a kurtosis of about seven.
    """

    scale: float
    tail: float


def learned(errors: np.ndarray, spread: float = 0.0) -> Tails:
    """Posterior mean of the factors, given past errors [origins, steps] as normal scores (NaN = nothing observed).

    spread : prior standard deviation of the log of the scale; 0 holds it at one, for how far the errors of a growing
        history spread says little about the next one (measured: no correlation), how often they are far does
    The steps of one origin overlap those of the next, so that together they count as one error. Without errors the
    prior stands: observed series have heavier tails than a Gaussian model gives them.
    Source: Gneiting, Balabdaoui & Raftery 2007 (calibration of normal scores), Cornish & Fisher 1938 (the cubic map).
    """
    table = np.array([(scale, tail) for scale in (SCALES if spread else (1.0,)) for tail in TAILS])
    log = -0.5 * ((table[:, 1] - USUAL) / LOOSE) ** 2
    if spread:
        log = log - 0.5 * (np.log(table[:, 0]) / spread) ** 2
    known = np.clip(errors[np.isfinite(errors)], -REACH, REACH)
    if known.size:
        log = log + np.array([_log_density(known, *each).sum() for each in table]) / errors.shape[1]
    weight = np.exp(log - log.max())
    scale, tail = weight @ table / weight.sum()
    return Tails(float(scale), float(tail))


def _log_density(errors: np.ndarray, scale: float, tail: float) -> np.ndarray:
    """Log density, up to a constant, of errors whose map back to normal scores this is."""
    z = np.linspace(-2 * REACH, 2 * REACH, 2001)
    slope = scale * (1 - tail * CENTRE + 3 * tail * z**2)
    at = np.interp(errors, scale * z * (1 + tail * (z**2 - CENTRE)), z)
    return np.asarray(-0.5 * at**2 - np.log(np.interp(at, z, slope)))


def stretched(paths: np.ndarray, tails: Tails) -> np.ndarray:
    """Real-valued paths [draws, horizon] with the factors applied at each step, on the square root's scale.

    Every path keeps its rank at every step (equal draws stay equal), so that dependence over the steps stays too.
    """
    root = np.sqrt(np.maximum(paths, 0) + 0.375)
    ranked, middle = np.sort(root, axis=0), np.median(root, axis=0)
    normal = np.array([NormalDist().inv_cdf((k + 1) / (2 * len(root))) for k in range(2 * len(root) - 1)])
    factor = np.empty_like(root)
    for h in range(root.shape[1]):
        sides = [np.searchsorted(ranked[:, h], root[:, h], side=side) for side in ("left", "right")]
        z = normal[sides[0] + sides[1] - 1]
        factor[:, h] = tails.scale * (1 + tails.tail * (z**2 - CENTRE))
    return np.asarray(np.maximum(middle + (root - middle) * factor, 0) ** 2 - 0.375)
