"""Bench: false alarms of a watch that is looked at after every row, and how soon a change is told (simulated series).

python -m tests.bench watching [--number 200] [--rows 100] [--level 0.05] [--designs ABCDE] [--jobs 2]: the designs of
`designs.py` and its lagged counts, a history of 60 weeks, then `--rows` weeks watched; where a step is simulated it
comes 20 weeks into the watch. The promise: an alarm in at most `--level` of the histories without a change.
"""

from __future__ import annotations

import argparse

import numpy as np
from joblib import Parallel, delayed

from forecast import Series, watch
from tests.bench.designs import LAGGED, lagged, latent

HISTORY, CALM = 60, 20  # weeks before the watch, and weeks of it before a step


def first_alarm(series: Series, level: float) -> float:
    """Weeks from the begin of the watch to its first alarm, NaN when there is none."""
    alarms = [at for at, news in enumerate(watch(series, series.start[HISTORY], level=level)) if news.alarm]
    return float(alarms[0]) if alarms else float("nan")


def row(name: str, sets: list[Series], level: float, jobs: int, step: bool) -> None:
    """One printed line: alarms before anything happened, and after the step."""
    weeks = np.array(Parallel(n_jobs=jobs)(delayed(first_alarm)(series, level) for series in sets))
    if not step:
        print(f"{name:<28} false alarms {np.mean(~np.isnan(weeks)):.3f} of {len(weeks)}", flush=True)
        return
    calm = ~(weeks < CALM)  # histories in which nothing was called before the step
    told = weeks[calm & ~np.isnan(weeks)] - CALM
    middle = f", half of these within {np.median(told):.0f} weeks" if len(told) else ""
    print(f"{name:<28} too early {np.mean(~calm):.3f}, told {len(told) / max(calm.sum(), 1):.3f}{middle}", flush=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench watching")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--level", type=float, default=0.05)
    parser.add_argument("--designs", default="ABCDE")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args(arguments)
    weeks, at = HISTORY + chosen.rows, HISTORY + CALM
    for design in chosen.designs:
        for factor in (1.0, 2.5):
            sets = latent(design, chosen.number, factor, chosen.seed + int(factor > 1), at=at, weeks=weeks)
            row(f"{design}, {'no change' if factor == 1 else f'x{factor}'}", sets, chosen.level, chosen.jobs, factor > 1)
    for name in LAGGED:
        row(f"lagged {name}, no change", lagged(name, chosen.number, chosen.seed, n=weeks), chosen.level, chosen.jobs, False)
