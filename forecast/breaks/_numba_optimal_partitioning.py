"""The numba loops of optimal partitioning: exact segmentations by functional or inequality pruning, see `kernel`."""

from __future__ import annotations

import math

import numpy as np

from forecast.support.compiled import Array, kernel

# A segment's cost is A w(x) - B x + constant, convex in one parameter x: Poisson x = log mean, w = exp(x);
# negative binomial x = logit of mean / (mean + size), w = log(1 + exp(x)). An edge between pieces is kept as
# (x, w, slope of w), so that no logarithm is taken to see on which side of it a minimum lies.


@kernel
def _edge(x: float, poisson: bool, out: Array) -> None:
    """Write x, w(x) and the slope of w there to out [3]."""
    e = math.exp(x)
    out[0] = x
    out[1] = e if poisson else math.log1p(e)
    out[2] = e if poisson else e / (1 + e)


@kernel
def _sums(cumulated: Array, size: float, s: int, t: int) -> tuple[float, float]:
    """A and B of rows s..t-1, for twice the negative log-likelihood."""
    total = cumulated[t] - cumulated[s]
    return (2.0 * (t - s) if size == np.inf else 2.0 * (total + (t - s) * size)), 2.0 * total


@kernel
def _least(A: float, B: float, poisson: bool) -> float:
    """The least A w(x) - B x, for B > 0."""
    if poisson:
        return B - B * math.log(B / A)
    return A * math.log(A / (A - B)) - B * math.log(B / (A - B))


@kernel
def _root(A: float, B: float, c: float, start: float, side: float, poisson: bool) -> float:
    """The zero of A w(x) - B x + c on the way from start to its minimum (side 1: to the right)."""
    x = start
    for _ in range(60):  # Newton on a convex function from outside: monotone
        e = math.exp(x)
        slope = A * (e if poisson else e / (1 + e)) - B
        if slope * side >= 0:
            return x
        move = (A * (e if poisson else math.log1p(e)) - B * x + c) / slope
        x -= move
        if abs(move) < 1e-9 * (1 + abs(x)):
            return x
    return x


@kernel
def functional_partitions(cumulated: Array, size: float, h: int, penalty: float, low: float,
                          high: float) -> tuple[Array, Array, int]:
    """Least cost [n + 1] of rows 0..e-1, segments of h rows at least; last cut [n + 1]; most pieces held.

    `cumulated` [n + 1] are sums of counts from 0; costs are twice the negative log-likelihood, Poisson when
    `size` is infinite, without what depends on the data alone; x is kept within [low, high]. Maidstone et al.
    2017, algorithm 2; a candidate joins the pieces h rows late, when the comparison with the others is over
    the same rows, which keeps the search exact for any h.
    """
    poisson = size == np.inf
    n = len(cumulated) - 1
    cost, last = np.full(n + 1, np.inf), np.zeros(n + 1, np.int64)
    edge, owner = np.empty((2 * n + 3, 3)), np.empty(2 * n + 3, np.int64)
    new_edge, new_owner = np.empty((2 * n + 3, 3)), np.empty(2 * n + 3, np.int64)
    cost[0] = -penalty
    pieces, most = 1, 1
    owner[0] = 0
    _edge(low, poisson, edge[0])
    _edge(high, poisson, edge[1])
    for t in range(h, n + 1):
        u = t - h
        if u >= h:
            pieces = _against(cumulated, size, cost, u, pieces, edge, owner, new_edge, new_owner)
            edge, new_edge = new_edge, edge
            owner, new_owner = new_owner, owner
            most = max(most, pieces)
        best, cut = np.inf, 0
        for j in range(pieces):
            s = owner[j]
            A, B = _sums(cumulated, size, s, t)
            if A * edge[j, 2] >= B:
                value = A * edge[j, 1] - B * edge[j, 0]
            elif A * edge[j + 1, 2] <= B:
                value = A * edge[j + 1, 1] - B * edge[j + 1, 0]
            else:
                value = _least(A, B, poisson)
            if value + cost[s] < best:
                best, cut = value + cost[s], s
        cost[t], last[t] = best + penalty, cut
    return cost, last, most


@kernel
def _against(cumulated: Array, size: float, cost: Array, u: int, pieces: int, edge: Array, owner: Array,
             new_edge: Array, new_owner: Array) -> int:
    """Compare every piece with the new candidate u over the rows up to u; returns the number of pieces.

    edge [pieces + 1, 3] and owner [pieces] are read; new_edge and new_owner, of the same layout, are written.
    """
    poisson = size == np.inf
    count, before = 0, -1
    new_edge[0] = edge[0]
    for j in range(pieces):
        s = owner[j]
        A, B = _sums(cumulated, size, s, u)
        c = cost[s] - cost[u]
        left, right = edge[j, 0], edge[j + 1, 0]
        at_left = A * edge[j, 1] - B * left + c
        at_right = A * edge[j + 1, 1] - B * right + c
        first, final = left, right  # where the old candidate stays the better one
        if at_left > 0 and at_right > 0:
            inside = A * edge[j, 2] < B < A * edge[j + 1, 2] and _least(A, B, poisson) + c < 0
            first = _root(A, B, c, left, 1.0, poisson) if inside else right
            final = _root(A, B, c, right, -1.0, poisson) if inside else right
        elif at_left > 0:
            first = min(_root(A, B, c, left, 1.0, poisson), right)
        elif at_right > 0:
            final = max(_root(A, B, c, right, -1.0, poisson), left)
        for part in range(3):
            start, stop = (left, first) if part == 0 else (first, final) if part == 1 else (final, right)
            if stop <= start:
                continue
            who = s if part == 1 else u
            if who != before:
                new_owner[count] = who
                count, before = count + 1, who
            if stop == right:
                new_edge[count] = edge[j + 1]
            else:
                _edge(stop, poisson, new_edge[count])
    return count


@kernel
def pruned_partitions(sums: Array, squares: Array, h: int, penalty: float,
                      floor: float) -> tuple[Array, Array]:
    """Least cost [n + 1] and last cut [n + 1] for segments with a mean and a variance of their own (PELT).

    sums, squares : cumulated from 0, [n + 1]; h : least rows of a segment; floor : variance added to every segment's.
    Killick, Fearnhead & Eckley 2012. A candidate that loses at t is dropped only from t + h on: until then
    the winner's next segment would be too short to replace it.
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
    """Twice the negative normal log-likelihood of rows s..t-1 with their own mean and variance, less
    constants."""
    m = t - s
    d = sums[t] - sums[s]
    return m * math.log(max((squares[t] - squares[s] - d * d / m) / m, 0.0) + floor)


@kernel
def normal_partitions(cumulated: Array, h: int, penalty: float, low: float,
                      high: float) -> tuple[Array, Array, int]:
    """`functional_partitions` for the normal mean alone, at half its time: roots in closed form, no clipping.

    The least cost over all candidates needs no clipping to their pieces: any candidate's own minimum can be
    attained.
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
            pieces = _against_normal(cumulated, cost, u, pieces, edge, owner, new_edge, new_owner)
            edge, new_edge = new_edge, edge
            owner, new_owner = new_owner, owner
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


@kernel
def _against_normal(cumulated: Array, cost: Array, u: int, pieces: int, edge: Array, owner: Array,
                    new_edge: Array, new_owner: Array) -> int:
    """As `_against`, for the normal mean: edge [pieces + 1], owner [pieces].

    What is kept is written out three times: a kernel of its own for it took the whole 1.6 times as long.
    """
    mine, sum_u, count = cost[u], cumulated[u], 0
    new_edge[0] = edge[0]
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
    return count
