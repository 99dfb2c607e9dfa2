"""Bench: real counts with no effect, and with one put in: size, power, intervals; a peer in the same run.

python -m tests.bench real_noise --data FOLDER [--windows 4] [--copies 1]; FOLDER holds real/series.csv (unique_id, freq,
ds, y). Windows of 51 to 150 rows; null copies by block bootstrap (12 rows) of what the logs scatter around their smooth
level and season; -40 % by binomial thinning, +60 % by Poisson superposition from a middle date.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from forecast import Series, event_effect
from tests.bench.event_shapes import regression

BLOCK, PERIODS = 12, {"D": 7, "W-MON": 52, "MS": 12}


def smooth(log: np.ndarray, days: np.ndarray, period: int) -> np.ndarray:
    """Smooth level and season of logs: a slow local mean, and two harmonics of a year or a week."""
    span = PERIODS["D"] if period == PERIODS["D"] else 365.25
    waves = np.column_stack([f(2 * np.pi * k * days / span) for k in (1, 2) for f in (np.sin, np.cos)])
    width = max(len(log) // 2, 15) | 1
    weight = np.hanning(width + 2)[1:-1]

    def level(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.convolve(values, weight, "same") / np.convolve(np.ones(len(values)), weight, "same"))

    season = waves @ np.linalg.lstsq(waves, log - level(log), rcond=None)[0]
    return np.asarray(level(log - season) + season)


def copy_of(y: np.ndarray, days: np.ndarray, period: int, rng: np.random.Generator) -> np.ndarray:
    """A null copy of a window."""
    log = np.log(y + 0.5)
    fitted = smooth(log, days, period)
    rest = log - fitted
    starts = rng.integers(0, len(y) - BLOCK, len(y) // BLOCK + 2)
    drawn = np.concatenate([rest[at:at + BLOCK] for at in starts])[rng.integers(0, BLOCK):][:len(y)]
    return np.maximum(np.round(np.exp(fitted + drawn) - 0.5 + 0.2 * rng.uniform(-1, 1, len(y))), 0)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench real_noise")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(arguments)
    rng, rows = np.random.default_rng(chosen.seed), []
    table = pd.read_csv(chosen.data / "real" / "series.csv")
    for (freq, name), group in table.groupby(["freq", "unique_id"]):
        whole = group.y.to_numpy(float)
        for _ in range(chosen.windows * chosen.copies):
            length = int(rng.integers(51, min(151, len(whole) + 1)))
            at = int(rng.integers(0, len(whole) - length + 1))
            y = whole[at:at + length]
            if np.isnan(y).any() or y.sum() < 20 or np.median(y) == 0:
                continue
            start = group.ds.iloc[at]
            days = Series.from_values(y, start, freq).days
            null = copy_of(y, days, PERIODS[freq], rng)
            when = int(rng.integers(int(0.35 * length), int(0.65 * length)))
            for factor in (1.0, 0.6, 1.6):
                z = null.copy()
                if factor < 1:
                    z[when:] = rng.binomial(z[when:].astype(int), factor)
                elif factor > 1:
                    z[when:] += rng.poisson((factor - 1) * np.exp(smooth(np.log(null + 0.5), days, PERIODS[freq]))[when:])
                series = Series.from_values(z, start, freq, name=str(name))
                effect = event_effect(series, series.start[when], seed=len(rows))
                rows.append({"freq": freq, "kind": "sparse" if np.median(y) < 10 else "dense", "factor": factor,
                             "rejected": effect.p_value <= 0.05 and not effect.persistent, "persistent": effect.persistent,
                             "covers": effect.low <= factor <= effect.high if effect.shape == "step" else np.nan,
                             "regression": regression(series, when) <= 0.05})
    made = pd.DataFrame(rows).astype({"rejected": float, "persistent": float, "regression": float, "covers": float})
    columns = ["rejected", "persistent", "covers", "regression"]
    print((100 * made.groupby("factor")[columns].mean()).round(1).to_string())
    counted = made.groupby(["factor", "freq", "kind"])
    print((100 * counted[columns].mean()).round(1).assign(n=counted.size()).to_string())
