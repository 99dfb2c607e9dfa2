"""Checks for what computes: the reconciler against a known daily truth, series, and the compiled loops against slow search."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from forecast.breaks._numba_bai_perron import level_partitions, regression_partitions
from forecast.breaks._numba_optimal_partitioning import functional_partitions, normal_partitions, pruned_partitions
from forecast.evidence.flow import Flow
from forecast.evidence.statements import Statement
from forecast.series.series import Series

Data = st.DataObject


def bounds_of_the_reconciler(data: Data) -> str:
    """Bounds hold the truth the statements were made from, in whatever order they come, and parts add up."""
    rng = random.Random(data.draw(st.integers(0, 2**32)))  # noqa: S311 - nothing secret
    first, n = date(2023, 1, 1), 120
    truth = [rng.choice((0, 0, 0, 1, 2)) for _ in range(n)]

    def said(k: int, a: int, b: int, spare: int, opened: bool) -> Statement:
        total = sum(truth[a:b])
        return Statement(id=f"s{k}", site="rajin", measure="ships", kind="period", start=first + timedelta(a), end=first + timedelta(b - 1), count=None,
                         low=max(0.0, total - spare), high=np.inf if opened else float(total + spare), scope="port", publisher="P")

    made = [said(0, 0, n, 0, False)]
    for k in range(1, rng.randint(1, 6)):
        a, b = sorted(rng.sample(range(n + 1), 2))
        made.append(said(k, a, b, rng.choice((0, 0, 1, 3)), rng.random() < 0.2))
    source = Flow(ledgers=["none"], watching=None, scopes=["port"], start=None)
    evidence = source.of(made)
    series, account = evidence.series, evidence.decisions
    assert all(decision.outcome != "left out" for decision in account)  # statements that are true never conflict
    where = [(int((start - np.datetime64(first)).astype(int)), int((end - np.datetime64(first)).astype(int))) for start, end in zip(series.start, series.end, strict=True)]
    months = np.array([sum(truth[max(a, 0):b]) for a, b in where])
    assert (series.low <= months).all()
    assert (months <= series.high).all()
    rng.shuffle(made)
    again = source.of(made).series
    assert np.array_equal(series.low, again.low)
    assert np.array_equal(series.high, again.high)
    a, c, b = sorted(rng.sample(range(n + 1), 3))
    parts = source.of([said(0, 0, n, 0, False), said(1, a, c, 0, False), said(2, c, b, 0, False)]).series
    with_whole = source.of([said(0, 0, n, 0, False), said(1, a, c, 0, False), said(2, c, b, 0, False), said(3, a, b, 0, False)]).series
    assert np.array_equal(parts.low, with_whole.low)
    assert np.array_equal(parts.high, with_whole.high)
    return f"{len(made)} statements"


# -- series -----------------------------------------------------------------------------------------------------------
def constructors_of_series(data: Data) -> str:
    """Values are kept on their grid, or it is said in a sentence what is wrong with them."""
    sound = data.draw(st.booleans())
    number = st.none() | st.integers(0, 10**6) | st.floats(-1e6, 1e6)
    values = data.draw(st.lists(number if sound else number | st.floats(allow_nan=True) | st.text(max_size=2), max_size=12))
    freq = data.draw(st.sampled_from(["D", "W-MON", "MS", "2D", "QS"] if sound else ["D", "h", "", "x"]))
    start = data.draw(st.sampled_from(["2023-01-02", "2024-02-29"] if sound else ["2024-02-29", "x", "", "0000-01-01"]))
    if sound:
        start = str(pd.tseries.frequencies.to_offset(freq).rollforward(start).date())
    try:
        made = Series.from_values(values, start=start, freq=freq)
    except ValueError as error:
        assert not sound, error  # noqa: PT017 - numbers on a known grid are never refused
        assert ":" in str(error)  # noqa: PT017 - any input may be refused
        return "refused"
    assert np.array_equal(made.value, np.array([np.nan if v is None else v for v in values], dtype=float), equal_nan=True)
    return "made"


def grids_of_series(data: Data) -> str:
    """On any coarser grid a flow keeps its sums, a stock its means, a bound its side, and a day nobody saw stays missing."""
    rng = random.Random(data.draw(st.integers(0, 2**64)))  # noqa: S311 - nothing secret
    n = rng.randint(1, 12)
    days = [date(2019, 1, 1) + timedelta(d) for d in rng.sample(range(1500), n)]
    counts = [rng.choice((None, 0, 3, rng.randint(0, 1000))) for _ in days]
    low = [None if rng.random() < 0.7 else rng.randint(0, 5) for _ in days]
    high = [None if rng.random() < 0.7 else rng.choice((2000, math.inf)) for _ in days]
    low = [min(a, b) if a is not None and b is not None else a for a, b in zip(low, counts, strict=True)]
    kind = rng.choice(("flow", "stock"))
    share = [rng.choice((1.0, 0.25)) if kind == "flow" else 1.0 for _ in days]
    series = Series.from_counts(days, counts, low, high, share, kind)
    meant = {day: _said(*row) for day, *row in zip(days, counts, low, high, share, strict=True)}
    for k, day in enumerate(sorted(days)):
        assert np.array_equal([series.low[k], series.high[k]], meant[day][:2], equal_nan=True)
    for grid in ("D", "W-MON", "MS", "QS"):
        regular = series.regular(grid)
        for k in range(len(regular)):
            here = [meant[day] for day in days if regular.start[k] <= np.datetime64(day) < regular.end[k] and not math.isnan(meant[day][0])]
            assert bool(here) == bool(regular.observed[k])
            if here:
                least, most = (sum(row[side] for row in here) for side in (0, 1))
                if kind == "stock":  # a mean of whole counts that is not whole lies between two that are
                    least, most = np.floor(least / len(here)), np.ceil(most / len(here))
                assert np.allclose([regular.low[k], regular.high[k]], [least, most])
                width = int((regular.end[k] - regular.start[k]).astype(int))
                assert np.isclose(regular.exposure[k], 1.0 if kind == "stock" else sum(row[2] for row in here) / width)
    return kind


def _said(count: int | None, low: int | None, high: float | None, share: float) -> tuple[float, float, float]:
    below, above = (count if side is None else side for side in (low, high))
    if below is None and above is None:
        return math.nan, math.nan, share
    return float(0 if below is None else below), math.inf if above is None else float(above), share


# -- compiled loops ---------------------------------------------------------------------------------------------------
@cache
def compile_loops() -> None:
    """Compile every loop, so that no input pays for it."""
    sums, ones = np.arange(9.0), np.ones(9)
    level_partitions(sums, sums, ones, 1, 1)
    regression_partitions(np.ones((8, 2)), np.arange(8.0), 3, 1)
    normal_partitions(sums, 1, 1.0, 0.0, 1.0)
    pruned_partitions(sums, sums, 2, 1.0, 1e-3)
    functional_partitions(sums, math.inf, 1, 1.0, -1.0, 1.0)


def _search(n: int, h: int, cost: Callable[[int, int], float], penalty: float) -> float:
    """The least cost of rows 0..n-1 in segments of h rows at least, a penalty for each break: every partition counts."""
    best = [math.inf] * (n + 1)
    best[0] = -penalty
    for e in range(h, n + 1):
        best[e] = min(best[s] + penalty + cost(s, e) for s in range(e - h + 1) if s == 0 or s >= h)
    return best[n]


def _paid(last: np.ndarray, n: int, cost: Callable[[int, int], float], penalty: float) -> float:
    """What the partition that the last cuts lead back through costs."""
    total, end = -penalty, n
    while end > 0:
        start = int(last[end])
        total, end = total + penalty + cost(start, end), start
    return total


def loops_against_every_cut(data: Data) -> str:
    """Partitions with a fixed number of breaks have the least squares that trying every cut finds, levels and regressions."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**64)))
    n, h, m = int(rng.integers(6, 16)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
    y = rng.choice([rng.integers(-50, 50, n), rng.poisson(3, n), np.repeat(rng.integers(0, 9), n), rng.normal(0, 1e3, n)]).astype(float)
    regressed = bool(rng.random() < 0.4)
    X = np.column_stack([np.ones(n), np.arange(n, dtype=float)])
    h = max(h, 2) if regressed else h

    def rss(a: int, b: int) -> float:
        part = y[a:b]
        fit = X[a:b] @ np.linalg.lstsq(X[a:b], part, rcond=None)[0] if regressed else part.mean()
        return float(((part - fit) ** 2).sum())

    if regressed:
        cost, last = regression_partitions(X, y, h, m)
    else:
        sums, squares = (np.concatenate([[0.0], np.cumsum(v)]) for v in (y, y * y))
        cost, last = level_partitions(sums, squares, np.concatenate([[0.0], 1 / np.arange(1, n + 1)]), h, m)
    slow = np.full((m + 1, n + 1), np.inf)
    for e in range(h, n + 1):
        slow[0, e] = rss(0, e)
        for b in range(1, m + 1):
            slow[b, e] = min((slow[b - 1, s] + rss(s, e) for s in range(h, e - h + 1)), default=math.inf)
    size = 1e-6 * (1 + float((y * y).sum()))
    for b in range(m + 1):
        assert np.isclose(cost[b, n], slow[b, n], rtol=1e-6, atol=size) or (np.isinf(cost[b, n]) and np.isinf(slow[b, n]))
        if b and np.isfinite(slow[b, n]):
            end, total = n, 0.0
            for level in range(b, 0, -1):
                total, end = total + rss(int(last[level, end]), end), int(last[level, end])
            assert np.isclose(total + rss(0, end), slow[b, n], rtol=1e-6, atol=size)
    return "regressions" if regressed else "levels"


def pruning_against_every_partition(data: Data) -> str:
    """Pruned partitions cost what the best of all partitions costs, for every kind of cost."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**64)))
    kind = ("normal", "poisson", "negative_binomial", "variance")[int(rng.integers(4))]
    n, h = int(rng.integers(4, 41)), int(rng.integers(2 if kind == "variance" else 1, 4))
    level = np.repeat(rng.choice([0.3, 3, 20, 300], 8), 5)[:n] if rng.random() < 0.7 else np.full(n, 4.0)
    y = rng.poisson(level * (rng.gamma(3, 1 / 3, n) if kind == "negative_binomial" else 1)).astype(float)
    if kind in ("normal", "variance"):
        y = y + rng.normal(0, 1, n)
        y -= y.mean()
    penalty, size = float(rng.choice([0.5, 3.0, 10.0, 60.0])), 5.0 if kind == "negative_binomial" else math.inf
    if np.ptp(y) == 0:
        return "constant"
    sums, squares = (np.concatenate([[0.0], np.cumsum(v)]) for v in (y, y * y))
    floor = 1e-3

    def cost(a: int, b: int) -> float:
        part, k = y[a:b], b - a
        total = part.sum()
        if kind == "normal":
            return float(-total * total / k)
        if kind == "variance":
            return float(k * math.log(part.var() + floor))
        mean = max(float(part.mean()), 1e-10)
        if kind == "poisson":
            return float(2 * (k * mean - total * math.log(mean)))
        return float(2 * ((total + k * size) * math.log1p(mean / size) - total * math.log(mean / size)))

    if kind == "normal":
        _, last, _ = normal_partitions(sums, h, penalty, float(y.min()), float(y.max()))
    elif kind == "variance":
        _, last = pruned_partitions(sums, squares, h, penalty, floor)
    else:
        shift = math.log(size) if math.isfinite(size) else 0.0
        low, high = (math.log(max(float(v), 1e-10)) - shift for v in (y.min(), y.max()))
        _, last, _ = functional_partitions(sums, size, h, penalty, low, high)
    best = _search(n, h, cost, penalty)
    assert _paid(np.asarray(last), n, cost, penalty) <= best + 1e-6 * (1 + abs(best))
    return kind
