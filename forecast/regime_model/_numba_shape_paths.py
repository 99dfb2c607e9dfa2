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
def _summed(state: Array, begin: int, width: int, stride: int, levels: int, settings: int, whole: Array) -> None:
    """Sums [D, E] of the states of one row over modes and levels."""
    for q in range(len(whole)):
        d, e = q // settings, q % settings
        total = 0.0
        for m in range(width // stride):
            part = state[begin + d * width + m * stride + e * levels:begin + d * width + m * stride + (e + 1) * levels]
            for i in range(levels):
                total += part[i]
        whole[q] = total


@part_kernel
def _drawn(state: Array, begin: int, stride: int, levels: int, modes: int, chance: float, buffer: Array) -> int:
    """A mode and level, as mode * levels + level, of one deviation and setting."""
    for m in range(modes):
        for i in range(levels):
            buffer[m * levels + i] = state[begin + m * stride + i]
    return _picked(buffer, modes * levels, chance)


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
def _joined(state: Array, begin: int, width: int, stride: int, column: Array, mode: Array, level: Array, weight: Array,
            number: int) -> None:
    """Weigh origins by what they hold and how likely each deviation comes to the next one, column [D]."""
    for c in range(number):
        q, total = begin + mode[c] * stride + level[c], 0.0
        for d in range(len(column)):
            total += state[q + d * width] * column[d]
        weight[c] *= total


@part_kernel
def _along(whole: Array, e: int, settings: int, column: Array) -> Any:
    """The mass of one setting of sums [D, E] that comes to the next deviation, column [D]."""
    total = 0.0
    for d in range(len(column)):
        total += whole[d * settings + e] * column[d]
    return total


@part_kernel
def _left(weight: Array, number: int, chance: float) -> float:
    """What is left of a uniform number that chose the last of number + 1 weights: uniform again."""
    before = 0.0
    for c in range(number):
        before += weight[c]
    rest = (chance * (before + weight[number]) - before) / weight[number] if weight[number] > 0 else chance
    return min(max(rest, 0.0), 0.999999)


@vector_kernel
def retraced(state: Array, moves: Array, kind: Array, prior: Array, phi: Array, shift: Array, slope_weight: Array,
             effect: Array, effect_weight: Array, smaller: Array, risks: Array, setting: Array, settings: int,
             nodes: int, modes: int, chance: Array, mode: Array, level: Array, node: Array, jumped: Array) -> None:
    """Sample paths backward from the states [n, D, M, E, L]: fills mode, level, node [n, P] and jumped [n - 1, P].

    setting [P]; chance [n, P, 2] uniform numbers; moves [G, D, D] as in the filter.
    """
    paths, levels, slopes = len(setting), len(prior), len(slope_weight)
    n, stride, most = len(level) // paths, settings * levels, 4 + 3 * slopes + 2 * len(effect) + modes
    width = modes * stride
    from_mode, from_level, from_weight = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    by_node, column = np.empty(nodes), np.ones(nodes)
    whole, buffer = np.empty(nodes * settings), np.empty(modes * levels)
    same, number = np.zeros(paths, np.int64), 0
    for t in range(n - 1, -1, -1):
        begin = t * nodes * width
        _summed(state, begin, width, stride, levels, settings, whole)
        for p in range(paths):
            later = (t + 1) * paths + p
            same[p] = setting[p] if t == n - 1 else (
                (setting[p] * modes + mode[later]) * levels + level[later]) * nodes + node[later]
        order, last = np.argsort(same), -1
        for p in order:  # paths that go on from the same state come from the same ones
            e, now, luck = setting[p], t * paths + p, chance[2 * (t * paths + p)]
            if same[p] != last:
                last, number, fresh = same[p], 0, 1.0
                if t < n - 1:
                    to_mode, to_level = mode[now + paths], level[now + paths]
                    number = _origins(to_mode, to_level, phi[t * slopes:(t + 1) * slopes],
                                      shift[(t + 1) * slopes:(t + 2) * slopes], slope_weight, effect_weight, smaller,
                                      levels, risks[7 * t:7 * t + 7], from_mode, from_level, from_weight)
                    for d in range(nodes):
                        column[d] = moves[(kind[t] * nodes + d) * nodes + node[now + paths]]
                    _joined(state, begin + e * levels, width, stride, column, from_mode, from_level, from_weight,
                            number)
                    fresh = risks[7 * t] * prior[to_level] if to_mode == 0 else 0.0
                from_weight[number] = fresh * _along(whole, e, settings, column)
            chosen = _picked(from_weight, number + 1, luck)
            q = begin + from_mode[chosen] * stride + e * levels + from_level[chosen]
            for d in range(nodes):
                by_node[d] = (state[q + d * width] if chosen < number else whole[d * settings + e]) * column[d]
            node[now] = _picked(by_node, nodes, chance[2 * now + 1])
            if chosen < number:
                mode[now], level[now] = from_mode[chosen], from_level[chosen]
                continue
            if t < n - 1:
                jumped[now] = True
            at = _drawn(state, begin + node[now] * width + e * levels, stride, levels, modes,
                        _left(from_weight, number, luck), buffer)
            mode[now], level[now] = at // levels, at % levels
