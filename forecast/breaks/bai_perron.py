"""Exact least-squares breaks of a regression: Bai & Perron 1998, 2003, with the choices of R's
strucchange."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from forecast.breaks.dating import Values, dated, observed_values
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import MOST_ROWS, check_number, check_share, check_whole

Array = np.ndarray[Any, Any]
SMALL = 400  # below this plain numpy answers in milliseconds, and nobody waits seconds for a compilation
SELECT = ("bic", "lwz", "sequential")


@dataclass(frozen=True)
class Partitions:
    """Best partitions of n rows: rss [m + 1] and cuts[b] (first rows of the new segments) for b = 0..m
    breaks."""

    rss: Array
    cuts: tuple[tuple[int, ...], ...]
    n: int
    k: int

    @property
    def bic(self) -> Array:
        """BIC [m + 1] of a normal regression with one variance, (k + 1)(b + 1) parameters, as strucchange."""
        b = np.arange(len(self.rss))
        with np.errstate(divide="ignore"):
            fit = self.n * (np.log(self.rss) + 1 - math.log(self.n) + math.log(2 * math.pi))
        return np.asarray(fit + math.log(self.n) * (self.k + 1) * (b + 1))

    @property
    def lwz(self) -> Array:
        """Criterion [m + 1] of Liu, Wu & Zidek 1997 with their c0 = 0.299, d0 = 0.1 (as Bai & Perron
        2003)."""
        b = np.arange(len(self.rss))
        p = self.k * (b + 1) + b
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(self.rss / (self.n - p)) + p / self.n * 0.299 * math.log(self.n) ** 2.1)


@dataclass(frozen=True)
class BaiPerron(Tunable):
    """Breaks of a regression within segments, found exactly by dynamic programming.

    trend, season, lag, regressors : what a segment's level may be joined by: a line in time, season - 1
        dummies, the last `lag` values, columns of one's own [rows of the series, columns]
    h : minimum segment, a share of the observed rows when below 1, else rows
    max_breaks : at most so many (None: as many as fit, less one, as strucchange)
    select : "bic", "lwz", or "sequential" (sup F(l + 1 | l) at level alpha)
    confidence : of the date intervals of Bai 1997; an end is the last observation of the old segment
    hac : intervals with a Newey-West variance, for autocorrelated errors
    """

    trend: bool = False
    season: int = 0
    lag: int = 0
    regressors: Any = None
    h: float = 0.15
    max_breaks: int | None = None
    select: Literal["bic", "lwz", "sequential"] = "bic"
    alpha: float = 0.05
    confidence: float = 0.95
    hac: bool = False

    def __post_init__(self) -> None:
        if self.select not in SELECT:
            raise ValueError(f"bai_perron: select must be one of {', '.join(SELECT)}, got {self.select!r}")
        check_number(self, 1e-6, MOST_ROWS, "h")
        check_whole(self, 0, 1000, "season")
        check_whole(self, 0, 100, "lag")
        check_whole(self, 0, MOST_ROWS, "max_breaks")
        check_share(self, "alpha", "confidence")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when the series is too short for two segments or does not vary."""
        values, X = self.design(series)
        fit = self.partitions(values.y, X)
        cuts = fit.cuts[self.chosen(fit, values.y, X)] if fit else ()
        if not cuts:
            return ()
        ends = [interval(values.y, X, cuts, i, confidence=self.confidence, hac=self.hac)
                for i in range(len(cuts))]
        return dated(series, values, cuts, [low for low, _ in ends], [high for _, high in ends])

    def design(self, series: Series) -> tuple[Values, Array]:
        """Values and regressors X [n, k] of the observed rows, without those that a lag or a gap leaves
        incomplete.

        Raises ValueError when `regressors` has another number of rows than the series.
        """
        values = observed_values(series)
        y, rows = values.y, values.rows
        columns = [np.ones(len(y))]
        if self.trend:
            columns.append((rows + 1.0) / max(len(series), 1))
        columns += [(rows % self.season == j).astype(float) for j in range(1, self.season)]
        grid = np.full(len(series) + self.lag, np.nan)
        grid[rows + self.lag] = y
        columns += [grid[rows + self.lag - j] for j in range(1, self.lag + 1)]
        if self.regressors is not None:
            own = np.asarray(self.regressors, dtype=float).reshape(len(self.regressors), -1)
            if len(own) != len(series):
                raise ValueError(f"bai_perron: regressors has {len(own)} rows, series {series.name} has "
                                 f"{len(series)}: give one row per row of the series")
            columns += list(own[rows].T)
        X = np.column_stack(columns)
        whole = np.isfinite(X).all(axis=1)
        return Values(y[whole], rows[whole]), X[whole]

    def partitions(self, y: Array, X: Array) -> Partitions | None:
        """Best partitions with 0..m breaks; None when no two segments fit or y is an exact fit."""
        n, k = X.shape
        h = math.floor(n * self.h) if self.h < 1 else int(self.h)
        h = max(h, k + 1)
        if n < 2 * h:
            return None
        most = max(math.ceil(n / h) - 2, 1)
        m = most if self.max_breaks is None else min(self.max_breaks, most)
        return best_partitions(y, X, h, m)

    def chosen(self, fit: Partitions, y: Array, X: Array) -> int:
        """How many breaks the chosen rule takes."""
        if self.select == "sequential":
            return sequential(fit, y, X, self)
        return int(np.argmin(fit.bic if self.select == "bic" else fit.lwz))


