"""Dependence on the last count: the second way, beside a latent intensity, in which counts become persistent.

    E y_t = scale_t * ((1 - c) exp(m_t) + c y_p / scale_p),   c = phi^D

p is the last row known exactly and D the time since then, in median gaps (Ferland, Latour & Oraichi 2006, J. Time
Series Analysis 27, 923-942). A yard from which only some of the cars leave between two images counts like this. Where
rows are missing between, the count scatters more than around an adjacent one, by V = (1 - c^2) / (1 - phi^2): the
variance of the stationary process seen from that far, of which the size of the negative binomial takes account.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from forecast.regime_model.likelihood import Emission, Observation, log_mass, scaled
from forecast.regime_model.odd_rows import Odd, mixed
from forecast.series.series import Series

Array = np.ndarray[Any, Any]
NEAR = 2.0  # median gaps within which a count may depend on the one before


def last_exact(low: Array, high: Array, scale: Array, gaps: Array) -> tuple[Array, Array]:
    """Rate y_p / scale_p of the last exact row before each row and the time since then, [B, n + 1] (0, inf: none).

    low, high : [B, n] bounds, NaN where missing; scale : [n]; gaps : [n - 1], in median gaps. The last column is the
    state after the last row.
    """
    series, n = low.shape
    known = (low == high) & (scale > 0)
    last = np.maximum.accumulate(np.where(known, np.arange(n), -1), axis=1)  # -1: none yet
    time = np.concatenate([[0.0], np.cumsum(gaps)])
    rates = np.where(known, low, 0.0) / np.maximum(scale, 1e-300)
    rate, age = np.zeros((series, n + 1)), np.full((series, n + 1), np.inf)
    rate[:, 1:] = np.where(last >= 0, np.take_along_axis(rates, np.maximum(last, 0), axis=1), 0.0)
    since = np.round(np.append(time[1:], time[-1]) - time[np.maximum(last, 0)], 9)  # like gaps stay alike
    age[:, 1:] = np.where(last >= 0, since, np.inf)
    return rate, age


def tellable(series: Series, gaps: Array) -> bool:
    """Whether at least half of the observed rows are exact and follow an exact one within two median gaps.

    Counts known within bounds, or far apart, cannot tell dependence on the last one from scatter.
    """
    _, age = last_exact(series.low[None], series.high[None], np.ones(len(series)), gaps)
    exact = series.observed & (series.low == series.high)
    return bool((exact & (age[0, :-1] <= NEAR)).sum() >= 0.5 * series.observed.sum())


def kept(feedback: Array, age: Array) -> Array:
    """Share c = phi^D of the last count that the mean keeps; 0 without feedback or a last count."""
    return np.where(np.isinf(age), 0.0, np.power(feedback, np.where(np.isinf(age), 1.0, age)))


def size(noise: Array, mean: Array, feedback: Array, share: Array) -> Array:
    """Size of the negative binomial whose variance is V times that of `noise` at this mean (V at least 1)."""
    wider = np.maximum((1 - share**2) / (1 - feedback**2), 1.0)
    return np.asarray(1 / (wider / noise + (wider - 1) / np.maximum(mean, 1e-12)))


def emission(rows: Array, levels: Array, feedback: Array, noise: Array, odd: Odd) -> Emission:
    """Likelihood of distinct rows [U, 5] (low, high, scale, rate, age) at each level, for E settings: [U, 1, E, L]."""
    from scipy.special import gammaln

    low, high, scale, rate, age = (column[:, None, None] for column in rows.T)
    share = kept(feedback[None, :, None], age)
    mean = scale * ((1 - share) * np.exp(levels) + share * rate)
    mean = np.maximum(mean, 1e-12)
    r = size(noise[None, :, None], mean, feedback[None, :, None], share)
    exact = low == high
    y = np.where(exact, low, 0.0)
    logs = y * np.log(mean / (r + mean)) + r * np.log(r / (r + mean)) + gammaln(y + r) - gammaln(r) - gammaln(y + 1)
    for row in np.flatnonzero(~exact[:, 0, 0] & ~np.isnan(rows[:, 0])):
        logs[row] = log_mass(rows[row, 0], rows[row, 1], r[row] / (r[row] + mean[row]), r[row])
    made = scaled(rows, logs[:, None])
    return Emission(*mixed(made.table, made.peak, odd.wide(rows), odd.usual(rows)))


def run(observation: Observation, latent: Array, scale: Array, gaps: Array, feedback: Array, noise: Array,
        rng: np.random.Generator, rate: float = 0.0, age: float = np.inf) -> Array:
    """Values [P, H] drawn row after row for latent levels [P, H] (deviation included), each on the one before.

    scale : [H]; gaps : [H], time to the row before, in median gaps; feedback, noise : [P]
    rate, age : of the last exact row as seen from the row before these
    """
    if not feedback.any():
        return np.asarray(observation.draw(latent, scale, noise[:, None], rng))
    values = np.empty(latent.shape)
    last, since = np.full(len(latent), rate), age
    for h, (seen, gap) in enumerate(zip(scale, gaps, strict=True)):
        share = kept(feedback, np.asarray(since + gap))
        now = (1 - share) * np.exp(latent[:, h]) + share * last
        values[:, h] = observation.draw(np.log(np.maximum(now, 1e-12)), np.asarray(seen),
                                        size(noise, seen * now, feedback, share), rng)
        last, since = (values[:, h] / seen, 0.0) if seen > 0 else (now, 0.0)
    return values
