"""Tails of a forecast as wide as past forecasts of the same history turned out to need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CENTRE = 1.2816**2  # squared normal score of the 80 % interval's ends: the tail factor leaves them where they are
TAILS = np.array([0.0, 0.03, 0.06, 0.09, 0.12, 0.16, 0.2])
SCALES = np.exp(np.linspace(-0.6, 0.9, 16))
USUAL, LOOSE = 0.08, 0.05  # prior mean and standard deviation of the tail factor, from all public sets together
SHRINK = 0.3  # prior standard deviation of the log of the scale
OVERLAP = 0.5  # what an origin is worth for the scale: its neighbours saw the same rows
LOOKS = 3.0  # what an error that shares no row with others is worth, see `widening`
FEWEST = 2.0  # degrees of freedom of a spread at least: with one, an interval says nothing
REACH = 5.0  # normal scores beyond which a past error counts no more


@dataclass(frozen=True)
class Tails:
    """A path's normal score z becomes scale * z * (1 + tail * (z^2 - 1.2816^2)); scale 1 and tail 0 change nothing.

    The map is monotone, keeps the median, and at scale 1 the 80 % interval; a tail of 0.09 makes the 95 % interval a
    fifth wider, as if errors had a kurtosis of about seven.
    """

    scale: float
    tail: float


def widening(seen: int, horizon: int) -> np.ndarray:
    """Factor [horizon] by which the spread at each step is wider for being known from few errors, of `seen` rows.

    The 80 % interval of Student's t over that of the normal. So many rows hold seen / s errors s steps ahead that share
    no row; overlapping ones tell half as much again (Richardson & Smith 1991, Review of Financial Studies 4, 227-254),
    and what a model carries over from other steps doubles that: of 1.5, 2, 3, 4 and 6 for `LOOKS` it had the lowest
    CRPS on the others when each of 35 sets, observed and simulated, long and cut short, was left out in turn.
    """
    from scipy.special import stdtrit

    freedom = np.maximum(LOOKS * seen / np.arange(1, horizon + 1), FEWEST)
    return np.asarray(stdtrit(freedom, 0.9) / np.sqrt(CENTRE))


def learned(errors: np.ndarray, age: np.ndarray, memory: float = 4.0) -> Tails:
    """Posterior means of tail and log scale, from past errors [origins, steps] as normal scores (NaN = not observed).

    age : rows between each origin and the end of the history [origins]; an origin loses half its say on the scale in
        `memory` rows, for how far errors lately spread tells a little about the next ones (after a break much),
        and how far they spread over a long history tells nothing (measured); the tail is learned from all
    The steps of one origin count as one error. Without errors the priors stand: a scale of one, and the tails
    that observed series usually have beyond a Gaussian model's.
    Source: Gneiting, Balabdaoui & Raftery 2007 (calibration), Cornish & Fisher 1938 (the cubic map).
    """
    known = np.isfinite(errors)
    number = np.maximum(known.sum(axis=1), 1)
    clipped = np.clip(np.where(known, errors, 0.0), -REACH, REACH)

    def likelihood(scale: float, tail: float, say: np.ndarray) -> float:
        each = np.where(known, _log_density(clipped, scale, tail), 0.0).sum(axis=1) / number
        return float(each @ say)

    even, recent = np.ones(len(errors)), OVERLAP * 0.5 ** (age / memory)
    tail = _posterior_mean(TAILS, [likelihood(1.0, each, even) for each in TAILS], (TAILS - USUAL) / LOOSE)
    scale = _posterior_mean(np.log(SCALES), [likelihood(each, tail, recent) for each in SCALES],
                            np.log(SCALES) / SHRINK)
    return Tails(float(np.exp(scale)), tail)


def _posterior_mean(values: np.ndarray, log: list[float], prior: np.ndarray) -> float:
    weight = np.array(log) - prior**2 / 2
    weight = np.exp(weight - weight.max())
    return float(weight @ values / weight.sum())


def _log_density(errors: np.ndarray, scale: float, tail: float) -> np.ndarray:
    """Log density, up to a constant, of errors whose map back to normal scores this is."""
    z = np.linspace(-2 * REACH, 2 * REACH, 501)
    slope = scale * (1 - tail * CENTRE + 3 * tail * z**2)
    at = np.interp(errors, scale * z * (1 + tail * (z**2 - CENTRE)), z)
    return np.asarray(-0.5 * at**2 - np.log(np.interp(at, z, slope)))


def stretched(paths: np.ndarray, tails: Tails, wider: np.ndarray | None = None) -> np.ndarray:
    """Real-valued paths [draws, horizon] with the factors applied at each step, on the square root's scale.

    wider : a further factor of the spread at each step [horizon]
    Every path keeps its rank at every step (equal draws stay equal), so that dependence over the steps stays too.
    """
    from scipy.special import ndtri

    root = np.ascontiguousarray(np.sqrt(np.maximum(paths, 0) + 0.375).T)  # steps as rows: sorted twice as fast
    order, number = np.argsort(root, axis=1), root.shape[1]
    ranked = np.take_along_axis(root, order, axis=1)
    middle = (ranked[:, [(number - 1) // 2]] + ranked[:, [number // 2]]) / 2
    first = np.diff(ranked, axis=1, prepend=-1.0) > 0  # of draws that are equal
    last = np.roll(first, -1, axis=1)
    last[:, -1] = True
    low = np.maximum.accumulate(np.where(first, np.arange(number), 0), axis=1)
    high = np.minimum.accumulate(np.where(last, np.arange(number), number)[:, ::-1], axis=1)[:, ::-1]
    z = ndtri(np.arange(1, 2 * number) / (2 * number))[low + high]
    far, scale = np.empty_like(root), tails.scale * (1.0 if wider is None else wider[:, None])
    np.put_along_axis(far, order, middle + (ranked - middle) * scale * (1 + tails.tail * (z**2 - CENTRE)), axis=1)
    return np.asarray(np.maximum(far, 0) ** 2 - 0.375).T
