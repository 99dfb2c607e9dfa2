"""Evidence of no break and of exactly one break in each gap, under every setting of the regime model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.regime_model.filters import backward, forward, moves_of
from forecast.regime_model.problem import Problem, pooled


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log evidence without a break and with one break in each stretch between rows that were seen, for B series.

    none : [B, S] per setting; one : [stretches, B, S], a break there, levels independent before and after it
    stretch : [n - 1], the stretch that each gap lies in: nothing tells its gaps apart
    weight : [S], prior weights of the settings
    """

    none: np.ndarray
    one: np.ndarray
    stretch: np.ndarray
    weight: np.ndarray

    def log_ratio(self) -> np.ndarray:
        """Log Bayes factor of one break in each gap against none, settings integrated, [n - 1, B]."""
        return np.asarray((pooled(self.one, self.weight) - pooled(self.none, self.weight))[self.stretch])

    def settings(self, gaps: np.ndarray, none: float = 0.0) -> np.ndarray:
        """Posterior weights of the settings [B, S] when there is a step in one of these gaps, all alike.

        none : prior chance that there is no step at all
        """
        with np.errstate(divide="ignore"):
            stepped = np.logaddexp.reduce(self.one[self.stretch[gaps]], axis=0) - np.log(len(gaps))
            logs = np.logaddexp(np.log(1 - none) + stepped, np.log(none) + self.none)
        weight = self.weight * np.exp(logs - logs.max(axis=-1, keepdims=True))
        return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def evidence(problem: Problem) -> Evidence:
    """Evidence of no break and of exactly one break in each gap, by one forward and one backward pass."""
    problem, rows = problem.observed_rows()
    still = np.zeros(len(problem.gaps))
    none, one = [], []
    for block in problem.blocks:
        ahead, back = (each(problem, block, still, sums=True) for each in (forward, backward))
        none.append(ahead.log[-1])
        moves, kind = moves_of(problem, block)
        joined = np.empty((len(still), *none[-1].shape))
        for g, matrix in enumerate(moves):
            gaps = np.flatnonzero(kind == g)
            carried = matrix.T @ ahead.sums[gaps]  # [gaps, B, D, E]
            with np.errstate(divide="ignore"):
                joined[gaps] = np.log(np.sum(carried * back.sums[gaps + 1], axis=-2, dtype=float))
        one.append(ahead.log[:-1] + back.log[1:] + joined)
    return Evidence(none=np.concatenate(none, axis=-1), one=np.concatenate(one, axis=-1), weight=problem.weight,
                    stretch=np.repeat(np.arange(len(rows) - 1), np.diff(rows)))
