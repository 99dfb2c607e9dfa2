"""The compiled comparison of "the level changes" with "it does not", for many series over the same dates at once."""

from __future__ import annotations

import math

import numpy as np

from forecast.regime_model._numba_filters import _moved
from forecast.support.compiled import Array, part_kernel, vector_kernel


@part_kernel
def _shifted(table: Array, at: int, levels: int, offset: float, out: Array) -> None:
    """The likelihoods of a row over levels that lie `offset` cells higher; the ends hold beyond the ends."""
    whole = math.floor(offset)
    part = np.float32(offset - whole)
    rest = np.float32(1.0) - part
    first, last = min(max(-whole, 0), levels), max(min(levels - 1 - whole, levels), 0)
    for i in range(first):
        out[i] = table[at]
    if last > first:
        row, inner = table[at + first + whole:at + last + whole + 1], out[first:last]
        for i in range(len(inner)):
            inner[i] = rest * row[i] + part * row[i + 1]
    for i in range(max(last, first), levels):
        out[i] = table[at + levels - 1]


@part_kernel
def _summed(values: Array, levels: int, sums: Array) -> None:
    """Add the sums over levels of values [E, L] to sums [E]."""
    for e in range(len(sums)):
        whole, row = np.float32(0.0), values[e * levels:(e + 1) * levels]
        for i in range(levels):
            whole += row[i]
        sums[e] += whole


@part_kernel
def _stepped(states: Array, base: int, width: int, effects: int, prior: Array, step: np.float32, pulse: np.float32,
             back: np.float32, factor: Array, emission: Array, total: Array, pool: Array, mass: Array) -> None:
    """One gap and one row of one deviation: modes constant, flat, effects, [E, L] each, lie `width` apart from `base`.

    Everything is multiplied by factor [E, L] first; emission [1 + K, E, L]; adds the sums of what comes out to mass.
    """
    least, one, levels = np.float32(1e-36), np.float32(1.0), len(prior)
    constant, flat = states[base:base + width], states[base + width:base + 2 * width]
    for j in range(width):
        pool[j] = flat[j]
    for k in range(effects):
        row = states[base + (2 + k) * width:base + (3 + k) * width]
        for j in range(width):
            pool[j] += row[j]
    for e in range(len(total)):
        total[e] = np.float32(0.0)
    _summed(pool, levels, total)
    kept, ends = (one - step) * (one - pulse), (one - step) * back
    lasts, begins = (one - step) * (one - back), (one - step) * pulse / np.float32(max(effects, 1))
    for e in range(len(total)):
        part, fresh = pool[e * levels:(e + 1) * levels], step * total[e]
        for i in range(levels):
            part[i] = fresh * prior[i]
    for j in range(width):
        pool[j] += kept * flat[j]
    for k in range(effects):
        row = states[base + (2 + k) * width:base + (3 + k) * width]
        here = emission[(1 + k) * width:(2 + k) * width]
        for j in range(width):
            before = row[j]
            pool[j] += ends * before
            value = (lasts * before + begins * flat[j]) * factor[j] * here[j]
            row[j] = value if value > least else np.float32(0.0)
        _summed(row, levels, mass)
    for j in range(width):
        value, other = pool[j] * factor[j] * emission[j], constant[j] * factor[j] * emission[j]
        flat[j] = value if value > least else np.float32(0.0)
        constant[j] = other if other > least else np.float32(0.0)
    _summed(flat, levels, mass)
    _summed(constant, levels, mass)


