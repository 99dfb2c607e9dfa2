"""Evidence of a level that is lifted by known amounts: a change of a given shape and size at a given date, or a trend.

    log mean_t = log scale_t + level + lift_t + deviation_t

An effect of shape f_t (0 before its date; then 1 for a step, the share of the way for a ramp, 1 until it ends for a
pulse, a half to the power of time for one that fades) and size b lifts by b f_t; a trend lifts by its slope times t.
The level itself is integrated. Each lift shifts the likelihoods along the grid of levels, so that no table is made
anew: many sizes, shapes and dates of many series cost one filter each.
"""

from __future__ import annotations

import numpy as np

from forecast.regime_model.filters import moves_of
from forecast.regime_model.grid import deviations
from forecast.regime_model.problem import Problem


def lifted_evidence(problem: Problem, lifts: np.ndarray) -> np.ndarray:
    """Log evidence [B, K, S] of every series and setting, when the level is constant but for lifts [K, n].

    lifts : in log units of counts (or the unit of reals), one per row of the problem; beyond the grid of levels its
        ends hold, so that a problem should reach as far as the lifts do (`reach` of `discretise`)
    """
    from forecast.regime_model._numba_changes import lifted

    cell = problem.levels[1] - problem.levels[0]
    cells = np.ascontiguousarray(np.asarray(lifts, dtype=float) / cell)
    made = []
    for block in problem.blocks:
        moves, kind = moves_of(problem, block)
        log = np.empty((len(block.index), len(cells), block.settings))
        lifted(np.ascontiguousarray(block.index).ravel(), cells.ravel(), block.emission.table.ravel(),
               block.emission.peak.ravel(), moves.ravel(), np.ascontiguousarray(kind),
               problem.prior.astype(np.float32), deviations(block.nodes)[1].astype(np.float32), len(block.index),
               log.ravel())
        made.append(log)
    return np.concatenate(made, axis=-1)
