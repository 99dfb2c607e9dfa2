"""Placebo series: the fitted model without an effect, simulated with the gaps, bounds and exposure of the data."""

from __future__ import annotations

import numpy as np

from forecast.regime_model.filters import forward
from forecast.regime_model.last_count import run
from forecast.regime_model.model import Settings
from forecast.regime_model.problem import Problem, settings_table
from forecast.series.series import Series

# The statistic of a placebo is computed on a coarser grid than the posterior: data and placebos alike, so that the
# p-value stays exact while 200 of them cost a second. Its power is that of the full grid to a point or two.
COARSE = Settings(spreads=(0.3, 0.8), correlations=(0.45, 0.9), feedback=(), dispersions=(1.0, 2.5, 6.0, 30.0),
                     levels=10, nodes=7)


def simulate_null(problem: Problem, weight: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Counts of `number` series without a break, [number, n], every row filled.

    problem : of one series; weight : weights of its settings [S]. Settings are drawn anew for each series, the level
    from its posterior without a break: drawing, not plugging in, keeps the size of the tests honest.
    """
    table = settings_table(problem)
    picked = rng.choice(len(weight), size=number, p=weight)
    rho, spread, noise, feedback = table[picked].T
    chance = _level_posterior(problem)[picked]
    cumulative = np.cumsum(chance, axis=1)
    level = problem.levels[(cumulative < (rng.random(number) * cumulative[:, -1])[:, None]).sum(axis=1)]
    unit = np.empty((number, len(problem.scale)))
    unit[:, 0] = rng.standard_normal(number)
    for t, gap in enumerate(problem.gaps):
        carry = rho**gap
        unit[:, t + 1] = carry * unit[:, t] + np.sqrt(1 - carry**2) * rng.standard_normal(number)
    latent = level[:, None] + spread[:, None] * unit
    return run(problem.observation, latent, problem.scale, np.r_[np.inf, problem.gaps], feedback, noise, rng)


def _level_posterior(problem: Problem) -> np.ndarray:
    """Posterior of the one level under each setting, [S, L]."""
    problem, _ = problem.observed_rows()
    still = np.zeros(len(problem.gaps))
    return np.concatenate([forward(problem, block, still, keep=[len(still)]).state[0, 0].sum(axis=0)
                           for block in problem.blocks])


def as_seen(series: Series, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds [number, n] through which an observer like ours would report these counts: same gaps, same widths.

    An exact row stays exact, an open one says "at least" the count's share that ours named, a closed one keeps its
    relative width around the count.
    """
    low, high = np.broadcast_to(counts, counts.shape).copy(), counts.copy()
    middle = np.maximum(series.middle, 0.5)
    for t in np.flatnonzero(series.observed & (series.low != series.high)):
        if np.isinf(series.high[t]):
            high[:, t] = np.inf
            continue
        low[:, t] = np.floor(counts[:, t] * min(series.low[t] / middle[t], 1.0))
        high[:, t] = np.ceil(counts[:, t] * series.high[t] / middle[t])
        high[:, t] = np.maximum(high[:, t], low[:, t] + series.high[t] - series.low[t])
    low[:, ~series.observed] = high[:, ~series.observed] = np.nan
    return low, high
