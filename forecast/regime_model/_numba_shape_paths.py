"""Compiled sampling of paths from the filter of the count regime model with shapes (see `_numba_shapes`).

A path is drawn backward: where it ends, then for each row the state from which the next one was reached, by a uniform
number, or a step, before which it lay anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from forecast.support.compiled import Array, part_kernel, vector_kernel


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


@part_kernel
def _into_flat(level: int, phi: Array, effects: int, risk: Array, mode: Array, at: Array, weight: Array) -> int:
    """States from which the flat mode is reached at this level without a step: fills their mode, level and chance."""
    stay = 1.0 - risk[0]
    mode[0], at[0], weight[0] = 0, level, stay * (1 - risk[1] - risk[4])
    number, ends = 1, stay * risk[2] * (1 - risk[3])
    for g in range(len(phi)):
        for c in range(2):
            if level >= c:
                mode[number], at[number] = 1 + g, level - c
                weight[number] = ends * (phi[g] if c else 1 - phi[g])
                number += 1
    for k in range(effects):
        mode[number], at[number], weight[number] = 1 + len(phi) + k, level, stay * risk[5]
        number += 1
    return number


@part_kernel
def _into_slope(level: int, g: int, phi: Array, levels: int, chance: float, risk: Array, mode: Array, at: Array,
                weight: Array) -> int:
    """States from which slope g is reached at this level (before it moves); `chance` is the prior weight of g."""
    if level < 0 or level >= levels:
        return 0
    stay, part = 1.0 - risk[0], phi[g]
    mode[0], at[0], weight[0] = 1 + g, level, stay * (1 - risk[2])
    number = 1
    for c in range(2):  # through the cells `level` and `level + 1` of the common grid
        if level + c < levels:
            inside = chance * (part if c else 1 - part)
            mode[number], at[number], weight[number] = 0, level + c, stay * risk[1] * inside
            number += 1
    for other in range(len(phi)):
        across = phi[other]
        for c in range(3):
            j = level - 1 + c
            if 0 <= j < levels:
                share = (1 - across) * part
                if c == 0:
                    share = across * (1 - part)
                elif c == 1:
                    share = (1 - across) * (1 - part) + (across * part if level + 1 < levels else 0.0)
                mode[number], at[number] = 1 + other, j
                weight[number] = stay * risk[2] * risk[3] * chance * share
                number += 1
    return number


@part_kernel
def _into_effect(level: int, k: int, slopes: int, smaller: Array, chance: float, risk: Array, mode: Array, at: Array,
                 weight: Array) -> int:
    """States from which effect k is reached at this level; `chance` is its prior weight."""
    stay = 1.0 - risk[0]
    mode[0], at[0] = 1 + slopes + k, level
    weight[0] = stay * (1 - risk[5] - (risk[6] if smaller[k] >= 0 else 0.0))
    mode[1], at[1], weight[1] = 0, level, stay * risk[4] * chance
    number = 2
    for other in range(len(smaller)):
        if smaller[other] == k:
            mode[number], at[number], weight[number] = 1 + slopes + other, level, stay * risk[6]
            number += 1
    return number


@part_kernel
def _drawn(state: Array, begin: int, stride: int, levels: int, modes: int, total: float, chance: float) -> int:
    """A mode and level, as mode * levels + level, of one deviation and setting, whose states add up to `total`."""
    left, chosen = chance * total, 0
    for m in range(modes):
        row, whole = state[begin + m * stride:begin + m * stride + levels], 0.0
        for i in range(levels):
            whole += row[i]
        if whole <= 0:
            continue
        if left >= whole and m < modes - 1:
            left -= whole
            chosen = (m + 1) * levels - 1
            while state[begin + m * stride + chosen - m * levels] <= 0:  # the last that is possible, if none follows
                chosen -= 1
            continue
        for i in range(levels):
            if row[i] > 0:
                chosen = m * levels + i
                left -= row[i]
                if left < 0:
                    break
        break
    return chosen


@part_kernel
def _origins(mode: int, level: int, phi: Array, shift: Array, slope_weight: Array, effect_weight: Array, smaller: Array,
             levels: int, risk: Array, from_mode: Array, from_level: Array, from_weight: Array) -> int:
    """How many states lead to a mode and level without a step: fills their mode, level and chance."""
    slopes = len(phi)
    if mode == 0:
        return _into_flat(level, phi, len(smaller), risk, from_mode, from_level, from_weight)
    if mode <= slopes:
        return _into_slope(level - shift[mode - 1], mode - 1, phi, levels, slope_weight[mode - 1], risk, from_mode,
                           from_level, from_weight)
    return _into_effect(level, mode - 1 - slopes, slopes, smaller, effect_weight[mode - 1 - slopes], risk, from_mode,
                        from_level, from_weight)


@part_kernel
def _emitted(table: Array, at: int, levels: int, mode: int, level: int, phi: Array, effect: Array) -> Any:
    """Likelihood of a row, whose likelihoods at the levels begin at `at`, in a mode and level."""
    if mode == 0:
        return table[at + level]
    if mode <= len(phi):
        part = phi[mode - 1]
        return (np.float32(1.0) - part) * table[at + level] + part * table[at + min(level + 1, levels - 1)]
    return table[at + min(max(level + effect[mode - 1 - len(phi)], 0), levels - 1)]


@part_kernel
def _along(weight: Array, first: int, apart: int, column: Array) -> Any:
    """What comes from weights that lie `apart` from each other, one a deviation, to the next deviation, column [D]."""
    total = 0.0
    for d in range(len(column)):
        total += weight[first + d * apart] * column[d]
    return total


@part_kernel
def _node(weight: Array, first: int, apart: int, column: Array, chance: float, by_node: Array) -> int:
    """The deviation from which the next one was reached, by weights as in `_along`."""
    for d in range(len(column)):
        by_node[d] = weight[first + d * apart] * column[d]
    return _picked(by_node, len(column), chance)


@part_kernel
def _chosen(state: Array, first: int, width: int, stride: int, column: Array, mode: Array, level: Array, weight: Array,
            number: int, left: float) -> Any:
    """The first of the origins whose weights add up to more than `left` (-1: none), the last that has any, and what is
    left; weight [number] : how likely each leads on, times what it holds."""
    chosen, last = -1, -1
    for c in range(number):
        held = weight[c] * _along(state, first + mode[c] * stride + level[c], width, column)
        if held > 0:
            last = c
            left -= held
            if left < 0:
                chosen = c
                break
    return chosen, last, left


@vector_kernel
def retraced(state: Array, sums: Array, index: Array, table: Array, moves: Array, kind: Array, prior: Array, phi: Array,
             shift: Array, slope_weight: Array, effect: Array, effect_weight: Array, smaller: Array, risks: Array,
             setting: Array, settings: int, nodes: int, modes: int, chance: Array, mode: Array, level: Array,
             node: Array, jumped: Array) -> None:
    """Fill mode, level, node [n, P], jumped [n - 1, P]: paths backward from states [n, D, M, E, L], sums [n, D, E].

    setting [P]; chance [n, P, 2] uniform numbers; index, table, moves as in the filter. What leads to a state in all is
    what the filter held there before it weighed the row, so that the origins are weighed only until one is chosen.
    """
    paths, levels, slopes, stride = len(setting), len(prior), len(slope_weight), settings * len(prior)
    n, width, most = len(level) // paths, modes * stride, 4 + 3 * slopes + 2 * len(effect) + modes
    from_mode, from_level, from_weight = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    by_node, column = np.empty(nodes), np.ones(nodes)
    for t in range(n - 1, -1, -1):
        begin, whole = t * nodes * width, sums[t * nodes * settings:(t + 1) * nodes * settings]
        for p in range(paths):
            e, now = setting[p], t * paths + p
            luck, chosen = chance[2 * now], -1
            if t < n - 1:
                to_mode, to_level, to_node = mode[now + paths], level[now + paths], node[now + paths]
                mass = 0.0
                for d in range(nodes):
                    column[d] = moves[(kind[t] * nodes + d) * nodes + to_node]
                    mass += whole[d * settings + e]
                number = _origins(to_mode, to_level, phi[t * slopes:(t + 1) * slopes],
                                  shift[(t + 1) * slopes:(t + 2) * slopes], slope_weight, effect_weight, smaller,
                                  levels, risks[7 * t:7 * t + 7], from_mode, from_level, from_weight)
                at = ((index[t + 1] * nodes + to_node) * settings + e) * levels
                held = state[begin + nodes * width + to_node * width + to_mode * stride + e * levels + to_level]
                left = luck * mass * held / _emitted(table, at, levels, to_mode, to_level,
                                                     phi[(t + 1) * slopes:(t + 2) * slopes], effect)
                chosen, last, left = _chosen(state, begin + e * levels, width, stride, column, from_mode, from_level,
                                             from_weight, number, left)
                if chosen < 0:
                    fresh = risks[7 * t] * prior[to_level] * _along(whole, e, settings, column) if to_mode == 0 else 0.0
                    if fresh > 0:
                        luck = min(max(left / fresh, 0.0), 0.999999)  # uniform again
                    else:
                        chosen = last  # the last possible one where the sum was rounded past it
            if chosen >= 0:
                mode[now], level[now] = from_mode[chosen], from_level[chosen]
                node[now] = _node(state, begin + mode[now] * stride + e * levels + level[now], width, column,
                                  chance[2 * now + 1], by_node)
                continue
            node[now] = _node(whole, e, settings, column, chance[2 * now + 1], by_node)
            if t < n - 1:
                jumped[now] = True
            at = _drawn(state, begin + node[now] * width + e * levels, stride, levels, modes,
                        whole[node[now] * settings + e], luck)
            mode[now], level[now] = at // levels, at % levels
