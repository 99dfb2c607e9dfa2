"""The numba loops: pure functions on arrays, nothing else. Import this module only where a loop is needed.

Every kernel is small (a cold compile costs seconds) and cached on disk: beside the file where that is writable,
else in numba's cache folder of the user.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

Array = np.ndarray[Any, Any]
kernel: Any = numba.njit(cache=True, nogil=True)
vector_kernel: Any = numba.njit(cache=True, nogil=True, fastmath={"nnan", "nsz", "reassoc", "contract"})


@vector_kernel
def level_partitions(sums: Array, squares: Array, inverse: Array, h: int, m: int) -> tuple[Array, Array]:
    """Least sums of squares of level segments: cost [m + 1, n + 1], last cut [m + 1, n + 1].

    cost[b, e] is the least RSS of rows 0..e-1 with b breaks and segments of at least h rows; `sums`, `squares`
    are cumulative [n + 1], inverse[i] = 1/i. Bai & Perron 2003, section 4.1, pushed forward so that nothing of
    size n * n is kept; a tie goes to the earliest cut.
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
    """Gauss-Jordan inverse of gram [k, k] (destroyed) and beta = inverse @ moment; dependent columns get zeros.

    Returns True when gram has full rank.
    """
    k = len(moment)
    full = True
    size = 0.0
    for i in range(k):
        size = max(size, gram[i, i])
        for j in range(k):
            inverse[i, j] = 1.0 if i == j else 0.0
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
        beta[i] = 0.0
        for j in range(k):
            beta[i] += inverse[i, j] * moment[j]
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
            rss = total
            for i in range(k):
                rss -= beta[i] * moment[i]
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


# -- optimal partitioning with functional pruning ----------------------------------------------------------------------
# A segment's cost is A w(x) - B x + constant in one parameter x: normal x = mean, w = x^2; Poisson x = log mean,
# w = exp(x); negative binomial x = logit of mean / (mean + size), w = log(1 + exp(x)). All are convex.


@kernel
def _weight(x: float, poisson: bool) -> float:
    """w(x) of a family of counts."""
    if poisson:
        return math.exp(x)
    return math.log1p(math.exp(x)) if x < 30 else x


@kernel
def _least(A: float, B: float, poisson: bool) -> tuple[float, float]:
    """The x that minimises A w(x) - B x, and w there; B = 0 gives the far left."""
    if B <= 0:
        return -1e300, 0.0
    if poisson:
        return math.log(B / A), B / A
    return math.log(B / (A - B)), math.log(A / (A - B))


@kernel
def _root(A: float, B: float, c: float, x: float, side: float, poisson: bool) -> float:
    """The zero of A w(x) - B x + c next to x, where it is positive, towards its minimum (side 1: to the right)."""
    for _ in range(60):  # Newton on a convex function from outside: monotone
        w = _weight(x, poisson)
        slope = A * (w if poisson else 1 - math.exp(-w)) - B
        if slope * side >= 0:
            return x
        move = (A * w - B * x + c) / slope
        x -= move
        if abs(move) < 1e-12 * (1 + abs(x)):
            return x
    return x


