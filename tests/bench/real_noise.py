"""Bench: real counts with no effect, and with one put in: size, power, intervals; peers in the same run.

python -m tests.bench real_noise --data FOLDER [--windows 8] [--drift] [--detect]; FOLDER holds real/series.csv
(unique_id, freq, ds, y). Windows of 51 to 150 rows. A null copy has the season of its window and, drawn anew in blocks of 12
rows, what its logs scatter by around their smooth level; its own level is constant, or with --drift the smooth one: then
the level of many windows does change, slowly, and only a step at the date is wrong. -40 % is put in by binomial thinning,
+60 % by Poisson superposition, from a middle date. With --detect also whether `detect` calls a change in null copies.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecast import Series, detect, event_effect
from tests.bench._regression import step_p_value

BLOCK, YEAR, WEEK = 12, 365.25, 7
SLOW = 0.6  # share of the window over which the smooth level is a local line
SPARSE = 10  # median count below which a window is sparse
FEWEST = 15  # events in a null copy: with fewer there is nothing to look at
PEERS = {"NB, HAC": (False, True), "NB + trend, HAC": (True, True), "NB + trend": (True, False)}  # trend, robust


@dataclass(frozen=True)
class Window:
    """A window of a real series: name, frequency, first day, days [n] since then, counts [n], row of the event."""

    name: str
    freq: str
    start: str
    days: np.ndarray
    y: np.ndarray
    when: int

    @property
    def kind(self) -> str:
        return "dense" if np.median(self.y) >= SPARSE else "sparse"

    @property
    def waves(self) -> np.ndarray:
        """Two harmonics of the year, of days of the week, [n, 4]."""
        period = WEEK if self.freq == "D" else YEAR
        angle = 2 * np.pi * self.days / period
        return np.column_stack([f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)])


def windows(table: pd.DataFrame, number: int, rng: np.random.Generator) -> Iterator[Window]:
    """So many windows of every series, without gaps, events in all at least `FEWEST`."""
    for (freq, name), group in table.groupby(["freq", "unique_id"]):
        whole = group.y.to_numpy(float)
        for _ in range(number):
            length = int(rng.integers(51, min(151, len(whole) + 1)))
            at = int(rng.integers(0, len(whole) - length + 1))
            y, start = whole[at:at + length], str(group.ds.iloc[at])
            when = int(rng.integers(int(0.35 * length), int(0.65 * length)))
            if not np.isnan(y).any() and y.sum() >= FEWEST:
                yield Window(str(name), str(freq), start, Series.from_values(y, start, freq).days.astype(float), y, when)


def course(window: Window, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smooth level and season of logs of y + 1/2, [n] each."""
    from statsmodels.nonparametric.smoothers_lowess import lowess

    def level(values: np.ndarray) -> np.ndarray:
        return np.asarray(lowess(values, window.days, frac=SLOW, it=0, return_sorted=False))

    log = np.log(y + 0.5)
    season = window.waves @ np.linalg.lstsq(window.waves, log - level(log), rcond=None)[0]
    return level(log - season), season


def copy_of(window: Window, drift: bool, rng: np.random.Generator) -> np.ndarray:
    """Counts [n] of a null copy."""
    level, season = course(window, window.y)
    rest = np.log(window.y + 0.5) - level - season
    n = len(rest)
    starts = rng.integers(0, n - BLOCK, n // BLOCK + 2)
    drawn = np.concatenate([rest[at:at + BLOCK] for at in starts])[rng.integers(0, BLOCK):][:n]
    base = level if drift else np.full(n, level.mean())
    return np.maximum(np.round(np.exp(base + season + drawn) - 0.5), 0)


def with_effect(window: Window, null: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    """The copy with its counts from the event on multiplied by a factor, as thinning or superposition would."""
    made = null.copy()
    if factor < 1:
        made[window.when:] = rng.binomial(made[window.when:].astype(int), factor)
    elif factor > 1:
        made[window.when:] += rng.poisson((factor - 1) * np.exp(sum(course(window, null)))[window.when:])
    return made


def peer(window: Window, y: np.ndarray, trend: bool, robust: bool) -> bool:
    """Whether a negative binomial regression with season, and perhaps trend, calls a step at the event."""
    beside = [window.days / window.days[-1]] if trend else []
    if window.freq == "D" or window.days[-1] > 1.45 * YEAR:
        beside += list(window.waves.T)
    return step_p_value(y, window.when, beside, robust) <= 0.05


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench real_noise")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--drift", action="store_true")
    parser.add_argument("--detect", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(arguments)
    rng, rows = np.random.default_rng(chosen.seed), []
    for window in windows(pd.read_csv(chosen.data / "real" / "series.csv"), chosen.windows, rng):
        null = copy_of(window, chosen.drift, rng)
        if null.sum() < FEWEST:
            continue
        for factor in (1.0, 0.6, 1.6):
            y = with_effect(window, null, factor, rng)
            series = Series.from_values(y, window.start, window.freq, name=window.name)
            effect = event_effect(series, series.start[window.when], seed=len(rows))
            peers = {name: peer(window, y, *how) for name, how in PEERS.items()}
            found = {"detect": bool(detect(series))} if chosen.detect and factor == 1 else {}
            rows.append({"freq": window.freq, "kind": window.kind, "factor": factor, **found, **peers,
                         "called": effect.p_value <= 0.05 and not effect.persistent, "persistent": effect.persistent,
                         "covers": effect.low <= factor <= effect.high if effect.shape == "step" else np.nan})
    made = pd.DataFrame(rows)
    columns = [name for name in made if name not in ("freq", "kind", "factor")]
    made[columns] = made[columns].astype(float)
    for by in (["factor"], ["factor", "freq", "kind"]):
        groups = made.groupby(by)
        print((100 * groups[columns].mean()).round(1).assign(n=groups.size()).to_string(), flush=True)
