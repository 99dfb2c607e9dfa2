"""Optimal partitioning of levels under a penalty per break, in linear time: functional pruning, PELT
otherwise."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from forecast.breaks.dating import dated, observed_values
from forecast.breaks.significance import Simulating, noise_beside_breaks
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.validation import MOST_ROWS, check_number, check_whole

Array = np.ndarray[Any, Any]
COSTS = ("auto", "normal", "poisson", "negative_binomial", "variance")
SMALL = 400  # below this plain numpy answers in milliseconds, and nobody waits seconds for a compilation
CALIBRATE = 2000  # rows of a simulated series at most
LADDER = 1.5  # ratio of the penalties whose solutions compete under mBIC


@dataclass(frozen=True)
class OptimalPartitioning(Simulating):
    """Levels between breaks that minimise cost + penalty * breaks, exactly.

    cost : "normal" (a mean), "variance" (mean and variance), "poisson", "negative_binomial"; "auto" takes
        counts as negative binomial (Poisson when they vary no more than that), other numbers as normal
    penalty : "calibrated" (the largest gain of one break in 95 of 100 series simulated from the fitted
        no-break model with its autocorrelation; ups and downs that fill the series pass for persistence
        there), "mbic" (Zhang & Siegmund 2007), or a number: twice the log-likelihood that a break must gain,
        for normal costs in units of a variance taken from differences
    h : minimum segment, rows
    """

    cost: Literal["auto", "normal", "poisson", "negative_binomial", "variance"] = "auto"
    penalty: Literal["calibrated", "mbic"] | float = "calibrated"
    h: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cost not in COSTS:
            raise ValueError(f"optimal_partitioning: cost must be one of {', '.join(COSTS)}, "
                             f"got {self.cost!r}")
        if isinstance(self.penalty, str) and self.penalty not in {"calibrated", "mbic"}:
            raise ValueError(f"optimal_partitioning: penalty must be 'calibrated', 'mbic' or a number, got "
                             f"{self.penalty!r}")
        if not isinstance(self.penalty, str):
            check_number(self, 0, math.inf, "penalty")
        check_whole(self, 1, MOST_ROWS, "h")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when the series is too short for two segments or does not vary."""
        values = observed_values(series)
        h = max(self.h, 2) if self.cost == "variance" else self.h
        if len(values.y) < max(2 * h, 4) or np.ptp(values.y) == 0:
            return ()
        return dated(series, values, self.cuts(values.y, h, series.is_count))

    def cuts(self, y: Array, h: int, whole: bool = False) -> list[int]:
        """First rows of the new segments of y [n]; `whole` says that the values are counts.

        Raises ValueError for a cost of counts on values that are not.
        """
        kind = self.cost
        if kind == "auto":
            kind = "negative_binomial" if whole else "normal"
        if kind in {"poisson", "negative_binomial"} and y.min() < 0:
            raise ValueError(f"optimal_partitioning: cost {kind} needs counts, got {y.min():g}: "
                             "use cost=normal")
        partitioning = Partitioning.of(y, kind, h)
        if self.penalty == "mbic":
            return partitioning.by_mbic()
        if self.penalty == "calibrated":
            return partitioning.solve(calibrated(partitioning, self.alpha, self.draws, self.seed))
        return partitioning.solve(float(self.penalty) * partitioning.unit)