@kernel
def functional_partitions(cumulated: Array, size: float, h: int, penalty: float, low: float, high: float) -> tuple[Array, Array, int]:
    """Least cost [n + 1] of rows 0..e-1 with segments of at least h rows, last cut [n + 1], most pieces held.

    `cumulated` [n + 1] are sums of counts from 0; costs are twice the negative log-likelihood, Poisson when `size`
    is infinite, without what depends on the data alone; x is kept within [low, high]. Maidstone et al. 2017, algorithm 2; a
    candidate joins the pieces h rows late, when the comparison with the others is over the same rows, which keeps
    the search exact for any h.
    """
    poisson = size == np.inf
    n = len(cumulated) - 1
    cost, last = np.full(n + 1, np.inf), np.zeros(n + 1, np.int64)
    room = 256
    edge, edge_w, owner = np.empty(room + 1), np.empty(room + 1), np.empty(room, np.int64)
    new_edge, new_edge_w, new_owner = np.empty(room + 1), np.empty(room + 1), np.empty(room, np.int64)
    cost[0] = -penalty
    pieces, most = 1, 1
    edge[0], edge[1], owner[0] = low, high, 0
    edge_w[0], edge_w[1] = _weight(low, poisson), _weight(high, poisson)
    for t in range(h, n + 1):
        u = t - h
        if u >= h:
            if 3 * pieces + 2 > room:
                room *= 4
                wider = np.empty(room + 1)
                wider[:pieces + 1] = edge[:pieces + 1]
                wider_w = np.empty(room + 1)
                wider_w[:pieces + 1] = edge_w[:pieces + 1]
                wider_o = np.empty(room, np.int64)
                wider_o[:pieces] = owner[:pieces]
                edge, edge_w, owner = wider, wider_w, wider_o
                new_edge, new_edge_w, new_owner = np.empty(room + 1), np.empty(room + 1), np.empty(room, np.int64)
            pieces = _against(cumulated, size, cost, u, pieces, edge, edge_w, owner, new_edge, new_edge_w,
                              new_owner)
            edge, new_edge = new_edge, edge
            edge_w, new_edge_w = new_edge_w, edge_w
            owner, new_owner = new_owner, owner
            most = max(most, pieces)
        best, cut = np.inf, 0
        for j in range(pieces):
            s = owner[j]
            total = cumulated[t] - cumulated[s]
            A = 2.0 * (t - s) if poisson else 2.0 * (total + (t - s) * size)
            B = 2 * total
            ratio = B / A
            if poisson and ratio <= edge_w[j]:
                value = A * edge_w[j] - B * edge[j]
            elif poisson and ratio >= edge_w[j + 1]:
                value = A * edge_w[j + 1] - B * edge[j + 1]
            else:
                x, w = _least(A, B, poisson)
                if x <= edge[j]:
                    x, w = edge[j], edge_w[j]
                elif x >= edge[j + 1]:
                    x, w = edge[j + 1], edge_w[j + 1]
                value = A * w - B * x
            value += cost[s] + penalty
            if value < best:
                best, cut = value, s
        cost[t], last[t] = best, cut
    return cost, last, most


@kernel
def _append(edge: Array, edge_w: Array, owner: Array, count: int, who: int, stop: float, w: float) -> int:
    """Add the piece of `who` that ends at stop, or lengthen the last one when it is the same candidate's."""
    if stop <= edge[count]:
        return count
    if count == 0 or owner[count - 1] != who:
        owner[count] = who
        count += 1
    edge[count], edge_w[count] = stop, w
    return count


@kernel
def _against(cumulated: Array, size: float, cost: Array, u: int, pieces: int, edge: Array,
             edge_w: Array, owner: Array, new_edge: Array, new_edge_w: Array, new_owner: Array) -> int:
    """Compare every piece with the new candidate u over the rows up to u; returns the number of pieces kept."""
    poisson = size == np.inf
    count = 0
    new_edge[0], new_edge_w[0] = edge[0], edge_w[0]
    for j in range(pieces):
        s = owner[j]
        left, right, wl, wr = edge[j], edge[j + 1], edge_w[j], edge_w[j + 1]
        total = cumulated[u] - cumulated[s]
        A = 2.0 * (u - s) if poisson else 2.0 * (total + (u - s) * size)
        B = 2 * total
        c = cost[s] - cost[u]
        at_left, at_right = A * wl - B * left + c, A * wr - B * right + c
        first, final = left, right  # where the old candidate stays the better one
        if at_left > 0 and at_right > 0:
            x, w = _least(A, B, poisson)
            if x <= left or x >= right or A * w - B * x + c >= 0:
                first = final = right
            else:
                first, final = _root(A, B, c, left, 1.0, poisson), _root(A, B, c, right, -1.0, poisson)
        elif at_left > 0:
            first = _root(A, B, c, left, 1.0, poisson)
        elif at_right > 0:
            final = _root(A, B, c, right, -1.0, poisson)
        first, final = min(max(first, left), right), min(max(final, left), right)
        if first > left:
            w = wr if first == right else _weight(first, poisson)
            count = _append(new_edge, new_edge_w, new_owner, count, u, first, w)
        if final > first:
            w = wr if final == right else _weight(final, poisson)
            count = _append(new_edge, new_edge_w, new_owner, count, s, final, w)
        if right > final:
            count = _append(new_edge, new_edge_w, new_owner, count, u, right, wr)
    return count


