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
def _kept_states(states: Array, first: int, stride: int, levels: int, state: Array) -> None:
    """Put the states [D M, L] of one setting where those of all lie, [D, M, E, L], from `first` on."""
    for q in range(len(states) // levels):
        row, kept = states[q * levels:(q + 1) * levels], state[first + q * stride:first + q * stride + levels]
        for i in range(levels):
            kept[i] = row[i]


@vector_kernel
def shaped(index: Array, table: Array, peak: Array, moves: Array, kind: Array, prior: Array, start: Array, begin: Array,
           phi: Array, shift: Array, slope_weight: Array, effect: Array, effect_weight: Array, smaller: Array,
           risks: Array, keep: bool, state: Array, log: Array) -> None:
    """Run state weights over the rows, one setting after the other: the states of one are held near the processor.

    index [n], table [U, D, E, L], peak [U, E], moves [G, D, D], kind [n - 1] : as in `_numba_filters.swept`
    begin [M] : weights of the modes before the first row; phi, shift [n, slopes] : see `shapes.Modes`
    Fills log [n, E] and, where `keep`, state [n, D, M, E, L].
    """
    nodes, levels, slopes = len(start), len(prior), len(slope_weight)
    settings, width = len(log) // len(index), len(begin) * levels
    size = nodes * width
    old, new = np.empty(size, np.float32), np.empty(size, np.float32)
    pool, source, chances = np.empty(levels, np.float32), np.empty(levels + 1, np.float32), np.empty(4, np.float32)
    for e in range(settings):
        for q in range(size // levels):
            for i in range(levels):
                new[q * levels + i] = start[q // len(begin)] * begin[q % len(begin)] * prior[i]
        whole = 0.0
        for t in range(len(index)):
            if t:
                old, new = new, old
                _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, width, new)
                for d in range(nodes):
                    _mixed(new, d * width, levels, phi[(t - 1) * slopes:t * slopes], shift[t * slopes:(t + 1) * slopes],
                           slope_weight, effect_weight, smaller, prior, risks[7 * t - 7:7 * t], pool, source, chances)
            mass = NOTHING
            for d in range(nodes):
                at = ((index[t] * nodes + d) * settings + e) * levels
                mass += _weighed(new, d * width, levels, table[at:at + levels], phi[t * slopes:(t + 1) * slopes],
                                 effect)
            whole += math.log(max(mass, 1e-37)) + peak[index[t] * settings + e]
            log[t * settings + e] = whole
            factor = ONE / max(mass, np.float32(1e-37))
            for j in range(size):
                new[j] = new[j] * factor
            if keep:
                _kept_states(new, t * size * settings + e * levels, settings * levels, levels, state)
