"""Compiled likelihoods of rows: of counts and reals within bounds, and of a row at levels between those of the grid.

A negative binomial count within bounds is summed outward from its likeliest count.
"""

from __future__ import annotations

import math

import numpy as np

from forecast.support.compiled import Array, kernel, part_kernel

MOST = 500.0  # counts between closed bounds, or below an open one, that are summed one by one
LEAST_SIZE = 0.5  # of the negative binomial: below it a tail runs too far to be summed
DONE = 1e-17  # share of a sum below which a further term moves no digit
SMALLEST = math.log(1e-300)


@part_kernel
def _log_chance(k: float, p: float, q: float, r: float) -> float:
    """Log probability of a count k."""
    return math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1) + r * math.log(p) + k * math.log(q)


@part_kernel
def _summed(first: float, low: float, high: float, q: float, r: float) -> float:
    """Probability of the counts low to high over that of `first`, from which it falls to both sides."""
    total, term, k = 1.0, 1.0, first
    while k < high and term > DONE * total:
        term *= q * (k + r) / (k + 1)
        total += term
        k += 1
    term, k = 1.0, first
    while k > low and term > DONE * total:
        term *= k / (q * (k - 1 + r))
        total += term
        k -= 1
    return total


@kernel
def log_masses(low: Array, high: Array, success: Array, size: Array, out: Array) -> None:
    """Fill out [N] with log P(low <= Y <= high) where that is a short sum of whole counts, else with NaN."""
    for i in range(len(out)):
        a, b, p, r = max(low[i], 0.0), high[i], success[i], size[i]
        q = max(1 - p, 1e-300)
        mean = r * q / p
        short = (b - a <= MOST) if b < np.inf else (a <= MOST and r >= LEAST_SIZE)
        out[i] = np.nan
        if a == 0 and b == np.inf:
            out[i] = 0.0
        elif short and a == math.floor(a) and (b == np.inf or b == math.floor(b)):
            if b == np.inf and mean >= a:  # the smaller part is what lies below
                first = min(max(math.floor((r - 1) * q / p), 0.0), a - 1)
                below = math.exp(_log_chance(first, p, q, r)) * _summed(first, 0.0, a - 1, q, r)
                out[i] = math.log(max(1 - below, 1e-300))
            else:
                first = min(max(math.floor((r - 1) * q / p), a), b)
                out[i] = max(_log_chance(first, p, q, r) + math.log(_summed(first, a, b, q, r)), SMALLEST)


@part_kernel
def _student_tail(t: float) -> float:
    """P(T > t) of Student's t with six degrees of freedom, for t at least 0 (Abramowitz & Stegun 1964, 26.7.4).

    Far out by the series of what the closed form would lose to 1 - 1.
    """
    u = 6 / (6 + t * t)
    if u > 0.1:
        return 0.5 - 0.5 * math.sqrt(1 - u) * (1 + u / 2 + 3 * u * u / 8)
    total, term = 0.0, 5 * u * u * u / 16
    for k in range(4, 20):
        total += term
        term *= u * (2 * k - 1) / (2 * k)
    return 0.5 * math.sqrt(1 - u) * total


@kernel
def log_student_masses(low: float, high: float, deviation: Array, level: Array, spread: Array, noise: Array,
                       out: Array) -> None:
    """Fill out [D, E, L] with log P(low <= Y <= high) of Y = level + spread deviation + noise T, T as above."""
    for d in range(len(deviation)):
        for e in range(len(noise)):
            for i in range(len(level)):
                middle = level[i] + spread[e] * deviation[d]
                near, far = (low - middle) / noise[e], (high - middle) / noise[e]
                if near > 0:  # both ends from the side of their own tail
                    inside = _student_tail(near) - _student_tail(far)
                elif far < 0:
                    inside = _student_tail(-far) - _student_tail(-near)
                else:
                    inside = 1 - _student_tail(-near) - _student_tail(far)
                out[d, e, i] = math.log(max(inside, 1e-300))


@kernel
def between_levels(table: Array, nodes: int, levels: int, settings: int, row: Array, setting: Array, node: Array,
                   place: Array, out: Array) -> None:
    """Fill out [J, K] with likelihoods, table [U, D, E, L] flat, at places [J, K] on the grid of the levels.

    row, setting, node [J] : the row of the table, the setting and the deviation of each
    """
    for j in range(len(place)):
        at = ((row[j] * nodes + node[j]) * settings + setting[j]) * levels
        for k in range(place.shape[1]):
            inside = min(max(place[j, k], 0.0), levels - 1.001)
            cell = int(inside)
            part = inside - cell
            out[j, k] = (1 - part) * table[at + cell] + part * table[at + cell + 1]
