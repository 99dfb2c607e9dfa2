"""On which day a change lies: between two images on any day alike, inside a row of a flow where its counts put it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from forecast.regime_model.grid import deviations
from forecast.regime_model.posterior import Posterior
from forecast.series.series import Series

LEAST = 1e-12  # likelihood beside that of the best level below which a row says no
MOST = 1 << 22  # likelihoods that are held at once


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
    if series.kind == "flow":
        made = _inside_rows(posterior, weights, end - begin, series.observed & (end - begin > 1), gaps)
        for row, chance in made.items():
            own = inside[begin[row]:end[row]]
            days[begin[row]:end[row]][own] = chance[own]
    return np.asarray(days / days.sum())


def _inside_rows(posterior: Posterior, weights: np.ndarray, length: np.ndarray, wanted: np.ndarray,
                 gaps: list[tuple[int, int]]) -> dict[int, np.ndarray]:
    """Row -> probability of each of its days, of the wanted rows [n] in which some path changes.

    weights [P, n - 1]; length [n] : days of each row; gaps : as `_gap_days` gives them
    """
    path, gap = np.nonzero(weights)
    path, gap, row = np.tile(path, 2), np.tile(gap, 2), np.concatenate([gap, gap + 1])
    order = np.flatnonzero(wanted[row])
    order = order[np.argsort(row[order], kind="stable")]
    path, gap, row = path[order], gap[order], row[order]
    longest = int(length[wanted].max(initial=0))
    day = np.arange(longest)
    # share of a row that lies after each of its days; all and nothing of it are the levels that the paths were drawn by
    share = np.column_stack([np.maximum(length[:, None] - day, 0) / length[:, None], np.ones_like(length),
                             np.zeros_like(length)])
    span = np.array([0, *(last - first for first, last in gaps), 0])  # of the gaps before and after each row
    total = np.zeros((len(length), longest))
    few = max(1, MOST // (longest + 2))
    for first in range(0, len(row), few):
        p, g, r = path[first:first + few], gap[first:first + few], row[first:first + few]
        level = posterior.problem.observation.blended(
            posterior.level[p, g][:, None], posterior.level[p, g + 1][:, None], share[r])
        likely = _likelihood(posterior, p, r, level)
        drawn = span[r] * likely[:, -2] + span[r + 1] * likely[:, -1]
        own, begins = np.unique(r, return_index=True)
        total[own] += np.add.reduceat(likely[:, :-2] * (weights[p, g] / np.maximum(drawn, LEAST))[:, None], begins)
    return {int(each): total[each, :length[each]] for each in np.unique(row)}


def _likelihood(posterior: Posterior, paths: np.ndarray, rows: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Likelihood of rows [J] at log levels [J, K], beside that of the best level in the setting of each path [J]."""
    from forecast.regime_model._numba_rows import between_levels

    problem = posterior.problem
    made, offset = np.empty(level.shape), 0
    place = (level - problem.levels[0]) / (problem.levels[1] - problem.levels[0])
    settings = posterior.setting[paths]
    for block in problem.blocks:
        mine = np.flatnonzero((settings >= offset) & (settings < offset + block.settings))
        if len(mine):
            table = block.emission.table  # [U, D, E, L]
            nodes, chance = deviations(block.nodes)
            if posterior.unit is None:
                table, node = np.tensordot(table, chance, (1, 0))[:, None], np.zeros(len(mine), int)
            else:
                unit = posterior.unit[paths[mine], rows[mine]]
                node = np.abs(unit[:, None] - nodes).argmin(axis=1)
            part = np.empty((len(mine), level.shape[1]))
            between_levels(np.ascontiguousarray(table, np.float32).ravel(), table.shape[1], table.shape[3],
                           block.settings, block.index[0, rows[mine]], settings[mine] - offset, node, place[mine], part)
            made[mine] = part
        offset += block.settings
    return made


def _gap_days(series: Series) -> list[tuple[int, int]]:
    """First day of each gap, and the day after its last one, from the first row's start."""
    middle = (series.centre - series.start[0]).astype(int)
    return [(min(int(a) + 1, int(b)), int(b) + 1) for a, b in pairwise(middle)]


def _length(series: Series) -> int:
    return int((series.end[-1] - series.start[0]).astype(int))
