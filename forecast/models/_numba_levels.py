"""The compiled Kalman filter of a level, which whitens the counts and all that is regressed out of them at once.

Beside it the regression on what the filter leaves.
"""

from __future__ import annotations

import math

import numpy as np

from forecast.support.compiled import Array, kernel, vector_kernel


@kernel
def whitened(columns: Array, noise: Array, moves: Array, begin: Array, kind: Array, step: Array, number: Array,
             log: Array, gram: Array, state: Array, known: Array) -> None:
    """Run every level over the rows, and keep what is known at some of them.

    columns [c, n], noise [n] : variances; moves [kinds, n, 6] : level's and slope's share carried from the row before
    (level to level, slope to level, slope to slope) and the variances that come in between (level, both, slope), in
    units of `step`; begin [kinds, 3] : variances at the row before the first; kind, step [L] : of each level
    number [o] : rows before each stop, rising. Kept there: log [L, o] of the determinant, gram [L, o, c, c] products of
    the whitened columns, state [L, o, 2, c] level and slope after the last row, known [L, o, 3] their variances.
    """
    count, n = columns.shape
    total, fresh = np.zeros((count, count)), np.zeros(count)
    level, slope = np.zeros(count), np.zeros(count)
    for k in range(len(kind)):
        size, at, logs = step[k], 0, 0.0
        total[:] = 0.0
        level[:] = 0.0
        slope[:] = 0.0
        own, both, lean = size * begin[kind[k], 0], size * begin[kind[k], 1], size * begin[kind[k], 2]
        for t in range(n):
            a, b, e = moves[kind[k], t, 0], moves[kind[k], t, 1], moves[kind[k], t, 2]
            own = a * a * own + 2 * a * b * both + b * b * lean + size * moves[kind[k], t, 3]
            both = e * (a * both + b * lean) + size * moves[kind[k], t, 4]
            lean = e * e * lean + size * moves[kind[k], t, 5]
            scatter = own + noise[t]
            root, gain, tilt = 1 / math.sqrt(scatter), own / scatter, both / scatter
            logs += math.log(scatter)
            for c in range(count):
                before = a * level[c] + b * slope[c]
                new = columns[c, t] - before
                level[c] = before + gain * new
                slope[c] = e * slope[c] + tilt * new
                fresh[c] = new * root
            own, both, lean = own - gain * own, both - gain * both, lean - tilt * both
            for c in range(count):
                for d in range(c + 1):
                    total[c, d] += fresh[c] * fresh[d]
            while at < len(number) and number[at] == t + 1:
                log[k, at] = logs
                for c in range(count):
                    state[k, at, 0, c], state[k, at, 1, c] = level[c], slope[c]
                    for d in range(c + 1):
                        gram[k, at, c, d] = total[c, d]
                        gram[k, at, d, c] = total[c, d]
                known[k, at, 0], known[k, at, 1], known[k, at, 2] = own, both, lean
                at += 1


@vector_kernel
def factored(gram: Array, level: Array, stop: Array, sd: Array, beside: Array, factor: Array) -> None:
    """Cholesky factors of the precision of coefficients in units of their prior, and rows times their inverse.

    gram [L, o, c, c] : of `whitened`, the r regressors after the p counts; level, stop [S] : which of them; sd [S, r] :
    of the prior; beside [S, k, r] : further rows. Fills factor [S, r + p + k, r]: the factor of identity + sd gram sd,
    below it the products of counts and regressors, and the further rows, each times sd and the inverse of the factor.
    """
    r, p = sd.shape[1], gram.shape[2] - sd.shape[1]
    for s in range(len(level)):
        products, size, out = gram[level[s], stop[s]], sd[s], factor[s]
        for i in range(len(out)):
            for j in range(min(i + 1, r)):
                if i < r:
                    value = size[i] * products[p + i, p + j] * size[j]
                elif i < r + p:
                    value = products[i - r, p + j] * size[j]
                else:
                    value = beside[s, i - r - p, j] * size[j]
                done = 0.0
                for m in range(j):
                    done += out[i, m] * out[j, m]
                if i == j:
                    out[i, i] = math.sqrt(1 + value - done)
                else:
                    out[i, j] = (value - done) / out[j, j]
