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
from forecast.regimes import Problem, settings_table


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
        table, peak = np.zeros((len(rows), nodes, len(noise), len(levels)), dtype=np.float32), np.zeros(
            (len(rows), len(noise)))
        emissions(rows[:, 0], which, mean, total, noise, FLOOR, table, peak)
        peak[seen] += count_terms(rows[seen, 0], noise)
        return Emission(table=np.exp(table, out=table).transpose(0, 2, 3, 1), peak=peak)


NONE = np.zeros((0, 0, 0, 0), dtype=np.float32)


def evidence_of(problem: Problem, jump: np.ndarray) -> np.ndarray:
    """Log evidence [B, S] of every series and setting, with these chances of a break in each gap [n - 1]."""
    index = np.ascontiguousarray(problem.blocks[0].index.T)  # the same for all: panels have no feedback
    return np.concatenate([[each(rows, jump, NONE) for rows in index] for each in _filters(problem)], axis=1)


def sample(problem: Problem, draws: int, rng: np.random.Generator) -> Posterior:
    """Draw paths of the jump model; what `posterior.sample` does, for one series."""
    jump, n = problem.jumps(problem.model.breaks), len(problem.scale)
    rows = np.ascontiguousarray(problem.blocks[0].index[:, 0])
    filters = _filters(problem)
    states = [np.empty((n, *each.table.shape[1:]), np.float32) for each in filters]
    logs = [each(rows, jump, state) for each, state in zip(filters, states, strict=True)]
    total = np.concatenate(logs)
    none = np.concatenate([each(rows, np.zeros_like(jump), NONE) for each in filters])
    picked = settings_drawn(problem, total, draws, rng)
    jumps, level = np.zeros((draws, max(n - 1, 0)), dtype=bool), np.empty((draws, n), dtype=np.int64)
    offset = 0
    for each, state in zip(filters, states, strict=True):
        mine = np.flatnonzero((picked >= offset) & (picked < offset + state.shape[2]))
        mine = mine[np.argsort(picked[mine], kind="stable")]
        if len(mine):
            broke, at = np.empty((max(n - 1, 0), len(mine)), dtype=bool), np.empty((n, len(mine)), dtype=np.int64)
            sampled(state, np.ascontiguousarray(each.moves.swapaxes(1, 2)), each.kind, jump, problem.prior,
                    picked[mine] - offset, rng.random((n, 2, len(mine))), broke, at)
            jumps[mine], level[mine] = broke.T, at.T
        offset += state.shape[2]
    correlation, spread, noise, feedback = settings_table(problem)[picked].T
    return Posterior(problem=problem, log_ratio=any_break(total, none, problem.weight, problem.model.breaks),
                     jumps=jumps, level=problem.levels[level], correlation=correlation, spread=spread, noise=noise,
                     feedback=feedback)


@dataclass(frozen=True, eq=False)
class _Filter:
    """One correlation of a block, as the loops want it: see `loops.filtered`."""

    table: np.ndarray
    peak: np.ndarray
    moves: np.ndarray
    kind: np.ndarray
    prior: np.ndarray
    start: np.ndarray

    def __call__(self, rows: np.ndarray, jump: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Log evidence [E] of the rows, with these chances of a break in each gap; fills `state` unless it is empty."""
        return np.asarray(filtered(rows, self.table, self.peak, self.moves, self.kind, jump, self.prior, self.start,
                                   state))


def _filters(problem: Problem) -> list[_Filter]:
    """In the order of the problem's settings."""
    gaps, kind = np.unique(problem.gaps, return_inverse=True)
    made = []
    for block in problem.blocks:
        table = np.ascontiguousarray(block.emission.table.transpose(0, 3, 1, 2))
        moves = np.array([block.moves(gap) for gap in gaps], dtype=np.float32).reshape(
            -1, len(block.correlation), block.nodes, block.nodes)
        made += [_Filter(table, block.emission.peak, np.ascontiguousarray(moves[:, k]), kind,
                         problem.prior.astype(np.float32), deviations(block.nodes)[1].astype(np.float32))
                 for k in range(len(block.correlation))]
    return made
