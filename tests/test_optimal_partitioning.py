"""Functional pruning against an unpruned search, for every cost and any minimum segment; and the penalties."""

from __future__ import annotations

import math

import numpy as np
import pytest

from forecast import Series
from forecast.breaks import _numba_optimal_partitioning as pruning
from forecast.breaks.optimal_partitioning import OptimalPartitioning, Partitioning, dispersion

KINDS = ("normal", "poisson", "negative_binomial", "variance")


def random_series(rng: np.random.Generator, n: int, counts: bool) -> np.ndarray:
    levels = np.repeat(rng.uniform(0, 20, n // 10 + 1), 10)[:n] * rng.integers(0, 2) + rng.uniform(0.1, 3)
    return rng.poisson(levels).astype(float) if counts else rng.normal(levels)


def total(partitioning: Partitioning, cuts: list[int], penalty: float) -> float:
    edges = np.array([0, *cuts, len(partitioning.y)])
    return float(partitioning.cost(edges[:-1], edges[1:]).sum()) + penalty * len(cuts)


def traced(last: np.ndarray, n: int) -> list[int]:
    cuts, end = [], n
    while last[end] > 0:
        end = int(last[end])
        cuts.append(end)
    return cuts[::-1]


@pytest.mark.parametrize("kind", KINDS)
def test_pruning_loses_nothing_on_hundreds_of_series(kind: str) -> None:
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(200):
        h = int(rng.integers(2 if kind == "variance" else 1, 9))
        n = int(rng.integers(max(h, 5), 90))
        y = random_series(rng, n, kind in {"poisson", "negative_binomial"})
        if np.ptp(y) == 0:
            continue
        size = float(rng.uniform(1, 20)) if kind == "negative_binomial" else math.inf
        partitioning = Partitioning(y - y.mean() if kind in {"normal", "variance"} else y, kind, h, size, 1.0)
        penalty = float(rng.uniform(0.5, 15))
        pruned, full = (traced(search(penalty), n) for search in (partitioning.pruned, partitioning.searched))
        assert total(partitioning, pruned, penalty) == pytest.approx(total(partitioning, full, penalty), abs=1e-6)
        assert all(np.diff([0, *pruned, n]) >= h)


def test_pieces_stay_few() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(np.repeat([0.0, 3.0, 1.0, 4.0], 5000))
    *_, normal = pruning.normal_partitions(np.concatenate([[0], np.cumsum(y)]), 1, 30.0, float(y.min()), float(y.max()))
    counts = rng.poisson(np.repeat([5.0, 9.0, 2.0, 6.0], 5000)).astype(float)
    *_, poisson = pruning.functional_partitions(np.concatenate([[0], np.cumsum(counts)]), math.inf, 1, 30.0,
                                                math.log(1e-10), math.log(counts.max()))
    assert normal < 60
    assert poisson < 60


@pytest.mark.parametrize("penalty", ["calibrated", "mbic", 20.0])
@pytest.mark.parametrize("cost", ["auto", "normal", "poisson", "negative_binomial", "variance"])
@pytest.mark.parametrize("n", [120, 1200])
def test_clear_steps_are_found_under_every_cost_and_penalty(cost: str, penalty: str | float, n: int) -> None:
    rng = np.random.default_rng(5)
    y = rng.poisson(np.repeat([10.0, 40.0, 90.0], n // 3)).astype(float)
    found = OptimalPartitioning(cost=cost, penalty=penalty, h=5).detect(Series.from_values(y, start="1990-01-01", freq="D"))
    positions = [b.position for b in found]
    assert len(positions) <= 4  # one variance for all is wrong for counts under cost=normal: a stray pair may be added
    assert all(min(abs(p - cut) for p in positions) <= 1 for cut in (n // 3, 2 * n // 3))


def test_the_calibrated_penalty_holds_its_size_under_persistence() -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng([seed, 1])
        y = np.full(100, 12.0)
        for t in range(1, 100):
            y[t] = rng.poisson(0.6 * 12 + 0.4 * y[t - 1])
        alarms += len(OptimalPartitioning(draws=99).detect(Series.from_values(y))) > 0
    assert alarms <= 6


def test_dispersion_is_not_fooled_by_breaks() -> None:
    rng = np.random.default_rng(3)
    mean = np.repeat([5.0, 60.0, 20.0], 2000)
    assert dispersion(rng.negative_binomial(5, 5 / (5 + mean)).astype(float)) == pytest.approx(5, rel=0.2)
    assert dispersion(rng.poisson(mean).astype(float)) > 50


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="penalty must be 'calibrated', 'mbic' or a number, got 'aic'"):
        OptimalPartitioning(penalty="aic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cost poisson needs counts, got -1"):
        OptimalPartitioning(cost="poisson").detect(Series.from_values([-1, 2, 3, 4, 5, 6]))