def best_partitions(y: Array, X: Array, h: int, m: int) -> Partitions | None:
    """Best partitions of y [n] on X [n, k] with 0..m breaks and at least h rows a segment.

    None when X fits y exactly: then nothing is left to break.
    """
    n, k = X.shape
    basis, triangle = np.linalg.qr(X)
    scale = np.abs(np.diag(triangle))
    basis = basis[:, scale > 1e-10 * scale.max()] * math.sqrt(n)
    # RSS within any segment is the same for the residuals of the whole, which are small: no digits are lost
    rest = y - basis @ (basis.T @ y) / n
    if rest @ rest <= 1e-20 * max(float(y @ y), 1e-300):
        return None
    level = k == 1 and np.ptp(X) == 0
    if n <= SMALL and not compiled("level_partitions" if level else "regression_partitions"):
        cost, last = plain_partitions(level_rss(rest) if level else regression_rss(rest, basis, h), h, m)
    else:
        from forecast.breaks import _numba_bai_perron as kernels

        if level:
            inverse = 1.0 / np.maximum(np.arange(n + 1), 1)
            sums, squares = (np.concatenate([[0.0], np.cumsum(v)]) for v in (rest, rest**2))
            cost, last = kernels.level_partitions(sums, squares, inverse, h, m)
        else:
            cost, last = kernels.regression_partitions(np.ascontiguousarray(basis), rest, h, m)
    cuts = []
    for b in range(m + 1):
        back: list[int] = []
        end = n
        for left in range(b, 0, -1):
            end = int(last[left, end])
            back.insert(0, end)
        cuts.append(tuple(back))
    return Partitions(np.maximum(cost[:, n], 0.0), tuple(cuts), n, k)


def compiled(loop: str) -> bool:
    """True when this process has compiled or loaded the loop already, so that using it costs no wait."""
    kernels = sys.modules.get("forecast.breaks._numba_bai_perron")
    # with NUMBA_DISABLE_JIT a loop is a plain function, slower than numpy
    return kernels is not None and bool(getattr(getattr(kernels, loop), "signatures", ()))


def level_rss(y: Array) -> Array:
    """RSS [n + 1, n + 1] of rows s..e-1 about their mean (meaningless where e <= s)."""
    n = len(y)
    sums, squares = (np.concatenate([[0.0], np.cumsum(v)]) for v in (y, y**2))
    length = np.arange(n + 1) - np.arange(n + 1)[:, None]
    rss: Array = squares - squares[:, None] - (sums - sums[:, None]) ** 2 / np.maximum(length, 1)
    return rss


def regression_rss(y: Array, X: Array, h: int) -> Array:
    """RSS [n + 1, n + 1] of y on X over rows s..e-1, e >= s + h, by elimination on cumulative cross
    products."""
    n, k = X.shape
    both = np.column_stack([X, y])
    products = both[:, :, None] * both[:, None, :]
    rss = np.full((n + 1, n + 1), np.inf)
    for s in range(n - h + 1):
        gram = np.cumsum(products[s:], axis=0)[h - 1:]
        size = gram[:, :k, :k].diagonal(axis1=1, axis2=2).max(axis=1)
        for i in range(k):
            pivot = gram[:, i, i]
            inverse = np.where(pivot > 1e-10 * size, 1.0, 0.0) / np.where(pivot > 1e-10 * size, pivot, 1.0)
            gram = gram - gram[:, :, i, None] * gram[:, None, i, :] * inverse[:, None, None]
        rss[s, s + h:] = np.maximum(gram[:, k, k], 0.0)
    return rss


