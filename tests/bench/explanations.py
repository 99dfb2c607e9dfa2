"""Bench: the table of explanations over ten dated events on simulated series.

python -m tests.bench explanations [--number 200] [--designs AC]. Calibration: half the series do not change, half change
by x2.5 on any date, in an event's window or not, as the prior of the table has it. Then: one event is true, or a change
lies at no event's date. Windows run from two weeks before an event to three weeks after it, six weeks or more apart.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from forecast import Series
from forecast.breaks.regimes import Regimes
from forecast.events import Event
from forecast.explanations import NONE, NOWHERE, Explanation, Window, explain
from tests.bench.designs import latent

APART = 6  # rows
BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.001)


def windows(series: Series, rows: np.ndarray) -> tuple[Window, ...]:
    made = []
    for row in rows:
        day: date = series.start[row].astype(object)
        made.append(Window(Event(f"event {row}", f"event {row}", day, day), day - timedelta(14), day + timedelta(20)))
    return tuple(made)


def table(series: Series, rows: np.ndarray) -> tuple[Explanation, ...]:
    detector = Regimes(season=False)
    posterior = detector.posterior(series)
    found = detector.breaks(posterior, series)
    near = max(found, key=lambda b: abs(np.log(b.ratio))).position - 1 if found else None
    return explain(series, posterior, windows(series, rows), near)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench explanations")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--designs", default="AC")
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args(arguments)
    for design in chosen.designs:
        rng = np.random.default_rng([chosen.seed, ord(design)])
        calibration(design, chosen.number, chosen.seed, rng)
        top, first, false = [], [], []
        for i in range(chosen.number):
            rows = np.sort(rng.choice(np.arange(6, 74, APART), 10, replace=False))
            true = int(rng.choice(rows))
            made = table(latent(design, 1, 2.5, chosen.seed + i, at=true)[0], rows)
            events = [row for row in made if row.name not in (NONE, NOWHERE)]
            top.append(max(made, key=lambda row: row.probability).name == f"event {true}")
            first.append(max(events, key=lambda row: row.probability).name == f"event {true}")
            free = [row for row in range(8, 72) if np.min(np.abs(rows - row)) > 3]
            made = table(latent(design, 1, 2.5, chosen.seed + 50_000 + i, at=int(rng.choice(free)))[0], rows)
            false.append(any(row.probability > 0.5 for row in made if row.name not in (NONE, NOWHERE)))
        print(f"{design}: true event leads the table {np.mean(top):.3f}, leads the events {np.mean(first):.3f}; a change at "
              f"no event's date gives one more than 50 % {np.mean(false):.3f} ({chosen.number} series)", flush=True)


def calibration(design: str, number: int, seed: int, rng: np.random.Generator) -> None:
    """Print what was said of an event's window against how often the change lay in it."""
    said: list[tuple[float, bool]] = []
    for i in range(number):
        rows = np.sort(rng.choice(np.arange(6, 74, APART), 10, replace=False))
        at = int(rng.integers(1, 80)) if rng.random() < 0.5 else None
        series = latent(design, 1, 2.5 if at else 1.0, seed + 90_000 + i, at=at or 40)[0]
        for window, row in zip(windows(series, rows), table(series, rows), strict=False):
            inside = at is not None and window.first <= series.start[at].astype(object) <= window.last
            said.append((row.within, inside))
    given, right = np.array(said, dtype=float).T
    for low, high in pairwise(BINS):
        inside = (given >= low) & (given < high)
        if inside.sum() >= 5:
            print(f"{design}: said {low:.2f} to {min(high, 1):.2f} (mean {given[inside].mean():.3f}): right "
                  f"{right[inside].mean():.3f} of {inside.sum()}", flush=True)
