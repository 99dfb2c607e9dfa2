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
ONE, NOTHING, SMALLEST = np.float32(1.0), np.float32(0.0), np.float32(1e-37)


@part_kernel
def _gathered(states: Array, base: int, phi: Array, levels: int, pool: Array) -> None:
    """Put what lies on slopes on the common grid; modes lie one after the other from `base` on."""
    for i in range(levels):
        pool[i] = NOTHING
    for g in range(len(phi)):
        row = states[base + (1 + g) * levels:base + (2 + g) * levels]
        part, rest = phi[g], ONE - phi[g]
        pool[0] += rest * row[0]
        for i in range(1, levels):
            pool[i] += rest * row[i] + part * row[i - 1]


@part_kernel
def _sloped(row: Array, source: Array, kept: np.float32, begun: np.float32, before: np.float32, by: int,
            after: np.float32, emission: Array, moved: Array) -> Any:
    """One slope over one gap and one row: a share is kept, some begins from the common grid, all moves on by whole
    cells and is weighed by the row; the sum of what comes out.

    before, after : place between the levels of the grid, before and after the gap
    """
    levels, total = len(row), NOTHING
    rest, part = begun * (ONE - before), begun * before
    for i in range(levels):
        moved[i] = kept * row[i] + rest * source[i] + part * source[i + 1]
    first, last = min(max(by, 0), levels), max(min(levels + by, levels - 1), 0)  # none beyond the last level
    rest = ONE - after
    for i in range(first):
        row[i] = NOTHING
    for i in range(max(first, last), levels):
        row[i] = NOTHING
    if last > first:
        out, old, here = row[first:last], moved[first - by:last - by], emission[first:last + 1]
        for i in range(len(out)):
            value = old[i] * (rest * here[i] + after * here[i + 1])
            value = value if value > LEAST else NOTHING
            out[i] = value
            total += value
    return total


@part_kernel
def _left(states: Array, first: int, effects: int, levels: int, ends: np.float32, pool: Array) -> Any:
    """Let effects end, into `pool`; the sum of what lay on them. They lie from `first` on, by size."""
    total = NOTHING
    for k in range(effects):
        row = states[first + k * levels:first + (k + 1) * levels]
        for i in range(levels):
            total += row[i]
            pool[i] += ends * row[i]
    return total


@part_kernel
def _raised(row: Array, larger: Array, flat: Array, kept: np.float32, begun: np.float32, faded: np.float32,
            emission: Array) -> Any:
    """One effect over one gap and one row: a share is kept, some begins, some fades to it from the next larger one, and
    all is weighed by the row (emission at the levels with the effect); the sum of what comes out."""
    total = NOTHING
    for i in range(len(row)):
        value = (kept * row[i] + begun * flat[i] + faded * larger[i]) * emission[i]
        value = value if value > LEAST else NOTHING
        row[i] = value
        total += value
    return total


@part_kernel
def _flattened(flat: Array, pool: Array, fresh: np.float32, prior: Array, emission: Array) -> Any:
    """The flat mode: what comes to it, and steps anywhere, weighed by the row; the sum of what comes out."""
    total = NOTHING
    for i in range(len(flat)):
        value = (pool[i] + fresh * prior[i]) * emission[i]
        value = value if value > LEAST else NOTHING
        flat[i] = value
        total += value
    return total


@part_kernel
def _stepped(states: Array, base: int, before: Array, after: Array, shift: Array, slope_weight: Array, effect: Array,
             effect_weight: Array, smaller: Array, larger: Array, prior: Array, risk: Array, emission: Array,
             padding: int, pool: Array, source: Array, moved: Array) -> Any:
    """Let modes change over one gap and weigh them by a row, for one deviation; the sum of what comes out.

    before, after : phi of the slopes on either side of the gap; emission : of the row, its ends repeated `padding`
    times to either side
    """
    levels, slopes, effects, total = len(prior), len(slope_weight), len(effect), NOTHING
    step, rise, leave, turn, pulse, back, fade = risk[0], risk[1], risk[2], risk[3], risk[4], risk[5], risk[6]
    stay, mass, own = ONE - step, NOTHING, emission[padding:padding + levels]
    flat, first = states[base:base + levels], base + (1 + slopes) * levels
    _gathered(states, base, before, levels, pool)
    for i in range(levels):
        total += flat[i] + pool[i]  # nothing lies beyond the last level of a slope
        source[i] = stay * (rise * flat[i] + leave * turn * pool[i])
        pool[i] = stay * ((ONE - rise - pulse) * flat[i] + leave * (ONE - turn) * pool[i])
    source[levels] = NOTHING
    for g in range(slopes):
        mass += _sloped(states[base + (1 + g) * levels:base + (2 + g) * levels], source, stay * (ONE - leave),
                        slope_weight[g], before[g], shift[g], after[g], own, moved)
    total += _left(states, first, effects, levels, stay * back, pool)
    for k in range(effects):  # from the smallest on: what fades is met before it is renewed
        kept, other, faded = stay * (ONE - back), k, NOTHING
        if smaller[k] >= 0:
            kept = stay * (ONE - back - fade)
        if larger[k] >= 0:
            other, faded = larger[k], stay * fade
        at = padding + effect[k]
        mass += _raised(states[first + k * levels:first + (k + 1) * levels],
                        states[first + other * levels:first + (other + 1) * levels], flat, kept,
                        stay * pulse * effect_weight[k], faded, emission[at:at + levels])
    return mass + _flattened(flat, pool, step * total, prior, own)


