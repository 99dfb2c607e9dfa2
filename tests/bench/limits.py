"""Bench: what no test of these designs can beat, by Neyman and Pearson (simulated series).

python -m tests.bench limits [--number 300]. Everything about the noise is known but whether it is that of design A or of D;
only the level is open, and whether it changed, by a known factor up or down, at a known date or at any. The likelihood
ratio against the worse mixture of both nulls is then the most powerful test that holds both sizes (least favourable
prior), so that its power bounds that of every test whose false alarms stay at 5 % in A and 10 % in D.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import nbinom, norm

from tests.bench.designs import EVENT, LATENT, WEEKS, latent

NODES = np.linspace(-4, 4, 41)
START = norm.pdf(NODES) / norm.pdf(NODES).sum()
LEVELS = np.arange(-1.4, 1.41, 0.2)  # logs, around the mean of the design
PRIOR = norm.logpdf(LEVELS, 0, 1.2) - np.log(norm.pdf(LEVELS, 0, 1.2).sum())


def pooled(logs: np.ndarray, axis: int) -> np.ndarray:
    """log of the sum of exponentials."""
    return np.logaddexp.reduce(logs, axis=axis)


def chance(y: np.ndarray, design: str, level: float) -> np.ndarray:
    """Likelihood of every row at every node, [B, n, nodes]."""
    r, s, _, m = LATENT[design]
    mean = np.exp(np.log(m) + level - s * s / 2 + s * NODES)
    out = nbinom.pmf(np.nan_to_num(y)[..., None], r, r / (r + mean))
    return np.where(np.isnan(y)[..., None], 1.0, out)


def moved(design: str) -> np.ndarray:
    """Transition matrix of the deviation, [nodes, nodes]."""
    rho = LATENT[design][2]
    made = norm.pdf(NODES[None, :], rho * NODES[:, None], np.sqrt(1 - rho**2))
    return np.asarray(made / made.sum(axis=1, keepdims=True))


def forward(y: np.ndarray, design: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Filtered states [n, B, nodes] and log evidence so far [n, B]."""
    step, seen = moved(design), chance(y, design, level)
    state, log, states, logs = np.tile(START, (len(y), 1)), np.zeros(len(y)), [], []
    for t in range(WEEKS):
        state = (state @ step if t else state) * seen[:, t]
        mass = state.sum(axis=1)
        state, log = state / mass[:, None], log + np.log(mass)
        states.append(state)
        logs.append(log)
    return np.array(states), np.array(logs)


def backward(y: np.ndarray, design: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Likelihood of rows t on given the node at t, [n, B, nodes], and its log scale [n, B]."""
    step, seen = moved(design), chance(y, design, level)
    state, log, states, logs = np.ones((len(y), len(NODES))), np.zeros(len(y)), [], []
    for t in range(WEEKS - 1, -1, -1):
        state = state * seen[:, t]
        peak = state.max(axis=1)
        state, log = state / peak[:, None], log + np.log(peak)
        states.append(state)
        logs.append(log)
        state = state @ step.T
    return np.array(states[::-1]), np.array(logs[::-1])


def still(y: np.ndarray, design: str) -> np.ndarray:
    """Log evidence without a change, the level integrated, [B]."""
    return pooled(np.array([forward(y, design, level)[1][-1] + w for level, w in zip(LEVELS, PRIOR, strict=True)]), 0)


def changed(y: np.ndarray, design: str, factor: float) -> np.ndarray:
    """Log evidence of a change before each row 1..n-1, up or down alike, [n - 1, B]."""
    out, step = [], moved(design)
    for level, w in zip(LEVELS, PRIOR, strict=True):
        for half in (-np.log(factor) / 2, np.log(factor) / 2):
            (ahead, so_far), (back, to_come) = forward(y, design, level - half), backward(y, design, level + half)
            joined = np.log(np.einsum("tbi,ij,tbj->tb", ahead[:-1], step, back[1:], optimize=True))
            out.append(so_far[:-1] + to_come[1:] + joined + w - np.log(2))
    return pooled(np.array(out), 0)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench limits")
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--seed", type=int, default=11)
    chosen = parser.parse_args(arguments)
    for factor in (1.6, 2.5):
        sets = {"A": latent("A", chosen.number, 1.0, chosen.seed), "D": latent("D", chosen.number, 1.0, chosen.seed),
                "changed": latent("A", chosen.number, factor, chosen.seed + 1)}
        counts = {name: np.array([s.low for s in each]) for name, each in sets.items()}
        logs = {name: (changed(y, "A", factor), still(y, "A"), still(y, "D")) for name, y in counts.items()}
        for words, gaps in (("known date", slice(EVENT - 1, EVENT)), ("any date", slice(None))):
            for size_a, size_d in ((0.05, 0.10), (0.07, 0.10), (0.05, 1.0)):
                best = max(power(logs, gaps, odds, size_a, size_d) for odds in np.arange(-10, 10, 0.25))
                print(f"x{factor} {words:<10} A at most {size_a:.0%}, D at most {size_d:>4.0%}: no test finds more than "
                      f"{best[0]:.3f} (its own: A {best[1]:.3f}, D {best[2]:.3f})", flush=True)


def power(logs: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]], gaps: slice, odds: float, size_a: float,
          size_d: float) -> tuple[float, float, float]:
    """Share found, and both sizes, of the ratio against a mixture of nulls with these log odds of D."""
    ratio = {name: pooled(one[gaps], 0) - np.log(len(one[gaps])) - np.logaddexp(a, d + odds)
             for name, (one, a, d) in logs.items()}
    least = np.quantile(ratio["A"], 1 - size_a)
    if size_d < 1:
        least = max(least, np.quantile(ratio["D"], 1 - size_d))
    return tuple(float(np.mean(ratio[name] > least)) for name in ("changed", "A", "D"))