def plain_partitions(rss: Array, h: int, m: int) -> tuple[Array, Array]:
    """The kernels' answer (cost, last cut) from the full table rss [n + 1, n + 1]."""
    n = len(rss) - 1
    index = np.arange(n + 1)
    table = np.where(index >= index[:, None] + h, rss, np.inf)
    cost, last = np.full((m + 1, n + 1), np.inf), np.zeros((m + 1, n + 1), np.int32)
    cost[0] = table[0]
    for b in range(1, m + 1):
        # rows 0..e-1 hold b + 1 segments from e = (b + 1) h on; with all m breaks only the whole is asked for
        s, e = slice(b * h, n - h + 1), slice((b + 1) * h if b < m else n, n + 1)
        total = cost[b - 1, s, None] + table[s, e]
        cut = total.argmin(axis=0)
        last[b, e] = cut + b * h
        cost[b, e] = np.take_along_axis(total, cut[None], axis=0)[0]
    return cost, last


# -- how many breaks: sup F(l + 1 | l) -----------------------------------------------------------------------
def sequential(fit: Partitions, y: Array, X: Array, rule: BaiPerron) -> int:
    """Breaks added one by one while the largest F of one more break within a segment is significant.

    Bai & Perron 1998, proposition 8: the limit is the largest of l + 1 independent sup F.
    """
    n, k = X.shape
    trimming = rule.h if rule.h < 1 else rule.h / n
    law = sup_f_law(k, round(min(max(trimming, 0.02), 0.45), 2))
    h = max(math.floor(n * trimming), k + 1)
    for b in range(len(fit.rss) - 1):
        edges = [0, *fit.cuts[b], n]
        largest = 0.0
        for start, stop in pairwise(edges):
            inner = max(math.floor((stop - start) * trimming), k + 1)
            if stop - start < 2 * max(inner, min(h, k + 1)):
                continue
            one = best_partitions(y[start:stop], X[start:stop], inner, 1)
            if one and one.rss[1] > 0:
                largest = max(largest, (one.rss[0] - one.rss[1]) / (one.rss[1] / (one.n - 2 * k)))
        share = float(np.searchsorted(law, largest)) / len(law)
        if 1 - share ** (b + 1) > rule.alpha:
            return b
    return len(fit.rss) - 1


@cache
def sup_f_law(k: int, trimming: float) -> Array:
    """Sorted draws of sup over r in [trimming, 1 - trimming] of |W(r) - r W(1)|^2 / (r (1 - r)), W in k
    dimensions."""
    draws, steps = 20_000, 400
    rng = np.random.default_rng(1998)
    r = np.arange(1, steps) / steps
    inside = (r >= trimming) & (r <= 1 - trimming)
    out = np.empty(draws)
    for block in range(0, draws, 1000):
        total = np.zeros((1000, int(inside.sum())))
        for _ in range(k):
            walk = np.cumsum(rng.standard_normal((1000, steps)), axis=1) / math.sqrt(steps)
            total += (walk[:, :-1] - r * walk[:, -1:])[:, inside] ** 2
        out[block:block + 1000] = (total / (r * (1 - r))[inside]).max(axis=1)
    return np.sort(out)


