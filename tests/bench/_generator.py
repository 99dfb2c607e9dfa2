"""The generator of a simulated series as its forecaster: it knows all but when the one break comes.

The noise, the level before the break and the break's factor are given; only its row is not: each gap holds it with the
same chance until it has come (`hazard`). A filter over (broken or not, deviation) is then exact, and what it forecasts
is calibrated over all rows of such series. Right after the break it covers less than it says, like anyone who does
not know yet, and no forecaster can be calibrated throughout and cover more there by more than chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom, norm, poisson

from tests.bench.designs import LAGGED, LATENT

NODES = np.linspace(-4, 4, 41)
MU = 12.0  # the mean of lagged counts before their break


@dataclass(frozen=True)
class Generator:
    """A design of `designs.LATENT` or `designs.LAGGED`, the factor of its break, and the chance of it in each gap."""

    design: str
    factor: float
    hazard: float

    def paths(self, y: np.ndarray, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int [draws, horizon], of what follows y [n] (NaN = not observed)."""
        return (self._lagged if self.design in LAGGED else self._latent)(y, horizon, draws, rng)

    def _latent(self, y: np.ndarray, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        size, spread, rho, level = LATENT[self.design]
        turn, fresh = np.sqrt(1 - rho**2), norm.pdf(NODES) / norm.pdf(NODES).sum()
        move = norm.pdf(NODES, rho * NODES[:, None], turn)
        move /= move.sum(axis=1, keepdims=True)
        base = level * np.exp(-spread**2 / 2) * np.array([1.0, self.factor])
        mean = base[:, None] * np.exp(spread * NODES)
        state = np.outer([1.0, 0.0], fresh)
        for t, count in enumerate(y):
            state = self._broken(state) @ move if t else state
            state = state if np.isnan(count) else state * nbinom.pmf(count, size, size / (size + mean))
            state /= state.sum()
        broken, node = np.divmod(rng.choice(state.size, size=draws, p=state.ravel()), len(NODES))
        x, paths = NODES[node], np.empty((draws, horizon), dtype=np.int64)
        for step in range(horizon):
            broken = broken | (rng.random(draws) < self.hazard)
            x = rho * x + turn * rng.standard_normal(draws)
            paths[:, step] = rng.poisson(base[broken] * np.exp(spread * x) * rng.gamma(size, 1 / size, draws))
        return paths

    def _lagged(self, y: np.ndarray, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        phi, size = LAGGED[self.design]
        if np.isfinite(size) or np.isnan(y).any():
            raise ValueError(f"generator: lagged counts are Poisson and complete here, got {self.design}, size {size}")
        base, state, last = (1 - phi) * MU * np.array([1.0, self.factor]), np.array([1.0, 0.0]), MU
        for t, count in enumerate(y):
            state = (self._broken(state) if t else state) * poisson.pmf(count, base + phi * last)
            state, last = state / state.sum(), count
        broken, before = rng.choice(2, size=draws, p=state), np.full(draws, last)
        paths = np.empty((draws, horizon), dtype=np.int64)
        for step in range(horizon):
            broken = broken | (rng.random(draws) < self.hazard)
            before = paths[:, step] = rng.poisson(base[broken] + phi * before)
        return paths

    def _broken(self, state: np.ndarray) -> np.ndarray:
        """The state [2, ...] a gap later: the break may have come."""
        return np.stack([(1 - self.hazard) * state[0], state[1] + self.hazard * state[0]])
