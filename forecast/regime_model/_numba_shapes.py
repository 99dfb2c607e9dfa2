"""Compiled filters of the count regime model with shapes: flat, sloping and temporary levels beside a deviation.

A state is (deviation, mode, setting, level), [D, M, E, L]. Mode 0 is flat; modes 1..G slope; the K after them are
temporary effects on a level that is kept. A sloping mode keeps its levels on a grid of its own that moves with time:
level i lies at i + phi, so that a slope moves weights by whole cells and nothing diffuses.

risks [n - 1, 7] are chances in each gap: of a step; that a slope begins; that it ends; the share of ends at which
another begins; that an effect begins; that it ends; that it fades to the next smaller one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from forecast.regime_model._numba_filters import _moved
from forecast.support.compiled import Array, part_kernel, vector_kernel

LEAST = np.float32(1e-36)  # numbers near the end of single precision cost a hundred times others and weigh nothing
ONE, NOTHING = np.float32(1.0), np.float32(0.0)


@part_kernel
def _gathered(states: Array, base: int, stride: int, phi: Array, levels: int, pool: Array) -> Any:
    """Put what lies on slopes on the common grid, and its sum; modes lie `stride` apart from `base`."""
    total = NOTHING
    for i in range(levels):
        pool[i] = NOTHING
    for g in range(len(phi)):
        row = states[base + (1 + g) * stride:base + (1 + g) * stride + levels]
        part, rest = phi[g], ONE - phi[g]
        for i in range(levels):
            total += row[i]
        pool[0] += rest * row[0]
        for i in range(1, levels):
            pool[i] += rest * row[i] + part * row[i - 1]
    return total


@part_kernel
def _sloped(states: Array, base: int, stride: int, phi: Array, shift: Array, weight: Array, kept: np.float32,
            source: Array, levels: int) -> None:
    """Keep a share of every slope, let what begins to slope in from the common grid, and move on by whole cells."""
    for g in range(len(phi)):
        row = states[base + (1 + g) * stride:base + (1 + g) * stride + levels]
        rest, part = weight[g] * (ONE - phi[g]), weight[g] * phi[g]
        for i in range(levels):
            row[i] = kept * row[i] + rest * source[i] + part * source[i + 1]
        by = shift[g]
        if by > 0:
            for i in range(levels - 1, by - 1, -1):
                row[i] = row[i - by]
            for i in range(min(by, levels)):
                row[i] = NOTHING
        elif by < 0:
            for i in range(levels + by):
                row[i] = row[i - by]
            for i in range(max(levels + by, 0), levels):
                row[i] = NOTHING


@part_kernel
def _raised(states: Array, first: int, stride: int, flat: Array, weight: Array, smaller: Array, chances: Array,
            pool: Array, before: Array) -> Any:
    """Let effects begin, end (into `pool`) and fade; the sum of what lay on them. They lie from `first` on, by size.

    chances : that no step comes, that an effect begins, ends, fades
    """
    levels, total = len(flat), NOTHING
    stay, pulse, back, fade = chances[0], chances[1], chances[2], chances[3]
    for k in range(len(weight)):
        row = states[first + k * stride:first + k * stride + levels]
        for i in range(levels):
            total += row[i]
            pool[i] += stay * back * row[i]
    for k in range(len(weight)):  # from the smallest on: what fades is not met again
        row = states[first + k * stride:first + k * stride + levels]
        begun, kept = stay * pulse * weight[k], stay * (ONE - back)
        if smaller[k] >= 0:
            kept = stay * (ONE - back - fade)
        for i in range(levels):
            before[i] = row[i]
            row[i] = kept * row[i] + begun * flat[i]
        if smaller[k] >= 0:
            other = states[first + smaller[k] * stride:first + smaller[k] * stride + levels]
            for i in range(levels):
                other[i] += stay * fade * before[i]
    return total


@part_kernel
def _mixed(states: Array, base: int, stride: int, phi: Array, shift: Array, slope_weight: Array, effect_weight: Array,
           smaller: Array, prior: Array, risk: Array, pool: Array, source: Array, chances: Array) -> None:
    """Let modes change over one gap, for one deviation and setting; modes lie `stride` apart from `base`."""
    levels, slopes = len(prior), len(slope_weight)
    step, rise, leave, turn, pulse = risk[0], risk[1], risk[2], risk[3], risk[4]
    stay, total = ONE - step, NOTHING
    flat = states[base:base + levels]
    for i in range(levels):
        total += flat[i]
        pool[i] = NOTHING
    if slopes:
        total += _gathered(states, base, stride, phi, levels, pool)
        for i in range(levels):
            source[i] = stay * (rise * flat[i] + leave * turn * pool[i])
        source[levels] = NOTHING
        _sloped(states, base, stride, phi, shift, slope_weight, stay * (ONE - leave), source, levels)
    for i in range(levels):
        pool[i] = stay * ((ONE - rise - pulse) * flat[i] + leave * (ONE - turn) * pool[i])
    chances[0], chances[1], chances[2], chances[3] = stay, pulse, risk[5], risk[6]
    total += _raised(states, base + (1 + slopes) * stride, stride, flat, effect_weight, smaller, chances, pool, source)
    fresh = step * total
    for i in range(levels):
        flat[i] = pool[i] + fresh * prior[i]


@part_kernel
def _kept(row: Array, total: np.float32) -> Any:
    """Drop what is too small to weigh, and add the rest to the total."""
    for i in range(len(row)):
        value = row[i] if row[i] > LEAST else NOTHING
        row[i] = value
        total += value
    return total


@part_kernel
def _weighed(states: Array, base: int, stride: int, emission: Array, phi: Array, effect: Array) -> Any:
    """Multiply the modes of one deviation and setting by the likelihood of a row; the sum of what comes out."""
    levels, slopes = len(emission), len(phi)
    flat = states[base:base + levels]
    for i in range(levels):
        flat[i] *= emission[i]
    total = _kept(flat, NOTHING)
    for g in range(slopes):
        row = states[base + (1 + g) * stride:base + (1 + g) * stride + levels]
        part, rest = phi[g], ONE - phi[g]
        for i in range(levels - 1):
            row[i] *= rest * emission[i] + part * emission[i + 1]
        row[levels - 1] = NOTHING  # beyond the last level
        total = _kept(row, total)
    for k in range(len(effect)):
        row, by = states[base + (1 + slopes + k) * stride:base + (1 + slopes + k) * stride + levels], effect[k]
        first, last = min(max(0, -by), levels), max(min(levels, levels - by), 0)
        for i in range(first):
            row[i] *= emission[0]
        for i in range(last, levels):
            row[i] *= emission[levels - 1]
        for i in range(first, last):
            row[i] *= emission[i + by]
        total = _kept(row, total)
    return total


@part_kernel
def _renewed(states: Array, mass: Array, peak: Array, at: int, row: int, levels: int, log: Array) -> None:
    """Divide the states [D M, E, L] by the mass of each setting, and put its log into row `row` of log [n, E]."""
    settings = len(mass)
    for e in range(settings):
        before = log[(row - 1) * settings + e] if row else 0.0
        log[row * settings + e] = before + math.log(max(mass[e], 1e-37)) + peak[at * settings + e]
        mass[e] = ONE / max(mass[e], np.float32(1e-37))
    for q in range(len(states) // levels):
        part, factor = states[q * levels:(q + 1) * levels], mass[q % settings]
        for i in range(levels):
            part[i] = part[i] * factor


@vector_kernel
def shaped(index: Array, table: Array, peak: Array, moves: Array, kind: Array, prior: Array, start: Array, begin: Array,
           phi: Array, shift: Array, slope_weight: Array, effect: Array, effect_weight: Array, smaller: Array,
           risks: Array, keep: bool, state: Array, log: Array) -> None:
    """Run state weights over the rows.

    index [n], table [U, D, E, L], peak [U, E], moves [G, D, D], kind [n - 1] : as in `_numba_filters.swept`
    begin [M] : weights of the modes before the first row; phi, shift [n, slopes] : see `shapes.Modes`
    Fills log [n, E] and, where `keep`, state [n, D, M, E, L].
    """
    nodes, levels, slopes = len(start), len(prior), len(slope_weight)
    settings = len(log) // len(index)
    stride = settings * levels
    width = len(begin) * stride
    size = nodes * width
    old, new = np.empty(size, np.float32), np.empty(size, np.float32)
    pool, source, chances = np.empty(levels, np.float32), np.empty(levels + 1, np.float32), np.empty(4, np.float32)
    mass = np.empty(settings, np.float32)
    for q in range(size // levels):
        for i in range(levels):
            new[q * levels + i] = start[q * levels // width] * begin[q * levels % width // stride] * prior[i]
    for t in range(len(index)):
        if t:
            old, new = new, old
            _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, width, new)
            for d in range(nodes):
                for e in range(settings):
                    _mixed(new, d * width + e * levels, stride, phi[(t - 1) * slopes:t * slopes],
                           shift[t * slopes:(t + 1) * slopes], slope_weight, effect_weight, smaller, prior,
                           risks[7 * t - 7:7 * t], pool, source, chances)
        for e in range(settings):
            mass[e] = NOTHING
        for d in range(nodes):
            for e in range(settings):
                at = ((index[t] * nodes + d) * settings + e) * levels
                mass[e] += _weighed(new, d * width + e * levels, stride, table[at:at + levels],
                                    phi[t * slopes:(t + 1) * slopes], effect)
        _renewed(new, mass, peak, index[t], t, levels, log)
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
    for t in range(n - 1, -1, -1):
        begin, here = t * nodes * width, phi[t * slopes:(t + 1) * slopes]
        _summed(state, begin, width, stride, levels, settings, whole)
        for p in range(paths):
            e, now, number, fresh = setting[p], t * paths + p, 0, 1.0
            luck = chance[2 * now]
            if t < n - 1:
                number = _origins(mode[now + paths], level[now + paths], here, shift[(t + 1) * slopes:(t + 2) * slopes],
                                  slope_weight, effect_weight, smaller, levels, risks[7 * t:7 * t + 7], from_mode,
                                  from_level, from_weight)
                for d in range(nodes):
                    column[d] = moves[(kind[t] * nodes + d) * nodes + node[now + paths]]
                _joined(state, begin + e * levels, width, stride, column, from_mode, from_level, from_weight, number)
                fresh = risks[7 * t] * prior[level[now + paths]] if mode[now + paths] == 0 else 0.0
            total = 0.0
            for d in range(nodes):
                by_node[d] = whole[d * settings + e] * (column[d] if t < n - 1 else 1.0)
                total += by_node[d]
            from_weight[number] = fresh * total
            chosen = _picked(from_weight, number + 1, luck)
            if chosen < number:
                q = begin + from_mode[chosen] * stride + e * levels + from_level[chosen]
                for d in range(nodes):
                    by_node[d] = state[q + d * width] * column[d]
            node[now] = _picked(by_node, nodes, chance[2 * now + 1])
            if chosen < number:
                mode[now], level[now] = from_mode[chosen], from_level[chosen]
                continue
            if t < n - 1:
                jumped[now] = True
            at = _drawn(state, begin + node[now] * width + e * levels, stride, levels, modes,
                        _left(from_weight, number, luck), buffer)
            mode[now], level[now] = at // levels, at % levels
