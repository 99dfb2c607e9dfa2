"""The compiled search of a penalised negative binomial regression."""

from __future__ import annotations

import math

import numpy as np

from forecast.support.compiled import Array, kernel, part_kernel


@part_kernel
def _solve(root: Array, right: Array) -> None:
    """Turn the lower triangle of a matrix [k, k] into its Cholesky factor, and `right` [k] into the solution."""
    k = len(right)
    for i in range(k):
        for j in range(i + 1):
            value = root[i, j]
            for m in range(j):
                value -= root[i, m] * root[j, m]
            root[i, j] = math.sqrt(value) if i == j else value / root[j, j]
        for j in range(i):
            right[i] -= root[i, j] * right[j]
        right[i] /= root[i, i]
    for i in range(k - 1, -1, -1):
        for j in range(i + 1, k):
            right[i] -= root[j, i] * right[j]
        right[i] /= root[i, i]


@kernel
def searched(design: Array, y: Array, share: Array, size: float, penalty: Array, centre: Array, most: int, exact: float,
             beta: Array, root: Array) -> None:
    """Fisher scoring from beta [k], changed in place, in at most so many steps, until one is at most `exact`.

    design [n, k], counts y and exposure share [n], penalty and centre [k] : precisions and means of the prior. Fills
    root [k, k], the lower Cholesky factor of the precision at the last search point; above it are zeros.
    """
    n, k = design.shape
    step = np.zeros(k)
    for _ in range(most):
        root[:] = 0.0
        for i in range(k):
            step[i] = -penalty[i] * (beta[i] - centre[i])
            root[i, i] = penalty[i]
        for t in range(n):
            log = 0.0
            for i in range(k):
                log += design[t, i] * beta[i]
            mean = share[t] * math.exp(min(max(log, -30.0), 40.0))
            spread = 1 + mean / size
            weight, left = mean / spread, (y[t] - mean) / spread
            for i in range(k):
                x = design[t, i]
                if x != 0.0:  # most phases of a season are none
                    step[i] += x * left
                    for j in range(i + 1):
                        root[i, j] += weight * x * design[t, j]
        _solve(root, step)
        longest = np.abs(step).max()
        # a step of more than two on the log scale leaves the region where the quadratic holds
        beta += step * min(1.0, 2 / max(longest, 1e-12))
        if longest < exact:
            break
