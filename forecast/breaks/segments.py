"""The default for real-valued series: segments with a level, or a level, a trend and a lag, chosen by one
BIC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.breaks.dating import Values, dated, observed_values
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import MOST_ROWS, check_number, check_share, check_whole

Array = np.ndarray[Any, Any]
PERIODS = (12, 4, 7, 24, 52)  # months, quarters, weekdays, hours, weeks: seasons are looked for at these
GRID = 1000  # longer series are cut on a grid of so many places, then each cut is refined to its row
PATIENCE = 4  # stop adding breaks when so many in a row did not lower the criterion


@dataclass(frozen=True)
class Fit:
    """One segmentation: criterion, cuts (grid indices), columns of its regression, variance, table of RSS."""

    criterion: float
    cuts: tuple[int, ...]
    columns: int
    variance: float
    rss: Array
    h: int


@dataclass(frozen=True)
class Segments(Tunable):
    """Breaks of level, trend or persistence, by exact dynamic programming over regressions within segments.

    A segment is y ~ 1 or y ~ 1 + t + y(t-1): the trend keeps growth from being a staircase of levels, the lag
    keeps autocorrelation from being a break. One error variance for all segments; the number of breaks
    minimises BIC with the unbiased variance, n log(RSS / (n - p)) + (k + 1)(b + 1) log n, so that short
    segments which fit by luck do not pay. The defaults lie on a plateau over the annotated series and
    simulated ones, see `tests/bench`.

    share, rows : minimum segment, the larger of this share of the rows and this many (a third of the rows at
        most)
    floor : share of the series' variance below which nothing counts as a change (0.0005: 2 % of its sd, less
        than a reader of the plot could see)
    season : take out a yearly or weekly pattern first where one explains half of the variation around the
        trend
    max_breaks : None for as many as pay
    confidence : of the date intervals, from the posterior over all segmentations
    """

    share: float = 0.05
    rows: int = 8
    floor: float = 5e-4
    season: bool = True
    max_breaks: int | None = None
    confidence: float = 0.9

    def __post_init__(self) -> None:
        check_number(self, 0.001, 0.49, "share")
        check_number(self, 0, 1, "floor")
        check_whole(self, 2, MOST_ROWS, "rows")
        check_whole(self, 0, MOST_ROWS, "max_breaks")
        check_share(self, "confidence")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order with 90 % credible date intervals; () below six observed rows or without
        variation."""
        values = observed_values(series)
        n = len(values.y)
        if n < 6 or np.ptp(values.y) <= 1e-12 * np.abs(values.y).max():
            return ()
        time = values.rows.astype(float) if series.freq else series.days[values.rows]
        y = (values.y - values.y.mean()) / values.y.std()
        if self.season and series.freq:
            y = y - seasonal(y, values, len(series))
        sums = [Sums.of(y, X) for X in designs(y, time)]
        places = np.unique(np.linspace(0, n, min(n, GRID) + 1).astype(int))
        fits = [self.best(s, places) for s in sums]
        chosen = int(np.argmin([f.criterion for f in fits]))
        fit = fits[chosen]
        if not fit.cuts:
            return ()
        low, high, probability = posterior(fit, self.confidence, n)
        step = int(np.diff(places).max())
        cuts = refined([int(places[c]) for c in fit.cuts], sums[chosen], step)
        return dated(series, values, cuts, [int(places[i]) - step for i in low],
                     [int(places[i]) + step - 1 for i in high], probability)

    def best(self, sums: Sums, places: Array) -> Fit:
        """The segmentation with the least criterion for one kind of segment, its cuts among `places`."""
        n, size, k = sums.n, len(places) - 1, sums.k
        step = n / size
        h = max(min(self.rows, n // 3), int(self.share * n), k + 2)
        h = max(math.ceil(h / step), 1)
        rss = sums.table(places)
        index = np.arange(size + 1)
        rss = np.where(index >= index[:, None] + h, rss, np.inf)
        cost, lasts = rss[0], []
        best = Fit(math.inf, (), k, 1.0, rss, h)
        most = size // h - 1 if self.max_breaks is None else min(self.max_breaks, size // h - 1)
        for b in range(max(most, 0) + 1):
            if b:
                total = cost[:, None] + rss
                lasts.append(total.argmin(axis=0))
                cost = total.min(axis=0)
            free = n - k * (b + 1) - b
            # a segment shorter than h cannot be; the whole always can
            whole = float(sums.rss(np.array([0]), np.array([n]))[0]) if not b else float(cost[size])
            if free < 1 or not math.isfinite(whole):
                break
            variance = whole / free + self.floor
            criterion = n * math.log(variance) + (k + 1) * (b + 1) * price(n)
            if criterion < best.criterion:
                best = Fit(criterion, traced(lasts, size), k, variance, rss, h)
            elif b > len(best.cuts) + PATIENCE:
                break
        return best


def price(n: int) -> float:
    """BIC's price of a parameter, held at log 100 below 100 rows: there autoregressions of .5 to .9 without a
    break were cut in 15 to 30 of 100 simulated series, with it in 5 to 20."""
    return math.log(max(n, 100))


def traced(lasts: list[Array], end: int) -> tuple[int, ...]:
    """Cuts of the best path to `end`; lasts[b] is the last cut of the best path with b + 1 breaks."""
    cuts: list[int] = []
    for last in reversed(lasts):
        end = int(last[end])
        cuts.insert(0, end)
    return tuple(cuts)


@dataclass(frozen=True)
class Sums:
    """Cumulative cross products [k + 1, k + 1, n + 1] of k regressors and y, from which any segment's RSS
    follows."""

    cross: Array
    k: int

    @classmethod
    def of(cls, y: Array, X: Array) -> Sums:
        """Sums of the residuals of the whole on an orthonormal basis: any segment has the same RSS, no digits
        lost."""
        n = len(y)
        basis, triangle = np.linalg.qr(X)
        size = np.abs(np.diag(triangle))
        basis = basis[:, size > 1e-9 * size.max()] * math.sqrt(n)
        both = np.column_stack([basis, y - basis @ (basis.T @ y) / n]).T
        cross = np.zeros((len(both), len(both), n + 1))
        np.cumsum(both[:, None] * both[None], axis=2, out=cross[:, :, 1:])
        return cls(cross, len(both) - 1)

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.cross.shape[2]) - 1

    def rss(self, start: Array, stop: Array) -> Array:
        """RSS of rows start..stop-1, for arrays that broadcast to one dimension."""
        gram = self.cross[:, :, stop] - self.cross[:, :, start]
        for _ in range(self.k):
            pivot = gram[0, 0]
            alive = pivot > 1e-9 * np.maximum(stop - start, 1)  # a column that is constant here adds nothing
            ratio = gram[0, 1:] * (alive / np.where(alive, pivot, 1.0))
            gram = gram[1:, 1:] - gram[1:, 0, None] * ratio[None]
        return np.asarray(np.maximum(gram[0, 0], 0.0))

    def table(self, places: Array) -> Array:
        """RSS [len(places), len(places)] between places; infinite on and below the diagonal."""
        size = len(places)
        out = np.full((size, size), np.inf)
        for i in range(size - 1):
            out[i, i + 1:] = self.rss(places[i:i + 1], places[i + 1:])
        return out


def designs(y: Array, time: Array) -> tuple[Array, Array]:
    """Regressors of the two kinds of segment: [n, 1] a level; [n, 3] a level, a trend and the last value."""
    one = np.ones(len(y))
    return one[:, None], np.column_stack([one, time - time.mean(), np.concatenate([y[:1], y[:-1]])])


def seasonal(y: Array, values: Values, rows: int) -> Array:
    """The seasonal part [n] of y, zero where no period explains half of the variation around a moving
    average.

    A pattern is the mean of the same phase over the nearest 15 cycles: fewer would take noise with it, and a
    season that grows with the level would leave some behind.
    """
    grid = np.interp(np.arange(rows), values.rows, y)
    best = (0.5, np.zeros(rows))
    for p in PERIODS:
        if rows < 4 * p:
            continue
        weights = np.ones(p) if p % 2 else np.concatenate([[0.5], np.ones(p - 1), [0.5]])
        half = len(weights) // 2
        padded = np.pad(grid, half, mode="reflect", reflect_type="odd")
        rest = grid - np.convolve(padded, weights / p, "valid")
        phase = np.arange(rows) % p
        mean = np.bincount(phase, rest, p) / np.bincount(phase, minlength=p)
        left, total = float(((rest - mean[phase]) ** 2).sum()), float((rest**2).sum())
        share = 1 - left / total * (rows - 1) / (rows - p) if total > 0 else 0.0
        if share > best[0] + (0.05 if best[1].any() else 0.0):
            best = (share, same_phase(rest, p, 15))
    return best[1][values.rows]


def same_phase(rest: Array, p: int, cycles: int) -> Array:
    """Mean [n] over the nearest `cycles` rows of the same phase of period p."""
    n = len(rest)
    out = np.empty(n)
    for phase in range(p):
        same = rest[phase::p]
        sums = np.concatenate([[0.0], np.cumsum(same)])
        width = min(cycles, len(same))
        start = np.clip(np.arange(len(same)) - width // 2, 0, len(same) - width)
        out[phase::p] = (sums[start + width] - sums[start]) / width
    return out


def refined(cuts: list[int], sums: Sums, reach: int) -> list[int]:
    """Each cut moved, its neighbours fixed, to the row within `reach` that fits best; a grid of rows is left
    as is."""
    if reach <= 1:
        return cuts
    cuts = list(cuts)
    for i, cut in enumerate(cuts):
        before, after = ([0, *cuts, sums.n][j] for j in (i, i + 2))
        tried = np.arange(max(cut - reach, before + sums.k + 1), min(cut + reach, after - sums.k - 1) + 1)
        rss = sums.rss(np.array([before]), tried) + sums.rss(tried, np.array([after]))
        cuts[i] = int(tried[np.argmin(rss)])
    return cuts


def posterior(fit: Fit, confidence: float, n: int) -> tuple[list[int], list[int], list[float]]:
    """Places between which each change lies, and its probability, over all segmentations with the fitted
    variance.

    Forward and backward sums over the product of the segments' likelihoods and exp(-(k + 2)/2 log n), BIC's
    prior (Fearnhead 2006, section 2). An interval is the shortest run of places around the cut that holds
    `confidence` of the mass up to half way to the neighbouring cuts; the probability is the mass it holds.
    """
    size = len(fit.rss) - 1
    weight = -fit.rss / (2 * fit.variance) - (fit.columns + 2) / 2 * price(n)
    ahead, behind = np.full(size + 1, -np.inf), np.full(size + 1, -np.inf)
    ahead[0] = behind[size] = 0.0
    for e in range(fit.h, size + 1):
        ahead[e] = _log_sum(ahead[:e - fit.h + 1] + weight[:e - fit.h + 1, e])
        s = size - e
        behind[s] = _log_sum(behind[s + fit.h:] + weight[s, s + fit.h:])
    mass = np.exp(np.minimum(ahead + behind - ahead[size], 0.0))
    mass[[0, size]] = 0.0
    edges = [0, *fit.cuts, size]
    low, high, probability = [], [], []
    for before, cut, after in zip(edges, edges[1:], edges[2:], strict=False):
        first = (before + cut) // 2 + 1 if before else 1
        last = (cut + after + 1) // 2 if after < size else size
        a, b = cut, cut + 1
        wanted = confidence * min(float(mass[first:last].sum()), 1.0)
        while mass[a:b].sum() < wanted and (a > first or b < last):
            left = mass[a - 1] if a > first else -1.0
            right = mass[b] if b < last else -1.0
            a, b = (a - 1, b) if left >= right else (a, b + 1)
        low.append(a)
        high.append(b - 1)
        probability.append(min(float(mass[a:b].sum()), 1.0))
    return low, high, probability


def _log_sum(values: Array) -> float:
    top = float(values.max())
    return top + math.log(float(np.exp(values - top).sum())) if math.isfinite(top) else -math.inf
