"""Passes of the count regime model over the rows of a series: the filter, the likelihood of what follows, and paths.

State weights are those of (deviation, setting, level), [D, E, L], one block of settings at a time; the loops lie in
`forecast.regime_model._numba_filters`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.regime_model.grid import deviations
from forecast.regime_model.problem import Block, Problem

MOST_BYTES = 1 << 26  # of the states kept at once to draw paths from


@dataclass(frozen=True, eq=False)
class Pass:
    """One direction through one block, for every series.

    state : float32 [kept rows, B, D, E, L], state weights after each row kept, their sum over D and L being one
    sums : float32 [n, B, D, E], the same of every row summed over the levels (backward: averaged over their prior)
    log : [n, B, E], log scale of the weights after each row
    """

    state: np.ndarray
    sums: np.ndarray
    log: np.ndarray


def forward(problem: Problem, block: Block, jump: np.ndarray, keep: Sequence[int] | np.ndarray = (),
            sums: bool = False) -> Pass:
    """Filter: state weights after each row, given the rows up to it; jump [n - 1] is the break probability per gap.

    keep : rows, in order, whose state is wanted
    """
    ones, prior = np.ones(len(problem.prior), np.float32), problem.prior.astype(np.float32)
    start = deviations(block.nodes)[1].astype(np.float32)
    moves, kind = moves_of(problem, block)
    return _pass(block, block.index, moves, kind, jump, (ones, prior), start, keep, sums)


def backward(problem: Problem, block: Block, jump: np.ndarray, keep: Sequence[int] | np.ndarray = (),
             sums: bool = False) -> Pass:
    """Likelihood of the rows from t on, given the state at t; see `forward`."""
    ones, prior = np.ones(len(problem.prior), np.float32), problem.prior.astype(np.float32)
    moves, kind = moves_of(problem, block)
    last = block.index.shape[1] - 1
    turned = _pass(block, block.index[:, ::-1], moves.swapaxes(1, 2), kind[::-1], jump[::-1], (prior, ones),
                   np.ones(block.nodes, np.float32), last - np.asarray(keep, dtype=int)[::-1], sums)
    return Pass(state=turned.state[::-1], sums=turned.sums[::-1], log=turned.log[::-1])


def moves_of(problem: Problem, block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Transition matrices [G, D, D] of a block, and which of them each gap takes, [n - 1]."""
    gaps, kind = np.unique(problem.gaps, return_inverse=True)
    return np.array([block.moves(gap) for gap in gaps], np.float32).reshape(-1, block.nodes, block.nodes), kind


def _pass(block: Block, index: np.ndarray, moves: np.ndarray, kind: np.ndarray, jump: np.ndarray,
          levels: tuple[np.ndarray, np.ndarray], start: np.ndarray, keep: Sequence[int] | np.ndarray,
          sums: bool) -> Pass:
    from forecast.regime_model._numba_filters import swept

    series, n = index.shape
    table, peak = np.ascontiguousarray(block.emission.table), np.ascontiguousarray(block.emission.peak)
    _, nodes, settings, size = table.shape
    slot = np.full(n, -1)
    slot[np.asarray(keep, dtype=int)] = np.arange(len(keep))
    state = np.empty((series, len(keep), nodes, settings, size), np.float32)
    summed = np.empty((series, n if sums else 0, nodes, settings), np.float32)
    log = np.empty((series, n, settings))
    flat = (table.ravel(), peak.ravel(), moves.ravel(), np.ascontiguousarray(kind), np.ascontiguousarray(jump, float),
            *levels, start, slot)
    for b in range(series):
        swept(np.ascontiguousarray(index[b]), *flat, state[b].ravel(), summed[b].ravel(), log[b].ravel())
    return Pass(state=state.swapaxes(0, 1), sums=summed.swapaxes(0, 1), log=log.swapaxes(0, 1))


def evidence_of(problem: Problem, jump: np.ndarray) -> np.ndarray:
    """Log evidence [B, S] of every series and setting, with these chances of a break in each gap [n - 1]."""
    return np.concatenate([forward(problem, block, jump).log[-1] for block in problem.blocks], axis=-1)


def paths(problem: Problem, block: Block, jump: np.ndarray, setting: np.ndarray,
          rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Breaks [P, n - 1] and level indices [P, n] of paths with these settings [P] of a block, of one series.

    Filter forward, sample backward (Carter & Kohn 1994; Fearnhead 2006); the states of a few settings at a time.
    """
    n = block.index.shape[1]
    jumped, level = np.empty((len(setting), n - 1), bool), np.empty((len(setting), n), int)
    wanted = np.unique(setting)
    most = max(1, MOST_BYTES // (4 * n * block.nodes * len(problem.levels)))
    for at in range(0, len(wanted), most):
        few = wanted[at:at + most]
        mine = np.flatnonzero(np.isin(setting, few))
        jumped[mine], level[mine] = _drawn(problem, block.only(few), jump, np.searchsorted(few, setting[mine]), rng)
    return jumped, level


def _drawn(problem: Problem, block: Block, jump: np.ndarray, setting: np.ndarray,
           rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    from forecast.regime_model._numba_filters import sampled

    n, draws = block.index.shape[1], len(setting)
    state = forward(problem, block, jump, keep=np.arange(n)).state[:, 0]
    moves, kind = moves_of(problem, block)
    jumped, level = np.empty((n - 1, draws), bool), np.empty((n, draws), int)
    sampled(np.ascontiguousarray(state).ravel(), moves.swapaxes(1, 2).ravel(), kind, np.asarray(jump, float),
            problem.prior, setting, block.settings, block.nodes, rng.random(n * draws * 2), jumped.ravel(),
            level.ravel())
    return jumped.T, level.T
