"""Bench: known dates against trend, season and other changes: size, power, intervals (simulated), with peers in the run.

python -m tests.bench event_shapes [--number 200] [--only lines growth season controls together ...] [--peers]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np

from forecast import Series, event_effect
from tests.bench import _shapes_simulated as made
from tests.bench._regression import step_p_value

PERIOD = 365.25


def regression(series: Series, position: int) -> float:
    """p-value of a step in a negative binomial regression with trend and yearly harmonic, HAC errors."""
    days = series.days
    columns = [days / max(days[series.observed][-1], 1)]
    if days[series.observed][-1] > 1.45 * PERIOD:
        columns += [np.sin(2 * np.pi * days / PERIOD), np.cos(2 * np.pi * days / PERIOD)]
    return step_p_value(series.value, position, columns)


def row(name: str, several: Sequence[Series], position: int, factor: float, peers: bool) -> None:
    """One line: rejections, intervals, how many are called too persistent, and the peer's rejections."""
    begun = time.process_time()
    effects = [event_effect(series, series.start[position], seed=seed) for seed, series in enumerate(several)]
    spent = (time.process_time() - begun) / len(several)
    found = np.mean([effect.p_value <= 0.05 and not effect.persistent for effect in effects])
    held = np.mean([effect.low <= factor <= effect.high for effect in effects if effect.shape == "step"])
    other = f"  regression with HAC {100 * np.mean([regression(s, position) <= 0.05 for s in several]):5.1f} %" if peers else ""
    print(f"{name:<30} rejected {100 * found:5.1f} %  too persistent {100 * np.mean([e.persistent for e in effects]):4.1f} %  "
          f"interval covers {100 * held:5.1f} %  {1000 * spent:4.0f} ms{other}", flush=True)


def lines(n: int, seed: int, peers: bool) -> None:
    for first, last in ((5, 10), (20, 40), (100, 150), (20, 80)):
        for rows in (60, 104):
            row(f"line {first} to {last}, {rows} weeks", [c.series for c in made.lines(n, first, last, rows, seed)],
                rows // 2, 1.0, peers)


def growth(n: int, seed: int, peers: bool) -> None:
    for yearly in (1.1, 1.34, 1.82, 0.931):
        row(f"growth x{yearly} a year", [c.series for c in made.growth(n, yearly, 60, seed)], 30, 1.0, peers)
    row("growth x1.35 a year, -40 %", [c.series for c in made.growth(n, 1.35, 60, seed, step=0.6)], 30, 0.6, peers)


def season(n: int, seed: int, peers: bool) -> None:
    for rows in (78, 104, 160):
        for swing in (0.25, 0.5):
            for step in (1.0, 0.6):
                row(f"year e^{swing}, {rows} weeks, x{step}",
                    [c.series for c in made.seasonal(n, rows, swing, seed, step=step)], rows // 2, step, peers)


def together(n: int, seed: int, peers: bool) -> None:
    """10, then 5 for four weeks, then 20, with an event on each day."""
    rng = np.random.default_rng([seed, 4])
    mean = np.full(104, 10.0)
    mean[50:], mean[54:] = 5.0, 20.0
    found = []
    for _ in range(n):
        series = made.weekly(made.counts(mean, 10, rng))
        first, second = event_effect(series, [series.start[50], series.start[54]])
        found.append((first.low <= 0.5 <= first.high, second.low <= 4 <= second.high, first.ratio, second.ratio))
    held = np.array(found, float)
    print(f"10, 5 for four weeks, 20       intervals cover {100 * held[:, 0].mean():.1f} and {100 * held[:, 1].mean():.1f} %, "
          f"median ratios {np.median(held[:, 2]):.2f} and {np.median(held[:, 3]):.2f}", flush=True)


def controls(n: int, seed: int, peers: bool) -> None:
    """A control that shares the noise: rho .8 between logs, +30 %."""
    for factor in (1.0, 1.3):
        rng = np.random.default_rng([seed, int(10 * factor)])
        alone, beside = [], []
        for k in range(n):
            noise = np.array([[1.0, 0.0], [0.8, 0.6]]) @ rng.standard_normal((2, 100)) * 0.35
            series = made.weekly(made.counts(60 * np.exp(noise[0]) * np.where(np.arange(100) >= 50, factor, 1.0), 1e4, rng))
            control = made.weekly(made.counts(60 * np.exp(noise[1]), 1e4, rng))
            alone.append(event_effect(series, series.start[50], seed=k).p_value <= 0.05)
            beside.append(event_effect(series, series.start[50], seed=k, controls=control).p_value <= 0.05)
        print(f"control, x{factor}                  rejected {100 * np.mean(alone):.1f} % alone, {100 * np.mean(beside):.1f} % "
              "beside it", flush=True)


CASES: dict[str, Callable[[int, int, bool], None]] = {
    "lines": lines, "growth": growth, "season": season, "together": together, "controls": controls}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench event_shapes")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--peers", action="store_true")
    chosen = parser.parse_args(arguments)
    for name in chosen.only:
        CASES[name](chosen.number, chosen.seed, chosen.peers)
