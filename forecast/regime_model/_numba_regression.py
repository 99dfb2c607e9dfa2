"""The compiled sums of a regression whose noise is a stationary AR(1) beside independent noise, for many series."""

from __future__ import annotations

import math

import numpy as np

from forecast.support.compiled import Array, part_kernel, vector_kernel

NOTHING = 40.0  # log units below the largest term of a sum from which a term moves no digit


@part_kernel
def _filtered(columns: Array, response: float, kept: int, known: float, scatter: float, level: Array,
              fresh: Array) -> None:
    """One row: what is new in every column (the response after the first `kept`), in units of its scatter."""
    root, gain = 1 / math.sqrt(scatter), known / scatter
    for c in range(len(level)):
        value = response
        if c < kept:
            value = columns[c]
        elif c > kept:
            value = columns[c - 1]
        new = value - level[c]
        level[c] += gain * new
        fresh[c] = new * root


@part_kernel
def _added(fresh: Array, p: int, core: Array, side: Array) -> None:
    """Add the products of a row: of the first p columns with each other, of the others with these and themselves."""
    for c in range(p):
        for d in range(p):
            core[c * p + d] += fresh[c] * fresh[d]
    effects = fresh[p:]
    more = len(effects)
    for d in range(p):
        value, row = fresh[d], side[d * more:(d + 1) * more]
        for c in range(more):
            row[c] += value * effects[c]
    row = side[p * more:(p + 1) * more]
    for c in range(more):
        row[c] += effects[c] * effects[c]


@vector_kernel
def whitened_sums(response: Array, base: Array, own: Array, usual: Array, columns: Array, gaps: Array,
                  setting: Array, kept: int, sums: Array, single: Array, log: Array) -> None:
    """Sums of products of whitened columns, and log determinants [B, K] of the covariance.

    response, base, usual, own [B, n], columns [n, q], gaps [n - 1], setting [K, 3] : correlation, spread, noise. The
    variance of row t of series b is (base + own noise) / usual; a row whose `usual` is 0 says nothing.
    sums [B, K, p + 1, p + 1] : of the first p (`kept`) columns and the response; single [B, K, p + 2, q - p] : of each
    further column with these p + 1, and with itself. Both lie flat. Whitened by the Kalman filter of one state, whose
    gain all columns share: linear in the rows.
    """
    series, n = response.shape
    width, p, more = columns.shape[1] + 1, kept + 1, columns.shape[1] - kept
    level, fresh, carries = np.zeros(width), np.zeros(width), np.zeros(n)
    for k in range(len(setting)):
        rho, long_run, noise = setting[k, 0], setting[k, 1] * setting[k, 1], setting[k, 2]
        for t in range(1, n):
            carries[t] = math.exp(gaps[t - 1] * math.log(rho)) if rho > 0 else 0.0
        for b in range(series):
            at, known, total = b * len(setting) + k, long_run, 0.0
            level[:] = 0.0
            core, side = sums[at * p * p:(at + 1) * p * p], single[at * more * (p + 1):(at + 1) * more * (p + 1)]
            core[:] = 0.0
            side[:] = 0.0
            for t in range(n):
                for c in range(width):
                    level[c] *= carries[t]
                known = carries[t] * carries[t] * known + long_run * (1 - carries[t] * carries[t])
                if usual[b, t] > 0:
                    scatter = known + (base[b, t] + own[b, t] * noise) / usual[b, t]
                    total += math.log(scatter)
                    _filtered(columns[t], response[b, t], kept, known, scatter, level, fresh)
                    known -= known * known / scatter
                    _added(fresh, p, core, side)
            log[b, k] = total


@part_kernel
def _factored(matrix: Array, m: int) -> float:
    """Replace the lower half of a matrix [m, m], flat, by its Cholesky factor, one over each element of the diagonal;
    the log of its determinant."""
    log = 0.0
    for i in range(m):
        for j in range(i + 1):
            value = matrix[i * m + j]
            for k in range(j):
                value -= matrix[i * m + k] * matrix[j * m + k]
            if i == j:
                log += math.log(value)
                matrix[i * m + i] = 1 / math.sqrt(value)
            else:
                matrix[i * m + j] = value * matrix[j * m + j]
    return log