# -- when: the intervals of Bai 1997 -------------------------------------------------------------------------
def interval(y: Array, X: Array, cuts: tuple[int, ...], i: int, *, confidence: float,
             hac: bool) -> tuple[int, int]:
    """Indices (low, high) of the last observation of the old segment, strucchange's confint with its
    defaults.

    Errors and regressors may differ between the segments. Where the limit law gives no interval (the change
    drowns in the noise of one side) it spans both segments.
    """
    edges = [0, *cuts, len(y)]
    one, two = slice(edges[i], edges[i + 1]), slice(edges[i + 1], edges[i + 2])
    (beta1, q1, omega1, s1), (beta2, q2, omega2, s2) = (_moments(y[p], X[p], hac) for p in (one, two))
    delta = beta2 - beta1
    size1, size2 = float(delta @ q1 @ delta), float(delta @ q2 @ delta)
    if not min(size1, size2, s1, s2) > 0:
        return edges[i + 1] - 1, edges[i + 1]
    xi = size2 / size1
    phi1 = math.sqrt(float(delta @ omega1 @ delta) / size1) if hac else math.sqrt(s1)
    phi2 = math.sqrt(float(delta @ omega2 @ delta) / size2) if hac else math.sqrt(s2)
    tail = (1 - confidence) / 2
    phi = xi * (phi2 / phi1) ** 2
    if not tail <= argmax_law(0.0, xi, phi) <= 1 - tail:
        return edges[i], edges[i + 2] - 1
    unit = phi1**2 / size1
    upper, lower = (_quantile(p, xi, phi) * unit for p in (1 - tail, tail))
    last = edges[i + 1] - 1
    low, high = last - math.ceil(upper), last - math.floor(lower)
    return max(low, 0), min(high, len(y) - 1)


def _moments(y: Array, X: Array, hac: bool) -> tuple[Array, Array, Array, float]:
    """Coefficients, X'X/n, long-run variance of X'u / sqrt(n), and variance of a segment."""
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    u = y - X @ beta
    n = len(y)
    q, s = X.T @ X / n, float(u @ u) / n
    return beta, q, newey_west(X * u[:, None]) if hac else s * q, s


def newey_west(scores: Array) -> Array:
    """Bartlett long-run variance [k, k] of scores [n, k], lag floor(4 (n/100)^(2/9)). Newey & West 1987,
    1994."""
    n = len(scores)
    total = scores.T @ scores / n
    lags = min(math.floor(4 * (n / 100) ** (2 / 9)), n - 1)
    for j in range(1, lags + 1):
        cross = scores[j:].T @ scores[:-j] / n
        total = total + (1 - j / (lags + 1)) * (cross + cross.T)
    return np.asarray(total)


def argmax_law(x: float, xi: float, phi: float) -> float:
    """P(argmax V <= x) for the two-sided Brownian motion with drift of Bai 1997, appendix B."""
    a = abs(x)
    root = math.sqrt(a)
    if x < 0:
        f = xi / phi
        tilt = math.exp(f * (1 + f) * a / 2 + log_normal(-(0.5 + f) * root))
        return (-math.exp(math.log(a) / 2 - a / 8 - math.log(2 * math.pi) / 2)
                - phi / xi * (phi + 2 * xi) / (phi + xi) * tilt
                + (a / 2 - 2 + (phi + 2 * xi) ** 2 / ((phi + xi) * xi)) * math.exp(log_normal(-root / 2)))
    f = xi**2 / phi
    gap = (2 * phi + xi) ** 2 / ((phi + xi) * phi) - 2 + f * a / 2
    near = math.sqrt(f) * math.exp(math.log(a) / 2 - f * a / 8 - math.log(2 * math.pi) / 2) if a > 0 else 0.0
    return (1 + near
            + xi / phi * (2 * phi + xi) / (phi + xi)
            * math.exp((phi + xi) * a / 2 + log_normal(-(phi + xi / 2) / math.sqrt(phi) * root))
            - gap * math.exp(log_normal(-math.sqrt(f) * root / 2)))


def log_normal(x: float) -> float:
    """log of the standard normal distribution function; its series in the far tail."""
    if x > -30:
        return math.log(math.erfc(-x / math.sqrt(2)) / 2)
    return -x * x / 2 - math.log(-x * math.sqrt(2 * math.pi)) + math.log1p(-1 / x**2 + 3 / x**4 - 15 / x**6)


def _quantile(p: float, xi: float, phi: float) -> float:
    """x with P(argmax V <= x) = p, by bisection."""
    side = 1.0 if argmax_law(0.0, xi, phi) < p else -1.0
    far = side
    while (argmax_law(far, xi, phi) - p) * side < 0:
        far *= 2
    near = 0.0
    for _ in range(60):
        middle = (near + far) / 2
        near, far = (near, middle) if (argmax_law(middle, xi, phi) - p) * side >= 0 else (middle, far)
    return (near + far) / 2
