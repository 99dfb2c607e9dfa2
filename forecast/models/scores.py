"""Scores of forecasts and of breaks: pure functions on arrays, lower is better unless said otherwise.

Sample paths come first: `paths` [draws, ...] holds draws of what `observed` [...] turned out to be. Everything
here returns an array of the shape of `observed` or one number; missing observations (NaN) give NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

LEVELS = tuple(round(0.1 * k, 1) for k in range(1, 10))


def _pair(paths: np.ndarray, observed: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    draws, seen = np.asarray(paths, dtype=float), np.asarray(observed, dtype=float)
    if draws.ndim != seen.ndim + 1 or draws.shape[1:] != seen.shape:
        raise ValueError(f"paths have shape {draws.shape}, observed {seen.shape}: give paths [draws, *observed.shape]")
    if not draws.shape[0]:
        raise ValueError("paths hold no draw: give at least one")
    return draws, seen


def crps(paths: np.ndarray, observed: np.ndarray | float, fair: bool = False) -> np.ndarray:
    """Continuous ranked probability score E|X - y| - E|X - X'|/2 of draws, in the units of the counts.

    paths [draws, ...], observed [...] -> [...]. `fair` divides the second term by draws (draws - 1), which scores
    the distribution that the draws come from and not the finite sample (Ferro 2014); it needs two draws.
    Source: Gneiting & Raftery 2007, eq. 21; the sorted form costs one sort.
    """
    draws, seen = _pair(paths, observed)
    n = draws.shape[0]
    if fair and n < 2:
        raise ValueError(f"a fair CRPS needs at least 2 draws, got {n}")
    ranked = np.sort(draws, axis=0)
    weight = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * seen.ndim)
    spread = (weight * (ranked - ranked[:1])).sum(axis=0) / (n * (n - 1) if fair else n * n)
    return np.asarray(np.abs(draws - seen).mean(axis=0) - spread)


def log_score(paths: np.ndarray, observed: np.ndarray | float) -> np.ndarray:
    """Minus the log probability of an observed count under smoothed draws, in nats.

    paths [draws, ...], observed [...] -> [...]. Probabilities are the draws' frequencies, spread over neighbouring
    counts by a logistic kernel with Silverman's bandwidth once that exceeds half a count (mass below zero goes to
    zero), and one draw's worth of a geometric distribution with their mean keeps the score finite everywhere.
    They sum to one over the whole counts.
    """
    draws, seen = _pair(paths, observed)
    n = draws.shape[0]
    quarter = np.quantile(draws, [0.25, 0.75], axis=0)
    width = 0.9 * np.minimum(draws.std(axis=0), (quarter[1] - quarter[0]) / 1.34) * n**-0.2
    scale = np.where(width > 0.5, width * np.sqrt(3) / np.pi, 1.0)
    upper = _logistic((seen + 0.5 - draws) / scale)
    lower = np.where(seen > 0, _logistic((seen - 0.5 - draws) / scale), 0.0)
    kernel = np.where(width > 0.5, upper - lower, draws == seen).sum(axis=0)
    p = 1 / (draws.mean(axis=0) + 2)
    wide = np.exp(np.log(p) + seen * np.log1p(-p))
    return np.asarray(-np.log(np.maximum(kernel + wide, np.finfo(float).tiny) / (n + 1)))


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)))


def brier(probability: np.ndarray | float, happened: np.ndarray | bool) -> np.ndarray:
    """Brier score (p - o)^2 of the probability of an event, e.g. any ship at all; `happened` 0, 1 or NaN."""
    p = np.asarray(probability, dtype=float)
    if np.any((p < 0) | (p > 1)):
        raise ValueError(f"probabilities must lie in [0, 1], got {p.min():g} to {p.max():g}")
    return np.asarray((p - np.asarray(happened, dtype=float)) ** 2)


def pinball(quantile: np.ndarray | float, observed: np.ndarray | float, level: np.ndarray | float) -> np.ndarray:
    """Pinball loss of a quantile forecast at `level` in (0, 1); broadcasts (Koenker & Bassett 1978)."""
    error = np.asarray(observed, dtype=float) - np.asarray(quantile, dtype=float)
    return np.asarray(np.maximum(np.asarray(level) * error, (np.asarray(level) - 1) * error))


def wis(paths: np.ndarray, observed: np.ndarray | float,
        alphas: Sequence[float] = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)) -> np.ndarray:
    """Weighted interval score of the draws' central (1 - alpha) intervals and median.

    paths [draws, ...], observed [...] -> [...]. Source: Bracher et al. 2021, eq. 1 with weights alpha/2 and 1/2.
    """
    draws, seen = _pair(paths, observed)
    total = 0.5 * np.abs(seen - np.median(draws, axis=0))
    for alpha in alphas:
        low, high = np.quantile(draws, [alpha / 2, 1 - alpha / 2], axis=0)
        total = total + alpha / 2 * interval_score(low, high, seen, alpha)
    return np.asarray(total / (len(alphas) + 0.5))


def interval_score(low: np.ndarray, high: np.ndarray, observed: np.ndarray, alpha: float) -> np.ndarray:
    """Interval score of a central (1 - alpha) interval: width plus 2/alpha per unit missed (Winkler 1972)."""
    seen = np.asarray(observed, dtype=float)
    missed = np.maximum(low - seen, 0) + np.maximum(seen - high, 0)
    return np.asarray(high - low + 2 / alpha * missed)


def weighted_quantile_loss(paths: np.ndarray, observed: np.ndarray, levels: Sequence[float] = LEVELS) -> float:
    """Twice the pinball loss summed over all rows, over the sum of |observed|, averaged over `levels`.

    paths [draws, ...], observed [...]; rows without an observation are left out. Raises ValueError when all that
    was observed is zero: the ratio has no meaning there.
    """
    draws, seen = _pair(paths, observed)
    known = ~np.isnan(seen)
    total = np.abs(seen[known]).sum()
    if total == 0:
        raise ValueError("weighted quantile loss: the observed values add up to zero: pool several series")
    losses = [2 * pinball(q[known], seen[known], level).sum()
              for level, q in zip(levels, np.quantile(draws, levels, axis=0), strict=True)]
    return float(np.mean(losses) / total)


def mase_scale(history: np.ndarray, season: int = 1) -> float:
    """Mean absolute seasonal difference of the history (NaN left out); lag 1 when shorter than a season.

    NaN when no two observations stand one lag apart or all of them are alike.
    """
    y = np.asarray(history, dtype=float)
    lag = season if len(y) > season else 1
    gaps = np.abs(y[lag:] - y[:-lag])
    gaps = gaps[~np.isnan(gaps)]
    return float(gaps.mean()) if gaps.size and gaps.mean() > 0 else float("nan")


def mase(point: np.ndarray, observed: np.ndarray, history: np.ndarray, season: int = 1) -> float:
    """Mean absolute scaled error of a point forecast (Hyndman & Koehler 2006); the median is the point to give."""
    error = np.abs(np.asarray(observed, dtype=float) - np.asarray(point, dtype=float))
    error = error[~np.isnan(error)]
    return float(error.mean() / mase_scale(history, season)) if error.size else float("nan")


def coverage(paths: np.ndarray, observed: np.ndarray, level: float = 0.8) -> float:
    """Share of observations inside the draws' central interval of nominal `level`, ends included."""
    draws, seen = _pair(paths, observed)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    known = ~np.isnan(seen)
    return float(np.mean(((low <= seen) & (seen <= high))[known])) if known.any() else float("nan")