@dataclass(frozen=True)
class Partitioning:
    """One series and its cost, ready to be solved under any penalty."""

    y: Array
    kind: str
    h: int
    size: float  # of the negative binomial, infinite for Poisson
    unit: float  # what a penalty of 1 means: the noise variance of a normal cost

    @classmethod
    def of(cls, y: Array, kind: str, h: int) -> Partitioning:
        """Centre a normal series; estimate the size of a negative binomial one."""
        if kind == "negative_binomial":
            return cls(y, kind, h, dispersion(y), 1.0)
        if kind == "poisson":
            return cls(y, kind, h, math.inf, 1.0)
        y = y - y.mean()
        steps = np.diff(y)
        unit = float(np.median(np.abs(steps)) / 0.9539) ** 2 or float(steps.var() / 2)
        return cls(y, kind, h, math.inf, unit if kind == "normal" else 1.0)

    @cached_property
    def sums(self) -> Array:
        """Cumulative sums [n + 1] of y."""
        return np.concatenate([[0.0], np.cumsum(self.y)])

    @cached_property
    def squares(self) -> Array:
        """Cumulative sums [n + 1] of y squared."""
        return np.concatenate([[0.0], np.cumsum(self.y**2)])

    def solve(self, penalty: float) -> list[int]:
        """First rows of the new segments under a penalty per break."""
        last = self.searched(penalty) if len(self.y) <= SMALL else self.pruned(penalty)
        back, end = [], len(self.y)
        while last[end] > 0:
            end = int(last[end])
            back.append(end)
        return back[::-1]

    def searched(self, penalty: float) -> Array:
        """Last cut [n + 1] of the best partition of rows 0..e-1, over every candidate (Jackson et al.
        2005)."""
        n, h = len(self.y), self.h
        cost, last = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=int)
        cost[0] = -penalty
        for t in range(h, n + 1):
            starts = np.arange(t - h + 1)
            total = cost[starts] + penalty + self.cost(starts, np.array([t]))
            last[t] = total.argmin()
            cost[t] = total[last[t]]
        return last

    def pruned(self, penalty: float) -> Array:
        """The same by the compiled kernels, in linear time when there are breaks."""
        from forecast.breaks import _numba_optimal_partitioning as pruning

        y = self.y
        if self.kind == "variance":
            _, last = pruning.pruned_partitions(self.sums, self.squares, self.h, penalty, self.floor)
        elif self.kind == "normal":
            _, last, _ = pruning.normal_partitions(self.sums, self.h, penalty, float(y.min()), float(y.max()))
        else:
            shift = 0.0 if math.isinf(self.size) else math.log(self.size)
            low, high = (math.log(max(float(v), 1e-10)) - shift for v in (y.min(), y.max()))
            _, last, _ = pruning.functional_partitions(self.sums, self.size, self.h, penalty, low, high)
        return np.asarray(last)

    @cached_property
    def floor(self) -> float:
        """A variance below which none is told from zero: that of rounding, since ties would else cost
        nothing."""
        gaps = np.diff(np.unique(self.y))
        return max(float(gaps.min()) ** 2 / 12 if len(gaps) else 0.0, 1e-8 * float(self.y.var()))

    def cost(self, start: Array, stop: Array) -> Array:
        """Twice the negative log-likelihood of rows start..stop-1 [k] as one segment, less what data alone
        decide."""
        total, m = self.sums[stop] - self.sums[start], np.asarray(stop - start, dtype=float)
        if self.kind == "normal":
            return np.asarray(-(total**2) / m)
        if self.kind == "variance":
            spread = (self.squares[stop] - self.squares[start] - total**2 / m) / m
            return np.asarray(m * np.log(np.maximum(spread, 0.0) + self.floor))
        log_mean = np.log(np.maximum(total, 1e-300) / m)
        if math.isinf(self.size):
            return np.asarray(2 * (total - total * log_mean))
        return np.asarray(2 * ((total + m * self.size) * np.log(self.size + total / m) - total * log_mean))

    def by_mbic(self) -> list[int]:
        """The least modified BIC among the solutions under a ladder of penalties.

        mBIC adds 3 log n a break and the sum of log(length / n) over segments (Zhang & Siegmund 2007,
        equation 2.7); the latter is no constant per break, so that functional pruning serves the ladder and
        mBIC chooses.
        """
        n = len(self.y)
        best: tuple[float, list[int]] = (math.inf, [])
        step = 3 * math.log(n) * self.unit / LADDER**2
        for _ in range(30):
            cuts = self.solve(step)
            edges = np.array([0, *cuts, n])
            fit = float(self.cost(edges[:-1], edges[1:]).sum())
            if self.kind == "normal":
                fit = n * math.log(max(float(self.y @ self.y) + fit, 1e-12 * float(self.y @ self.y)))
            score = fit + 3 * math.log(n) * len(cuts) + float(np.log(np.diff(edges) / n).sum())
            if score < best[0]:
                best = (score, cuts)
            if not cuts:
                break
            step *= LADDER
        return best[1]


def dispersion(y: Array) -> float:
    """Size of a negative binomial with changing level: moments within blocks, pooled; infinite when none is
    needed."""
    n = len(y)
    block = min(max(20, n // 50), n)
    parts = y[: n // block * block].reshape(-1, block)
    mean, extra = parts.mean(axis=1), parts.var(axis=1, ddof=1) - parts.mean(axis=1)
    above = float(extra.sum())
    return float((mean**2).sum()) / above if above > 1e-3 * float(mean.sum()) else math.inf


def calibrated(partitioning: Partitioning, alpha: float, draws: int, seed: int) -> float:
    """The penalty that a series without a break, simulated from the fitted model, pays with probability
    alpha.

    What one break gains, or half of what a pair gains that cuts out a run of h, 2h, 4h, ... rows: in long
    series a pair around a chance run is the likelier false alarm. Beyond CALIBRATE rows the penalty grows
    like log n, as the largest of n gains does.
    """
    n = len(partitioning.y)
    rows, h = min(n, CALIBRATE), partitioning.h
    noise = noise_beside_breaks(partitioning.y, partitioning.kind in {"poisson", "negative_binomial"}, draws, seed)
    rng = np.random.default_rng(seed)
    cut = np.arange(h, rows - h + 1)
    runs = [h << j for j in range(rows.bit_length()) if (h << j) <= rows // 2]
    start = np.concatenate([np.arange(h, max(rows - h - run, h - 1) + 1) for run in runs])
    stop = start + np.repeat(runs, [max(rows - 2 * h - run + 1, 0) for run in runs])
    zero, whole = np.array([0]), np.array([rows])
    gains = np.empty(draws)
    for i in range(draws):
        made = replace(partitioning, y=noise.draw(rng, rows))
        none = made.cost(zero, whole)
        gains[i] = (none - made.cost(zero, cut) - made.cost(cut, whole)).max()
        if len(start):
            three = made.cost(zero, start) + made.cost(start, stop) + made.cost(stop, whole)
            gains[i] = max(gains[i], float((none - three).max()) / 2)
    level = float(np.quantile(gains, 1 - alpha))
    return level * math.log(n) / math.log(rows) if n > rows else level
