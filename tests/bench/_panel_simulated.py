"""A simulated PortWatch file of many ports with known breaks, and what a panel found of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.feeds.simulated import PORTWATCH

FIRST = np.datetime64("2019-01-01")


@dataclass(frozen=True)
class Truth:
    """Of each port: level (calls a day), day of its break (-1 = none), factor, and whether it lies at the event."""

    level: np.ndarray
    day: np.ndarray
    factor: np.ndarray
    event_day: int

    @property
    def at_event(self) -> np.ndarray:
        return self.day == self.event_day

    @property
    def event(self) -> str:
        return str(FIRST + self.event_day)


def truth(ports: int, days: int, seed: int = 0) -> Truth:
    """Levels from 0.3 to 60 a day; 30 of 100 ports break once, by a factor of 1.5 to 3 up or down, a fifth of them at
    the event; 2 of 100 are dead."""
    rng = np.random.default_rng([seed, 1])
    level = np.exp(rng.uniform(np.log(0.3), np.log(60), ports))
    level[rng.random(ports) < 0.02] = 0.0
    event = int(0.7 * days)
    breaks = (rng.random(ports) < 0.3) & (level > 0)
    day = np.where(breaks, rng.integers(int(0.1 * days), int(0.9 * days), ports), -1)
    day[breaks & (rng.random(ports) < 0.2)] = event
    factor = np.exp(rng.uniform(np.log(1.5), np.log(3), ports) * rng.choice([-1, 1], ports))
    return Truth(level, day, factor, event)


def counts(known: Truth, port: int, days: int, seed: int = 0) -> np.ndarray:
    """Daily calls of one port [days], NaN on days that the file leaves out: weekly season, autocorrelated, NB."""
    rng = np.random.default_rng([seed, 2, port])
    correlation, spread, size = rng.uniform(0.3, 0.8), rng.uniform(0.1, 0.4), np.exp(rng.uniform(np.log(2), np.log(30)))
    unit, noise = np.empty(days), rng.standard_normal(days)
    unit[0] = noise[0]
    for t in range(1, days):
        unit[t] = correlation * unit[t - 1] + np.sqrt(1 - correlation**2) * noise[t]
    week = np.exp(rng.normal(0, 0.2, 7))
    mean = known.level[port] * (week / week.mean())[np.arange(days) % 7] * np.exp(spread * unit - spread**2 / 2)
    if known.day[port] >= 0:
        mean[known.day[port]:] *= known.factor[port]
    y = rng.poisson(mean * rng.gamma(size, 1 / size, days)).astype(float)
    if rng.random() < 0.2:  # an outage of the feed
        start, length = rng.integers(0, days), rng.integers(30, 200)
        y[start:start + length] = np.nan
    return y


def write(path: Path, ports: int, days: int, seed: int = 0, broken: float = 0.0) -> Truth:
    """Write the file, sorted by day as exported, with a share of `broken` rows; what is true of it."""
    known, rng = truth(ports, days, seed), np.random.default_rng([seed, 3])
    table = np.stack([counts(known, port, days, seed) for port in range(ports)])
    tail = ",".join(["0"] * 14)
    with path.open("w", encoding="utf-8") as file:
        file.write(PORTWATCH + "\n")
        for d in range(days):
            day = str(FIRST + d)
            head = f"{day} 00:00:00+00:00,{day[:4]},{int(day[5:7])},{int(day[8:])},"
            for p, n in enumerate(table[:, d].tolist()):
                if not math.isnan(n):
                    cell = "many" if broken and rng.random() < broken else int(n)
                    file.write(f"{head}port{p},Simulated Port {p},Nowhere Land,XXX,{cell},0,0,0,0,{cell},{cell},{tail},"
                               f"{d * ports + p}\n")
    return known
