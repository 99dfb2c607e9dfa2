"""Conjugate gamma-Poisson filter: how fast the level moves and how dispersed the counts are is learned as it runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from forecast.models.history import exposure, season_length, trimmed, whole
from forecast.models.levels import paths_on_level
from forecast.models.steps import Steps
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import MOST_ROWS, check_number, check_whole

LARGE = 1e12  # mean above which Poisson noise is below one in a million


@dataclass(frozen=True)
class CountStateSpace(Tunable):
    """Discount filter of a gamma level under negative binomial counts with multiplicative seasonality.

    The level's gamma keeps the share `discounts` of its evidence each row and drifts back to a weak prior of the
    long-run mean worth `anchors` counts; an overdispersed count of size `sizes` is worth 1 / (1 + mean/size) of a
    Poisson one. Seasonal factors are learned on the way, `shrinkage` pseudo-counts pull them to one (inf: none).
    All combinations run at once and are weighed by their predictive likelihood, one step ahead, so that nothing is
    fitted. Sources: Harvey & Fernandes 1989, section 3; West & Harrison 1997, chapter 14 (discounts).

    rows : most recent rows that are used
    """

    discounts: tuple[float, ...] = (0.6, 0.8, 0.9, 0.95, 0.98, 0.995, 1.0)
    sizes: tuple[float, ...] = (0.15, 0.3, 0.6, 1.2, 3.0, 10.0, 1e4)
    anchors: tuple[float, ...] = (0.05, 0.3)
    shrinkage: tuple[float, ...] = (20.0,)
    rows: int = 200

    def __post_init__(self) -> None:
        check_number(self, 0.001, 1, "discounts")
        check_number(self, 1e-6, 1e9, "sizes", "anchors")
        check_number(self, 1e-6, math.inf, "shrinkage")
        check_whole(self, 2, MOST_ROWS, "rows")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, *,
              steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; a path keeps its settings and its rank among possible levels.

        steps : of the level, where they are known already
        """
        return paths_on_level(self._paths, series, horizon, draws, rng, steps, single=True)

    def _paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        series = series.points()
        middle = trimmed(series.middle)[-self.rows:]
        share = exposure(series)[-len(middle):]
        cycle = season_length(series)
        seasonal = cycle > 1 and len(middle) >= 2 * cycle and np.nansum(middle) > 0
        table = np.array(list(product(self.discounts, self.sizes, self.anchors,
                                      (np.inf, *self.shrinkage) if seasonal else (np.inf,))))
        state = _filter(middle, share, table, cycle if seasonal else 1)
        return _simulate(state, table, horizon, draws, rng)


@dataclass(frozen=True)
class State:
    """After the last row: gamma shape and rate [settings], their long-run values, seasonal factors, weights."""

    shape: np.ndarray
    rate: np.ndarray
    anchor_rate: np.ndarray
    factors: np.ndarray
    weight: np.ndarray


def _filter(y: np.ndarray, share: np.ndarray, table: np.ndarray, cycle: int) -> State:
    """Run every setting over the counts; `factors` [settings, cycle] start with the phase of the next row."""
    from forecast.models._numba_counts import discounted

    anchor, shrink, seen = table[:, 2], table[:, 3], ~np.isnan(y)
    anchor_rate = anchor * (share[seen].sum() + 1) / (y[seen].sum() + 0.5)
    shape, rate, score = anchor.copy(), anchor_rate.copy(), np.zeros(len(table))
    found, expected = np.zeros((2, len(table), cycle))
    discounted(np.ascontiguousarray(y, dtype=float), np.ascontiguousarray(share, dtype=float), table, anchor_rate,
               found, expected, shape, rate, score)
    pull = np.where(np.isinf(shrink), 1.0, shrink)  # a factor with infinite shrinkage is one for ever
    weight = np.exp(score - score.max())
    factors = np.roll((pull[:, None] + found) / (pull[:, None] + expected), -(len(y) % cycle), axis=1)
    return State(shape, rate, anchor_rate, factors, weight / weight.sum())


def _simulate(state: State, table: np.ndarray, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    chosen = rng.choice(len(table), size=draws, p=state.weight)
    keep, size, anchor = table[chosen, :3].T
    shape, rate, anchor_rate = state.shape[chosen], state.rate[chosen], state.anchor_rate[chosen]
    normal, uniform = rng.normal(size=(draws, 1)), rng.uniform(size=(draws, 1))
    kept = keep[:, None] ** np.arange(1, horizon + 1)
    shape = kept * shape[:, None] + (1 - kept) * anchor[:, None]
    rate = kept * rate[:, None] + (1 - kept) * anchor_rate[:, None]
    factors = state.factors[chosen[:, None], np.arange(horizon) % state.factors.shape[1]]
    mean = _gamma(shape, normal, uniform) / rate * factors * rng.gamma(size[:, None], size=shape.shape) / size[:, None]
    return whole(np.where(mean > LARGE, mean, rng.poisson(np.minimum(mean, LARGE))))


def _gamma(shape: np.ndarray, normal: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Gamma variates of this shape from given normal and uniform ones, so that a path keeps its rank over the steps.

    The cube of Wilson & Hilferty 1931 at shape + 1, boosted down by uniform^(1/shape) (Marsaglia & Tsang 2000,
    without the rejection that hardly ever happens); the mean is exact.
    """
    d = shape + 2 / 3
    return np.asarray(d * np.maximum(1 + normal / (3 * np.sqrt(d)), 0) ** 3 * uniform ** (1 / shape))
