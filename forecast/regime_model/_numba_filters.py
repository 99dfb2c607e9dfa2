"""The loops of the count regime model: filters over (level, deviation), paths drawn backward, likelihoods of counts.

One series and one correlation at a time. All arrays are flat, and inner loops run over slices of neighbours: this both
compiles and runs several times faster than loops over arrays of many dimensions. States lie as [D deviations,
E settings, L levels].
"""

from __future__ import annotations

import math

import numpy as np

from forecast.support.compiled import Array, part_kernel, vector_kernel

TILE = 256  # columns of states that are moved at a time
NOTHING = 1e-9  # chance of a move below which single precision would not notice it


@part_kernel
def _moved(old: Array, moves: Array, at: int, nodes: int, width: int, factor: np.float32, new: Array) -> None:
    """new [D, E * L] = factor * matrix.T @ old: deviations one gap on; the matrix [D, D] begins at `at` in moves.

    A few columns at a time, which the nearest memory of a processor holds for all deviations.
    """
    for first in range(0, width, TILE):
        last = min(first + TILE, width)
        columns = last - first
        for f in range(nodes):
            row, weight, one = new[f * width + first:f * width + last], factor * moves[at + f], old[first:last]
            for i in range(columns):
                row[i] = weight * one[i]
            for d in range(1, nodes - 3, 4):  # four at a time: a sum is then loaded and stored once for four products
                p, q = at + d * nodes + f, d * width + first
                a, b, c, e = moves[p], moves[p + nodes], moves[p + 2 * nodes], moves[p + 3 * nodes]
                if a + b + c + e < NOTHING:  # far off the diagonal, where deviations last
                    continue
                a, b, c, e = factor * a, factor * b, factor * c, factor * e
                one, two = old[q:q + columns], old[q + width:q + width + columns]
                three, four = old[q + 2 * width:q + 2 * width + columns], old[q + 3 * width:q + 3 * width + columns]
                for i in range(columns):
                    row[i] += a * one[i] + b * two[i] + c * three[i] + e * four[i]
            for d in range(nodes - (nodes - 1) % 4, nodes):
                weight, one = factor * moves[at + d * nodes + f], old[d * width + first:d * width + last]
                for i in range(columns):
                    row[i] += weight * one[i]


@part_kernel
def _weighed(states: Array, table: Array, at: int, jump: np.float32, into: Array, out: Array, nodes: int,
             settings: int, mass: Array) -> None:
    """Divide by `mass` [E], let a share `jump` change its level, weigh by the row that begins at `at`; renew `mass`."""
    one, least, levels = np.float32(1.0), np.float32(1e-36), len(into)
    for e in range(settings):
        factor, total = one / mass[e], np.float32(0.0)
        stay = (one - jump) * factor
        for d in range(nodes):
            q = (d * settings + e) * levels
            row, emission, whole = states[q:q + levels], table[at + q:at + q + levels], np.float32(0.0)
            for i in range(levels):
                whole += row[i] * into[i]
            whole *= factor * jump
            for i in range(levels):
                value = (stay * row[i] + whole * out[i]) * emission[i]
                # numbers near the end of single precision cost a hundred times others and weigh nothing
                value = value if value > least else np.float32(0.0)
                row[i] = value
                total += value
        mass[e] = total


@vector_kernel
def swept(index: Array, table: Array, peak: Array, moves: Array, kind: Array, jump: Array, into: Array, out: Array,
          start: Array, slot: Array, state: Array, sums: Array, log: Array) -> None:
    """Run state weights over the rows: forward, or backward with all in reverse and the moves transposed.

    index [n] : the row of each in the emission table [U, D, E, L] and in peak [U, E]
    moves [G, D, D], kind [n - 1] : which of them a gap takes; jump [n - 1] : chance of a break in it
    into, out [L] : a jump leads from a level with weight `into` to one with weight `out` (forward: ones and the prior;
        backward: the prior and ones); start [D] : weights of the deviations before the first row, times `out`
    Fills log [n, E], the log scale after each row; state, the weights after row t at place slot[t] unless that is -1;
    and sums [n, D, E], their `into`-weighted sums over levels, unless it is empty.
    """
    nodes, levels, n = len(start), len(into), len(index)
    settings = len(log) // n
    width = settings * levels
    size = nodes * width
    mass = np.ones(settings, np.float32)
    old, new = np.empty(size, np.float32), np.empty(size, np.float32)
    for q in range(nodes * settings):
        for i in range(levels):
            new[q * levels + i] = start[q // settings] * out[i]
    for t in range(n):
        risk = np.float32(0.0)
        if t:
            old, new = new, old
            _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, width, np.float32(1.0), new)
            risk = np.float32(jump[t - 1])
        _weighed(new, table, index[t] * size, risk, into, out, nodes, settings, mass)
        for e in range(settings):
            before = log[(t - 1) * settings + e] if t else 0.0
            log[t * settings + e] = before + math.log(mass[e]) + peak[index[t] * settings + e]
        if slot[t] >= 0:
            for q in range(nodes * settings):
                place = slot[t] * size + q * levels
                row, kept = new[q * levels:(q + 1) * levels], state[place:place + levels]
                for i in range(levels):
                    kept[i] = row[i] / mass[q % settings]
        if len(sums):
            for q in range(nodes * settings):
                whole, row = np.float32(0.0), new[q * levels:(q + 1) * levels]
                for i in range(levels):
                    whole += row[i] * into[i]
                sums[t * nodes * settings + q] = whole / mass[q % settings]


