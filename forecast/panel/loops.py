"""The passes of the regime model as compiled loops: what `regimes.forward` and `posterior` do in numpy, many times.

One series and one correlation at a time; states lie as [n rows, D deviations, E settings, L levels], so that the inner
loops run over long stretches of neighbours.
"""

from __future__ import annotations

import math

import numpy as np

from forecast.kernels import Array, part_kernel, vector_kernel


@vector_kernel
def emissions(count: Array, which: Array, mean: Array, total: Array, size: Array, floor: float, table: Array,
              peak: Array) -> None:
    """Log-likelihood of counts [U] under each state less that of their best, never below `floor`, without constants.

    which [U] : the scale of a count, -1 for one that is missing and stays zero; mean, total : log mean and
    log(mean + size) at each scale [S, E, D, L]; size [E]. Fills table [U, D, E, L] and peak [U, E].
    """
    units, nodes, settings, levels = table.shape
    work = np.empty((nodes, levels))
    for u in range(units):
        if which[u] < 0:
            continue
        for e in range(settings):
            best = -np.inf
            a, b, y, r = mean[which[u], e], total[which[u], e], count[u], size[e]
            for d in range(nodes):
                for i in range(levels):
                    value = y * (a[d, i] - b[d, i]) - r * b[d, i]
                    work[d, i] = value
                    best = max(best, value)
            peak[u, e] = best
            for d in range(nodes):
                for i in range(levels):
                    table[u, d, e, i] = max(work[d, i] - best, floor)


@part_kernel
def _moved(old: Array, matrix: Array, new: Array) -> None:
    """new [D, E * L] = matrix.T @ old [D, E * L]: deviations one gap on."""
    nodes, width = old.shape
    for f in range(nodes):
        row, weight = new[f], matrix[0, f]
        for i in range(width):
            row[i] = weight * old[0, i]
        for d in range(1, nodes - 3, 4):  # four at a time: a sum is then loaded and stored once for four products
            a, b, c, e = matrix[d, f], matrix[d + 1, f], matrix[d + 2, f], matrix[d + 3, f]
            for i in range(width):
                row[i] += a * old[d, i] + b * old[d + 1, i] + c * old[d + 2, i] + e * old[d + 3, i]
        for d in range(nodes - (nodes - 1) % 4, nodes):
            weight = matrix[d, f]
            for i in range(width):
                row[i] += weight * old[d, i]


@vector_kernel
def filtered(index: Array, table: Array, peak: Array, moves: Array, kind: Array, jump: Array, prior: Array,
             start: Array, state: Array) -> Array:
    """Filter: log evidence [E] of the rows; state weights after each row into `state` [n, D, E, L] unless n is 0.

    index [n] : the row of the emission table [U, D, E, L] and of peak [U, E]; moves [G, D, D], kind [n - 1] : which of
    them a gap takes; jump [n - 1] : chance of a break in it; prior [L] of a new level; start [D] weights of deviations
    """
    _, nodes, settings, levels = table.shape
    keep = state.shape[0] > 0
    logs, mass = np.zeros(settings), np.ones(settings, np.float32)
    old, new = np.empty((nodes, settings * levels), np.float32), np.empty((nodes, settings * levels), np.float32)
    for d in range(nodes):
        for i in range(settings * levels):
            new[d, i] = start[d] * prior[i % levels]
    for t in range(len(index)):
        if t:
            old, new = new, old
            _moved(old, moves[kind[t - 1]], new)
        states = new.reshape(nodes, settings, levels)
        _weighed(states, table[index[t]], np.float32(jump[t - 1]) if t else np.float32(0.0), prior, mass)
        for e in range(settings):
            logs[e] += math.log(mass[e]) + peak[index[t], e]
        if keep:
            state[t] = states
    return logs


@part_kernel
def _weighed(states: Array, emission: Array, jump: np.float32, prior: Array, mass: Array) -> None:
    """Divide by `mass` [E], let a share `jump` take a new level, weigh all by the emission [D, E, L]; renews `mass`."""
    nodes, settings, levels = states.shape
    one, least = np.float32(1.0), np.float32(1e-36)
    for e in range(settings):
        factor, total = one / mass[e], np.float32(0.0)
        for d in range(nodes):
            row, weight, whole = states[d, e], emission[d, e], np.float32(0.0)
            for i in range(levels):
                whole += row[i]
            whole *= factor * jump
            for i in range(levels):
                value = ((one - jump) * factor * row[i] + whole * prior[i]) * weight[i]
                # numbers near the end of single precision cost a hundred times others and weigh nothing
                value = value if value > least else np.float32(0.0)
                row[i] = value
                total += value
        mass[e] = total


@vector_kernel
def sampled(state: Array, back: Array, kind: Array, jump: Array, prior: Array, setting: Array, chance: Array,
            jumped: Array, level: Array) -> None:
    """Sample paths backward from the states of a filter: fills jumped [n - 1, P] and level [n, P] (indices).

    back [G, D, D] : the transposed moves; setting [P] : of each path, in order; chance [n, 2, P] : uniform numbers
    """
    n = len(state)
    node = np.empty(len(setting), np.int64)
    begin = 0
    while begin < len(setting):
        e, end = setting[begin], begin
        while end < len(setting) and setting[end] == e:
            end += 1
        _last(state[n - 1, :, e], chance[n - 1, 0], begin, end, node, level[n - 1])
        for t in range(n - 2, -1, -1):
            _step_back(state[t, :, e], back[kind[t]], jump[t], prior, chance[t], begin, end, node, jumped[t],
                       level[t:t + 2])
        begin = end


@part_kernel
def _step_back(here: Array, back: Array, risk: float, prior: Array, chance: Array, begin: int, end: int, node: Array,
               jumped: Array, level: Array) -> None:
    """One row back for the paths from begin to end, by its states `here` [D, L]; level [2, P] holds the next row's."""
    nodes = len(here)
    running, renewed, whole = np.empty(nodes), np.empty(nodes), np.zeros(nodes)
    for d in range(nodes):
        renewed[d] = here[d].sum()
    for f in range(nodes):
        for d in range(nodes):
            whole[f] += back[f, d] * renewed[d]
    for p in range(begin, end):
        at, row, total = level[1, p], back[node[p]], 0.0
        for d in range(nodes):
            total += here[d, at] * row[d]
            running[d] = total
        fresh = whole[node[p]] * risk * prior[at]
        share = fresh / (total * (1 - risk) + fresh)
        broke = chance[0, p] < share
        if broke:
            total = 0.0
            for d in range(nodes):
                total += renewed[d] * row[d]
                running[d] = total
        wanted, chosen = chance[1, p] * total, 0
        for d in range(nodes - 1):  # all of them counted: cheaper than to guess where to stop
            chosen += running[d] <= wanted
        node[p], jumped[p] = chosen, broke
        # given a break, what is left of its number is uniform again
        level[0, p] = _drawn(here[chosen], renewed[chosen], chance[0, p] / share) if broke else at


@part_kernel
def _last(here: Array, chance: Array, begin: int, end: int, node: Array, level: Array) -> None:
    """Draw deviation and level after the last row for the paths from begin to end."""
    flat, levels = here.copy().ravel(), here.shape[1]
    total = np.float64(flat.sum())
    for p in range(begin, end):
        drawn = _drawn(flat, total, chance[p])
        node[p], level[p] = drawn // levels, drawn % levels


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
