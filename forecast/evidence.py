"""Evidence of no break and of exactly one break in each gap, under every setting of the regime model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.regimes import Problem, backward, forward, pooled, single_thread


def _flat(log: np.ndarray) -> np.ndarray:
    """[..., K, B, E] to [..., B, K * E]."""
    moved = np.moveaxis(log, -2, -3)
    return moved.reshape(*moved.shape[:-2], -1)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log evidence without a break and with one break in each gap, for B series at once.

    none : [B, S] per setting; one : [n - 1, B, S], a break between row t and t + 1, levels independent before and after
    weight : [S], prior weights of the settings
    """

    none: np.ndarray
    one: np.ndarray
    weight: np.ndarray

    def log_ratio(self) -> np.ndarray:
        """Log Bayes factor of one break in each gap against none, settings integrated, [n - 1, B]."""
        return np.asarray(pooled(self.one, self.weight) - pooled(self.none, self.weight))

    def settings(self, gaps: np.ndarray) -> np.ndarray:
        """Posterior weights of the settings [B, S] when there is a step in one of these gaps, all alike."""
        logs = np.logaddexp.reduce(self.one[gaps], axis=0)
        weight = self.weight * np.exp(logs - logs.max(axis=-1, keepdims=True))
        return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def evidence(problem: Problem) -> Evidence:
    """Evidence of no break and of exactly one break in each gap, by one forward and one backward pass."""
    still = np.zeros(len(problem.gaps))
    none, one = [], []
    for block in problem.blocks:
        with single_thread():
            ahead, back = forward(problem, block, still, full=False), backward(problem, block, still, full=False)
        none.append(_flat(ahead.log[-1]))
        matrices = [block.moves(gap) for gap in problem.gaps]
        joined = np.empty((len(still), *ahead.log.shape[1:]))
        for t, matrix in enumerate(matrices):
            carried = np.einsum("kbed,kdf->kbef", ahead.state[t], matrix)
            with np.errstate(divide="ignore"):
                joined[t] = np.log(np.sum(carried * back.state[t + 1], axis=-1, dtype=float))
        one.append(_flat(ahead.log[:-1] + back.log[1:] + joined))
    return Evidence(none=np.concatenate(none, axis=-1), one=np.concatenate(one, axis=-1), weight=problem.weight)