@part_kernel
def _drawn(weight: Array, total: float, chance: float) -> int:
    """An index in proportion to the weights, which add up to `total`, by one uniform number."""
    left, chosen = chance * total, 0
    for i in range(len(weight)):
        if weight[i] > 0:
            chosen = i
            left -= weight[i]
            if left < 0:
                break
    return chosen  # the last possible one where the sum was rounded past it


@part_kernel
def _picked(running: Array, chance: float) -> int:
    """Index of the first running sum above this share of the last."""
    wanted, chosen = chance * running[-1], 0
    for d in range(len(running) - 1):  # all of them counted: cheaper than to guess where to stop
        chosen += running[d] <= wanted
    return chosen


@vector_kernel
def sampled(state: Array, back: Array, kind: Array, jump: Array, prior: Array, setting: Array, settings: int,
            nodes: int, chance: Array, jumped: Array, level: Array) -> None:
    """Sample paths backward from the states [n, D, E, L] of a filter: fills jumped [n - 1, P] and level [n, P].

    back [G, D, D] : the transposed moves; setting [P] : of each path; chance [n, P, 2] : uniform numbers
    """
    paths, levels = len(setting), len(prior)
    n = len(level) // paths
    running, renewed, node = np.empty(nodes), np.empty(nodes * settings), np.empty(paths, np.int64)
    for t in range(n - 1, -1, -1):
        begin = t * nodes * settings
        for q in range(nodes * settings):
            row, whole = state[(begin + q) * levels:(begin + q + 1) * levels], 0.0
            for i in range(levels):
                whole += row[i]
            renewed[q] = whole
        for p in range(paths):
            e, broke, luck = setting[p], t == n - 1, chance[(t * paths + p) * 2]
            if broke:
                for d in range(nodes):
                    running[d] = renewed[d * settings + e] + (running[d - 1] if d else 0.0)
            else:
                at, move, fresh, total = level[(t + 1) * paths + p], (kind[t] * nodes + node[p]) * nodes, 0.0, 0.0
                for d in range(nodes):
                    fresh += back[move + d] * renewed[d * settings + e]
                    total += back[move + d] * state[(begin + d * settings + e) * levels + at]
                    running[d] = total
                fresh *= jump[t] * prior[at]
                share = fresh / (total * (1 - jump[t]) + fresh)
                broke = luck < share
                jumped[t * paths + p] = broke
                level[t * paths + p] = at
                if broke:
                    luck /= share  # given a break, what is left of its number is uniform again
                    for d in range(nodes):
                        running[d] = back[move + d] * renewed[d * settings + e] + (running[d - 1] if d else 0.0)
            node[p] = _picked(running, chance[(t * paths + p) * 2 + 1])
            if broke:
                q = node[p] * settings + e
                level[t * paths + p] = _drawn(state[(begin + q) * levels:(begin + q + 1) * levels], renewed[q], luck)


@vector_kernel
def emissions(count: Array, which: Array, logs: Array, eta: Array, total: Array, size: Array, nodes: int,
              floor: float, table: Array, peak: Array) -> None:
    """Log-likelihood of counts [U] under each state less that of their best, never below `floor`, without constants.

    which [U] : the scale of a count, -1 for one that is left out; logs [S] of the scales; eta [D, E, L] : log mean at a
    scale of one; total [S, D, E, L] : log(mean + size); size [E]. Fills table [U, D, E, L] and peak [U, E].
    """
    settings = len(size)
    levels = len(eta) // (nodes * settings)
    for u in range(len(count)):
        if which[u] < 0:
            continue
        y, scale = count[u], logs[which[u]]
        for e in range(settings):
            best, r = -np.inf, size[e]
            for d in range(nodes):
                q = ((which[u] * nodes + d) * settings + e) * levels
                a, b = eta[(d * settings + e) * levels:(d * settings + e + 1) * levels], total[q:q + levels]
                for i in range(levels):
                    best = max(best, y * (scale + a[i] - b[i]) - r * b[i])
            peak[u * settings + e] = best
            for d in range(nodes):
                q = ((which[u] * nodes + d) * settings + e) * levels
                p = ((u * nodes + d) * settings + e) * levels
                a, b = eta[(d * settings + e) * levels:(d * settings + e + 1) * levels], total[q:q + levels]
                out = table[p:p + levels]
                for i in range(levels):
                    out[i] = max(y * (scale + a[i] - b[i]) - r * b[i] - best, floor)
