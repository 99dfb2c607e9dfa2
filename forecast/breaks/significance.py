"""Significance by simulating the fitted no-break model with its autocorrelation, and the breaks that follow.

Tables that assume independence call persistent counts broken in 20 to 90 of 100 series; the model simulated
here has the series' own mean, variance and autocorrelation, with whole non-negative values for counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np

from forecast.breaks.bai_perron import interval
from forecast.breaks.dating import Values, dated, observed_values
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import MOST_DRAWS, MOST_ROWS, MOST_SEED, called, check_share, check_whole

Array = np.ndarray[Any, Any]
Process = Callable[[Array], Array]  # [draws, n] -> [draws, n - 1]: the evidence for a cut before rows 1..n-1
LAGS = 6
BLOCKS = 2000  # rows of a series that are tested one by one, see noise_beside_breaks
TABLE = 4000  # counts above which a rounded normal marginal is as good as a table


@dataclass(frozen=True)
class Simulating(Tunable):
    """Settings of every detector that simulates the series without a break.

    alpha : level of a test; draws, seed : simulated series behind it
    Raises ValueError for settings under which no test could ever be significant.
    """

    alpha: float = 0.05
    draws: int = 199
    seed: int = 0

    def __post_init__(self) -> None:
        check_share(self, "alpha")
        check_whole(self, 0, MOST_SEED, "seed")
        check_whole(self, 1, MOST_DRAWS, "draws")
        least = math.ceil(1 / self.alpha - 1e-9) - 1  # the smallest p-value is 1 / (1 + draws)
        if self.draws < least:
            raise ValueError(f"{called(self)}: alpha {self.alpha} needs draws of at least {least}, got {self.draws}")


@dataclass(frozen=True)
class OneByOne(Simulating):
    """The same for those that test one date after the other.

    least : rows on both sides of a break; confidence : of the date intervals
    """

    least: int = 5
    confidence: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole(self, 1, MOST_ROWS, "least")
        check_share(self, "confidence")

    def found(self, series: Series, process: Process) -> tuple[Break, ...]:
        """Breaks in time order where `process` is larger than chance makes it; () when the series is too short."""
        values = observed_values(series)
        cuts = segmented(values.y, series.is_count, process, alpha=self.alpha, draws=self.draws, seed=self.seed,
                         least=self.least)
        return with_intervals(series, values, cuts, self.confidence)


@dataclass(frozen=True)
class Noise:
    """A stationary Gaussian series with autocorrelation share * rho^k, seen as numbers or through a table as
    counts.

    spread : standard error of rho, which is drawn anew for every simulated series
    steps : for counts, normal quantiles at which the count goes up by one, else None
    """

    mean: float
    sd: float
    share: float
    rho: float
    spread: float
    counts: bool
    steps: Array | None

    def draws(self, rng: np.random.Generator, rows: int, number: int) -> Array:
        """Simulated series [number, rows]."""
        keep = np.clip(self.rho + self.spread * rng.standard_normal(number), 0.0, 0.97)
        z = rng.standard_normal((rows, number))
        if self.rho > 0:
            fresh = np.sqrt(1 - keep**2)
            for t in range(1, rows):
                z[t] = keep * z[t - 1] + fresh * z[t]
            z = math.sqrt(self.share) * z + math.sqrt(1 - self.share) * rng.standard_normal((rows, number))
        z = z.T
        if self.steps is not None:
            return np.searchsorted(self.steps, z).astype(float)
        made = self.mean + self.sd * z
        return np.maximum(np.round(made), 0.0) if self.counts else made

    def draw(self, rng: np.random.Generator, rows: int) -> Array:
        """One simulated series [rows]."""
        return np.asarray(self.draws(rng, rows, 1)[0])


def fitted_noise(y: Array, counts: bool) -> Noise:
    """The no-break model of y [n], by moments: negative binomial for counts (Poisson when they vary less), or
    normal.

    The autocorrelation share * rho^k is fitted to the first six lags, each raised by its bias under a fitted
    mean, (1 + 3 r)/n (Kendall 1954); a share below 1 is observation noise on a persistent level.
    """
    n = len(y)
    mean, variance = float(y.mean()), float(y.var(ddof=1)) if n > 1 else 0.0
    share, rho = _persistence(y)
    table = counts and mean + 12 * math.sqrt(variance) < TABLE
    spread = math.sqrt(max(1 - rho**2, 0.0) / max(n, 1))
    steps = _steps(mean, variance) if table else None
    return Noise(mean, math.sqrt(variance), share, rho, spread, counts, steps)


def noise_beside_breaks(y: Array, counts: bool, draws: int, seed: int) -> Noise:
    """`fitted_noise` of y [n] about the levels between those breaks that CUSUM finds significant.

    A break left in the fit passes for persistence, and no break is found; breaks taken out without a test
    make persistence pass for breaks. CUSUM against the no-break model is honest, so that it may decide.
    """
    block = -(-len(y) // BLOCKS)  # long series are tested on means of blocks: levels are what matters here
    trimmed = y[: len(y) // block * block]
    means = trimmed.reshape(-1, block).mean(axis=1)
    cuts = segmented(means, counts and block == 1, lambda x: np.abs(centred_sums(x)), alpha=0.05, draws=draws,
                     seed=seed, least=5)
    edges = [0, *(c * block for c in cuts), len(y)]
    rest = np.concatenate([y[a:b] - y[a:b].mean() for a, b in pairwise(edges)])
    return fitted_noise(rest + y.mean(), counts)


def _persistence(y: Array) -> tuple[float, float]:
    """Share and rho of the autocorrelation share * rho^k that is nearest to that of y; (1, 0) for white
    noise."""
    n = len(y)
    d = y - y.mean()
    total = float(d @ d)
    lags = np.arange(1, min(LAGS, n // 4) + 1)
    if total <= 0 or not len(lags):
        return 1.0, 0.0
    r = np.array([float(d[k:] @ d[:-k]) / total for k in lags])
    r = r + (1 + 3 * np.maximum(r, 0)) / n
    rho = np.arange(1, 20) / 20 * 0.97 / 0.95
    share = np.arange(2, 11) / 10
    weight = 0.8 ** (lags - 1)  # near lags say more: far ones are mostly sampling error
    gap = ((share[:, None, None] * rho[:, None] ** lags - r) ** 2 * weight).sum(axis=2)
    i, j = np.unravel_index(int(gap.argmin()), gap.shape)
    if float((r**2 * weight).sum()) <= float(gap[i, j]) or r[0] < 1 / math.sqrt(n):
        return 1.0, max(float(r[0]), 0.0)
    return float(share[i]), float(rho[j])


def _steps(mean: float, variance: float) -> Array:
    """Normal quantiles [m] between counts 0, 1, 2, ... of a negative binomial (Poisson when variance <=
    mean)."""
    top = int(mean + 12 * math.sqrt(max(variance, mean)) + 10)
    size = mean**2 / (variance - mean) if variance > mean * 1.001 else math.inf
    if mean <= 0:
        return np.array([np.inf])
    log_mass = -mean if math.isinf(size) else -size * math.log1p(mean / size)
    total, inverse, steps = 0.0, NormalDist().inv_cdf, []
    for k in range(top):
        total += math.exp(log_mass)
        if total >= 1 - 1e-12:
            break
        steps.append(inverse(total) if total > 0 else -40.0)
        ratio = mean / (k + 1) if math.isinf(size) else (size + k) / (k + 1) * mean / (size + mean)
        log_mass += math.log(ratio)
    return np.array(steps)


@dataclass(frozen=True)
class Test:
    """The largest evidence for one cut: its row, and the share of simulated no-break series that reach as
    much."""

    cut: int
    statistic: float
    p_value: float


def tested(y: Array, counts: bool, process: Process, draws: int, seed: int) -> Test:
    """Test y [n] for one cut against `draws` simulated series; p is (1 + reached) / (1 + draws)."""
    evidence = process(y[None])[0]
    largest = float(evidence.max())
    rng = np.random.default_rng([seed, len(y)])
    simulated = process(fitted_noise(y, counts).draws(rng, len(y), draws)).max(axis=1)
    return Test(int(evidence.argmax()) + 1, largest, (1 + int((simulated >= largest).sum())) / (1 + draws))


def segmented(y: Array, counts: bool, process: Process, *, alpha: float, draws: int, seed: int,
              least: int) -> list[int]:
    """Cuts by binary segmentation while the test of a segment of 2 * least rows or more is significant."""
    cuts: list[int] = []
    todo = [(0, len(y))]
    while todo:
        start, stop = todo.pop()
        part = y[start:stop]
        if stop - start < 2 * least or np.ptp(part) == 0:
            continue
        found = tested(part, counts, process, draws, seed)
        if found.p_value <= alpha and least <= found.cut <= stop - start - least:
            cuts.append(start + found.cut)
            todo += [(start, start + found.cut), (start + found.cut, stop)]
    return sorted(cuts)


def with_intervals(series: Series, values: Values, cuts: list[int], confidence: float) -> tuple[Break, ...]:
    """Breaks of level with the date intervals of Bai 1997 under autocorrelated errors."""
    X = np.ones((len(values.y), 1))
    ends = [interval(values.y, X, tuple(cuts), i, confidence=confidence, hac=True) for i in range(len(cuts))]
    return dated(series, values, cuts, [low for low, _ in ends], [high for _, high in ends])


def centred_sums(y: Array) -> Array:
    """Sums of y [draws, n] about its mean over rows before 1..n-1, over sd * sqrt(n): [draws, n - 1]."""
    n = y.shape[1]
    d = y - y.mean(axis=1, keepdims=True)
    sd = d.std(axis=1, keepdims=True)
    return np.asarray(np.cumsum(d, axis=1)[:, :-1] / (np.where(sd > 0, sd, 1.0) * math.sqrt(n)))
