"""The compiled loops of Bai and Perron. Pure functions on arrays."""

from __future__ import annotations

import numpy as np

from forecast.support.compiled import Array, kernel, vector_kernel


@vector_kernel
def level_partitions(sums: Array, squares: Array, inverse: Array, h: int, m: int) -> tuple[Array, Array]:
    """Least sums of squares of level segments: cost [m + 1, n + 1], last cut [m + 1, n + 1].

    cost[b, e] is the least RSS of rows 0..e-1 with b breaks and segments of at least h rows; `sums`,
    `squares` are cumulative [n + 1], inverse[i] = 1/i. Bai & Perron 2003, section 4.1, pushed forward so that
    nothing of size n * n is kept; a tie goes to the earliest cut.
    """
    n = len(sums) - 1
    cost = np.full((m + 1, n + 1), np.inf)
    last = np.zeros((m + 1, n + 1), np.int32)
    rss = np.empty(n + 1)
    for e in range(h, n + 1):
        cost[0, e] = squares[e] - sums[e] * sums[e] * inverse[e]
    for s in range(h, n - h + 1):
        s1, s2 = sums[s], squares[s]
        for e in range(s + h, n + 1):
            d = sums[e] - s1
            rss[e] = squares[e] - s2 - d * d * inverse[e - s]
        _push(cost, last, rss, s, h)
    return cost, last


@vector_kernel
def _push(cost: Array, last: Array, rss: Array, s: int, h: int) -> None:
    """Try the cut s for every end and every number of breaks; rss [n + 1] is that of rows s..e-1."""
    m, n = cost.shape[0] - 1, cost.shape[1] - 1
    for b in range(1, min(m, s // h) + 1):
        before = cost[b - 1, s]
        row, cut = cost[b], last[b]
        if b < m:
            for e in range(s + h, n - h + 1):
                value = before + rss[e]
                better = value < row[e]
                cut[e] = s if better else cut[e]
                row[e] = value if better else row[e]
        if before + rss[n] < row[n]:
            row[n] = before + rss[n]
            cut[n] = s


@kernel
def _solve(gram: Array, moment: Array, inverse: Array, beta: Array) -> bool:
    """Gauss-Jordan inverse of gram [k, k] (destroyed), beta = inverse @ moment; True when of full rank."""
    k = len(moment)
    full, size = True, 0.0
    inverse[:] = np.eye(k)
    for i in range(k):
        size = max(size, gram[i, i])
    for i in range(k):
        pivot = gram[i, i]
        if pivot <= 1e-10 * size:
            full = False
            for j in range(k):
                gram[i, j] = gram[j, i] = inverse[i, j] = 0.0
            continue
        for j in range(k):
            gram[i, j] /= pivot
            inverse[i, j] /= pivot
        for r in range(k):
            factor = gram[r, i]
            if r != i and factor != 0.0:
                for j in range(k):
                    gram[r, j] -= factor * gram[i, j]
                    inverse[r, j] -= factor * inverse[i, j]
    for i in range(k):
        beta[i] = (inverse[i] * moment).sum()
    return full


@kernel
def _segment_rss(X: Array, y: Array, s: int, h: int, out: Array) -> None:
    """RSS of y on X over rows s..e-1 into out[e], e >= s + h: solved once, then recursive least squares."""
    n, k = X.shape
    gram, moment = np.zeros((k, k)), np.zeros(k)
    P, beta, px, work = np.empty((k, k)), np.empty(k), np.empty(k), np.empty((k, k))
    total, rss, full = 0.0, 0.0, False
    for e in range(s, n):
        if not full:
            total += y[e] * y[e]
            for i in range(k):
                moment[i] += X[e, i] * y[e]
                for j in range(k):
                    gram[i, j] += X[e, i] * X[e, j]
            if e + 1 - s < h:
                continue
            work[:] = gram
            full = _solve(work, moment, P, beta)
            rss = total - (beta * moment).sum()
        else:
            residual, spread = y[e], 1.0
            for i in range(k):
                px[i] = 0.0
                for j in range(k):
                    px[i] += P[i, j] * X[e, j]
                residual -= X[e, i] * beta[i]
                spread += X[e, i] * px[i]
            scaled = 1.0 / spread
            rss += residual * residual * scaled
            for i in range(k):
                gain = px[i] * scaled
                beta[i] += gain * residual
                for j in range(k):
                    P[i, j] -= gain * px[j]
        out[e + 1] = max(rss, 0.0)


@kernel
def regression_partitions(X: Array, y: Array, h: int, m: int) -> tuple[Array, Array]:
    """As `level_partitions`, for segments of a regression of y [n] on X [n, k]."""
    n = len(y)
    cost = np.full((m + 1, n + 1), np.inf)
    last = np.zeros((m + 1, n + 1), np.int32)
    rss = np.empty(n + 1)
    _segment_rss(X, y, 0, h, cost[0])
    for s in range(h, n - h + 1):
        _segment_rss(X, y, s, h, rss)
        _push(cost, last, rss, s, h)
    return cost, last
