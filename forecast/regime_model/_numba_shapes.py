"""Compiled filters of the count regime model with shapes: flat, sloping and temporary levels beside a deviation.

A state is (deviation, mode, setting, level), [D, M, E, L]. Mode 0 is flat; modes 1..G slope; the K after them are
temporary effects on a level that is kept. A sloping mode keeps its levels on a grid of its own that moves with time:
level i lies at i + phi, so that a slope moves weights by whole cells and nothing diffuses.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from forecast.regime_model._numba_filters import _moved
from forecast.support.compiled import Array, part_kernel, vector_kernel


@part_kernel
def _mixed(states: Array, base: int, stride: int,  # noqa: PLR0912, PLR0915 - loops of a kernel
           phi: Array, shift: Array, slope_weight: Array, effect: Array, effect_weight: Array, smaller: Array,
           prior: Array, risks: Array, at: int, pool: Array, source: Array) -> None:
    """Let modes change over one gap, for one deviation and setting; arrays of modes lie `stride` apart from `base`.

    risks [n - 1, 6] : step, start of a slope, end of a slope, share of ends that turn, start and end of an effect, fade
    """
    levels, slopes, effects = len(prior), len(slope_weight), len(effect)
    step, rise, leave, turn = risks[at], risks[at + 1], risks[at + 2], risks[at + 3]
    pulse, back, fade = risks[at + 4], risks[at + 5], risks[at + 6]
    one = np.float32(1.0)
    stay = one - step
    flat = states[base:base + levels]
    total = np.float32(0.0)
    for i in range(levels):
        total += flat[i]
    if slopes:
        for i in range(levels):
            pool[i] = np.float32(0.0)
        for g in range(slopes):
            row = states[base + (1 + g) * stride:base + (1 + g) * stride + levels]
            part, whole = phi[g], np.float32(0.0)
            rest = one - part
            for i in range(levels):
                whole += row[i]
            pool[0] += rest * row[0]
            for i in range(1, levels):
                pool[i] += rest * row[i] + part * row[i - 1]
            total += whole
        for i in range(levels):
            source[i] = stay * (rise * flat[i] + leave * turn * pool[i])
        source[levels] = np.float32(0.0)
        for g in range(slopes):
            row = states[base + (1 + g) * stride:base + (1 + g) * stride + levels]
            part, weight, kept = phi[g], slope_weight[g], stay * (one - leave)
            rest, most = weight * (one - part), weight * part
            for i in range(levels):
                row[i] = kept * row[i] + rest * source[i] + most * source[i + 1]
            by = shift[g]
            if by > 0:
                for i in range(levels - 1, by - 1, -1):
                    row[i] = row[i - by]
                for i in range(min(by, levels)):
                    row[i] = np.float32(0.0)
            elif by < 0:
                for i in range(levels + by):
                    row[i] = row[i - by]
                for i in range(max(levels + by, 0), levels):
                    row[i] = np.float32(0.0)
        for i in range(levels):
            pool[i] = stay * ((one - rise - pulse) * flat[i] + leave * (one - turn) * pool[i])
    else:
        for i in range(levels):
            pool[i] = stay * (one - rise - pulse) * flat[i]
    for k in range(effects):
        row = states[base + (1 + slopes + k) * stride:base + (1 + slopes + k) * stride + levels]
        whole, ends = np.float32(0.0), stay * back
        for i in range(levels):
            whole += row[i]
            pool[i] += ends * row[i]
        total += whole
    for k in range(effects):  # from the smallest on: an effect fades to the next smaller of its sign
        row = states[base + (1 + slopes + k) * stride:base + (1 + slopes + k) * stride + levels]
        begun, kept = stay * pulse * effect_weight[k], stay * (one - back)
        if smaller[k] >= 0:
            kept = stay * (one - back - fade)
        for i in range(levels):
            into = begun * flat[i]
            row[i], pool_out = kept * row[i] + into, row[i]
            source[i] = pool_out
        if smaller[k] >= 0:
            other = states[base + (1 + slopes + smaller[k]) * stride:base + (1 + slopes + smaller[k]) * stride + levels]
            for i in range(levels):
                other[i] += stay * fade * source[i]
    fresh = step * total
    for i in range(levels):
        flat[i] = pool[i] + fresh * prior[i]


@part_kernel
def _weighed(states: Array, base: int, stride: int, table: Array, at: int, phi: Array, effect: Array, slopes: int,
             levels: int) -> Any:
    """Multiply by the likelihood of a row, and the sum of what comes out; the row of the table begins at `at`."""
    least, one = np.float32(1e-36), np.float32(1.0)
    emission = table[at:at + levels]
    total = np.float32(0.0)
    row = states[base:base + levels]
    for i in range(levels):
        value = row[i] * emission[i]
        value = value if value > least else np.float32(0.0)
        row[i] = value
        total += value
    for g in range(slopes):
        row = states[base + (1 + g) * stride:base + (1 + g) * stride + levels]
        part = phi[g]
        rest = one - part
        for i in range(levels - 1):
            value = row[i] * (rest * emission[i] + part * emission[i + 1])
            value = value if value > least else np.float32(0.0)
            row[i] = value
            total += value
        row[levels - 1] = np.float32(0.0)  # beyond the last level
    for k in range(len(effect)):
        row = states[base + (1 + slopes + k) * stride:base + (1 + slopes + k) * stride + levels]
        by = effect[k]
        first, last = min(max(0, -by), levels), max(min(levels, levels - by), 0)
        for i in range(first):
            row[i] = row[i] * emission[0]
        for i in range(last, levels):
            row[i] = row[i] * emission[levels - 1]
        for i in range(first, last):
            row[i] = row[i] * emission[i + by]
        for i in range(levels):
            value = row[i]
            value = value if value > least else np.float32(0.0)
            row[i] = value
            total += value
    return total


@vector_kernel
def shaped(index: Array,  # noqa: PLR0912 - loops of a kernel
           table: Array, peak: Array, moves: Array, kind: Array, prior: Array, start: Array, begin: Array,
           phi: Array, shift: Array, slope_weight: Array, effect: Array, effect_weight: Array, smaller: Array,
           risks: Array, keep: bool, state: Array, log: Array) -> None:
    """Run state weights over the rows.

    index [n], table [U, D, E, L], peak [U, E], moves [G, D, D], kind [n - 1] : see `forecast.loops.swept`
    begin [M] : weights of the modes before the first row; phi, shift [n, slopes]; risks [n - 1, 7]
    Fills log [n, E] and, where `keep`, state [n, D, M, E, L].
    """
    nodes, levels, modes, n = len(start), len(prior), len(begin), len(index)
    slopes, settings = len(slope_weight), len(log) // n
    stride = settings * levels
    width = modes * stride
    size = nodes * width
    old, new = np.empty(size, np.float32), np.empty(size, np.float32)
    pool, source = np.empty(levels + 1, np.float32), np.empty(levels + 1, np.float32)
    mass = np.empty(settings, np.float32)
    for d in range(nodes):
        for m in range(modes):
            for e in range(settings):
                q = ((d * modes + m) * settings + e) * levels
                for i in range(levels):
                    new[q + i] = start[d] * begin[m] * prior[i]
    for t in range(n):
        here, there = phi[t * slopes:(t + 1) * slopes], phi[max(t - 1, 0) * slopes:(max(t - 1, 0) + 1) * slopes]
        if t:
            old, new = new, old
            _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, width, new)
            for d in range(nodes):
                for e in range(settings):
                    _mixed(new, d * width + e * levels, stride, there, shift[t * slopes:(t + 1) * slopes], slope_weight,
                           effect, effect_weight, smaller, prior, risks, (t - 1) * 7, pool, source)
        for e in range(settings):
            mass[e] = np.float32(0.0)
        for d in range(nodes):
            for e in range(settings):
                mass[e] += _weighed(new, d * width + e * levels, stride, table,
                                    ((index[t] * nodes + d) * settings + e) * levels, here, effect, slopes, levels)
        for e in range(settings):
            before = log[(t - 1) * settings + e] if t else 0.0
            log[t * settings + e] = before + math.log(max(mass[e], 1e-37)) + peak[index[t] * settings + e]
            mass[e] = np.float32(1.0) / max(mass[e], np.float32(1e-37))
        for d in range(nodes):
            for m in range(modes):
                for e in range(settings):
                    q = ((d * modes + m) * settings + e) * levels
                    row, factor = new[q:q + levels], mass[e]
                    for i in range(levels):
                        row[i] = row[i] * factor
        if keep:
            state[t * size:(t + 1) * size] = new


@part_kernel
def _picked(weight: Array, number: int, chance: float) -> int:
    """An index below `number` in proportion to the weights, by one uniform number."""
    total = 0.0
    for i in range(number):
        total += weight[i]
    left, chosen = chance * total, 0
    for i in range(number):
        if weight[i] > 0:
            chosen = i
            left -= weight[i]
            if left < 0:
                break
    return chosen


@vector_kernel
def retraced(state: Array,  # noqa: PLR0912, PLR0915 - loops of a kernel
             moves: Array, kind: Array, prior: Array, phi: Array, shift: Array, slope_weight: Array,
             effect: Array, effect_weight: Array, smaller: Array, risks: Array, setting: Array, settings: int,
             nodes: int, modes: int, chance: Array, mode: Array, level: Array, node: Array, jumped: Array) -> None:
    """Sample paths backward from the states [n, D, M, E, L]: fills mode, level, node [n, P] and jumped [n - 1, P].

    setting [P]; chance [n, P, 2] uniform numbers; moves [G, D, D] as in the filter.
    """
    paths, levels, slopes, effects = len(setting), len(prior), len(slope_weight), len(effect)
    n = len(level) // paths
    stride = settings * levels
    width = modes * stride
    size = nodes * width
    most = 4 + 3 * slopes + 2 * effects + modes
    from_mode, from_level, from_weight = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    by_node, whole = np.empty(nodes), np.empty(nodes * settings)
    flat_all = np.empty(modes * levels)
    for t in range(n - 1, -1, -1):
        begin = t * size
        for d in range(nodes):
            for e in range(settings):
                total = 0.0
                for m in range(modes):
                    q = begin + d * width + m * stride + e * levels
                    for i in range(levels):
                        total += state[q + i]
                whole[d * settings + e] = total
        for p in range(paths):
            e, luck, other = setting[p], chance[(t * paths + p) * 2], chance[(t * paths + p) * 2 + 1]
            fresh = t == n - 1
            if fresh:
                for d in range(nodes):
                    by_node[d] = whole[d * settings + e]
            else:
                m1, i1, d1 = mode[(t + 1) * paths + p], level[(t + 1) * paths + p], node[(t + 1) * paths + p]
                r = t * 7
                step, rise, leave, turn = risks[r], risks[r + 1], risks[r + 2], risks[r + 3]
                pulse, back, fade = risks[r + 4], risks[r + 5], risks[r + 6]
                stay, number = 1.0 - step, 0
                if m1 == 0:
                    from_mode[0], from_level[0], from_weight[0] = 0, i1, stay * (1 - rise - pulse)
                    number = 1
                    for g in range(slopes):
                        part, ends = phi[t * slopes + g], stay * leave * (1 - turn)
                        from_mode[number], from_level[number], from_weight[number] = 1 + g, i1, ends * (1 - part)
                        number += 1
                        if i1 > 0:
                            from_mode[number], from_level[number], from_weight[number] = 1 + g, i1 - 1, ends * part
                            number += 1
                    for k in range(effects):
                        from_mode[number], from_level[number], from_weight[number] = 1 + slopes + k, i1, stay * back
                        number += 1
                elif m1 <= slopes:
                    g1 = m1 - 1
                    i2 = i1 - shift[(t + 1) * slopes + g1]
                    part1 = phi[t * slopes + g1]
                    if 0 <= i2 < levels:
                        from_mode[0], from_level[0], from_weight[0] = m1, i2, stay * (1 - leave)
                        number = 1
                        for c in range(2):  # through the cells i2 and i2 + 1 of the common grid
                            cell = i2 + c
                            if cell >= levels:
                                continue
                            inside = slope_weight[g1] * (part1 if c else 1 - part1)
                            from_mode[number], from_level[number], from_weight[number] = 0, cell, stay * rise * inside
                            number += 1
                        for g in range(slopes):
                            part, turned = phi[t * slopes + g], stay * leave * turn * slope_weight[g1]
                            for c in range(3):  # j = i2 - 1, i2, i2 + 1
                                j = i2 - 1 + c
                                if j < 0 or j >= levels:
                                    continue
                                w = 0.0
                                if c == 0:
                                    w = part * (1 - part1)
                                elif c == 1:
                                    w = (1 - part) * (1 - part1) + (part * part1 if i2 + 1 < levels else 0.0)
                                else:
                                    w = (1 - part) * part1
                                from_mode[number], from_level[number], from_weight[number] = 1 + g, j, turned * w
                                number += 1
                else:
                    k1 = m1 - 1 - slopes
                    kept = stay * (1 - back - (fade if smaller[k1] >= 0 else 0.0))
                    from_mode[0], from_level[0], from_weight[0] = m1, i1, kept
                    from_mode[1], from_level[1], from_weight[1] = 0, i1, stay * pulse * effect_weight[k1]
                    number = 2
                    for k in range(effects):
                        if smaller[k] == k1:
                            from_mode[number], from_level[number], from_weight[number] = 1 + slopes + k, i1, stay * fade
                            number += 1
                move = kind[t] * nodes * nodes
                for c in range(number):
                    q, total = begin + from_mode[c] * stride + e * levels + from_level[c], 0.0
                    for d in range(nodes):
                        total += state[q + d * width] * moves[move + d * nodes + d1]
                    from_weight[c] *= total
                if m1 == 0:
                    total = 0.0
                    for d in range(nodes):
                        by_node[d] = whole[d * settings + e] * moves[move + d * nodes + d1]
                        total += by_node[d]
                    from_weight[number] = step * prior[i1] * total
                    from_mode[number] = -1
                    number += 1
                chosen = _picked(from_weight, number, luck)
                if from_mode[chosen] >= 0:
                    q = begin + from_mode[chosen] * stride + e * levels + from_level[chosen]
                    for d in range(nodes):
                        by_node[d] = state[q + d * width] * moves[move + d * nodes + d1]
                    mode[t * paths + p], level[t * paths + p] = from_mode[chosen], from_level[chosen]
                    node[t * paths + p] = _picked(by_node, nodes, other)
                    jumped[t * paths + p] = False
                    continue
                jumped[t * paths + p] = True
                # what is left of the number is uniform again
                before = 0.0
                for c in range(number - 1):
                    before += from_weight[c]
                luck = min(max((luck * (before + from_weight[number - 1]) - before) / from_weight[number - 1], 0.0),
                           0.999999)
            d = _picked(by_node, nodes, other)
            node[t * paths + p] = d
            for m in range(modes):
                q = begin + d * width + m * stride + e * levels
                for i in range(levels):
                    flat_all[m * levels + i] = state[q + i]
            at = _picked(flat_all, modes * levels, luck)
            mode[t * paths + p], level[t * paths + p] = at // levels, at % levels