def sharpness(paths: np.ndarray, level: float = 0.8) -> np.ndarray:
    """Width of the draws' central interval of nominal `level`, [...] in the units of the counts."""
    low, high = np.quantile(np.asarray(paths, dtype=float), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray(high - low)


def pit(paths: np.ndarray, observed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Randomised probability integral transform, uniform on (0, 1) when forecasts of counts are calibrated.

    paths [draws, ...], observed [...] -> [...]. Source: Czado, Gneiting & Held 2009, eq. 1, with the observation
    ranked at random among the draws that equal it.
    """
    draws, seen = _pair(paths, observed)
    below, equal = (draws < seen).sum(axis=0), (draws == seen).sum(axis=0)
    value = (below + rng.uniform(size=seen.shape) * (equal + 1)) / (draws.shape[0] + 1)
    return np.asarray(np.where(np.isnan(seen), np.nan, value))


def diebold_mariano(loss: np.ndarray, baseline: np.ndarray, horizon: int = 1) -> tuple[float, float]:
    """Statistic and two-sided p-value for equal mean loss of two forecasts of the same rows in time order.

    loss, baseline [n]; negative statistics favour the first. The long-run variance is Newey-West with horizon - 1
    lags; the small-sample factor and Student's t are those of Harvey, Leybourne & Newbold 1997, eq. 9.
    (nan, nan) with fewer than three pairs, (0, 1) where the two never differ.
    """
    difference = np.asarray(loss, dtype=float) - np.asarray(baseline, dtype=float)
    difference = difference[~np.isnan(difference)]
    n = len(difference)
    if n < 3:
        return float("nan"), float("nan")
    centred = difference - difference.mean()
    if np.allclose(centred, 0, atol=1e-12 * max(1.0, float(np.abs(difference).max()))):
        return (0.0, 1.0) if np.allclose(difference, 0) else (float(np.sign(difference.mean()) * np.inf), 0.0)
    from scipy.special import stdtr

    lags = min(horizon - 1, n - 2)
    variance = centred @ centred / n
    for k in range(1, lags + 1):
        variance += 2 * (1 - k / (lags + 1)) * (centred[k:] @ centred[:-k]) / n
    h = lags + 1
    factor = max(n + 1 - 2 * h + h * (h - 1) / n, 0.0) / n
    statistic = difference.mean() / np.sqrt(variance / n) * np.sqrt(factor)
    return float(statistic), float(2 * stdtr(n - 1, -abs(statistic)))


def confidence_set(losses: Mapping[str, np.ndarray], rng: np.random.Generator, level: float = 0.9, block: int = 2,
                   resamples: int = 500) -> dict[str, float]:
    """Model confidence set p-values: members at or above 1 - level stay in the set that holds the best model.

    losses: model -> [n] losses of the same rows in time order, `block` the length of the circular bootstrap's
    blocks. Source: Hansen, Lunde & Nason 2011, T_max statistic. Every p-value is 1 with fewer than five blocks, for a
    bootstrap of one or two blocks repeats the sample and would exclude on no evidence.
    """
    names, table = list(losses), np.column_stack([np.asarray(v, dtype=float) for v in losses.values()])
    table = table[~np.isnan(table).any(axis=1)]
    n, size = len(table), min(block, max(len(table), 1))
    if n < 5 * size or not 0 < level < 1:
        return dict.fromkeys(names, 1.0)
    starts = rng.integers(0, n, size=(resamples, -(-n // size)))
    index = ((starts[:, :, None] + np.arange(size)) % n).reshape(resamples, -1)[:, :n]
    means, boots = table.mean(axis=0), table[index].mean(axis=1)
    left, found, running = list(range(len(names))), {}, 0.0
    while len(left) > 1:
        gap = means[left] - means[left].mean()
        noise = boots[:, left] - boots[:, left].mean(axis=1, keepdims=True) - gap
        sd = np.sqrt((noise**2).mean(axis=0))
        sd = np.where(sd > 0, sd, np.inf)
        running = max(running, float(np.mean((noise / sd).max(axis=1) >= (gap / sd).max())))
        worst = left[int(np.argmax(gap / sd))]
        found[names[worst]] = running
        left.remove(worst)
    found[names[left[0]]] = 1.0
    return {name: found[name] for name in names}


def break_f1(annotations: Iterable[Iterable[int]], found: Iterable[int], margin: int = 5) -> float:
    """F1 of found breaks against several annotators, higher is better.

    Positions are 0-based, the first row of a new segment; 0 counts as a break of everybody. Precision is against
    the union of the annotators, recall the mean over annotators; a found break matches one annotated break at most.
    Source: van den Burg & Williams 2020, section 3.2.
    """
    people = [{0, *a} for a in annotations]
    ours = {0, *found}
    precision = _matched(set().union(*people), ours, margin) / len(ours)
    recall = float(np.mean([_matched(person, ours, margin) / len(person) for person in people]))
    return 2 * precision * recall / (precision + recall)


def _matched(true: set[int], found: set[int], margin: int) -> int:
    """Found breaks within `margin` of an annotated one, each annotated one used once, nearest pair in order."""
    left, count = set(found), 0
    for place in sorted(true):
        near = [f for f in left if abs(f - place) <= margin]
        if near:
            left.remove(min(near, key=lambda f: (abs(f - place), f)))
            count += 1
    return count


def covering(annotations: Iterable[Iterable[int]], found: Iterable[int], n: int) -> float:
    """Covering of the annotators' segments of n rows by the found segments (Jaccard), mean over annotators.

    In (0, 1], higher is better. Source: van den Burg & Williams 2020, eq. 2, after Arbelaez et al. 2010.
    """
    ours = _segments(found, n)
    return float(np.mean([
        sum((b - a) / n * max(_jaccard((a, b), piece) for piece in ours) for a, b in _segments(person, n))
        for person in annotations
    ]))


def _segments(breaks: Iterable[int], n: int) -> list[tuple[int, int]]:
    edges = [0, *sorted({b for b in breaks if 0 < b < n}), n]
    return list(pairwise(edges))


def _jaccard(a: tuple[int, int], b: tuple[int, int]) -> float:
    shared = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return shared / ((a[1] - a[0]) + (b[1] - b[0]) - shared)
