"""Bench: does it matter that "at least four" is a bound? Coverage of date intervals on simulated series.

python -m tests.bench bounds [--number 200] [--share 0.3]: one break of x3 at row 48 of 80, `share` of the counts known
as "at least" a part of what was there. The same series is read with its bounds, with bounded rows dropped, and with the
low ends taken for counts.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from forecast import Series, simulate
from forecast.breaks.regimes import Regimes, breaks_of

AT, WEEKS = 48, 80
WHERE = ("anywhere", "busy rows", "after the change")


def dropped(series: Series) -> Series:
    """Rows that are no exact counts become missing."""
    return replace(series, low=series.value.copy(), high=series.value.copy())


def exact(series: Series) -> Series:
    """Low ends taken for counts."""
    return replace(series, high=series.low.copy())


def row(name: str, sets: list[Series], detector: Regimes) -> None:
    called, covers, within, length = [], [], [], []
    for series in sets:
        posterior = detector.posterior(series)
        called.append(bool(detector.breaks(posterior, series)))
        found = breaks_of(posterior, series) if posterior.jumps.any() else ()
        if not found:
            continue
        main = max(found, key=lambda b: abs(np.log(b.ratio)))
        last, first = series.start[AT - 1], series.start[AT]
        covers.append(np.datetime64(main.low) <= first and np.datetime64(main.high) >= last)
        within.append(abs(main.position - AT) <= 5)
        length.append((np.datetime64(main.high) - np.datetime64(main.low)).astype(int))
    print(f"{name:<26} called {np.mean(called):.3f}  90 % interval covers {np.mean(covers):.3f}  within 5 rows "
          f"{np.mean(within):.3f}  median length {np.median(length):.0f} days", flush=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench bounds")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.3)
    chosen = parser.parse_args(arguments)
    for where in WHERE:
        sets = [bounded(seed, chosen.share, where) for seed in range(chosen.number)]
        print(f"{chosen.number} simulated series, x3 at row {AT}, {chosen.share:.0%} at_least: {where}")
        detector = Regimes(season=False)
        row("  with their bounds", sets, detector)
        row("  bounded rows dropped", [dropped(s) for s in sets], detector)
        row("  low ends as counts", [exact(s) for s in sets], detector)


def bounded(seed: int, share: float, where: str) -> Series:
    """A simulated series with `share` of its rows known as "at least" 20 to 80 % of the count."""
    series = simulate(WEEKS, level=10, breaks={AT: 3.0}, dispersion=4, spread=0.35, correlation=0.5, missing=0.1, seed=seed)
    rng = np.random.default_rng([seed, 7])
    chance = {"anywhere": np.ones(WEEKS),
              "busy rows": 2 * np.argsort(np.argsort(np.nan_to_num(series.value))) / WEEKS,
              "after the change": np.where(np.arange(WEEKS) >= AT, WEEKS / (WEEKS - AT), 0.0)}[where]
    loose = series.observed & (rng.random(WEEKS) < share * chance)
    low = np.where(loose, np.floor(series.low * rng.uniform(0.2, 0.8, WEEKS)), series.low)
    return replace(series, low=low, high=np.where(loose, np.inf, series.high))
