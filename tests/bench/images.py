"""Bench: does the advice on the next image narrow the date of a change? (simulated yards)

python -m tests.bench images [--number 200] [--buys 3]: a stock is seen every 8 to 20 days, but for one gap of 70 to 130
days in which its level changes; images are bought one after the other by our ranking, by bisecting the date interval, and at random; the table shows
the length of the 90 % date interval and its entropy afterwards. In a second round most days are cloudy.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecast import Series
from forecast.breaks.regimes import Regimes
from forecast.effects.change_days import break_days, gap_probability
from forecast.effects.next_image import image_worth, predictive

CLOUDY = 0.15  # chance that a cloudy day shows the yard


@dataclass(frozen=True, eq=False)
class Yard:
    """Truth of one case: the day of the change, the counts before and after it, and how clear each day is."""

    series: Series
    broke: int
    levels: tuple[float, float]
    size: float
    clear: np.ndarray


@dataclass(frozen=True, eq=False)
class Belief:
    """Probability of the change on each day, and draws of a count under the old and the new level."""

    daily: np.ndarray
    before: np.ndarray
    after: np.ndarray


Choice = Callable[[Yard, Belief, np.random.Generator], int]


def yard(seed: int, cloudy: bool) -> Yard:
    rng = np.random.default_rng([seed, 11])
    steps = rng.integers(8, 20, size=22)
    steps[11] = rng.integers(70, 130)  # nobody looked, and the change falls in here
    days = np.cumsum(steps) - steps[0]
    broke = int(rng.integers(days[10] + 1, days[11] + 1))
    levels = (8.0, 8.0 * float(rng.choice([2.5, 4.0, 0.25])))
    size = 10.0
    counts = [int(rng.negative_binomial(size, size / (size + levels[int(day >= broke)]))) for day in days]
    when = np.datetime64("2023-01-01") + days
    clear = np.where(rng.random(days[-1] + 1) < 0.75, CLOUDY, 1.0) if cloudy else np.ones(days[-1] + 1)
    return Yard(Series.from_counts(when, counts, kind="stock", name="simulated"), broke, levels, size, clear)


def believed(case: Yard) -> Belief | None:
    detector = Regimes()
    posterior = detector.posterior(case.series)
    found = detector.breaks(posterior, case.series)
    if not found:  # nobody asks when, before it is known that
        return None
    gaps = gap_probability(posterior, max(found, key=lambda b: abs(np.log(b.ratio))).position - 1)
    before, after = predictive(posterior, int(gaps.argmax()), 1.0, np.random.default_rng(0))
    daily = break_days(case.series, gaps)
    return Belief(daily / daily.sum(), before, after)


def bought(case: Yard, belief: Belief, day: int, rng: np.random.Generator) -> Belief:
    """The belief after an image on `day`, which shows nothing if the sky is not clear."""
    if rng.random() > case.clear[day]:
        return belief
    level = case.levels[int(day >= case.broke)]
    count = rng.negative_binomial(case.size, case.size / (case.size + level))
    width = max(1, round(0.15 * count))
    old, new = (np.mean(np.abs(draws - count) <= width) + 0.002 for draws in (belief.before, belief.after))
    daily = belief.daily * np.where(np.arange(len(belief.daily)) <= day, new, old)
    return Belief(daily / daily.sum(), belief.before, belief.after)


def ours(case: Yard, belief: Belief, rng: np.random.Generator) -> int:
    first = case.series.start[0]
    best = image_worth(belief.daily, first, belief.before, belief.after, clear=case.clear[:len(belief.daily)], best=1)[0]
    return int((np.datetime64(best[0].day) - first).astype(int))


def bisecting(case: Yard, belief: Belief, rng: np.random.Generator) -> int:
    return int(np.searchsorted(np.cumsum(belief.daily), 0.5))


def at_random(case: Yard, belief: Belief, rng: np.random.Generator) -> int:
    low, high = np.searchsorted(np.cumsum(belief.daily), (0.05, 0.95))
    return int(rng.integers(low, high + 1))


def measured(belief: Belief) -> tuple[float, float]:
    """Length of the 90 % interval in days, and the entropy in bits."""
    low, high = np.searchsorted(np.cumsum(belief.daily), (0.05, 0.95))
    some = belief.daily[belief.daily > 0]
    return float(high - low + 1), float(-(some * np.log2(some)).sum())


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench images")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--buys", type=int, default=3)
    chosen = parser.parse_args(arguments)
    for title, cloudy in (("every day clear", False), ("three days in four cloudy", True)):
        compared(title, cloudy, chosen.number, chosen.buys)


def compared(title: str, cloudy: bool, number: int, buys: int) -> dict[str, np.ndarray]:
    """Print the table of one round; days and bits afterwards by way of choosing, [number, 2]."""
    ways: dict[str, Choice] = {"ours": ours, "bisecting": bisecting, "at random": at_random}
    got: dict[str, list[tuple[float, float]]] = {name: [] for name in ("no image", *ways)}
    for seed in range(number):
        case = yard(seed, cloudy)
        start = believed(case)
        if start is None:
            continue
        got["no image"].append(measured(start))
        for name, way in ways.items():
            belief, rng = start, np.random.default_rng([seed, 5])
            for _ in range(buys):
                belief = bought(case, belief, way(case, belief, rng), rng)
            got[name].append(measured(belief))
    arrays = {name: np.array(rows) for name, rows in got.items()}
    print(f"{len(arrays['ours'])} simulated yards, {title}, {buys} images bought")
    for name, rows in arrays.items():
        worse = rows - arrays["ours"]
        print(f"  {name:<10} 90 % interval {rows[:, 0].mean():6.1f} days, entropy {rows[:, 1].mean():5.2f} bits; more than "
              f"ours by {worse[:, 0].mean():5.1f} +- {worse[:, 0].std() / len(rows) ** 0.5:4.1f} days, "
              f"{worse[:, 1].mean():5.2f} +- {worse[:, 1].std() / len(rows) ** 0.5:4.2f} bits", flush=True)
    return arrays
