"""The season of counts: harmonics of the calendar's periods, fitted beside a change, chosen by marginal likelihood.

    z_t = log((y_t + 1/2) / scale_t) = level + change + sum_k a_k sin(2 pi k t / P) + b_k cos(2 pi k t / P) + noise

The change is nothing, a step, a ramp, a burst that fades or a spell at any date, or a straight line, so that neither
passes for the other. All of it is
Gaussian and linear in z, so that a placebo is fitted again for the price of a product of matrices (Bayesian linear
model, e.g. Gelman et al. 2013, chapter 14; harmonic regression of the log, Harvey 1989, section 2.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.series.series import Series

PERIODS = {"year": 365.25, "week": 7.0}  # days
CYCLES = 1.45  # of a period that must have been seen: one and a half, to the row
ROWS = 6.0  # in a cycle, at least (3 of a week): fewer cannot tell its shape
LEAST = 3.0  # mean count below which zeros and ones hide any season
MOST_HARMONICS = {"year": 6, "week": 3}
CHANGE, TREND, SIZE = 0.7, 1.0, 0.35  # prior sd, log units: a step; a rise over the span; each coefficient
LASTING = 2.0  # how much more noise has at the slow periods than from row to row
MOST_DATES = 80  # of a step that are tried, and half as many of other changes
PARTS = (0.06, 0.12, 0.25, 0.5)  # lengths of ramps, spells and bursts, shares of the rows
WILD = 6.0  # median deviations from the median around from which a row says nothing
NEAR = 5  # rows to either side that the median is taken of


@dataclass(frozen=True, eq=False)
class Harmonics:
    """Harmonics of some periods: names, and coefficients of sine and cosine of each in log units, [2 K] a period.

    cost : what the prior of the coefficients takes from the log likelihood at these (Laplace)
    """

    names: tuple[str, ...] = ()
    coefficients: tuple[np.ndarray, ...] = ()
    cost: float = 0.0

    def over(self, series: Series) -> np.ndarray:
        """Multiplicative factors of the rows of a series, [n]; ones without a season."""
        time = days_of(series)
        logs = np.zeros(len(series))
        for name, c in zip(self.names, self.coefficients, strict=True):
            logs = logs + waves_of(name, time, len(c) // 2) @ c
        return np.asarray(np.exp(logs))

    def swing(self, name: str) -> float:
        """Highest over lowest factor of a period."""
        time = np.linspace(0, PERIODS[name], 200)
        wave = waves_of(name, time, len(self.coefficients[self.names.index(name)]) // 2)
        logs = wave @ self.coefficients[self.names.index(name)]
        return float(np.exp(logs.max() - logs.min()))


def days_of(series: Series) -> np.ndarray:
    """Middle of each row, days since 1970, float [n]."""
    return np.asarray((series.start.astype(float) + series.end.astype(float) - 1) / 2)


def waves_of(name: str, time: np.ndarray, harmonics: int) -> np.ndarray:
    """Sines and cosines [n, 2 K] of a period at these days."""
    angle = 2 * np.pi * np.outer(time / PERIODS[name], np.arange(1, harmonics + 1))
    return np.hstack([np.sin(angle), np.cos(angle)])[:, np.argsort(np.tile(np.arange(harmonics), 2), kind="stable")]


def columns_of(harmonics: Harmonics, series: Series) -> np.ndarray:
    """Sines and cosines of the periods of a season over the rows of a series, [n, number of coefficients]."""
    time = days_of(series)
    return np.hstack([np.zeros((len(series), 0)), *(
        waves_of(name, time, len(c) // 2) for name, c in zip(harmonics.names, harmonics.coefficients, strict=True))])


def candidates(series: Series) -> dict[str, int]:
    """Periods that a series is long and dense enough to show, and how many harmonics of each, at most."""
    observed = np.flatnonzero(series.observed)
    found: dict[str, int] = {}
    if len(observed) < 12 or not series.is_count or series.middle[observed].mean() < LEAST:
        return found
    time = days_of(series)[observed]
    span, gap = time[-1] - time[0], float(np.median(np.diff(time)))
    for name, period in PERIODS.items():
        cycles, rows = (span + gap) / period, period / gap
        if cycles < CYCLES or rows < (ROWS if name == "year" else 3.0):
            continue
        found[name] = int(min(MOST_HARMONICS[name], rows / 2, max(1, np.floor(cycles - 0.5)), len(observed) / 12))
    if "week" in found:
        found["week"] = int(min(MOST_HARMONICS["week"], PERIODS["week"] / gap / 2))
    return found


def fit_harmonics(series: Series, values: np.ndarray | None = None) -> list[Harmonics]:
    """The season of a series, or of each of `values` [B, n] seen on its dates; one a row, none where none is likely.

    A period enters with as many harmonics as make the data likeliest, the prior of their sizes integrated out; the slow
    one last, when the week is out.
    """
    counts = series.middle[None, :] if values is None else values
    made = [Harmonics()] * len(counts)
    allowed = candidates(series)
    observed = np.flatnonzero(series.observed)
    if not allowed:
        return made
    scale = series.exposure[observed] if series.kind == "flow" else np.ones(len(observed))
    z = _tamed(np.log((counts[:, observed] + 0.5) / scale))
    time = days_of(series)[observed]
    for name in sorted(allowed):  # the week before the year
        chosen = _chosen(z, time, series.middle[observed], name, allowed[name])
        for b, (c, cost) in enumerate(chosen):
            if len(c):
                made[b] = Harmonics((*made[b].names, name), (*made[b].coefficients, c), made[b].cost + cost)
                z[b] -= waves_of(name, time, len(c) // 2) @ c
    return made


def _tamed(z: np.ndarray) -> np.ndarray:
    """Rows far out from the median around pulled in to it, [B, n]."""
    padded = np.pad(z, ((0, 0), (NEAR, NEAR)), mode="reflect" if z.shape[1] > NEAR else "edge")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * NEAR + 1, axis=1), axis=-1)
    off = z - around
    width = WILD * np.median(np.abs(off), axis=1, keepdims=True) + 1e-9
    return np.asarray(around + np.clip(off, -width, width))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums of products over the rows: of changes [C], series and changes [B, C], series and waves [B, 2K], waves and
    changes [2K, C], and waves [2K, 2K]."""

    quiet: np.ndarray
    share: np.ndarray
    along: np.ndarray
    cross: np.ndarray
    inner: np.ndarray

    def of(self, k: int) -> _Sums:
        """Those of the first k waves."""
        return _Sums(self.quiet, self.share, self.along[:, :k], self.cross[:k], self.inner[:k, :k])


