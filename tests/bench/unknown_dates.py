"""Bench: breaks at unknown dates, false alarms and power of the default detector (simulated series).

python -m tests.bench unknown_dates [--number 300] [--detector auto] [--jobs 2]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from joblib import Parallel, delayed

from forecast import Series, detect
from tests.bench.designs import EVENT, LAGGED, LATENT, lagged, latent


def look(series: Series, detector: str, at: int | None) -> tuple[int, bool, bool, float]:
    """Number of breaks, whether one lies within 5 rows of `at`, whether its interval covers it, CPU seconds."""
    start = time.process_time()
    found = detect(series, detector)
    spent = time.process_time() - start
    if at is None or not found:
        return len(found), False, False, spent
    nearest = min(found, key=lambda b: abs(b.position - at))
    day = str(series.start[at])
    return len(found), abs(nearest.position - at) <= 5, nearest.low <= day <= nearest.high, spent


def row(name: str, sets: list[Series], detector: str, at: int | None, jobs: int) -> None:
    """One printed line."""
    got = Parallel(n_jobs=jobs)(delayed(look)(series, detector, at) for series in sets)
    number, near, covers, spent = (np.array(column, dtype=float) for column in zip(*got, strict=True))
    hit = number > 0
    text = f"{name:<28} any {hit.mean():.3f}"
    if at is not None:
        single = number == 1
        text += f"  within 5 {near.mean():.3f}  interval covers {covers[hit].mean():.3f}" if hit.any() else ""
        text += f"  (of single breaks {covers[single].mean():.3f})" if single.any() else ""
    print(f"{text}  {1000 * spent.mean():.0f} ms", flush=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench unknown_dates")
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args(arguments)
    n, seed = chosen.number, chosen.seed
    for design in LATENT:
        row(f"{design}, no break", latent(design, n, 1.0, seed), chosen.detector, None, chosen.jobs)
        row(f"{design}, no break, none missing", latent(design, n, 1.0, seed, missing=0), chosen.detector, None,
            chosen.jobs)
        for factor in (1.6, 2.5):
            row(f"{design}, x{factor}", latent(design, n, factor, seed + 1), chosen.detector, EVENT, chosen.jobs)
    for design in LAGGED:
        row(f"lagged {design}, no break", lagged(design, n, seed), chosen.detector, None, chosen.jobs)
        row(f"lagged {design}, no break, 20 % missing", lagged(design, n, seed, missing=0.2), chosen.detector, None,
            chosen.jobs)
        row(f"lagged {design}, -50 %", lagged(design, n, seed + 1, at=60), chosen.detector, 60, chosen.jobs)
