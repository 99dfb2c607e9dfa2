"""What the statsmodels members share: the scale they work on, a rough but quiet fit, and paths of counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from forecast.models.history import history, season_length, trimmed, whole
from forecast.models.mean import Mean
from forecast.series.series import Series

ENOUGH = 6  # observations below which a level, a variance and a persistence cannot be told apart
EVALUATIONS = 10  # likelihoods per parameter: near the top forecasts hardly move, and each takes a millisecond


@dataclass(frozen=True)
class Scale:
    """Counts on a log scale when all are at least 10, else on the square root's, centred and scaled to sd one.

    z [n], NaN where nothing was seen; `back` undoes it. The log's noise grows with the level, the square root's is
    that of Poisson counts.
    """

    z: np.ndarray
    back: Callable[[np.ndarray], np.ndarray]


def scaled(y: np.ndarray) -> Scale:
    """The scale of a history that holds at least two different counts."""
    logs = float(np.nanmin(y)) >= 10
    raw = np.log(y) if logs else np.sqrt(y)
    centre, spread = float(np.nanmean(raw)), float(np.nanstd(raw))

    def back(z: np.ndarray) -> np.ndarray:
        real = np.minimum(z * spread + centre, 40.0 if logs else 1e8)
        return np.asarray(np.exp(real) if logs else np.maximum(real, 0) ** 2)

    return Scale((raw - centre) / spread, back)


def paths_of(series: Series, build: Callable[[np.ndarray, int], tuple[Any, list[float]]], horizon: int, draws: int,
             rng: np.random.Generator, *, future: Callable[[int, int], np.ndarray] | None = None) -> np.ndarray:
    """Sample paths of a statsmodels state-space model, int64 [draws, horizon].

    build(z, season) -> (model, start values); season is 1 when the history holds fewer than two cycles or the cycle
    has more than 24 rows, whose states would cost more than they tell. future(n, season) -> regressors of the coming
    rows [horizon, k], the last k states being their coefficients.
    Fewer than six observations, or observations that are all alike, get the conjugate mean instead: a likelihood of
    these has no top.
    """
    y = trimmed(history(series))
    seen = y[~np.isnan(y)]
    if len(seen) < ENOUGH or np.all(seen == seen[0]):
        return Mean().paths(series, horizon, draws, rng)
    cycle = season_length(series)
    cycle = cycle if 1 < cycle <= 24 and len(seen) >= 2 * cycle else 1
    scale = scaled(y)
    model, start = build(scale.z, cycle)
    # its states are few: more threads burn up to fifty times the CPU; asked anew, for `build` may just have loaded BLAS
    with threadpool_limits(1):
        filtered = model.filter(_fit(model, np.array(start))).filter_results
        z = _run_on(filtered, np.zeros((horizon, 0)) if future is None else future(len(y), cycle), draws, rng)
    return whole(scale.back(z))


def _run_on(filtered: Any, regressors: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Paths [draws, horizon] of a filtered state space from its last row on; all at once, not one after the other.

    regressors [horizon, k] : the coming rows of the design of the last k states
    """
    state = rng.multivariate_normal(filtered.predicted_state[:, -1], filtered.predicted_state_cov[:, :, -1], draws,
                                    method="eigh", check_valid="ignore")
    move, chosen = filtered.transition[:, :, -1], filtered.selection[:, :, -1]
    loud = chosen @ np.linalg.cholesky(filtered.state_cov[:, :, -1] + 1e-12 * np.eye(chosen.shape[1]))
    noise, paths = np.sqrt(filtered.obs_cov[0, 0, -1]), np.empty((draws, len(regressors)))
    for step, row in enumerate(regressors):
        design = filtered.design[0, :, -1].copy()
        design[len(design) - len(row):] = row
        paths[:, step] = state @ design + noise * rng.normal(size=draws)
        state = state @ move.T + rng.normal(size=(draws, loud.shape[1])) @ loud.T
    return paths


def _fit(model: Any, start: np.ndarray) -> np.ndarray:
    """Parameters near the top of the likelihood: Nelder-Mead from `start`, cut off quietly after a few steps."""
    from scipy.optimize import minimize

    def loss(free: np.ndarray) -> float:
        value = -float(model.loglike(model.transform_params(free)))
        return value if np.isfinite(value) else 1e12

    found = minimize(loss, model.untransform_params(start), method="Nelder-Mead",
                     options={"maxfev": EVALUATIONS * len(start), "xatol": 0.02, "fatol": 0.02})
    return np.asarray(model.transform_params(found.x))
