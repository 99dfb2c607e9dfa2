"""Long horizons, long seasons, trends and fresh shifts: `python -m tests.bench horizons [--peers PYTHON]`.

All series are simulated: negative binomial counts (size 10 unless said) around a mean that is known. Scores and peers
are those of the bench `forecasts`; `pit80` is the share of counts inside the central 80 % by randomised PIT, `below` and
`above` the shares outside on each side. Each set is one line of `SETS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tests.bench.forecasts import Task, compared, options

Mean = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Simulated:
    """Rows seen and rows ahead on a grid whose season has `season` rows; `mean` gives the expected counts of all rows."""

    freq: str
    season: int
    rows: int
    horizon: int
    mean: Mean
    size: float = 10.0


def _wave(rows: np.ndarray, period: float, swing: float, rng: np.random.Generator) -> np.ndarray:
    """Logs of a wave whose highest is `swing` times its lowest, at a random phase."""
    return np.asarray(np.log(swing) / 2 * np.sin(2 * np.pi * (rows / period + rng.random())))


def _growth(rows: np.ndarray, seen: int, factor: float) -> np.ndarray:
    """Logs of steady growth that makes `factor` over the rows seen."""
    return np.asarray(np.log(factor) * rows / seen)


def _days(swing: float) -> Mean:
    return lambda t, rng: 30 * np.exp(_wave(t, 365.25, swing, rng) + rng.normal(0, 0.2, 7)[t % 7])


def _weeks(swing: float, factor: float, seen: int) -> Mean:
    return lambda t, rng: 40 * np.exp(_wave(t, 52.18, swing, rng) + _growth(t, seen, factor))


def _months(swing: float, factor: float, seen: int, level: float = 60) -> Mean:
    return lambda t, rng: level * np.exp(_wave(t, 12, swing, rng) + _growth(t, seen, factor))


def _line(low: float, high: float, seen: int) -> Mean:
    return lambda t, rng: low + (high - low) * t / seen


def _halted(low: float, high: float, seen: int) -> Mean:
    """A steady rise that ends before the origin."""
    return lambda t, rng: low + (high - low) * np.minimum(t / (0.8 * seen), 1)


def _shift(after: int, seen: int, factor: float = 4.0, level: float = 10.0) -> Mean:
    return lambda t, rng: np.where(t >= seen - after, level * factor, level)


def _walk(sd: float) -> Mean:
    return lambda t, rng: 40 * np.exp(np.cumsum(rng.normal(0, sd, len(t))))


SETS = {
    "daily week and year x4.9, 3 years, h 180": Simulated("D", 7, 1096, 180, _days(4.9)),
    "daily week and year x4.9, 1.6 years, h 180": Simulated("D", 7, 585, 180, _days(4.9)),
    "daily week and year x1.5, 3 years, h 180": Simulated("D", 7, 1096, 180, _days(1.5)),
    "daily week alone, 2 years, h 180": Simulated("D", 7, 730, 180, _days(1.0)),
    "weekly year x3 and trend, 3 years, h 26": Simulated("W-MON", 52, 156, 26, _weeks(3, 1.8, 156)),
    "weekly year x3, 1.6 years, h 26": Simulated("W-MON", 52, 84, 26, _weeks(3, 1.0, 84)),
    "weekly line 20 to 80, h 13": Simulated("W-MON", 52, 104, 13, _line(20, 80, 104)),
    "weekly rise that ended, h 13": Simulated("W-MON", 52, 104, 13, _halted(20, 80, 104)),
    "monthly season and trend, 5 years, h 12": Simulated("MS", 12, 60, 12, _months(2, 2.0, 60)),
    "monthly season, 5 years, h 12": Simulated("MS", 12, 60, 12, _months(2, 1.0, 60)),
    "monthly tenfold rise, 6 years, h 12": Simulated("MS", 12, 72, 12, _months(1.5, 10, 72, 20), 20),
    "weekly level": Simulated("W-MON", 52, 104, 8, _shift(0, 104, 1.0)),
    "weekly walk": Simulated("W-MON", 52, 104, 8, _walk(0.08)),
    "weekly x4, 4 rows ago": Simulated("W-MON", 52, 104, 8, _shift(4, 104)),
    "weekly x4, 8 rows ago": Simulated("W-MON", 52, 104, 8, _shift(8, 104)),
    "weekly x4, 20 rows ago": Simulated("W-MON", 52, 104, 8, _shift(20, 104)),
    "weekly x4 Poisson, 4 rows ago": Simulated("W-MON", 52, 104, 8, _shift(4, 104), np.inf),
    "weekly x1/4, 8 rows ago": Simulated("W-MON", 52, 104, 8, _shift(8, 104, 0.25)),
    "weekly, x4 from 1, 4 rows ago": Simulated("W-MON", 52, 104, 8, _shift(4, 104, level=1.0)),
}


def simulated(name: str, number: int, seed: int = 22) -> list[Task]:
    """Tasks of one set, a series each."""
    made, found = SETS[name], []
    when = pd.date_range("2018-01-01", periods=made.rows, freq=made.freq)
    for k in range(number):
        rng = np.random.default_rng([seed, sorted(SETS).index(name), k])
        mean = made.mean(np.arange(made.rows + made.horizon), rng)
        noise = rng.gamma(made.size, 1 / made.size, len(mean)) if np.isfinite(made.size) else 1.0
        y = rng.poisson(mean * noise).astype(float)
        found.append(Task(f"{name} {k}", made.freq, made.season, when, y[:made.rows], y[made.rows:], f"{k}"))
    return found


def main(arguments: list[str]) -> int:
    """Print one table per set; 0 when every one was made."""
    parser = options("horizons", SETS)
    parser.set_defaults(limit=60)
    chosen = parser.parse_args(arguments)
    for name in chosen.set:
        compared(name, simulated(name, chosen.limit), chosen)
    return 0