@part_kernel
def _begun(states: Array, start: Array, prior: Array, size: int, width: int) -> None:
    """Weights before the first row: constant and flat have the same, effects none."""
    levels = len(prior)
    for q in range(len(states) // levels):
        place = q * levels
        for i in range(levels):
            states[place + i] = start[place // size] * prior[i] if place % size < 2 * width else np.float32(0.0)


@part_kernel
def _emitted(table: Array, row: int, node: int, nodes: int, settings: int, levels: int, lift: float, effect: Array,
             emission: Array) -> None:
    """Likelihoods [1 + K, E, L] of a row without an effect, and with each."""
    for e in range(settings):
        at = ((row * nodes + node) * settings + e) * levels
        _shifted(table, at, levels, lift, emission[e * levels:(e + 1) * levels])
        for k in range(len(effect)):
            q = ((1 + k) * settings + e) * levels
            _shifted(table, at, levels, lift + effect[k], emission[q:q + levels])


@part_kernel
def _ended(states: Array, levels: int, settings: int, size: int, log: Array, constant: Array, changed: Array) -> None:
    """Log evidence [E] of both, from the weights after the last row and the log of their sums."""
    for e in range(settings):
        still, some = 0.0, 0.0
        for q in range(len(states) // levels):
            if q % settings == e:
                whole = 0.0
                for i in range(levels):
                    whole += states[q * levels + i]
                if q * levels % size < settings * levels:
                    still += whole
                else:
                    some += whole
        constant[e] = log[e] + math.log(max(still / (still + some), 1e-37))
        changed[e] = log[e] + math.log(max(some / (still + some), 1e-37))


@part_kernel
def _held(states: Array, base: int, emission: Array, factor: Array, mass: Array, levels: int) -> None:
    """A row of one deviation where the level is constant: multiply [E, L] by the likelihoods; add the sums to mass."""
    row = states[base:base + len(emission)]
    for j in range(len(emission)):
        value = row[j] * factor[j] * emission[j]
        row[j] = value if value > np.float32(1e-36) else np.float32(0.0)
    _summed(row, levels, mass)


@vector_kernel
def lifted(index: Array, lift: Array, table: Array, peak: Array, moves: Array, kind: Array, prior: Array, start: Array,
           series: int, log: Array) -> None:
    """Log evidence [B, K, E] of a constant level that is lifted by known amounts, lift [K, n] in cells.

    index [B, n], table [U, D, E, L] and the rest as in `compared`.
    """
    nodes, levels, n = len(start), len(prior), len(index) // series
    lifts = len(lift) // n
    settings = len(log) // (series * lifts)
    width = settings * levels
    old, new = np.empty(nodes * width, np.float32), np.empty(nodes * width, np.float32)
    emission, factor, mass = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(settings, np.float32)
    for b in range(series):
        for k in range(lifts):
            _begun(new, start, prior, width, width)
            factor[:] = np.float32(1.0)
            out = log[(b * lifts + k) * settings:(b * lifts + k + 1) * settings]
            out[:] = 0.0
            for t in range(n):
                row = index[b * n + t]
                if t:
                    old, new = new, old
                    _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, width, new)
                mass[:] = np.float32(0.0)
                for d in range(nodes):
                    for e in range(settings):
                        _shifted(table, ((row * nodes + d) * settings + e) * levels, levels, lift[k * n + t],
                                 emission[e * levels:(e + 1) * levels])
                    _held(new, d * width, emission, factor, mass, levels)
                for e in range(settings):
                    out[e] += math.log(max(mass[e], 1e-37)) + peak[row * settings + e]
                    factor[e * levels:(e + 1) * levels] = np.float32(1.0) / max(mass[e], np.float32(1e-37))


@vector_kernel
def compared(index: Array, offset: Array, table: Array, peak: Array, moves: Array, kind: Array, prior: Array,
             start: Array, effect: Array, risks: Array, series: int, constant: Array, changed: Array) -> None:
    """Log evidence [B, E] of a constant level, and of one that may step or be raised or lowered for a while.

    index [B, n] : rows of the table [U, D, E, L]; offset [B, n] : cells by which a season lifts each row (empty: none)
    risks [n - 1, 3] : chance in each gap of a step, of an effect [K] (in cells) to begin, and of it to end
    """
    nodes, levels, effects = len(start), len(prior), len(effect)
    n, settings = len(index) // series, len(constant) // series
    width = settings * levels
    size = (2 + effects) * width
    old, new = np.empty(nodes * size, np.float32), np.empty(nodes * size, np.float32)
    pool, emission, factor = (np.empty(width, np.float32), np.empty((1 + effects) * width, np.float32),
                              np.empty(width, np.float32))
    mass, total, log = np.empty(settings, np.float32), np.empty(settings, np.float32), np.empty(settings)
    for b in range(series):
        _begun(new, start, prior, size, width)
        log[:] = 0.0
        factor[:] = np.float32(1.0)
        for t in range(n):
            row, lift = index[b * n + t], offset[b * n + t] if len(offset) else 0.0
            step, pulse, back = np.float32(0.0), np.float32(0.0), np.float32(0.0)
            if t:
                old, new = new, old
                _moved(old, moves, kind[t - 1] * nodes * nodes, nodes, size, new)
                step, pulse, back = risks[3 * t - 3], risks[3 * t - 2], risks[3 * t - 1]
            mass[:] = np.float32(0.0)
            for d in range(nodes):
                _emitted(table, row, d, nodes, settings, levels, lift, effect, emission)
                _stepped(new, d * size, width, effects, prior, step, pulse, back, factor, emission, total, pool, mass)
            for e in range(settings):
                log[e] += math.log(max(mass[e], 1e-37)) + peak[row * settings + e]
                factor[e * levels:(e + 1) * levels] = np.float32(1.0) / max(mass[e], np.float32(1e-37))
        _ended(new, levels, settings, size, log, constant[b * settings:(b + 1) * settings],
               changed[b * settings:(b + 1) * settings])