def _chosen(z: np.ndarray, time: np.ndarray, level: np.ndarray, name: str,
            most: int) -> list[tuple[np.ndarray, float]]:
    """Coefficients of each series [B] and their cost, empty where no season is likelier than one; z [B, n] logs."""
    n = z.shape[1]
    noise = np.median(np.abs(np.diff(z, axis=1)), axis=1) / 0.954
    least = np.sqrt(np.mean(1 / (level + 1.0)))
    noise = np.maximum(noise, 0.5 * least)[:, None] * (np.sqrt(LASTING) if name == "year" else 1.0)
    z = (z - z.mean(axis=1, keepdims=True)) / noise  # in units of the noise: one matrix serves all
    change, weight = _changes(n, time)
    change -= change.mean(axis=1, keepdims=True)  # the constant is taken out, its prior being flat
    waves = waves_of(name, time, most)
    waves = waves - waves.mean(axis=0)
    sums = _Sums((change**2).sum(axis=1), z @ change.T, z @ waves, waves.T @ change.T, waves.T @ waves)
    best_log = np.full(len(z), -np.inf)
    best: list[tuple[np.ndarray, float]] = [(np.zeros(0), 0.0)] * len(z)
    for harmonics in range(most + 1):
        few = sums.of(2 * harmonics)
        for b, (log, c) in enumerate(_fitted(few, weight, noise[:, 0])):
            if log > best_log[b] + 1e-9:
                matrix = np.eye(len(c)) + few.inner * (SIZE / noise[b, 0]) ** 2
                cost = 0.5 * float(c @ c) / SIZE**2 + 0.5 * float(np.linalg.slogdet(matrix)[1])
                best_log[b], best[b] = log, (c, cost)
    return best


def _changes(n: int, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of a change [C, n], of unit prior variance, and their log prior weights [C]; the first is none at all."""
    row = np.arange(n)
    dates = np.unique(np.linspace(2, n - 2, min(MOST_DATES, n - 3)).astype(int))[:, None]
    few = np.unique(np.linspace(1, n - 3, min(MOST_DATES // 2, n - 3)).astype(int))[:, None]
    line = ((time - time.mean()) / max(time[-1] - time[0], 1e-9))[None, :]
    shapes = [np.zeros((1, n)), line * TREND, (row >= dates) * CHANGE]
    for part in PARTS:
        width = max(3.0, part * n)
        shapes += [np.clip((row - few) / width, 0, 1) * TREND, ((row >= few) & (row < few + width)) * TREND,
                   np.where(row >= few, 0.5 ** (np.maximum(row - few, 0) / (width / 2)), 0.0) * TREND]
    share = [0.4, 0.15, 0.15, *[0.3 / (len(shapes) - 3)] * (len(shapes) - 3)]
    weight = np.concatenate([np.full(len(each), np.log(part / len(each)))
                             for each, part in zip(shapes, share, strict=True)])
    return np.vstack(shapes), weight


def _fitted(sums: _Sums, weight: np.ndarray, noise: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Log marginal likelihood and posterior mean of the coefficients, changes averaged, of each series."""
    k, quiet, share, cross = len(sums.inner), sums.quiet, sums.share, sums.cross
    out = []
    for b, sd in enumerate(noise):
        gain = 1 / (sd**2 + quiet)  # of a change of unit prior variance, in units of the noise
        logs = weight + 0.5 * gain * share[b] ** 2 - 0.5 * np.log1p(quiet / sd**2)
        if not k:
            out.append((float(np.logaddexp.reduce(logs)), np.zeros(0)))
            continue
        # each change takes one direction out of the same matrix, whose inverse serves all (Sherman & Morrison 1950)
        matrix = sums.inner + np.eye(k) * (sd / SIZE) ** 2
        right = sums.along[b][None] - (gain * share[b])[:, None] * cross.T
        inverse = np.linalg.inv(matrix)
        turned = cross.T @ inverse
        left = 1 - gain * (turned * cross.T).sum(axis=1)
        solved = right @ inverse + turned * (gain * (turned * right).sum(axis=1) / left)[:, None]
        scale = np.linalg.slogdet(matrix * (SIZE / sd) ** 2)[1]
        logs = logs + 0.5 * ((right * solved).sum(axis=1) - scale - np.log(left))
        total = np.logaddexp.reduce(logs)
        out.append((float(total), np.exp(logs - total) @ solved * sd))
    return out
