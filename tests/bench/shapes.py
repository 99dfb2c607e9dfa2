"""Bench: which shape has a change? Odd rows, lines, ramps, spells, bursts, seasons, missing reports, units (simulated).

python -m tests.bench shapes [--number 200] [--only spikes lines ...] [--jobs 1]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from joblib import Parallel, delayed

from forecast import RegimeModel
from tests.bench import _shapes_simulated as made
from tests.bench._shapes_simulated import Case

Row = dict[str, float]


def look(case: Case) -> Row:
    """What the fit of one series says beside the truth."""
    begun = time.process_time()
    fit = RegimeModel().fit(case.series)
    breaks = fit.breaks
    spent = time.process_time() - begun
    kinds = [each.shape for each in breaks]
    said: Row = {"called": len(breaks) > 0, "persistent": fit.persistent, "season": fit.season is not None,
                 "alone": len(breaks) == 1 and kinds[0] == case.shape, "step": "step" in kinds, "number": len(breaks),
                 "several steps": kinds.count("step") > 1, "named": case.first in fit.odd_rows,
                 "zeros": len(fit.unreported_zeros) > 0, "ms": 1000 * spent}
    right = [each for each in breaks if each.shape == case.shape]
    if case.shape and right:
        one = min(right, key=lambda each: abs(each.position - case.first))
        day = str(case.series.start[min(case.first, len(case.series) - 1)])
        said["date"] = one.low <= day <= one.high
        if case.shape != "step":
            end = str(case.series.start[min(case.over, len(case.series) - 1)])
            said["end"] = one.until_low <= end <= one.until_high
        if case.shape == "temporary":
            said["total"] = one.total_low <= case.total <= one.total_high
    return said


def row(name: str, cases: list[Case], jobs: int, shown: tuple[str, ...]) -> None:
    """One line: the means of what is shown, over the series that have it."""
    rows = Parallel(n_jobs=jobs)(delayed(look)(case) for case in cases)
    text = "  ".join(f"{key} {np.mean([each[key] for each in rows if key in each]):.3f}" for key in shown
                     if any(key in each for each in rows))
    print(f"{name:<34} {text}  {np.mean([each['ms'] for each in rows]):.0f} ms", flush=True)


def spikes(n: int, seed: int, jobs: int) -> None:
    for level in (12, 40, 100, 1000):
        for factor in (3, 5, 10):
            row(f"one week x{factor} at {level}", made.spikes(n, level, factor, seed), jobs, ("called", "named", "number"))
    row("one false zero at 50", made.spikes(n, 50, 0, seed), jobs, ("called", "named", "number"))
    row("last week x4 at 40", made.spikes(n, 40, 4, seed, last=True), jobs, ("called", "named", "number"))


def lines(n: int, seed: int, jobs: int) -> None:
    shown = ("called", "step", "alone", "several steps", "date", "end")
    for first, last in ((5, 10), (20, 40), (100, 150), (20, 80)):
        for rows in (60, 104):
            row(f"line {first} to {last}, {rows} rows", made.lines(n, first, last, rows, seed), jobs, shown)
    for yearly in (1.1, 1.34, 1.82, 0.7):
        row(f"x{yearly} a year over 60 months", made.growth(n, yearly, 60, seed), jobs, shown)


def ramps(n: int, seed: int, jobs: int) -> None:
    shown = ("called", "alone", "several steps", "date", "end")
    for length in (12, 26, 44):
        row(f"ramp x2.5 over {length} weeks", made.ramps(n, length, seed), jobs, shown)
    for factor in (1.6, 2.5):
        row(f"step x{factor}", made.steps(n, factor, seed), jobs, shown)


def spells(n: int, seed: int, jobs: int) -> None:
    shown = ("called", "alone", "number", "date", "end", "total")
    row("x0.4 for six weeks", made.spells(n, seed), jobs, shown)
    for fading in (3.0, 5.0):
        row(f"burst x{fading:g} that halves in four", made.spells(n, seed, fading=fading), jobs, shown)


def seasons(n: int, seed: int, jobs: int) -> None:
    shown = ("called", "persistent", "season", "alone", "date")
    for rows in (78, 104, 160):
        for swing in (0.25, 0.5):
            for step in (1.0, 0.6):
                row(f"weeks {rows}, e^{swing}, x{step}", made.seasonal(n, rows, swing, seed, step=step), jobs, shown)
    for rows in (30, 60):
        for step in (1.0, 0.6):
            row(f"months {rows}, e^0.5, x{step}", made.seasonal(n, rows, 0.5, seed, step=step, freq="MS"), jobs, shown)
    for year, week in ((0.0, 0.5), (0.5, 0.0), (0.5, 0.5)):
        for step in (1.0, 0.6):
            row(f"days 730, year e^{year}, week e^{week}, x{step}",
                made.seasonal(max(n // 5, 10), 730, year, seed, step=step, freq="D", week=week), jobs, shown)


def zeros(n: int, seed: int, jobs: int) -> None:
    row("one report in ten missing", made.unreported(n, seed), jobs, ("called", "zeros"))


def units(n: int, seed: int, jobs: int) -> None:
    """Level 1000, cv 5 %, x1.2: the same changes and evidence in every unit."""
    from forecast import Series

    same, apart, found = [], [], []
    for k in range(max(n // 4, 10)):
        y = np.random.default_rng([seed, k]).normal(1000, 50, 60)
        y[30:] *= 1.2
        fits = [RegimeModel().fit(Series.from_values(np.round(y * unit), name="simulated")) for unit in (1, 10, 100, 3000)]
        kinds = [tuple((each.shape, each.position) for each in fit.breaks) for fit in fits]
        same.append(len(set(kinds)) == 1)
        apart.append(np.ptp([fit.log_ratio for fit in fits]))
        found.append(len(kinds[0]) == 1)
    print(f"units 1, 10, 100, 3000: one change {np.mean(found):.3f}  the same changes {np.mean(same):.3f}  log Bayes "
          f"factors apart at most {np.max(apart):.2f}, median {np.median(apart):.2f}", flush=True)


PARTS: dict[str, Callable[[int, int, int], None]] = {
    "spikes": spikes, "lines": lines, "ramps": ramps, "spells": spells, "seasons": seasons, "zeros": zeros, "units": units}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench shapes")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args(arguments)
    for part in chosen.only:
        PARTS[part](chosen.number, chosen.seed, chosen.jobs)
