"""How large an effect is: ratio and total with their intervals, from the posterior with the effect in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.effects.event_model import EventModel
from forecast.effects.event_shapes import FADE, STEP, Candidate
from forecast.regime_model.regression import Estimates, Weighed

LEAST, MOST = 1.6, 3.5  # standard deviations that the interval reaches to either side, 1.96 for a normal
POWER = (1.96 + 0.84) / (2 * 1.96)  # widths of a 95 % interval off none that are told from none four times in five
DRAWS = 400  # of the counts expected without the effect
NOTHING = 1e-9  # weight of a part of the mixture below which it moves no digit that is told
GRID = 601  # places at which the distribution of a size is kept


@dataclass(frozen=True, eq=False)
class Sized:
    """The size of one effect; fields as in `Effect`, total is low, middle, high, observed is before and after."""

    position: int
    shape: str
    until: str
    ratio: float
    low: float
    high: float
    detectable: float
    before: float
    total: tuple[float, float, float]
    observed: tuple[float, float]
    trend: float
    season: tuple[str, ...]
    others: int


def sized(model: EventModel, data: Estimates, effect: int, null: Weighed, place: int, one: Candidate,
          others: int) -> Sized:
    """Size the effect `one`, number `effect` of the estimates of the data and number `place` of those of the placebos.

    The interval is as many posterior standard deviations wide as hold none out in one of twenty placebos.
    """
    weight, mean, sd = _parts(data, effect)
    width = float(np.clip(np.quantile(np.abs(_beyond(*_parts(null, place))), 0.95), LEAST, MOST))
    low, middle, high = _quantiles(weight[0], mean[0], sd[0], (-width, 0.0, width))
    series = model.series
    position = int(np.flatnonzero(one.column)[0])
    # so that the whole effect is told, and where it holds
    inside = series.observed & (one.column >= 0.5) & (np.arange(len(series)) >= position)
    before, total = _expected(model, data, effect, one, position)
    ended = np.flatnonzero((one.column[:-1] > 0) & (one.column[1:] != one.column[:-1])) if one.shape not in (
        STEP, FADE) else np.zeros(0, int)
    return Sized(position=position, shape=one.shape, until=str(series.start[ended[-1] + 1]) if len(ended) else "",
                 ratio=float(np.exp(middle)), low=float(np.exp(low)), high=float(np.exp(high)),
                 detectable=float(np.exp(min(POWER * (high - low), 700))), before=before, total=total,
                 observed=(_mean(model, np.arange(len(series)) < position), _mean(model, inside)),
                 trend=_trend(model, data, effect), season=model.season, others=others)


def _parts(estimates: Weighed, effect: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and standard deviations [B, M] of the mixture that an effect's size is, its smallest prior aside:
    that one weighs whether there is an effect, and would shrink what there is."""
    logs = estimates.joint[:, effect, :, :, 1:]
    logs = logs.reshape(len(logs), -1)
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    return (weight / weight.sum(axis=1, keepdims=True), estimates.mean[:, effect, :, :, 1:].reshape(len(logs), -1),
            estimates.sd[:, effect, :, :, 1:].reshape(len(logs), -1))


def _beyond(weight: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """How far none lies from each size, in standard deviations of a normal with the same tail, [B]."""
    from scipy.special import ndtr, ndtri

    return np.asarray(ndtri(np.clip(np.sum(weight * ndtr(mean / sd), axis=1), 1e-12, 1 - 1e-12)))


def _quantiles(weight: np.ndarray, mean: np.ndarray, sd: np.ndarray, at: tuple[float, ...]) -> tuple[float, ...]:
    """Sizes that lie so many standard deviations off the middle, by the tails of a normal."""
    from scipy.special import ndtr

    told = weight > NOTHING
    weight, mean, sd = weight[told], mean[told], sd[told]
    reach = 6 * float(sd.max())

    def below(sizes: np.ndarray) -> np.ndarray:
        return np.asarray(ndtr((sizes[:, None] - mean) / sd) @ weight)

    grid = np.linspace(float(mean.min()) - reach, float(mean.max()) + reach, GRID)
    share = below(grid)
    for _ in range(2):  # around the middle once more, where a few settings reach far
        first, last = (int(np.searchsorted(share, edge)) for edge in (1e-5, 1 - 1e-5))
        grid = np.linspace(grid[max(first - 1, 0)], grid[min(last + 1, GRID - 1)], GRID)
        share = below(grid)
    return tuple(float(np.interp(ndtr(each), share, grid)) for each in at)


def _expected(model: EventModel, data: Estimates, effect: int, one: Candidate,
              position: int) -> tuple[float, tuple[float, float, float]]:
    """Level without the effect around the date, and counts beyond what was expected without it (low, middle, high)."""
    rng = np.random.default_rng(position)
    share = np.exp(data.joint[0, effect, :, :, 1:] - data.joint[0, effect, :, :, 1:].max())
    k, v, t = np.unravel_index(rng.choice(share.size, DRAWS, p=(share / share.sum()).ravel()), share.shape)
    size = data.mean[0, effect, k, v, t + 1] + data.sd[0, effect, k, v, t + 1] * rng.standard_normal(DRAWS)
    value, vector = np.linalg.eigh(data.covariance[0, k, v])
    noise = np.sqrt(np.maximum(value, 0)) * rng.standard_normal(value.shape)
    coefficients = (data.coefficients[0, k, v] - data.moved[0, k, v, :, effect] * size[:, None]
                    + (vector @ noise[..., None])[..., 0])
    series, rows = model.series, model.rows
    told = np.median(coefficients @ np.where(model.plain, model.columns.design[position], 0.0))
    inside = np.flatnonzero(series.observed & (one.column > 0))
    without = coefficients @ model.columns.design[inside].T
    if not rows.count:
        return _amount(model, float(told)), (float("nan"),) * 3
    middle = series.middle[inside]
    without = np.exp(np.clip(without + rows.log_scale[inside], -30, 34))
    now = without * np.exp(np.clip(size[:, None] * one.column[inside], -30, 30))
    scatter = np.sqrt(np.sum(now + now**2 * model.noise.table[k, 2][:, None], axis=1))
    more = middle.sum() - without.sum(axis=1) + scatter * rng.standard_normal(DRAWS)
    low, half, high = np.quantile(more, (0.025, 0.5, 0.975))
    return float(np.exp(told)), (float(low), float(half), float(high))


def _amount(model: EventModel, log: float) -> float:
    """An amount turned back from its log."""
    return float(model.offset * np.expm1(log))


def _mean(model: EventModel, rows: np.ndarray) -> float:
    """Mean count per fully watched row of the observed ones among these; NaN for none."""
    series = model.series
    seen = series.observed & rows
    if not seen.any():
        return float("nan")
    if not model.rows.count:
        return _amount(model, float(series.middle[seen].mean()))
    return float(series.middle[seen].sum() / np.exp(model.rows.log_scale[seen]).sum())


def _trend(model: EventModel, data: Estimates, effect: int) -> float:
    """Posterior probability of a steep trend beside the effect."""
    logs = np.logaddexp.reduce(data.joint[0, effect], axis=(0, 2))
    there = np.array([kept[1] for kept, _ in model.columns.variants()])
    share = np.exp(logs - logs.max())
    return float(share[there].sum() / share.sum())
