"""How much evidence a panel shows where nothing happened: in shuffled series, and in windows without the event."""

from __future__ import annotations

import numpy as np

from forecast.regime_model.filters import evidence_of
from forecast.regime_model.posterior import Posterior
from forecast.regime_model.problem import discretise, pooled
from forecast.series.series import Series

WANTED = 1000  # shuffled series in a panel, about
MOST = 8  # of one series
WINDOWS = 20  # other windows of one series
BLOCK = 8  # rows that stay together


def number_of(name_seed: int, series: int) -> int:
    """How many placebos a series of a panel of that many contributes; by its own seed, whoever asks."""
    each = WANTED / max(series, 1)
    if each >= 1:
        return min(int(np.ceil(each)), MOST)
    return int(np.random.default_rng([name_seed, 1]).random() < each)


def without_change(posterior: Posterior, series: Series, number: int, season: np.ndarray,
                   rng: np.random.Generator) -> np.ndarray:
    """Log Bayes factors of any break [number] in the series' own rows, shuffled in blocks.

    Blocks keep the scatter and what persists for a few rows, whatever the model thinks of either, and no level lasts.
    """
    placebo = discretise(posterior.problem.model, series, season, shuffled(posterior, series, number, rng))
    jump, still = placebo.jumps(placebo.model.breaks), np.zeros(len(placebo.gaps))
    some, none = evidence_of(placebo, jump), evidence_of(placebo, still)
    expected = placebo.model.breaks
    gain = pooled(some, placebo.weight) - pooled(none, placebo.weight) + expected
    return np.asarray(np.log(np.maximum(np.expm1(gain), 1e-12)) - np.log(np.expm1(expected)))


def shuffled(posterior: Posterior, series: Series, number: int,
             rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Bounds [number, n] of the rows of a series in random order of blocks, brought to one level where it changed.

    A count moved to another exposure, season or level is scaled and rounded at random, which keeps its mean.
    """
    n, scale = len(series), posterior.problem.scale
    level = np.median(posterior.level, axis=0) if posterior.log_ratio > 0 else np.zeros(n)
    low, high = np.empty((number, n)), np.empty((number, n))
    for k in range(number):
        edges = np.arange(rng.integers(1, BLOCK + 1), n, BLOCK)
        blocks = np.split(np.arange(n), edges)
        source = np.concatenate([blocks[b] for b in rng.permutation(len(blocks))])
        factor = scale / scale[source] * np.exp(level.mean() - level[source])
        chance = np.where(np.abs(factor - 1) < 1e-9, 0.0, rng.random(n))
        low[k], high[k] = (np.floor(bound[source] * factor + chance + 1e-9) for bound in (series.low, series.high))
    return low, high


def other_windows(gaps: np.ndarray, allowed: np.ndarray) -> list[np.ndarray]:
    """Masks of as many gaps as `gaps` elsewhere: evenly over the series, none near the window itself.

    gaps : mask [n - 1] of the window; allowed : mask [n - 1] of gaps with enough observed rows on both sides
    """
    inside = np.flatnonzero(gaps)
    width, n = len(inside), len(gaps)
    starts = np.arange(n - width + 1)
    near = (starts > inside[0] - 2 * width) & (starts < inside[-1] + width)
    free = starts[allowed[starts] & allowed[starts + width - 1] & ~near]
    chosen = free[np.unique(np.linspace(0, len(free) - 1, WINDOWS).astype(int))] if len(free) else free
    masks = []
    for start in chosen:
        mask = np.zeros(n, dtype=bool)
        mask[start:start + width] = True
        masks.append(mask)
    return masks
