"""Bench: does a known date hold an effect? Size, power and interval coverage of `event_effect` (simulated series).

python -m tests.bench known_dates [--number 300] [--designs ABCDE] [--noise own walk season preferential] [--jobs 2]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from joblib import Parallel, delayed

from forecast import Series, event_effect
from forecast.effects.event_tests import event_effects
from tests.bench.designs import EVENT, LATENT, WEEKS, latent

# figures of peers on these designs (two cores, one thread), for reference: null / finds +60 %, per cent
PEERS = {
    "CausalImpact's model (bsts)": {"A": (20, 69), "C": (11, 86), "D": (46, 61), "E": (15, 56)},
    "NB GLM with a step, HAC": {"A": (16, 58), "C": (9, 81), "D": (36, 52), "E": (10, 41)},
    "unobserved components + step": {"A": (6, 41), "C": (1, 65), "D": (9, 25), "E": (6, 31)},
}


def test(series: Series, seed: int, factor: float) -> tuple[bool, bool, bool, float]:
    """Rejected at 5 %, interval covers the truth, called (not too persistent) and CPU seconds."""
    start = time.process_time()
    effect = event_effect(series, series.start[EVENT], seed=seed)
    spent = time.process_time() - start
    return effect.p_value <= 0.05, effect.low <= factor <= effect.high, effect.persistent, spent


def known_noise(design: str, factor: float, number: int = 100, missing: float = 0.2) -> tuple[float, float]:
    """Power of a two-sided 5 % test that knows the noise: against a level, and against any straight line.

    Generalised least squares on the logs, their variances and correlations as simulated: no test of its size that knows
    less finds more against a level (Lehmann & Romano 2005, Testing Statistical Hypotheses, chapter 7), and none that is
    to hold its size on every line finds more than the second figure.
    """
    from scipy.stats import norm

    r, s, rho, m = LATENT[design]
    rng, power = np.random.default_rng([number, ord(design)]), []
    for _ in range(number):
        t = np.flatnonzero(rng.random(WEEKS) > missing)
        weight = np.linalg.inv(s**2 * rho ** np.abs(t[:, None] - t) + np.diag(np.full(len(t), 1 / m + 1 / r)))
        step, line = (t >= EVENT).astype(float), np.column_stack([np.ones(len(t)), t / WEEKS])
        found = []
        for columns in (line[:, :1], line):
            beside = weight @ columns
            rest = weight - beside @ np.linalg.solve(columns.T @ beside, beside.T)
            off = np.log(factor) * np.sqrt(step @ rest @ step)
            found.append(norm.sf(1.96 - off) + norm.cdf(-1.96 - off))
        power.append(found)
    level, trend = np.mean(power, axis=0)
    return float(level), float(trend)


def several(series: Series, seed: int) -> bool:
    """Whether any of ten events is called at 5 % after adjustment; one with fewer than two rows seen after it is none."""
    last = np.flatnonzero(series.observed)[-2]
    dates = [series.start[row] for row in np.linspace(8, 72, 10).astype(int) if row <= last]
    return any(effect.adjusted <= 0.05 for effect in event_effects(series, dates, seed=seed).effects)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench known_dates")
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--designs", default="ABCDE")
    parser.add_argument("--noise", nargs="*", default=["own"])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--ten", action="store_true", help="ten candidate events on series without any effect")
    chosen = parser.parse_args(arguments)
    for noise in chosen.noise:
        for design in chosen.designs:
            for factor in (1.0, 1.6):
                sets = latent(design, chosen.number, factor, chosen.seed + int(factor > 1), noise=noise)
                got = Parallel(n_jobs=chosen.jobs)(delayed(test)(s, i, factor) for i, s in enumerate(sets))
                rejected, covered, persistent, spent = np.array(got, dtype=float).T
                peers = "; ".join(f"{name} {figures[design][int(factor > 1)]}" for name, figures in PEERS.items()
                                  if design in figures) if noise == "own" else ""
                print(f"{noise:<12} {design} x{factor:<4} rejected {100 * rejected.mean():5.1f} %  interval covers "
                      f"{100 * covered.mean():5.1f} %  rejected and not too persistent "
                      f"{100 * np.mean(rejected * (1 - persistent)):4.1f} %  too persistent {100 * persistent.mean():4.1f} %  "
                      f"{1000 * spent.mean():4.0f} ms  {peers}", flush=True)
            if noise == "own":
                level, trend = known_noise(design, 1.6)
                print(f"{noise:<12} {design} x1.6  a test that knows the noise finds {100 * level:.0f} % against a level, "
                      f"{100 * trend:.0f} % against any line", flush=True)
            if chosen.ten:
                sets = latent(design, chosen.number, 1.0, chosen.seed + 2, noise=noise)
                called = Parallel(n_jobs=chosen.jobs)(delayed(several)(s, i) for i, s in enumerate(sets))
                print(f"{noise:<12} {design} ten events, any called {100 * np.mean(called):5.1f} %", flush=True)
