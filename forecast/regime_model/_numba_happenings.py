"""Compiled reading of posterior paths: which changes lie on each (see `forecast.regime_model.changes`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from forecast.support.compiled import Array, kernel, part_kernel

STEP, GRADUAL, TEMPORARY = ord("S"), ord("G"), ord("T")


@part_kernel
def _mode(slope: float, effect: float) -> int:
    """0 flat, 1 and -1 on a slope, 2 and -2 under a temporary effect."""
    if slope != 0:
        return 1 if slope > 0 else -1
    if effect != 0:
        return 2 if effect > 0 else -2
    return 0


@part_kernel
def _put(found: Array, number: int, first: int, path: int, kind: int, gap: int, over: int, before: int,
         after: int) -> None:
    """Put a change among those of its path, which begin at `first`, in order of (gap, over)."""
    at = number
    while at > first and (found[at - 1, 2] > gap or (found[at - 1, 2] == gap and found[at - 1, 3] > over)):
        found[at] = found[at - 1]
        at -= 1
    found[at, 0], found[at, 1], found[at, 2], found[at, 3] = path, kind, gap, over
    found[at, 4], found[at, 5] = before, after


@part_kernel
def _most(slope: Array, effect: Array, stepped: Array) -> int:
    """More changes than there can be on all paths: two wherever the mode changes, and one at the end of each."""
    most = len(slope)
    for p in range(len(slope)):
        for t in range(1, slope.shape[1]):
            if stepped[p, t - 1] or _mode(slope[p, t], effect[p, t]) != _mode(slope[p, t - 1], effect[p, t - 1]):
                most += 2
    return most


@part_kernel
def _closed(found: Array, number: int, first: int, path: int, mode: int, began: int, end: int, broken: bool,
            rise: float, short: int, small: float) -> int:
    """Put what a mode was that began in gap `began` and ends with row `end`; the number of changes then found."""
    if abs(mode) == 1 and abs(rise) >= small:
        if end - began > short:
            _put(found, number, first, path, GRADUAL, began, end, began, end)
        else:
            gap = began + (end - began - 1) // 2
            _put(found, number, first, path, STEP, gap, gap + 1, began, end)
        return number + 1
    if abs(mode) == 2:
        if broken:
            _put(found, number, first, path, STEP, began, began + 1, began, began + 1)
        else:
            _put(found, number, first, path, TEMPORARY, began, end + 1, began, began + 1)
        return number + 1
    return number


@kernel
def happened(slope: Array, effect: Array, base: Array, stepped: Array, short: int, small: float) -> Any:
    """Changes of paths slope, effect, base [P, n], stepped [P, n - 1], as lines [H, 6] of path, kind, gap, over,
    before, after, in order of path and time.

    short : gaps within which a slope is a step; small : a rise that is none
    """
    paths, n = slope.shape
    found = np.empty((_most(slope, effect, stepped), 6), np.int64)
    number = 0
    for p in range(paths):
        first, began = number, 0
        for t in range(n):
            last, mode = t == n - 1, _mode(slope[p, t], effect[p, t])
            broken = True if last else stepped[p, t]
            if not broken and mode == _mode(slope[p, t + 1], effect[p, t + 1]):
                continue
            number = _closed(found, number, first, p, mode, began, t, broken, base[p, t] - base[p, began], short, small)
            if broken and not last:
                _put(found, number, first, p, STEP, t, t + 1, t, t + 1)
                number += 1
            began = t
    return found[:number]
