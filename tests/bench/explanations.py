"""Bench: the table of explanations over ten dated events on simulated series.

python -m tests.bench explanations [--number 200] [--designs AC] [--jobs 2] [--rows]. Calibration: half the series do not change, half change
by x2.5 on any date, in an event's window or not, as the prior of the table has it. Then: one event is true, or a change
lies at no event's date. Windows run from two weeks before an event to three weeks after it, six weeks or more apart.
--rows: x100 at a row that starts on the event's day, alone and beside an older event; 10, 5 for four weeks, then 20.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from joblib import Parallel, delayed

from forecast import Series, explain
from forecast.breaks.regimes import Regimes
from forecast.effects.explanations import NONE, NOWHERE, Explanation, Window, explain_change
from forecast.evidence.events import Event
from tests.bench._shapes_simulated import counts, weekly
from tests.bench.designs import latent

CANDIDATES = np.arange(6, 74, 6)  # rows at which an event may lie
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
    return explain_change(series, posterior, windows(series, rows), near)


def one_true(design: str, seed: int) -> tuple[bool, bool]:
    """Whether the one true event of ten leads the table, and leads the events."""
    rng = np.random.default_rng([seed, ord(design), 1])
    rows = np.sort(rng.choice(CANDIDATES, 10, replace=False))
    true = int(rng.choice(rows))
    made = table(latent(design, 1, 2.5, seed, at=true)[0], rows)
    events = [row for row in made if row.name not in (NONE, NOWHERE)]
    return tuple(max(some, key=lambda row: row.probability).name == f"event {true}" for some in (made, events))


def unlisted(design: str, seed: int) -> bool:
    """Whether a change at no event's date gives an event more than a half."""
    rng = np.random.default_rng([seed, ord(design), 2])
    rows = np.sort(rng.choice(CANDIDATES, 10, replace=False))
    free = [row for row in range(8, 72) if np.min(np.abs(rows - row)) > 3]
    made = table(latent(design, 1, 2.5, seed + 50_000, at=int(rng.choice(free)))[0], rows)
    return any(row.probability > 0.5 for row in made if row.name not in (NONE, NOWHERE))


def said_and_right(design: str, seed: int) -> list[tuple[float, bool]]:
    """What is said of each event's window, and whether the change lay in it; half the series do not change."""
    rng = np.random.default_rng([seed, ord(design), 3])
    rows = np.sort(rng.choice(CANDIDATES, 10, replace=False))
    at = int(rng.integers(1, 80)) if rng.random() < 0.5 else None
    series = latent(design, 1, 2.5 if at else 1.0, seed + 90_000, at=at or 40)[0]
    return [(row.within, at is not None and window.first <= series.start[at].astype(object) <= window.last)
            for window, row in zip(windows(series, rows), table(series, rows), strict=False)]


def hundredfold(freq: str, seed: int) -> tuple[float, float, float]:
    """Probability of the event on the first day of a row of 1,000 after rows of 10: alone; beside an older one; its."""
    rng = np.random.default_rng([seed, 100])
    at = int(rng.integers(16, 33))
    series = weekly(counts(np.where(np.arange(48) >= at, 1000.0, 10.0), 10, rng), {"W-MON": "2020-01-06"}.get(
        freq, "2012-01-01"), freq)
    gate = series.start[at]
    older = gate - np.timedelta64(int(rng.integers(1, 60)), "D")
    both = explain(series, {"gate": gate, "older": older})
    return explain(series, {"gate": gate})[0].probability, both[0].probability, both[1].probability


def dip(seed: int) -> list[tuple[bool, bool]]:
    """Of each change that is found near 10 to 5 (row 50) or 5 to 20 (row 54): which, and whether its event leads."""
    mean = np.full(104, 10.0)
    mean[50:], mean[54:] = 5.0, 20.0
    series = weekly(counts(mean, 10, np.random.default_rng([seed, 54])), "2022-01-03")
    both = [Window.of(Event(name, name, day, day), 60) for name, day in (
        ("first", series.start[50].astype(object)), ("second", series.start[54].astype(object)))]
    fit = Regimes(seed=seed).fit(series)
    found = []
    for each in fit.breaks:
        if abs(each.position - 52) <= 6:
            held = explain_change(series, fit.posterior, both, each.position - 1)
            own = int(each.after > each.before)
            found.append((bool(own), held[own].probability > held[1 - own].probability))
    return found


def inside_rows(seeds: range, run: Parallel) -> None:
    """Print what `hundredfold` and `dip` give."""
    for freq in ("MS", "W-MON", "QS"):
        alone, both, older = np.array(run(delayed(hundredfold)(freq, seed) for seed in seeds)).T
        print(f"x100 at {freq}: alone {alone.mean():.3f}, at least .95 in {np.mean(alone >= 0.95):.3f}; beside an older event "
              f"{both.mean():.3f}, leads it in {np.mean(both >= older):.3f}", flush=True)
    found = np.array([pair for pairs in run(delayed(dip)(seed) for seed in seeds) for pair in pairs])
    for own, name in enumerate(("10 to 5 for four weeks", "then 20")):
        of = found[found[:, 0] == own, 1]
        print(f"{name}: found in {len(of) / len(seeds):.3f}, its event leads in {of.mean() if len(of) else np.nan:.3f} of "
              "these", flush=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench explanations")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--designs", default="AC")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--rows", action="store_true")
    chosen = parser.parse_args(arguments)
    run, seeds = Parallel(n_jobs=chosen.jobs), range(chosen.seed, chosen.seed + chosen.number)
    if chosen.rows:
        inside_rows(seeds, run)
        return
    for design in chosen.designs:
        calibration(design, [pair for some in run(delayed(said_and_right)(design, seed) for seed in seeds) for pair in some])
        top, first = np.mean(run(delayed(one_true)(design, seed) for seed in seeds), axis=0)
        false = np.mean(run(delayed(unlisted)(design, seed) for seed in seeds))
        print(f"{design}: true event leads the table {top:.3f}, leads the events {first:.3f}; a change at no event's date "
              f"gives one more than 50 % {false:.3f} ({chosen.number} series)", flush=True)


def calibration(design: str, said: list[tuple[float, bool]]) -> None:
    """Print what was said of an event's window against how often the change lay in it."""
    given, right = np.array(said, dtype=float).T
    for low, high in pairwise(BINS):
        inside = (given >= low) & (given < high)
        if inside.sum() >= 5:
            print(f"{design}: said {low:.2f} to {min(high, 1):.2f} (mean {given[inside].mean():.3f}): right "
                  f"{right[inside].mean():.3f} of {inside.sum()}", flush=True)
