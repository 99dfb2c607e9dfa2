"""Posterior paths of the count regime model: levels, break dates, their number, and the future run from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.regime_model.filters import evidence_of, forward, paths
from forecast.regime_model.grid import deviations
from forecast.regime_model.last_count import run
from forecast.regime_model.problem import Problem, pooled, settings_table

STRONG, LASTING = 0.5, 0.8  # spread and correlation (over the median gap) from which deviations count as drift


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from the posterior of one series.

    log_ratio : log Bayes factor of at least one break against none, settings integrated
    jumps : bool [P, n - 1], a break in each gap; level : float [P, n], log level
    correlation, spread, noise, feedback : [P], the setting of each path, which is number `setting` of the problem
    unit : [P, n], deviation of each row in units of its spread; None where it was not drawn
    """

    problem: Problem
    log_ratio: float
    jumps: np.ndarray
    level: np.ndarray
    correlation: np.ndarray
    spread: np.ndarray
    noise: np.ndarray
    feedback: np.ndarray
    setting: np.ndarray
    unit: np.ndarray | None = None

    @property
    def number(self) -> np.ndarray:
        """Number of breaks on each path, int [P]."""
        return np.asarray(self.jumps.sum(axis=1))

    @property
    def drifting(self) -> float:
        """Share of the paths with a break whose deviations are both strong (s >= 0.5) and lasting (correlation >= 0.8).

        Such counts wander so far by themselves that a wander is easily taken for a change of level.
        """
        broken = self.number > 0
        if not broken.any():
            return 0.0
        return float(np.mean((self.spread[broken] >= STRONG) & (self.correlation[broken] >= LASTING)))

    @property
    def probability(self) -> float:
        """Posterior probability of at least one break at even prior odds."""
        return float(1 / (1 + np.exp(-self.log_ratio)))


def sample(problem: Problem, draws: int, rng: np.random.Generator, breaks: float | None = None) -> Posterior:
    """Draw paths of the jump model (`breaks` expected over the span; the model's own number when None).

    The series must be discretised alone (B = 1).
    """
    expected = problem.model.breaks if breaks is None else breaks
    thin, rows = problem.observed_rows()
    jump = thin.jumps(expected)
    total, none = evidence_of(thin, jump)[0], evidence_of(thin, np.zeros_like(jump))[0]
    picked = settings_drawn(problem, total, draws, rng)
    jumped, at = np.zeros((draws, len(jump)), bool), np.empty((draws, len(rows)), int)
    offset = 0
    for block in thin.blocks:
        mine = np.flatnonzero((picked >= offset) & (picked < offset + block.settings))
        if len(mine):
            jumped[mine], at[mine] = paths(thin, block, jump, picked[mine] - offset, rng)
        offset += block.settings
    jumps, at = _filled(problem, rows, jumped, at, rng)
    level = problem.levels[at]
    correlation, spread, noise, feedback = settings_table(problem)[picked].T
    return Posterior(problem=problem, log_ratio=any_break(total, none, problem.weight, expected), jumps=jumps,
                     level=level, correlation=correlation, spread=spread, noise=noise, feedback=feedback,
                     setting=picked)


