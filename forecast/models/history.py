"""What every member does alike: read the history of a series, know its season, turn real draws into counts."""

from __future__ import annotations

import numpy as np

from forecast.series import Series

# Rows in the cycle that a grid of this kind usually has; other grids get the number of rows in a year.
SEASONS = {"D": 7, "B": 5, "W": 52, "M": 12, "BM": 12, "Q": 4, "BQ": 4, "Y": 1, "h": 24}
CEILING = 2**53  # beyond it floats skip whole numbers, and int64 still holds sums of a thousand such draws


def season_length(series: Series) -> int:
    """Rows in one season of the series' grid: 7 for days, 52 for weeks, 12 for months; 1 = no season."""
    if series.freq is None:
        raise ValueError(f"series {series.name}: irregular dates: put it on a grid first, e.g. series.regular('W-MON')")
    from pandas.tseries.frequencies import to_offset

    offset = to_offset(series.freq)
    code = str(offset.rule_code).split("-")[0].removesuffix("S").removesuffix("E")
    if getattr(offset, "n", 1) == 1 and code in SEASONS:
        return SEASONS[code]
    days = float(np.median((series.end - series.start).astype(float))) if len(series) else 365.0
    return max(1, round(365.25 / days))


def history(series: Series) -> np.ndarray:
    """Counts at full exposure [n]: exact ones and middles of bounds, a flow divided by its exposure; NaN = unseen."""
    middle = series.middle
    return middle / series.exposure if series.kind == "flow" else middle


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


def dispersion(y: np.ndarray, mean: np.ndarray | float) -> float:
    """Moment estimate of the size r in variance = mean + mean^2/r of observed counts, in [0.05, 1e4].

    One pseudo-observation of the Poisson pulls short histories towards it (r = 1e4).
    """
    mean = np.broadcast_to(np.asarray(mean, dtype=float), y.shape)
    if not y.size or mean.sum() <= 0:
        return 1e4
    excess = ((y - mean) ** 2 - mean).sum() / (y.size + 1)
    square = float((mean**2).mean())
    return max(0.05, square / max(float(excess), square / 1e4))