@part_kernel
def _solved(matrix: Array, m: int, right: Array, number: int) -> None:
    """Solve with the Cholesky factor of a matrix for right sides [m, number], flat, in place."""
    for i in range(m):
        row = right[i * number:(i + 1) * number]
        for k in range(i):
            value, before = matrix[i * m + k], right[k * number:(k + 1) * number]
            for e in range(number):
                row[e] -= value * before[e]
        value = matrix[i * m + i]
        for e in range(number):
            row[e] *= value


@part_kernel
def _effects(side: Array, at: Array, m: int, p: int, answer: Array, across: Array, known: Array, slope: Array) -> None:
    """Information and score of effects, from their products with the columns, side [p + 2, E], flat.

    answer [m] : the solved response; across [m E] : the solved products with the columns, filled before with them
    """
    number = len(known)
    for e in range(number):
        known[e], slope[e] = side[(p + 1) * number + e], side[p * number + e]
    for i in range(m):
        row, value = across[i * number:(i + 1) * number], answer[i]
        for e in range(number):
            known[e] -= row[e] * row[e]
            slope[e] -= row[e] * value
    for e in range(number):
        known[e] = max(known[e], 0.0)


@part_kernel
def _summed(none: float, known: Array, slope: Array, precision: Array, share: Array, top: Array, whole: Array) -> None:
    """Add exp(none) times the Bayes factor of each effect, over its prior sizes (their precision and share [T]), to
    sums that are kept as exp(top) whole [E]."""
    for e in range(len(known)):
        best = 0.0
        for t in range(len(share)):
            best = max(best, 0.5 * slope[e] * slope[e] / (known[e] + precision[t]))
        if none + best < top[e] - NOTHING:  # no size adds anything
            continue
        if none + best > top[e]:
            whole[e] *= math.exp(top[e] - none - best)
            top[e] = none + best
        rest = none - top[e]
        for t in range(len(share)):
            total = known[e] + precision[t]
            power = rest + 0.5 * slope[e] * slope[e] / total
            if power > -NOTHING:
                whole[e] += share[t] * math.sqrt(precision[t] / total) * math.exp(power)


@vector_kernel
def weighed(core: Array, side: Array, log: Array, precision: Array, at: Array, number: Array, prior: Array,
            sizes: Array, share: Array, none: Array, information: Array, score: Array, ratio: Array) -> None:
    """Weigh every effect by itself against none, for every series, setting and choice of the columns.

    core, side, log : what `whitened_sums` fills, core [B K, p + 1, p + 1] and side [B K, (p + 2) E] in rows
    precision [p] : of the prior of the coefficients; at [V, p], number [V] : columns of each choice, the first so many
    prior [K, V] : log prior of setting and choice; sizes, share [T] : precision and share of the prior sizes
    Fills none [B K, V], the log evidence without an effect; information and score [B K, V, E] of the effects, unless
    these are empty; ratio [B, E], the log Bayes factors.
    """
    choices, p = at.shape
    series, effects = ratio.shape
    settings = len(core) // series
    matrix, right, across = np.empty(p * p), np.empty(p), np.empty(p * effects)
    known, slope, top, whole = np.empty(effects), np.empty(effects), np.empty(effects), np.empty(effects)
    for b in range(series):
        top[:] = -1e300
        whole[:] = 0.0
        for k in range(settings):
            q = b * settings + k
            for v in range(choices):
                m = number[v]
                quadratic, scale = core[q, p, p], log[b, k]
                for i in range(m):
                    row = at[v, i]
                    for j in range(m):
                        matrix[i * m + j] = core[q, row, at[v, j]]
                    matrix[i * m + i] += precision[row]
                    right[i] = core[q, row, p]
                    scale -= math.log(precision[row])
                    across[i * effects:(i + 1) * effects] = side[q, row * effects:(row + 1) * effects]
                scale += _factored(matrix, m)
                _solved(matrix, m, right, 1)
                _solved(matrix, m, across, effects)
                for i in range(m):
                    quadratic -= right[i] * right[i]
                none[q, v] = prior[k, v] - 0.5 * (quadratic + scale)
                _effects(side[q], at[v], m, p, right, across, known, slope)
                _summed(none[q, v], known, slope, sizes, share, top, whole)
                if len(information):
                    information[q, v], score[q, v] = known, slope
        best, without = -1e300, 0.0
        for q in range(b * settings, (b + 1) * settings):
            for v in range(choices):
                best = max(best, none[q, v])
        for q in range(b * settings, (b + 1) * settings):
            for v in range(choices):
                without += math.exp(none[q, v] - best)
        for e in range(effects):
            ratio[b, e] = top[e] + math.log(whole[e]) - best - math.log(without)
