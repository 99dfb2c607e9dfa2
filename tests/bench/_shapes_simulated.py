"""Simulated series of every shape that the model must tell apart, and of sparse, irregular, bounded images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast import Series

MONTHS, WATCHED = 54, 0.57  # of the product's home: months, and the share of them with an image


@dataclass(frozen=True)
class Case:
    """A series and the truth: shape of its change ("" for none), first row, row from which it is over, excess."""

    series: Series
    shape: str = ""
    first: int = -1
    over: int = -1
    total: float = 0.0


def counts(mean: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """Negative binomial counts."""
    return np.asarray(rng.poisson(mean * rng.gamma(size, 1 / size, mean.shape)), dtype=float)


def weekly(values: np.ndarray, start: str = "2020-01-06", freq: str = "W-MON") -> Series:
    """A series of simulated counts."""
    return Series.from_values(values, start=start, freq=freq, name="simulated")


def spikes(number: int, level: float, factor: float, seed: int, *, size: float = 10, last: bool = False) -> list[Case]:
    """One week far out among 80: `first` is that row."""
    rng = np.random.default_rng([seed, int(level), int(10 * factor), int(last)])
    made = []
    for _ in range(number):
        y, row = counts(np.full(80, level), size, rng), 79 if last else int(rng.integers(5, 75))
        y[row] = np.round(level * factor)
        made.append(Case(weekly(y), "", row))
    return made


def lines(number: int, first: float, last: float, rows: int, seed: int, *, size: float = 10,
          freq: str = "W-MON") -> list[Case]:
    """A straight line from one level to another."""
    rng = np.random.default_rng([seed, int(first), int(last), rows])
    return [Case(weekly(counts(np.linspace(first, last, rows), size, rng), "2020-01-01" if freq == "MS" else "2020-01-06",
                        freq), "gradual", 1, rows - 1) for _ in range(number)]


def growth(number: int, yearly: float, rows: int, seed: int, *, level: float = 40, size: float = 10,
           step: float = 1.0) -> list[Case]:
    """Months that grow by a factor a year, with a step in the middle."""
    rng = np.random.default_rng([seed, int(100 * yearly), rows])
    mean = level * yearly ** (np.arange(rows) / 12) * np.where(np.arange(rows) >= rows // 2, step, 1.0)
    return [Case(weekly(counts(mean, size, rng), "2015-01-01", "MS"), "gradual", 1, rows - 1) for _ in range(number)]


def steps(number: int, factor: float, seed: int, *, level: float = 20, size: float = 10, rows: int = 80) -> list[Case]:
    """One step at a random place."""
    rng = np.random.default_rng([seed, int(10 * factor), int(level)])
    made = []
    for _ in range(number):
        at = int(rng.integers(rows // 4, rows - rows // 4))
        made.append(Case(weekly(counts(level * np.where(np.arange(rows) >= at, factor, 1.0), size, rng)), "step", at))
    return made


def ramps(number: int, length: int, seed: int, *, level: float = 20, factor: float = 2.5, size: float = 10) -> list[Case]:
    """A ramp of the log level over `length` of 104 weeks, flat before and after."""
    rng = np.random.default_rng([seed, length])
    made = []
    for _ in range(number):
        at = int(rng.integers(20, 104 - length - 20))
        mean = level * factor ** np.clip((np.arange(104) - at) / length, 0, 1)
        made.append(Case(weekly(counts(mean, size, rng)), "gradual", at + 1, at + length))
    return made


def spells(number: int, seed: int, *, level: float = 20, size: float = 10, fading: float = 0.0) -> list[Case]:
    """x0.4 for six weeks and back; or, where `fading` is given, a burst to that factor that halves every four weeks."""
    rng = np.random.default_rng([seed, int(10 * fading)])
    made = []
    for _ in range(number):
        t, at = np.arange(80), int(rng.integers(15, 55))
        excess = (fading - 1) * np.where(t >= at, 0.5 ** ((t - at) / 4), 0.0) if fading else np.where(
            (t >= at) & (t < at + 6), -0.6, 0.0)
        made.append(Case(weekly(counts(level * (1 + excess), size, rng)), "temporary", at, at + 6,
                         float(level * excess.sum())))
    return made


def seasonal(number: int, rows: int, swing: float, seed: int, *, step: float = 1.0, level: float = 40, size: float = 10,
             freq: str = "W-MON", week: float = 0.0) -> list[Case]:
    """A year in the logs of weeks, months or days, with a step in the middle; days may have a week as well."""
    rng = np.random.default_rng([seed, rows, int(100 * swing), int(100 * step)])
    start = "2019-01-01" if freq == "MS" else "2019-01-07"
    days = (weekly(np.zeros(rows), start, freq).start - np.datetime64(start)).astype(float)
    made = []
    for _ in range(number):
        log = swing * np.sin(2 * np.pi * (days / 365.25 + rng.random())) + week * np.sin(2 * np.pi * days / 7)
        mean = level * np.exp(log) * np.where(np.arange(rows) >= rows // 2, step, 1.0)
        made.append(Case(weekly(counts(mean, size, rng), start, freq), "step" if step != 1 else "", rows // 2))
    return made


def unreported(number: int, seed: int, *, level: float = 20, share: float = 0.1, size: float = 10) -> list[Case]:
    """A tenth of the rows a zero that means no report."""
    rng = np.random.default_rng([seed, 17])
    return [Case(weekly(counts(np.full(100, level), size, rng) * (rng.random(100) > share))) for _ in range(number)]


def home(number: int, level: float, factor: float, seed: int, *, spread: float = 0.0, correlation: float = 0.5) -> list[Case]:
    """The product's home: 54 months watched in runs (about 31 of them), one image on a random day of each, stock, NB of
    size 4, 30 % known as "at least" .3 to .9 of the count; a change at a random month 18 to 36, or none (factor 1)."""
    rng = np.random.default_rng([seed, int(level), int(100 * spread), int(factor)])
    months = np.arange("2019-01", "2023-07", dtype="datetime64[M]").astype("datetime64[D]")
    made = []
    for _ in range(number):
        watched = _runs(rng)
        unit = np.empty(MONTHS)
        unit[0] = rng.standard_normal()
        for t in range(1, MONTHS):
            unit[t] = correlation * unit[t - 1] + np.sqrt(1 - correlation**2) * rng.standard_normal()
        at = int(rng.integers(18, 37))
        mean = level * np.exp(spread * unit - spread**2 / 2) * np.where(np.arange(MONTHS) >= at, factor, 1.0)
        y = counts(mean, 4.0, rng)
        bounded = rng.random(MONTHS) < 0.3
        low = np.where(bounded, np.floor(y * rng.uniform(0.3, 0.9, MONTHS)), y)
        high = np.where(bounded, np.inf, y)
        day = months + rng.integers(0, 28, MONTHS)
        series = Series.from_counts(day[watched], np.where(bounded, np.nan, y)[watched], low=low[watched],
                                    high=high[watched], kind="stock", name="simulated")
        first = int(np.searchsorted(series.start, months[at]))
        made.append(Case(series, "step" if factor != 1 else "", first))
    return made


def _runs(rng: np.random.Generator) -> np.ndarray:
    """Months watched in runs of eight and gaps of six, on average; at least ten of them."""
    while True:
        watched, on = np.zeros(MONTHS, bool), rng.random() < WATCHED
        for month in range(MONTHS):
            watched[month] = on
            on = rng.random() < (0.87 if on else 0.17)
        if watched.sum() >= 10:
            return watched