def _filled(problem: Problem, rows: np.ndarray, jumped: np.ndarray, at: np.ndarray,
            rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Breaks [P, n - 1] and level indices [P, n] of all rows, from those of `rows`.

    A break between two of them lies in one of the gaps between, as likely as the gap is long.
    """
    n = len(problem.scale)
    if len(rows) == n:
        return jumped, at
    jumps, levels = np.zeros((len(at), n - 1), bool), np.repeat(at, np.diff(np.r_[rows, n]), axis=1)
    one = np.diff(rows) == 1
    jumps[:, rows[1:][one] - 1] = jumped[:, one]
    where = np.split(rng.random(int(jumped.sum())), np.cumsum(jumped.sum(axis=0))[:-1])
    for k in np.flatnonzero(~one):
        first, last = rows[k], rows[k + 1]
        broke = np.flatnonzero(jumped[:, k])
        share = np.cumsum(problem.share[first:last])
        gap = first + np.minimum(np.searchsorted(share, where[k] * share[-1], "right"), last - first - 1)
        jumps[broke, gap] = True
        for row in range(first + 1, last):
            after = broke[gap < row]
            levels[after, row] = at[after, k + 1]
    return jumps, levels


def any_break(total: np.ndarray, none: np.ndarray, weight: np.ndarray, expected: float) -> float:
    """Log Bayes factor of one or more breaks against none, from the evidence with jumps and without."""
    quiet = float(pooled(none, weight)) - expected  # the jump model's own share without a jump
    some = float(pooled(total, weight)) - quiet
    odds = np.log(np.maximum(np.expm1(min(some, 700.0)), 1e-12))  # beyond it floats overflow, and it is sure
    return float(odds - np.log(np.expm1(expected)))


def _draw(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One index per row, with probability in proportion to the weights [P, M]."""
    cumulative = np.cumsum(weight, axis=1, dtype=float)
    return np.asarray((cumulative < (rng.random(len(weight)) * cumulative[:, -1])[:, None]).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Present:
    """Draws of the state after the last row, all [P]: log level, deviation in units of its spread, and the settings.

    rate, age : the last exact count per unit of scale, and median gaps between it and the last row (0, inf: none)
    """

    problem: Problem
    level: np.ndarray
    unit: np.ndarray
    correlation: np.ndarray
    spread: np.ndarray
    noise: np.ndarray
    feedback: np.ndarray
    rate: float
    age: float


def present(problem: Problem, draws: int, rng: np.random.Generator) -> Present:
    """Draw the state after the last row from the filter alone, which is all that a forecast needs."""
    thin, _ = problem.observed_rows()
    jump = thin.jumps(problem.model.breaks)
    passes = [forward(thin, block, jump, keep=[len(jump)]) for block in thin.blocks]
    picked = settings_drawn(problem, np.concatenate([each.log[-1][0] for each in passes]), draws, rng)
    level, unit = np.empty(draws), np.empty(draws)
    offset = 0
    for block, each in zip(problem.blocks, passes, strict=True):
        mine = np.flatnonzero((picked >= offset) & (picked < offset + block.settings))
        if len(mine):
            state = each.state[0, 0][:, picked[mine] - offset].swapaxes(0, 1)  # [P, D, L]
            node, at = np.divmod(_draw(state.reshape(len(mine), -1), rng), len(problem.levels))
            level[mine], unit[mine] = problem.levels[at], deviations(block.nodes)[0][node]
        offset += block.settings
    correlation, spread, noise, feedback = settings_table(problem)[picked].T
    return Present(problem, level, unit, correlation, spread, noise, feedback, float(problem.rate[0]),
                   float(problem.age[0]))


def settings_drawn(problem: Problem, logs: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Settings drawn from their posterior, indices [P]."""
    weight = problem.weight * np.exp(logs - logs.max())
    return rng.choice(len(weight), size=draws, p=weight / weight.sum())


def ahead(now: Present, scale: np.ndarray, gaps: np.ndarray, rng: np.random.Generator,
          breaks: bool = True) -> np.ndarray:
    """Counts run forward from the last row: int64 [P, H], one path per draw.

    scale : [H] expected count per unit of level in each future row (exposure times season)
    gaps : [H] days to the row before, divided by the median gap; breaks : whether the level may jump again
    """
    problem, level, unit = now.problem, now.level.copy(), now.unit
    share = np.median(problem.share) if len(problem.share) else 1.0
    latent = np.empty((len(level), len(scale)))
    for h, gap in enumerate(gaps):
        carry = now.correlation**gap
        unit = carry * unit + np.sqrt(1 - carry**2) * rng.standard_normal(len(level))
        if breaks:
            jumped = rng.random(len(level)) < -np.expm1(-problem.model.breaks * share * gap)
            level[jumped] = rng.choice(problem.levels, size=int(jumped.sum()), p=problem.prior)
        latent[:, h] = level + now.spread * unit
    made = run(problem.observation, latent, scale, gaps, now.feedback, now.noise, rng, now.rate, now.age)
    return made.astype(np.int64)
