"""The designs of simulated counts that detectors and tests of events are judged on; all series are simulated.

y_t ~ NB(mean mu_t, size r), log mu_t = log m - s^2/2 + z_t + b 1[t >= at], z an AR(1) with autocorrelation rho and
marginal sd s; or lagged counts lambda_t = (1 - phi) mu_t + phi y_(t-1), Poisson or NB with size 5.
"""

from __future__ import annotations

import numpy as np

from forecast import Series

LATENT = {"A": (3, 0.4, 0.6, 20), "B": (10, 0.4, 0.6, 20), "C": (3, 0.0, 0.0, 20), "D": (3, 0.6, 0.9, 20),
          "E": (3, 0.4, 0.6, 2)}
LAGGED = {"Poisson": (0.0, np.inf), "NB": (0.0, 5.0), "phi .4": (0.4, np.inf), "phi .7": (0.7, np.inf)}
WEEKS, EVENT = 80, 52


def series_of(values: np.ndarray) -> Series:
    """A weekly series of simulated counts."""
    return Series.from_values(values, start="2020-01-06", freq="W-MON", name="simulated")


def latent(design: str, number: int, factor: float, seed: int, *, missing: float = 0.2, at: int = EVENT,
           noise: str = "own", weeks: int = WEEKS) -> list[Series]:
    """Series of design A to E, with a step of `factor` from row `at`; `noise` may be walk, season or preferential."""
    r, s, rho, m = LATENT[design]
    rng = np.random.default_rng([seed, ord(design)])
    z = np.empty((number, weeks))
    z[:, 0] = s * rng.standard_normal(number)
    for t in range(1, weeks):
        z[:, t] = rho * z[:, t - 1] + s * np.sqrt(1 - rho**2) * rng.standard_normal(number)
    if noise == "walk":
        z = np.cumsum(0.1 * rng.standard_normal((number, weeks)), axis=1)
    if noise == "season":
        z += 0.4 * np.sin(2 * np.pi * (np.arange(weeks) / 52 + rng.random((number, 1))))
    mean = np.exp(np.log(m) - s * s / 2 + z) * np.where(np.arange(weeks) >= at, factor, 1.0)
    counts = rng.poisson(mean * rng.gamma(r, 1 / r, mean.shape)).astype(float)
    chance = np.full(counts.shape, missing)
    if noise == "preferential":  # busy weeks are imaged more often
        rank = counts.argsort(axis=1).argsort(axis=1) / weeks
        chance = np.clip(2 * missing * (1 - rank), 0, 1)
    counts[rng.random(counts.shape) < chance] = np.nan
    return [series_of(row) for row in counts]


def lagged(design: str, number: int, seed: int, *, n: int = 100, mu: float = 12.0, at: int | None = None,
           missing: float = 0.0) -> list[Series]:
    """Series of lagged counts; from row `at` on the mean is halved."""
    phi, size = LAGGED[design]
    rng = np.random.default_rng([seed, list(LAGGED).index(design)])
    counts = np.empty((number, n))
    before = np.full(number, mu)
    for t in range(-50, n):
        mean = (1 - phi) * mu * (0.5 if at is not None and t >= at else 1.0) + phi * before
        before = rng.poisson(mean * (rng.gamma(size, 1 / size, number) if np.isfinite(size) else 1.0)).astype(float)
        if t >= 0:
            counts[:, t] = before
    counts[rng.random(counts.shape) < missing] = np.nan
    return [series_of(row) for row in counts]
