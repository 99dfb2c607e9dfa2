"""What every member does alike: read the history of a series, know its season, turn real draws into counts."""

from __future__ import annotations

import numpy as np

from forecast.series.season import season_length
from forecast.series.series import Series

__all__ = ["dispersion", "exposure", "harmonics", "history", "likeness", "negative_binomial", "season_length",
           "trimmed", "whole"]
MOST_ALIKE = 0.9  # correlation of neighbouring rows beyond which few rows would tell nothing of a level
CEILING = 2**53  # beyond it floats skip whole numbers, and int64 still holds sums of a thousand such draws


def history(series: Series) -> np.ndarray:
    """Counts at full exposure [n]: exact ones and narrow bounds, a flow divided by its exposure; NaN = unseen or vague.

    See `Series.points`.
    """
    point = series.points().low
    return point / series.exposure if series.kind == "flow" else point


def exposure(series: Series) -> np.ndarray:
    """Share of each row's traffic that could be counted [n]; 1 for a stock, whose level does not add up."""
    return series.exposure if series.kind == "flow" else np.ones(len(series))


def trimmed(y: np.ndarray) -> np.ndarray:
    """History without the unobserved rows before its first observation."""
    seen = np.flatnonzero(~np.isnan(y))
    return y[seen[0]:] if seen.size else y[:0]


def whole(draws: np.ndarray) -> np.ndarray:
    """Real draws as counts: int64, rounded, never negative, held below 2**53."""
    finite = np.nan_to_num(draws, nan=0.0, posinf=CEILING)
    counts: np.ndarray = np.rint(np.clip(finite, 0, CEILING)).astype(np.int64)
    return counts


def negative_binomial(mean: np.ndarray, size: np.ndarray | float, rng: np.random.Generator) -> np.ndarray:
    """Counts with mean `mean` and variance mean + mean^2/size (gamma-Poisson); size = inf is Poisson.

    int64 of the broadcast shape. Means above 1e12 are taken as the count: Poisson noise is below one in a million.
    """
    mean, size = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(size, dtype=float))
    loose = np.isfinite(size)
    shape = np.where(loose, size, 1.0)
    rate = np.where(loose, rng.gamma(shape) / shape, 1.0) * np.minimum(mean, CEILING)
    return whole(np.where(rate > 1e12, rate, rng.poisson(np.minimum(rate, 1e12))))


def dispersion(y: np.ndarray, mean: np.ndarray | float, fitted: float = 0.0) -> float:
    """Moment estimate of the size r in variance = mean + mean^2/r of observed counts, in [0.05, 1e4].

    fitted : number of coefficients of the mean that were fitted to the same counts
    One pseudo-observation of the Poisson pulls short histories towards it (r = 1e4).
    """
    mean = np.broadcast_to(np.asarray(mean, dtype=float), y.shape)
    if not y.size or mean.sum() <= 0:
        return 1e4
    more = y.size / max(y.size - fitted, 1.0)
    excess = (more * (y - mean) ** 2 - mean).sum() / (y.size + 1)
    square = float((mean**2).mean())
    return max(0.05, square / max(float(excess), square / 1e4))


def likeness(errors: np.ndarray) -> float:
    """Correlation of neighbours, between none and `MOST_ALIKE`."""
    square = float(errors @ errors)
    return float(np.clip(errors[1:] @ errors[:-1] / square, 0.0, MOST_ALIKE)) if square else 0.0


def harmonics(rows: np.ndarray, cycle: float, pairs: int) -> np.ndarray:
    """A constant and `pairs` sine-cosine pairs of a cycle at these rows [len(rows), 1 + 2 pairs]; cycle 1 has none."""
    angle = 2 * np.pi * rows[:, None] * np.arange(1, (pairs if cycle > 1 else 0) + 1) / cycle
    return np.column_stack([np.ones(len(rows)), np.cos(angle), np.sin(angle)])
