"""How much evidence a panel shows where nothing happened: in simulated series, and in windows without the event."""

from __future__ import annotations

import numpy as np

from forecast.placebo import as_seen, simulate_null
from forecast.posterior import Posterior
from forecast.regimes import forward, pooled, pose, settings_table, single_thread
from forecast.series import Series

WANTED = 1000  # simulated series in a panel, about
MOST = 20  # of one series


def number_of(name_seed: int, series: int) -> int:
    """How many placebos a series of a panel of that many contributes; by its own seed, whoever asks."""
    each = WANTED / max(series, 1)
    if each >= 1:
        return min(int(np.ceil(each)), MOST)
    return int(np.random.default_rng([name_seed, 1]).random() < each)


def without_change(posterior: Posterior, series: Series, number: int, season: np.ndarray,
                   rng: np.random.Generator) -> np.ndarray:
    """Log Bayes factors of any break [number] in series simulated from the fitted model without one.

    The settings are those of the paths, which may hold breaks: fitted without them they would overstate the noise.
    """
    problem = posterior.problem
    low, high = as_seen(series, simulate_null(problem, _weights(posterior), number, rng))
    placebo = pose(problem.model, series, season, (low, high))
    jump, still = placebo.jumps(placebo.model.breaks), np.zeros(len(placebo.gaps))
    with single_thread():
        some, none = (np.concatenate([forward(placebo, block, each, full=False).log[-1].transpose(1, 0, 2).reshape(
            number, -1) for block in placebo.blocks], axis=1) for each in (jump, still))
    expected = placebo.model.breaks
    gain = pooled(some, placebo.weight) - pooled(none, placebo.weight) + expected
    return np.asarray(np.log(np.maximum(np.expm1(gain), 1e-12)) - np.log(np.expm1(expected)))


def _weights(posterior: Posterior) -> np.ndarray:
    """Shares of the paths that have each setting, [S]."""
    table = settings_table(posterior.problem)
    paths = np.column_stack([posterior.correlation, posterior.spread, posterior.noise])
    _, code = np.unique(np.vstack([table, paths]), axis=0, return_inverse=True)
    share = np.bincount(code[len(table):], minlength=code.max() + 1)[code[:len(table)]].astype(float)
    return np.asarray(share / share.sum())


def other_windows(gaps: np.ndarray, allowed: np.ndarray) -> list[np.ndarray]:
    """Masks of as many gaps as `gaps` elsewhere: evenly over the series, none near the window itself.

    gaps : mask [n - 1] of the window; allowed : mask [n - 1] of gaps with enough observed rows on both sides
    """
    inside = np.flatnonzero(gaps)
    width, n = len(inside), len(gaps)
    starts = np.arange(n - width + 1)
    near = (starts > inside[0] - 2 * width) & (starts < inside[-1] + width)
    free = starts[allowed[starts] & allowed[starts + width - 1] & ~near]
    chosen = free[np.unique(np.linspace(0, len(free) - 1, MOST).astype(int))] if len(free) else free
    masks = []
    for start in chosen:
        mask = np.zeros(n, dtype=bool)
        mask[start:start + width] = True
        masks.append(mask)
    return masks
