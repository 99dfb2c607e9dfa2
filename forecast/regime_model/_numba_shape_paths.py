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
def _staying(mode: int, level: int, shift: Array, smaller: Array, levels: int, risk: Array) -> Any:
    """The first of the states that lead to a mode and level, that of the same mode: its level and chance."""
    stay, slopes = 1.0 - risk[0], len(shift)
    if mode == 0:
        return level, stay * (1 - risk[1] - risk[4])
    if mode <= slopes:
        before = level - shift[mode - 1]
        if before < 0 or before >= levels:
            return 0, 0.0
        return before, stay * (1 - risk[2])
    return level, stay * (1 - risk[5] - (risk[6] if smaller[mode - 1 - slopes] >= 0 else 0.0))


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


@part_kernel
def _sums(weight: Array, settings: int, alike: Array, out: Array) -> None:
    """Sums of weights [D, E] over the deviations."""
    for e in range(settings):
        out[e] = _along(weight, e, settings, alike)


@part_kernel
def _landed(state: Array, first: int, width: int, stride: int, levels: int, modes: int, whole: Array, e: int,
            settings: int, column: Array, luck: float, chance: float, by_node: Array, mode: Array, level: Array,
            node: Array, jumped: Array, now: int) -> None:
    """Put path `now` anywhere in its row: a deviation, then a mode and level of those that it has."""
    if now < len(jumped):  # the last row has no gap after it
        jumped[now] = True
    node[now] = _node(whole, e, settings, column, chance, by_node)
    at = _drawn(state, first + node[now] * width, stride, levels, modes, whole[node[now] * settings + e], luck)
    mode[now], level[now] = at // levels, at % levels


@vector_kernel
def retraced(state: Array, sums: Array, index: Array, table: Array, moves: Array, kind: Array, prior: Array, phi: Array,
             shift: Array, slope_weight: Array, effect: Array, effect_weight: Array, smaller: Array, risks: Array,
             setting: Array, settings: int, nodes: int, modes: int, chance: Array, mode: Array, level: Array,
             node: Array, jumped: Array) -> None:
    """Fill mode, level, node [n, P], jumped [n - 1, P]: paths backward from states [n, D, M, E, L], sums [n, D, E].

    setting [P]; chance [n, P, 2] uniform numbers; index, table as in the filter, moves [G, D, D] turned round. What
    leads to a state is what the filter held there before it weighed the row: origins are weighed until one is chosen.
    """
    paths, levels, slopes, stride = len(setting), len(prior), len(slope_weight), settings * len(prior)
    n, width, most = len(level) // paths, modes * stride, 4 + 3 * slopes + 2 * len(effect) + modes
    from_mode, from_level, from_weight = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    by_node, alike, mass = np.empty(nodes), np.ones(nodes), np.empty(settings)
    for t in range(n - 1, -1, -1):
        begin, whole = t * nodes * width, sums[t * nodes * settings:(t + 1) * nodes * settings]
        here, there = phi[t * slopes:(t + 1) * slopes], phi[(t + 1) * slopes:(t + 2) * slopes]
        by, risk = shift[(t + 1) * slopes:(t + 2) * slopes], risks[7 * t:7 * t + 7]
        _sums(whole, settings, alike, mass)
        for p in range(paths):
            e, now = setting[p], t * paths + p
            luck, chosen, column, first = chance[2 * now], -1, alike, begin + e * levels
            if t < n - 1:
                to_mode, to_level, to_node = mode[now + paths], level[now + paths], node[now + paths]
                column = moves[(kind[t] * nodes + to_node) * nodes:(kind[t] * nodes + to_node + 1) * nodes]
                at = ((index[t + 1] * nodes + to_node) * settings + e) * levels
                held = state[first + nodes * width + to_node * width + to_mode * stride + to_level]
                left = luck * mass[e] * held / _emitted(table, at, levels, to_mode, to_level, there, effect)
                from_mode[0] = to_mode  # nearly all paths stay in their mode, so that this is looked at first
                from_level[0], from_weight[0] = _staying(to_mode, to_level, by, smaller, levels, risk)
                chosen, last, rest = _chosen(state, first, width, stride, column, from_mode, from_level, from_weight, 1,
                                             left)
                if chosen < 0:
                    number = _origins(to_mode, to_level, here, by, slope_weight, effect_weight, smaller, levels, risk,
                                      from_mode, from_level, from_weight)
                    chosen, last, rest = _chosen(state, first, width, stride, column, from_mode, from_level,
                                                 from_weight, number, left)
                able = chosen < 0 and to_mode == 0
                fresh = risk[0] * prior[to_level] * _along(whole, e, settings, column) if able else 0.0
                if fresh > 0:
                    luck = min(max(rest / fresh, 0.0), 0.999999)  # uniform again
                elif chosen < 0:
                    chosen = last  # the last possible one where the sum was rounded past it
            if chosen >= 0:
                mode[now], level[now] = from_mode[chosen], from_level[chosen]
                node[now] = _node(state, first + mode[now] * stride + level[now], width, column, chance[2 * now + 1],
                                  by_node)
                continue
            _landed(state, first, width, stride, levels, modes, whole, e, settings, column, luck, chance[2 * now + 1],
                    by_node, mode, level, node, jumped, now)
