"""The compiled comparison of "the level changes" with "it does not", for many series over the same dates at once."""

from __future__ import annotations

import math

import numpy as np

from forecast.regime_model._numba_filters import _moved
from forecast.support.compiled import Array, part_kernel, vector_kernel

LEAST = np.float32(1e-36)  # numbers near the end of single precision cost a hundred times others and weigh nothing
ONE, NOTHING, SMALLEST = np.float32(1.0), np.float32(0.0), np.float32(1e-37)


@part_kernel
def _folded(values: Array, settings: int) -> None:
    """Sum values [L, E], flat, over the levels, into the first E of them."""
    left = len(values) // settings
    while left > 1:
        half = (left + 1) // 2
        more = (left - half) * settings
        first, second = values[:more], values[half * settings:half * settings + more]
        for j in range(more):
            first[j] += second[j]
        left = half


@part_kernel
def _repeated(settings: int, values: Array) -> None:
    """Repeat the first E of values [L, E], flat, at all levels."""
    filled = settings
    while filled < len(values):
        more = min(filled, len(values) - filled)
        values[filled:filled + more] = values[:more]
        filled += more


@part_kernel
def _weighed(row: Array, factor: Array, emission: Array, mass: Array) -> None:
    """Multiply by factor and likelihoods, drop what is too small to weigh, and add what is left to mass."""
    for j in range(len(row)):
        value = row[j] * factor[j] * emission[j]
        value = value if value > LEAST else NOTHING
        row[j] = value
        mass[j] += value


@part_kernel
def _stepped(states: Array, base: int, width: int, settings: int, prior: Array, effect: Array, risk: Array,
             factor: Array, table: Array, at: int, pool: Array, total: Array, mass: Array) -> None:
    """One gap and one row of one deviation: modes constant, flat, effects, [L, E] each, lie one after the other from
    `base` on; the likelihoods of the row without an effect begin at `at` in the table.

    prior, factor, pool, total, mass : [L, E]; risk [3]; adds what comes out to mass.
    """
    effects, step, pulse, back = len(effect), risk[0], risk[1], risk[2]
    constant, flat = states[base:base + width], states[base + width:base + 2 * width]
    for j in range(width):
        total[j] = flat[j]
    kept, ends, lasts = (ONE - step) * (ONE - pulse), (ONE - step) * back, (ONE - step) * (ONE - back)
    begins = (ONE - step) * pulse / np.float32(max(effects, 1))
    for j in range(width):
        pool[j] = kept * flat[j]
    for k in range(effects):
        row = states[base + (2 + k) * width:base + (3 + k) * width]
        for j in range(width):
            total[j] += row[j]
            pool[j] += ends * row[j]
    for k in range(effects):
        row = states[base + (2 + k) * width:base + (3 + k) * width]
        q = at + effect[k] * settings
        emission = table[q:q + width]
        for j in range(width):
            value = (lasts * row[j] + begins * flat[j]) * factor[j] * emission[j]
            value = value if value > LEAST else NOTHING
            row[j] = value
            mass[j] += value
    _folded(total, settings)
    _repeated(settings, total)
    emission = table[at:at + width]
    for j in range(width):
        value = (pool[j] + step * total[j] * prior[j]) * factor[j] * emission[j]
        value = value if value > LEAST else NOTHING
        flat[j] = value
        mass[j] += value
    _weighed(constant, factor, emission, mass)


@part_kernel
def _lifted(table: Array, at: int, settings: int, lift: float, out: Array) -> None:
    """Likelihoods [.., E] of a row over levels that lie `lift` cells higher, from `at` on."""
    whole = math.floor(lift)
    part = np.float32(lift - whole)
    rest, q = ONE - part, at + whole * settings
    low, high = table[q:q + len(out)], table[q + settings:q + settings + len(out)]
    for j in range(len(out)):
        out[j] = rest * low[j] + part * high[j]


@part_kernel
def _ended(states: Array, width: int, settings: int, size: int, log: Array, constant: Array, changed: Array) -> None:
    """Log evidence [E] of both, from the weights after the last row and the log of their sums."""
    for e in range(settings):
        still, some = 0.0, 0.0
        for q in range(len(states) // width):
            whole = 0.0
            for j in range(e, width, settings):
                whole += states[q * width + j]
            if q * width % size < width:
                still += whole
            else:
                some += whole
        constant[e] = log[e] + math.log(max(still / (still + some), 1e-37))
        changed[e] = log[e] + math.log(max(some / (still + some), 1e-37))


@vector_kernel
def compared(index: Array, offset: Array, table: Array, padding: int, peak: Array, moves: Array, kind: Array,
             prior: Array, start: Array, effect: Array, risks: Array, series: int, constant: Array,
             changed: Array) -> None:
    """Log evidence [B, E] of a constant level, and of one that may step or be raised or lowered for a while.

    index [B, n] : rows of the table [U, D, padding + L + padding, E], whose ends repeat those of the levels
    offset [B, n] : cells by which a season lifts each row (empty: none); prior [L, E] : of the level, for all settings
    risks [n - 1, 3] : chance in each gap of a step, of an effect [K] (in cells) to begin, and of it to end
    Levels are the slow axis, so that every loop runs over all levels and settings at once.
    """
    nodes, width, settings = len(start), len(prior), len(constant) // series
    n, effects = len(index) // series, len(effect)
    padded, size = width + 2 * padding * settings, (2 + effects) * width
    reach = 0  # cells to either side that effects ask for
    for k in range(effects):
        reach = max(reach, abs(effect[k]))
    old, new = np.empty(nodes * size, np.float32), np.empty(nodes * size, np.float32)
    pool, factor, mass = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    total, log, still = np.empty(width, np.float32), np.empty(settings), np.zeros(3, np.float32)
    shifted = np.empty(width + 2 * reach * settings if len(offset) else 0, np.float32)
    for b in range(series):
        for d in range(nodes):  # constant and flat have the same weight before the first row, effects none
            for q in range(2 + effects):
                for j in range(width):
                    new[d * size + q * width + j] = start[d] * prior[j] if q < 2 else NOTHING
        log[:] = 0.0
        factor[:] = ONE
        for t in range(n):
            row, risk = index[b * n + t], still
            if t:
                old, new = new, old
                _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, size, ONE, new)
                risk = risks[3 * t - 3:3 * t]
            mass[:] = NOTHING
            for d in range(nodes):
                source, at = table, (row * nodes + d) * padded + padding * settings
                if len(offset):
                    _lifted(table, at - reach * settings, settings, offset[b * n + t], shifted)
                    source, at = shifted, reach * settings
                _stepped(new, d * size, width, settings, prior, effect, risk, factor, source, at, pool, total, mass)
            _folded(mass, settings)
            for e in range(settings):
                log[e] += math.log(max(mass[e], SMALLEST)) + peak[row * settings + e]
                factor[e] = ONE / max(mass[e], SMALLEST)
            _repeated(settings, factor)
        _ended(new, width, settings, size, log, constant[b * settings:(b + 1) * settings],
               changed[b * settings:(b + 1) * settings])
