"""Bench: the product's home. Sparse, irregular, bounded images: is a threefold change found, and dated (simulated)?

python -m tests.bench home [--number 200] [--jobs 1]. Peer: a permutation test of the largest standardised difference of
means on the exact rows alone.
"""

from __future__ import annotations

import argparse

import numpy as np
from joblib import Parallel, delayed

from forecast import RegimeModel
from tests.bench._shapes_simulated import Case, home


def permuted(case: Case, seed: int, number: int = 199) -> bool:
    """Whether the largest standardised difference of means is among the largest 5 % of shuffled series."""
    series = case.series
    y = np.sqrt(series.value[~np.isnan(series.value)])
    n = len(y)
    cut = np.arange(3, n - 2)
    rng = np.random.default_rng(seed)
    rows = np.vstack([y, *(rng.permutation(y) for _ in range(number))])
    sums = np.cumsum(rows, axis=1)[:, cut - 1]
    gap = np.abs(sums / cut - (rows.sum(axis=1, keepdims=True) - sums) / (n - cut)) * np.sqrt(cut * (n - cut) / n)
    largest = gap.max(axis=1)
    return bool((1 + np.sum(largest[1:] >= largest[0] - 1e-9)) / (number + 1) <= 0.05)


def look(case: Case, seed: int) -> tuple[bool, bool, float, bool]:
    """Called, too persistent, whether the date set covers the truth (NaN: not called), called by permutation."""
    fit = RegimeModel().fit(case.series, seed=seed)
    covers = float("nan")
    if fit.breaks and case.shape:
        one = min(fit.breaks, key=lambda each: abs(each.position - case.first))
        first, before = str(case.series.start[case.first]), str(case.series.start[case.first - 1])
        covers = float(one.low <= first and one.high >= before)
    return bool(fit.breaks), fit.persistent, covers, permuted(case, seed)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench home")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args(arguments)
    for level in (8, 2):
        for spread in (0.0, 0.35):
            for factor in (1.0, 3.0):
                cases = home(chosen.number, level, factor, chosen.seed, spread=spread)
                rows = Parallel(n_jobs=chosen.jobs)(delayed(look)(case, k) for k, case in enumerate(cases))
                called, persistent, covers, peer = np.array(rows, dtype=float).T
                dated = covers[~np.isnan(covers)]
                text = f"  90 % date set covers {dated.mean():.3f}" if len(dated) else ""
                print(f"level {level}, log sd {spread}, x{factor:g}: called {called.mean():.3f}  too persistent "
                      f"{persistent.mean():.3f}{text}  permutation {peer.mean():.3f}", flush=True)
