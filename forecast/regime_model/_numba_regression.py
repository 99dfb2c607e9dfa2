"""The compiled sums of a regression whose noise is a stationary AR(1) beside independent noise, for many series."""

from __future__ import annotations

import math

import numpy as np

from forecast.support.compiled import Array, part_kernel, vector_kernel


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
    for c in range(len(fresh) - p):
        value = fresh[p + c]
        for d in range(p):
            side[c * (p + 1) + d] += value * fresh[d]
        side[c * (p + 1) + p] += value * value


@vector_kernel
def whitened_sums(response: Array, base: Array, own: Array, usual: Array, columns: Array, gaps: Array,
                  setting: Array, kept: int, sums: Array, single: Array, log: Array) -> None:
    """Sums of products of whitened columns, and log determinants [B, K] of the covariance.

    response, base, usual, own [B, n], columns [n, q], gaps [n - 1], setting [K, 3] : correlation, spread, noise. The
    variance of row t of series b is (base + own noise) / usual; a row whose `usual` is 0 says nothing.
    sums [B, K, p + 1, p + 1] : of the first p (`kept`) columns and the response; single [B, K, q - p, p + 2] : of each
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
