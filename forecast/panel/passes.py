"""The regime model over one series of a panel: `regimes.forward` and `posterior.sample` by compiled loops.

Equal to those up to the rounding of single precision (a test says so), at a fraction of their time: a panel pays the
half second that the loops take to load once, an experiment would pay it for one series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.lattice import deviations
from forecast.observation import FLOOR, Counts, Emission, count_terms
from forecast.panel.loops import emissions, filtered, sampled
from forecast.posterior import Posterior, any_break, settings_drawn
from forecast.regimes import Block, Problem, settings_table


@dataclass(frozen=True)
class CompiledCounts(Counts):
    """`Counts` with the likelihood of exact rows by a compiled loop."""

    def emission(self, rows: np.ndarray, levels: np.ndarray, spread: np.ndarray, noise: np.ndarray,
                 nodes: int) -> Emission:
        """As `Counts.emission`; a table with rows of bounds is left to it."""
        seen = ~np.isnan(rows[:, 0])
        if not np.array_equal(rows[seen, 0], rows[seen, 1]):
            return super().emission(rows, levels, spread, noise, nodes)
        scales, of_seen = np.unique(rows[seen, 2], return_inverse=True)
        which = np.full(len(rows), -1)
        which[seen] = of_seen
        eta = levels + spread[:, None, None] * deviations(nodes)[0][:, None]  # [E, D, L]
        mean = eta + np.log(scales)[:, None, None, None]
        total = np.logaddexp(mean, np.log(noise)[:, None, None])
        table, peak = np.zeros((len(rows), *eta.shape), dtype=np.float32), np.zeros((len(rows), len(noise)))
        emissions(rows[:, 0], which, mean, total, noise, FLOOR, table, peak)
        peak[seen] += count_terms(rows[seen, 0], noise)
        return Emission(table=np.exp(table, out=table).swapaxes(-1, -2), peak=peak)


NONE = np.zeros((0, 0, 0, 0), dtype=np.float32)


def evidence_of(problem: Problem, jump: np.ndarray) -> np.ndarray:
    """Log evidence [B, S] of every series and setting, with these chances of a break in each gap [n - 1]."""
    number = problem.index.shape[1]
    return np.array([np.concatenate([_passed(problem, block, k, jump, series, keep=False)[0]
                                     for block in problem.blocks for k in range(len(block.correlation))])
                     for series in range(number)])


def sample(problem: Problem, draws: int, rng: np.random.Generator) -> Posterior:
    """Draw paths of the jump model; what `posterior.sample` does, for one series."""
    jump, n = problem.jumps(problem.model.breaks), len(problem.scale)
    passes = [(block, k, *_passed(problem, block, k, jump, 0, keep=True))
              for block in problem.blocks for k in range(len(block.correlation))]
    total = np.concatenate([log for _, _, log, _ in passes])
    none = evidence_of(problem, np.zeros_like(jump))[0]
    picked = settings_drawn(problem, total, draws, rng)
    jumps, level = np.zeros((draws, max(n - 1, 0)), dtype=bool), np.empty((draws, n), dtype=np.int64)
    offset = 0
    for block, k, log, state in passes:
        mine = np.flatnonzero((picked >= offset) & (picked < offset + len(log)))
        mine = mine[np.argsort(picked[mine], kind="stable")]
        if len(mine):
            broke, at = np.empty((max(n - 1, 0), len(mine)), dtype=bool), np.empty((n, len(mine)), dtype=np.int64)
            moves, kind = _moves(problem, block, k)
            sampled(state, np.ascontiguousarray(moves.swapaxes(1, 2)), kind, jump, problem.prior, picked[mine] - offset,
                    rng.random((n, 2, len(mine))), broke, at)
            jumps[mine], level[mine] = broke.T, at.T
        offset += len(log)
    correlation, spread, noise = settings_table(problem)[picked].T
    return Posterior(problem=problem, log_ratio=any_break(total, none, problem.weight, problem.model.breaks),
                     jumps=jumps, level=problem.levels[level], correlation=correlation, spread=spread, noise=noise)


def _passed(problem: Problem, block: Block, k: int, jump: np.ndarray, series: int,
            keep: bool) -> tuple[np.ndarray, np.ndarray]:
    """Log evidence [E] of one correlation of a block, and the states [E, n, D, L] if they are kept."""
    table = np.ascontiguousarray(block.emission.table.swapaxes(-1, -2))
    state = np.empty((len(block.spread), len(problem.index), block.nodes, len(problem.levels)), np.float32)
    start = deviations(block.nodes)[1].astype(np.float32)
    logs = filtered(np.ascontiguousarray(problem.index[:, series]), table, block.emission.peak,
                    *_moves(problem, block, k), jump, problem.prior.astype(np.float32), start, state if keep else NONE)
    return logs, state


def _moves(problem: Problem, block: Block, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct transitions of a correlation [G, D, D], and which of them each gap takes [n - 1]."""
    gaps, kind = np.unique(problem.gaps, return_inverse=True)
    matrices = [block.moves(gap)[k] for gap in gaps]
    return np.array(matrices, dtype=np.float32).reshape(-1, block.nodes, block.nodes), kind
