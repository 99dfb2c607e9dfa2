"""The grid under the count regime model: deviations, their transitions, levels, and what each row says of a state.

A state is (level m, deviation x). The latent log intensity is m + s*x; x is a stationary Gaussian AR(1) in continuous
time with unit variance, on an even grid over +-3 standard deviations. A step much finer than the innovation makes the
discretised Gaussian kernel exact for all that matters (Tauchen 1986, Economics Letters 20, 177-181); for gaps so short
that the innovation falls below the step, the birth-death chain with the same mean reversion and variance stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

# log-likelihood floor of one row against its best state: an outlier this far out is as good as impossible
FLOOR = -46.0
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


def deviations(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of the deviation (unit variance) and their stationary weights, both [nodes]."""
    if nodes == 1:
        return np.zeros(1), np.ones(1)
    x = np.linspace(-REACH, REACH, nodes)
    weight = np.exp(-0.5 * x**2)
    return x, weight / weight.sum()


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


@dataclass(frozen=True, eq=False)
class Emission:
    """Likelihood of each distinct row under each state.

    table : float32 [U, E, L, D], relative to the best state of that row and setting (row 0: a missing row, ones)
    peak : float64 [U, E], log-likelihood of that best state
    """

    table: np.ndarray
    peak: np.ndarray


def emission(rows: np.ndarray, levels: np.ndarray, spread: np.ndarray, dispersion: np.ndarray,
             nodes: int) -> Emission:
    """Negative binomial likelihood of distinct rows `[U, 3]` (low, high, scale) for E settings (spread, dispersion).

    The count has mean scale * exp(level + spread * x) and variance mean + mean^2 / dispersion; a row with low < high
    contributes P(low <= Y <= high).
    """
    x, _ = deviations(nodes)
    eta = levels[:, None] + spread[:, None, None] * x  # [E, L, D]
    size = dispersion[:, None, None]
    logs = np.empty((len(rows), *eta.shape))
    exact = (rows[:, 0] == rows[:, 1])
    for scale in np.unique(rows[~np.isnan(rows[:, 0]), 2]):
        mean_log = eta + np.log(scale)
        total_log = np.logaddexp(mean_log, np.log(size))
        at = np.flatnonzero(exact & (rows[:, 2] == scale))
        if len(at):
            count = rows[at, 0]
            logs[at] = (count[:, None, None, None] * (mean_log - total_log) - size * total_log)
            logs[at] += _constant(count, dispersion)[:, :, None, None]
        for row in np.flatnonzero(~exact & (rows[:, 2] == scale) & ~np.isnan(rows[:, 0])):
            logs[row] = _interval(rows[row, 0], rows[row, 1], mean_log, dispersion)
    logs[np.isnan(rows[:, 0])] = 0.0
    peak = logs.max(axis=(-1, -2))
    table = np.exp(np.maximum(logs - peak[..., None, None], FLOOR)).astype(np.float32)
    return Emission(table=table, peak=peak)


def _constant(count: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Terms of the negative binomial log-likelihood without the mean, [U, E]."""
    from scipy.special import gammaln

    y, r = count[:, None], dispersion[None, :]
    return np.asarray(gammaln(y + r) - gammaln(r) - gammaln(y + 1) + r * np.log(r))


def _interval(low: float, high: float, mean_log: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """log P(low <= Y <= high) under each state [E, L, D], interpolated over 256 log means per dispersion."""
    grid = np.linspace(mean_log.min(), mean_log.max(), 256)
    out = np.empty_like(mean_log)
    for size in np.unique(dispersion):
        values = _log_mass(low, high, size / (size + np.exp(grid)), size)
        mine = dispersion == size
        out[mine] = np.interp(mean_log[mine], grid, values)
    return out


def _log_mass(low: float, high: float, success: np.ndarray, size: float) -> np.ndarray:
    """log P(low <= Y <= high) of a negative binomial by its regularised incomplete beta function."""
    from scipy.special import betainc

    # each tail from its own side, so that a far bound does not lose all digits to 1 - 1
    below = betainc(size, low, success) if low > 0 else np.zeros_like(success)
    above = betainc(low, size, 1 - success) if low > 0 else np.ones_like(success)
    if np.isinf(high):
        inside = above
    else:
        inside = np.where(below > 0.5, above - betainc(high + 1, size, 1 - success),
                          betainc(size, high + 1, success) - below)
    return np.asarray(np.log(np.maximum(inside, 1e-300)))