@part_kernel
def _padded(row: Array, padding: int, out: Array) -> None:
    """A row with its ends repeated `padding` times to either side."""
    levels = len(row)
    for i in range(padding):
        out[i], out[padding + levels + i] = row[0], row[levels - 1]
    for i in range(levels):
        out[padding + i] = row[i]


@part_kernel
def _put(states: Array, first: int, stride: int, levels: int, state: Array) -> None:
    """Put the states [D M, L] of one setting where those of all lie, [D, M, E, L], from `first` on."""
    for q in range(len(states) // levels):
        row, kept = states[q * levels:(q + 1) * levels], state[first + q * stride:first + q * stride + levels]
        for i in range(levels):
            kept[i] = row[i]


@vector_kernel
def shaped(index: Array, table: Array, peak: Array, moves: Array, kind: Array, prior: Array, start: Array, begin: Array,
           phi: Array, shift: Array, slope_weight: Array, effect: Array, effect_weight: Array, smaller: Array,
           risks: Array, keep: bool, state: Array, sums: Array, log: Array) -> None:
    """Run state weights over the rows, one setting after the other: the states of one are held near the processor.

    index [n], table [U, D, E, L], peak [U, E], moves [G, D, D], kind [n - 1] : as in `_numba_filters.swept`
    begin [M] : weights of the modes before the first row; phi, shift [n, slopes] : see `shapes.Modes`
    effect [K] : in cells, none further than the levels reach
    Fills log [n, E] and, where `keep`, state [n, D, M, E, L], up to a factor for each row and setting, and its sums
    over modes and levels [n, D, E].
    """
    nodes, levels, slopes, modes = len(start), len(prior), len(slope_weight), len(begin)
    settings, width, padding = len(log) // len(index), modes * levels, 0
    size, larger, still = nodes * width, np.full(len(effect), -1), np.zeros(7, np.float32)
    for k in range(len(effect)):
        padding = max(padding, abs(effect[k]))
        if smaller[k] >= 0:
            larger[smaller[k]] = k
    old, new, pool = np.empty(size, np.float32), np.empty(size, np.float32), np.empty(levels, np.float32)
    source, moved = np.empty(levels + 1, np.float32), np.empty(levels, np.float32)
    emission, level = np.empty(levels + 2 * padding, np.float32), np.zeros(slopes, np.int64)
    for e in range(settings):
        for q in range(size // levels):
            for i in range(levels):
                new[q * levels + i] = start[q // modes] * begin[q % modes] * prior[i]
        whole, mass = 0.0, ONE
        for t in range(len(index)):
            here, by, risk = phi[t * slopes:(t + 1) * slopes], level, still
            there = here
            if t:
                old, new = new, old
                _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, width, ONE / max(mass, SMALLEST), new)
                there, by = phi[(t - 1) * slopes:t * slopes], shift[t * slopes:(t + 1) * slopes]
                risk = risks[7 * t - 7:7 * t]
            mass = NOTHING
            for d in range(nodes):
                at = ((index[t] * nodes + d) * settings + e) * levels
                _padded(table[at:at + levels], padding, emission)
                part = _stepped(new, d * width, there, here, by, slope_weight, effect, effect_weight, smaller, larger,
                                prior, risk, emission, padding, pool, source, moved)
                mass += part
                if keep:
                    sums[(t * nodes + d) * settings + e] = part
            whole += math.log(max(mass, SMALLEST)) + peak[index[t] * settings + e]
            log[t * settings + e] = whole
            if keep:
                _put(new, t * size * settings + e * levels, settings * levels, levels, state)
