"""The grid under the count regime model: deviations, their transitions, levels, and their priors.

A state is (level m, deviation x). The latent log intensity is m + s*x; x is a stationary Gaussian AR(1) in continuous
time with unit variance, on an even grid over +-3 standard deviations. A step much finer than the innovation makes the
discretised Gaussian kernel exact for all that matters (Tauchen 1986, Economics Letters 20, 177-181); for gaps so short
that the innovation falls below the step, the birth-death chain with the same mean reversion and variance stands in.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

MOST_NODES = 128  # numbers of nodes whose places are kept
REACH = 3.0  # standard deviations that the grid of deviations spans to either side
FINE = 0.7  # innovations (in steps of the grid) below which the Gaussian kernel would lose its variance


def nodes_for(correlation: float, least: int) -> int:
    """Odd number of nodes whose step is no wider than the innovation of an AR(1) with this lag correlation."""
    wanted = int(np.ceil(2 * REACH / np.sqrt(1 - correlation**2)))
    return max(least, wanted + 1 - wanted % 2)


@lru_cache(maxsize=1024)
def transition(nodes: int, correlation: float) -> np.ndarray:
    """Transition matrix [nodes, nodes] of the deviation over a gap with this correlation (float32, rows sum to one)."""
    if nodes == 1:
        return np.ones((1, 1), dtype=np.float32)
    x, _ = deviations(nodes)
    step = x[1] - x[0]
    innovation = np.sqrt(max(1 - correlation**2, 0.0))
    if innovation >= FINE * step:
        kernel = np.exp(-0.5 * ((x[None, :] - correlation * x[:, None]) / innovation) ** 2)
    else:
        kernel = _birth_death(x, -np.log(max(correlation, 1e-12)))
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True), dtype=np.float32)


def _birth_death(x: np.ndarray, time: float) -> np.ndarray:
    """exp(Q time) of the chain that steps to neighbours with the drift -x and the diffusion of the OU process."""
    step = x[1] - x[0]
    up = np.maximum(1 / step**2 - x / (2 * step), 0.0)[:-1]
    down = np.maximum(1 / step**2 + x / (2 * step), 0.0)[1:]
    rate = np.diag(up, 1) + np.diag(down, -1)
    rate -= np.diag(rate.sum(axis=1))
    squarings = 12
    matrix = np.eye(len(x)) + rate * (time / 2**squarings)  # small enough a step for the Euler scheme
    for _ in range(squarings):
        matrix = matrix @ matrix
    return np.asarray(matrix)


@lru_cache(maxsize=MOST_NODES)
def deviations(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of the deviation (unit variance) and their stationary weights, both [nodes]; neither can be changed."""
    x = np.linspace(-REACH, REACH, nodes) if nodes > 1 else np.zeros(1)
    weight = np.exp(-0.5 * x**2)
    weight /= weight.sum()
    x.flags.writeable = weight.flags.writeable = False
    return x, weight


def level_range(low: np.ndarray, high: np.ndarray, scale: np.ndarray) -> tuple[float, float]:
    """Lowest and highest log level that a segment of these rows could have, from means over windows of any length.

    low, high, scale : [n] bounds (NaN = missing, high may be inf) and expected count per unit of level.
    A long run of zeros lowers the range (half a count over the run), a burst raises it.
    """
    seen = ~np.isnan(low)
    bottom, top, size = low[seen], np.where(np.isinf(high[seen]), 2 * low[seen] + 1, high[seen]), scale[seen]
    lowest, highest = np.inf, -np.inf
    width = 1
    while width <= len(bottom):
        counts_low, counts_high, scales = (
            np.convolve(values, np.ones(width), mode="valid") for values in (bottom, top, size)
        )
        lowest = min(lowest, float(((counts_low + 0.5) / scales).min()))
        if width > 1 or len(bottom) < 4:  # one high row alone is a deviation, not a level
            highest = max(highest, float(((counts_high + 0.5) / scales).max()))
        width *= 2
    return np.log(lowest), max(np.log(highest), np.log(lowest) + 0.5)


def level_prior(levels: np.ndarray, centre: float, spread: float) -> np.ndarray:
    """Prior over the level grid [L]: Student t with 3 degrees of freedom around the log of the overall mean."""
    weight = (1 + ((levels - centre) / spread) ** 2 / 3) ** -2
    return np.asarray(weight / weight.sum())


def scatter(y: np.ndarray) -> float:
    """Standard deviation of noise from its differences, which a break or a drift hardly moves."""
    return float(np.median(np.abs(np.diff(y)))) / 0.954 if len(y) > 2 else 1.0


def scatter_of_logs(y: np.ndarray, scale: np.ndarray) -> float:
    """Standard deviation of the noise of log counts y [n] per unit of scale [n], runs of one and the same count apart.

    Where most counts are nought, or the middle of the same bounds, most differences are nought too, and would hide how
    far the others scatter. At least half of what independent events scatter by: counts that depend on those before
    scatter less from row to row.
    """
    same = np.concatenate([[False], np.diff(y) == 0, [False]])
    run = same[1:-1] & (same[:-2] | same[2:])
    least = 0.5 / float(np.sqrt(max(y.mean(), 0.5)))
    if run.all():
        return least
    return max(float(np.median(np.abs(np.diff(np.log(y + 0.5) - np.log(scale)))[~run])) / 0.954, least)


def fineness(noise: float, seen: np.ndarray) -> float:
    """Widest step of the level grid: the uncertainty of a level over half the rows.

    On a coarser grid the true level falls between two points, and a break between neighbours looks real.
    """
    return noise / float(np.sqrt(max(seen.sum() / 2, 1)))
