"""What a panel's forecast gains from the steps that it found: `python -m tests.bench late_shifts [--series 60]`.

All series are simulated: the daily ports of the bench `panel`, and weeks around a level, with a shift soon before the
end, a long time before it, and without one. The forecast of the panel stands beside that of the same member told that
there is no step, as the panel's was before it knew them: weighted interval score of the five quantiles that the panel
keeps, over the mean change from row to row, and the share of counts inside the closed 80 % interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast import Series, predict
from forecast.models.scores import interval_score
from forecast.models.steps import NONE, Told
from forecast.panel.one import DRAWS, QUANTILES, examine
from forecast.panel.settings import Settings
from forecast.support.registry import make
from tests.bench._panel_simulated import Truth, counts

DAYS, AHEAD, WEEKS, WEEKS_AHEAD = 900, 28, 156, 8
LATE, EARLY = (10, 70), (400, 700)  # days before the end


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench late_shifts")
    parser.add_argument("--series", type=int, default=60, help="of each kind")
    number = parser.parse_args(arguments).series
    table = pd.DataFrame([{"kind": kind, **scored(y, ahead, freq)} for kind, y, ahead, freq in simulated(number)])
    mean = table.groupby("kind", sort=False).mean()
    difference = (table["panel"] - table["told none"]).groupby(table["kind"]).sem()
    print(mean.assign(ratio=mean["panel"] / mean["told none"], se=difference / mean["told none"]).round(3).to_string())
    return 0


def simulated(number: int) -> Iterator[tuple[str, np.ndarray, int, str]]:
    """Kind, counts with those to forecast, rows ahead and grid of each series."""
    for kind, at in (("daily, late shift", LATE), ("daily, early shift", EARLY), ("daily, none", None)):
        rng = np.random.default_rng(77)
        level = np.exp(rng.uniform(np.log(0.3), np.log(60), number))
        day = np.full(number, -1) if at is None else DAYS - rng.integers(*at, number)
        factor = np.exp(rng.uniform(np.log(1.5), np.log(4), number) * rng.choice([-1, 1], number))
        for port in range(number):
            yield kind, counts(Truth(level, day, factor, 0), port, DAYS + AHEAD, seed=7), AHEAD, "D"
    for kind in ("late shift", "none", "trend", "year"):
        for k in range(number):
            yield f"weekly, {kind}", weeks(kind, np.random.default_rng([5, k])), WEEKS_AHEAD, "W-MON"


def weeks(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Negative binomial weeks (size 10) around an autocorrelated level of one kind."""
    rows = np.arange(WEEKS + WEEKS_AHEAD)
    log = np.full(len(rows), rng.uniform(np.log(2), np.log(60)))
    size, at = rng.uniform(np.log(2), np.log(4)) * rng.choice([-1, 1]), WEEKS - rng.integers(4, 21)
    log += {"late shift": size * (rows >= at), "trend": size / 2 * rows / WEEKS, "none": 0.0 * rows,
            "year": 0.5 * np.sin(2 * np.pi * rows / 52.18 + size)}[kind]
    deviation, noise = np.zeros(len(rows)), rng.normal(0, 0.2 * np.sqrt(0.75), len(rows))
    for row in rows[1:]:
        deviation[row] = 0.5 * deviation[row - 1] + noise[row]
    return np.asarray(rng.poisson(np.exp(log + deviation) * rng.gamma(10, 0.1, len(rows))), dtype=float)


def scored(y: np.ndarray, ahead: int, freq: str) -> dict[str, float]:
    """Scores of the panel and of the same member told no step, for one series."""
    past, future = y[:-ahead], y[-ahead:]
    series = Series.from_values(past, start="2019-01-07", freq=freq, name="simulated")
    settings = Settings(horizon=ahead)
    found = np.array([[row[f"q{level:g}"] for level in QUANTILES] for row in examine(series, settings).forecast])
    none = Told(make("models", settings.model), NONE)
    plain = np.quantile(predict(series, none, ahead, DRAWS), QUANTILES, axis=0, method="inverted_cdf").T
    seen, scale = np.isfinite(future), float(np.nanmean(np.abs(np.diff(past))))
    made: dict[str, float] = {}
    for name, q in (("panel", found[seen]), ("told none", plain[seen])):
        tails = [(q[:, k], q[:, -1 - k], 2 * QUANTILES[k]) for k in (0, 1)]
        parts = [alpha / 2 * interval_score(low, high, future[seen], alpha) for low, high, alpha in tails]
        total = np.abs(future[seen] - q[:, 2]) / 2 + np.sum(parts, axis=0)
        made |= {name: float(np.mean(total)) / 2.5 / scale if seen.any() else np.nan,
                 f"{name} 80": float(np.mean((q[:, 1] <= future[seen]) & (future[seen] <= q[:, 3]))) if seen.any()
                 else np.nan}
    return made