@kernel
def pruned_partitions(sums: Array, squares: Array, h: int, penalty: float, floor: float) -> tuple[Array, Array]:
    """Least cost [n + 1] and last cut [n + 1] for segments with a mean and a variance of their own (PELT).

    Killick, Fearnhead & Eckley 2012. A candidate that loses at t is dropped only from t + h on: until then the
    winner's next segment would be too short to replace it.
    """
    n = len(sums) - 1
    cost, last = np.full(n + 1, np.inf), np.zeros(n + 1, np.int64)
    cost[0] = -penalty
    candidates, doomed = np.empty(n + 1, np.int64), np.full(n + 1, n + 1)
    count = 0
    for t in range(h, n + 1):
        if t == h or t - h >= h:
            candidates[count] = t - h
            count += 1
        best, cut, kept = np.inf, 0, 0
        for j in range(count):
            s = candidates[j]
            if doomed[s] <= t:
                continue
            candidates[kept] = s
            kept += 1
            value = cost[s] + penalty + _spread(sums, squares, s, t, floor)
            if value < best:
                best, cut = value, s
        count = kept
        cost[t], last[t] = best, cut
        for j in range(count):
            s = candidates[j]
            if doomed[s] > t + h and cost[s] + _spread(sums, squares, s, t, floor) > best:
                doomed[s] = t + h
    return cost, last


@kernel
def _spread(sums: Array, squares: Array, s: int, t: int, floor: float) -> float:
    """Twice the negative normal log-likelihood of rows s..t-1 with their own mean and variance, less constants."""
    m = t - s
    d = sums[t] - sums[s]
    return m * math.log(max((squares[t] - squares[s] - d * d / m) / m, 0.0) + floor)


@kernel
def normal_partitions(cumulated: Array, h: int, penalty: float, low: float, high: float) -> tuple[Array, Array, int]:
    """`functional_partitions` for the normal mean alone, at half its time: roots in closed form, no clipping.

    The least cost over all candidates needs no clipping to their pieces: any candidate's own minimum can be attained.
    """
    n = len(cumulated) - 1
    cost, last = np.full(n + 1, np.inf), np.zeros(n + 1, np.int64)
    edge, owner = np.empty(2 * n + 3), np.empty(2 * n + 3, np.int64)
    new_edge, new_owner = np.empty(2 * n + 3), np.empty(2 * n + 3, np.int64)
    cost[0] = -penalty
    pieces, most = 1, 1
    edge[0], edge[1], owner[0] = low, high, 0
    for t in range(h, n + 1):
        u = t - h
        if u >= h:
            mine, sum_u, count = cost[u], cumulated[u], 0
            new_edge[0] = low
            right = low
            at_right = 0.0
            before = -1
            for j in range(pieces):
                s = owner[j]
                left, right = edge[j], edge[j + 1]
                A, B, c = float(u - s), 2 * (sum_u - cumulated[s]), cost[s] - mine
                at_left = (A * left - B) * left + c
                at_right = (A * right - B) * right + c
                first, final = left, right
                if at_left > 0 or at_right > 0:
                    inside = B * B - 4 * A * c
                    if inside <= 0:
                        first = final = right
                    else:
                        gap = math.sqrt(inside)
                        half = 0.5 / A
                        first, final = max((B - gap) * half, left), min((B + gap) * half, right)
                        if first >= final:
                            first = final = right
                if first > left:
                    if before != u:
                        new_owner[count] = u
                        count += 1
                        before = u
                    new_edge[count] = first
                if final > first:
                    if before != s:
                        new_owner[count] = s
                        count += 1
                        before = s
                    new_edge[count] = final
                if right > final:
                    if before != u:
                        new_owner[count] = u
                        count += 1
                        before = u
                    new_edge[count] = right
            edge, new_edge = new_edge, edge
            owner, new_owner = new_owner, owner
            pieces = count
            most = max(most, pieces)
        best, cut, sum_t = np.inf, 0, cumulated[t]
        for j in range(pieces):
            s = owner[j]
            d = sum_t - cumulated[s]
            value = cost[s] - d * d / (t - s)
            if value < best:
                best, cut = value, s
        cost[t], last[t] = best + penalty, cut
    return cost, last, most
