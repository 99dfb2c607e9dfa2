"""On which day a change lies: between two images on any day alike, inside a row of a flow where its counts put it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from forecast.regime_model.grid import deviations
from forecast.regime_model.posterior import Posterior
from forecast.series.series import Series

LEAST = 1e-12  # likelihood beside that of the best level below which a row says no


def break_days(series: Series, gap_probability: np.ndarray) -> np.ndarray:
    """Spread the probability of each gap [n - 1] evenly over its days: one value per day from the first row's start.

    A gap reaches from the middle of the row before it to that of the row after it.
    """
    days = np.zeros(_length(series))
    for (first, last), probability in zip(_gap_days(series), gap_probability, strict=True):
        days[first:last] += probability / (last - first)
    return days


def gap_probability(posterior: Posterior, near: int | None = None) -> np.ndarray:
    """Where the change lies, given that there is one, [n - 1], summing to one; see `gap_weights`."""
    return np.asarray(gap_weights(posterior, near).sum(axis=0))


def gap_weights(posterior: Posterior, near: int | None = None) -> np.ndarray:
    """Weight of each path in each gap as the place of the change, given that there is one, [P, n - 1], summing to one.

    near : a gap that a detected break may lie in; each path then gives its break nearest to it, otherwise the paths
        give all of theirs in equal parts. Paths without a break say nothing here.
    """
    jumps, broken = posterior.jumps, posterior.number > 0
    if not broken.any():  # any gap is as good as its length
        share = posterior.problem.share / posterior.problem.share.sum()
        return np.broadcast_to(share / len(jumps), jumps.shape)
    if near is None:
        weights = jumps / np.maximum(posterior.number, 1)[:, None]
    else:
        distance = np.where(jumps, np.abs(np.arange(jumps.shape[1]) - near), jumps.shape[1])
        weights = np.zeros(jumps.shape)
        weights[np.flatnonzero(broken), distance[broken].argmin(axis=1)] = 1.0
    return np.asarray(weights / broken.sum())


def change_days(series: Series, posterior: Posterior, near: int | None = None) -> np.ndarray:
    """Probability of each day from the first row's start to hold the change, every day alike beforehand; sums to one.

    posterior : of `series`; near : as in `gap_weights`
    A change on a day inside a row of a flow leaves to the old level the share of the row before that day. Paths whose
    change lies at either end of the row are weighed by the likelihood of its count under that mixture, over that under
    the levels by which both kinds of paths were drawn (Veach & Guibas 1995, SIGGRAPH, 419-428: balance heuristic).
    """
    weights = gap_weights(posterior, near)
    gaps = _gap_days(series)
    days = break_days(series, weights.sum(axis=0))
    if not posterior.jumps.any():
        return days
    begin = (series.start - series.start[0]).astype(int)
    end = (series.end - series.start[0]).astype(int)
    inside = np.zeros(len(days), bool)
    inside[gaps[0][0]:gaps[-1][1]] = True  # a change lies between the middles of the first and the last row
    for row in np.flatnonzero(series.observed & (end - begin > 1)).tolist() if series.kind == "flow" else ():
        own = np.arange(begin[row], end[row])[inside[begin[row]:end[row]]]
        share = (end[row] - own) / (end[row] - begin[row])
        made = _inside_row(posterior, weights, row, share, gaps)
        if made is not None:
            days[own] = made
    return np.asarray(days / days.sum())


def _inside_row(posterior: Posterior, weights: np.ndarray, row: int, share: np.ndarray,
                gaps: list[tuple[int, int]]) -> np.ndarray | None:
    """Probability of days inside a row, of which a share [days] lies after each; None where no path changes there."""
    total, found = np.zeros(len(share)), False
    for gap in (row - 1, row):
        if not 0 <= gap < weights.shape[1]:
            continue
        mine = np.flatnonzero(weights[:, gap])
        if not len(mine):
            continue
        before, after = posterior.level[mine, gap], posterior.level[mine, gap + 1]
        part = np.concatenate([share, [1.0, 0.0]])
        level = posterior.problem.observation.blended(before[:, None], after[:, None], part)
        likely = _likelihood(posterior, mine, row, level)
        drawn = sum((gaps[g][1] - gaps[g][0]) * likely[:, side] for g, side in ((row - 1, -2), (row, -1))
                    if 0 <= g < weights.shape[1])
        total += weights[mine, gap] @ (likely[:, :-2] / np.maximum(drawn, LEAST)[:, None])
        found = True
    return total if found else None


def _likelihood(posterior: Posterior, paths: np.ndarray, row: int, level: np.ndarray) -> np.ndarray:
    """Likelihood of a row at log levels [paths, K], beside that of its best level in the setting of each path."""
    from forecast.regime_model._numba_rows import between_levels

    problem = posterior.problem
    made, offset = np.empty(level.shape), 0
    place = (level - problem.levels[0]) / (problem.levels[1] - problem.levels[0])
    settings = posterior.setting[paths]
    for block in problem.blocks:
        mine = np.flatnonzero((settings >= offset) & (settings < offset + block.settings))
        if len(mine):
            table = block.emission.table[block.index[0, row]]  # [D, E, L]
            nodes, chance = deviations(block.nodes)
            if posterior.unit is None:
                table, node = np.tensordot(chance, table, 1)[None], np.zeros(len(mine), int)
            else:
                node = np.abs(posterior.unit[paths[mine], row][:, None] - nodes).argmin(axis=1)
            part = np.empty((len(mine), level.shape[1]))
            between_levels(np.ascontiguousarray(table, np.float32).ravel(), len(table), table.shape[2],
                           settings[mine] - offset, node, place[mine], part)
            made[mine] = part
        offset += block.settings
    return made


def _gap_days(series: Series) -> list[tuple[int, int]]:
    """First day of each gap, and the day after its last one, from the first row's start."""
    middle = (series.centre - series.start[0]).astype(int)
    return [(min(int(a) + 1, int(b)), int(b) + 1) for a, b in pairwise(middle)]


def _length(series: Series) -> int:
    return int((series.end[-1] - series.start[0]).astype(int))
