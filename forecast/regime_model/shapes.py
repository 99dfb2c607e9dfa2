"""Shapes of a change: steps, slopes that may bend, temporary effects; their filter, evidence and posterior paths.

    flat      log level constant; in a gap it may step to a draw from the level prior, begin to slope, or be raised or
              lowered for a while by an effect that leaves the level itself as it was
    sloping   the log level moves by a constant amount per unit of time, until it turns flat or takes another slope
    temporary an effect ends (the old level holds again), fades to the next smaller one, or a step ends it

All of them are states of one chain beside the deviation, so that a forward pass gives the evidence of every mixture of
shapes and a backward pass draws paths that say which shape the data have (Kitagawa 1987, JASA 82, 1032-1041; Gerlach,
Carter & Kohn 2000, JASA 95, 819-828).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from forecast.regime_model.filters import MOST_BYTES, moves_of
from forecast.regime_model.grid import deviations
from forecast.regime_model.last_count import kept, last_exact, size
from forecast.regime_model.posterior import settings_drawn
from forecast.regime_model.problem import Block, Problem, settings_table
from forecast.series.series import Series


@dataclass(frozen=True)
class Shapes:
    """Which shapes a level may take, and how often a priori.

    steps, rises, pulses : expected number over the span of steps, of slopes and of temporary effects that begin
    trend : chance that the first row already lies on a slope; with `ends` it makes a line over the whole span a tenth
        as likely as a step
    ends, turns : expected number over the span at which a slope ends; share of these at which another slope begins
    back, fade : expected number over the span at which an effect ends, and fades
    slopes : rise over the whole span, log units, of either sign; effects : log units, of either sign
    """

    steps: float = 0.5
    rises: float = 0.25
    pulses: float = 0.25
    trend: float = 0.25
    ends: float = 1.7
    turns: float = 0.5
    back: float = 8.0
    fade: float = 8.0
    slopes: tuple[float, ...] = (0.35, 0.7, 1.4, 2.8, 5.6, 11.2)
    effects: tuple[float, ...] = (0.3, 0.6, 1.0, 1.5, 2.2)

    @property
    def expected(self) -> float:
        """Expected number of changes that begin after the first row."""
        return self.steps + (self.rises if self.slopes else 0.0) + (self.pulses if self.effects else 0.0)


ALL = Shapes()
STEPS = Shapes(steps=1.0, rises=0.0, pulses=0.0, trend=0.0, slopes=(), effects=())
# what a test of "is the level constant?" looks for; slopes look like steps to it
PULSES = Shapes(rises=0.0, trend=0.0, slopes=(), steps=0.5, pulses=0.5, effects=(0.6, 1.2))


@dataclass(frozen=True, eq=False)
class Modes:
    """Shapes laid on the grid of a problem: flat first, then G slopes, then K effects.

    begin [M] : weights of the modes before the first row; slope [G] : log units per median gap
    phi [n, G], shift [n, G] : place of a slope's levels between those of the grid (share of a cell), and the cells that
        they have moved since the row before
    effect, effect_weight, smaller [K] : in cells; prior weights; the next smaller effect of the same sign (-1: none)
    risks [n - 1, 7] : chances in each gap, see `forecast.regime_model._numba_shapes`
    """

    begin: np.ndarray
    slope: np.ndarray
    slope_weight: np.ndarray
    phi: np.ndarray
    shift: np.ndarray
    effect: np.ndarray
    effect_weight: np.ndarray
    smaller: np.ndarray
    risks: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Arguments of the kernels, flat."""
        return {"phi": self.phi.ravel(), "shift": self.shift.ravel(), "slope_weight": self.slope_weight,
                "effect": self.effect, "effect_weight": self.effect_weight, "smaller": self.smaller,
                "risks": self.risks.ravel()}


def modes_of(problem: Problem, shapes: Shapes = ALL) -> Modes:
    """The modes of these shapes on the grid of a problem; units of slopes and effects are those of its level prior."""
    cell = problem.levels[1] - problem.levels[0]
    unit = problem.observation.unit
    span = max(float(problem.gaps.sum()), 1e-9)
    # levels that span more than the steepest slope climbs in half the time need steeper ones
    steeper = max(1.0, 2 * float(problem.levels[-1] - problem.levels[0]) / unit / max(shapes.slopes, default=np.inf))
    slope = unit * steeper * np.array(sorted(sign * rise for rise in shapes.slopes for sign in (-1, 1)))
    place = np.outer(np.concatenate([[0.0], np.cumsum(problem.gaps)]) / span, slope) / cell
    whole = np.floor(place)
    effect = unit * np.array([sign * size for size in shapes.effects for sign in (1, -1)])
    often = problem.model.breaks
    chance = [-np.expm1(-rate * problem.share) for rate in
              (often * shapes.steps, often * shapes.rises, shapes.ends, often * shapes.pulses, shapes.back,
               shapes.fade)]
    chance.insert(3, np.full(len(problem.share), shapes.turns))
    trend = shapes.trend if len(slope) else 0.0
    return Modes(
        begin=np.concatenate([[1 - trend], np.full(len(slope), trend / max(len(slope), 1)),
                              np.zeros(len(effect))]).astype(np.float32),
        slope=slope / span, slope_weight=np.full(len(slope), 1 / max(len(slope), 1), np.float32),
        phi=(place - whole).astype(np.float32),
        shift=np.vstack([np.zeros((1, len(slope))), np.diff(whole, axis=0)]).astype(np.int64),
        effect=np.round(effect / cell).astype(np.int64),
        effect_weight=np.full(len(effect), 1 / max(len(effect), 1), np.float32),
        smaller=np.arange(len(effect), dtype=np.int64) - 2 * (np.arange(len(effect)) >= 2) - (
            np.arange(len(effect)) + 1) * (np.arange(len(effect)) < 2),
        risks=np.stack(chance, axis=1).astype(np.float32))


def shape_evidence(problem: Problem, modes: Modes) -> np.ndarray:
    """Log evidence [B, S] of every series and setting, when levels take these shapes."""
    return np.concatenate([np.array([_filtered(problem, block, modes, b).log[-1] for b in range(len(block.index))])
                           for block in problem.blocks], axis=-1)


KEPT_BYTES = 1 << 26  # of states of a series, which save a second pass over it


@dataclass(frozen=True, eq=False)
class Filtered:
    """One series through the filter of one block.

    log [n, E] : log scale after each row
    state [n, D, M, E, L], sums [n, D, E] : weights of each row, up to a factor a row and setting, and their sums over
        modes and levels; of no rows where nobody asked for them
    """

    log: np.ndarray
    state: np.ndarray
    sums: np.ndarray


def shape_states(problem: Problem, modes: Modes) -> tuple[np.ndarray, list[Filtered] | None]:
    """Log evidence [S] of the first series, and its states a block; None where they would be large."""
    cells = sum(block.settings * block.nodes for block in problem.blocks) * len(problem.levels) * len(modes.begin)
    few = 4 * cells * problem.blocks[0].index.shape[1] <= KEPT_BYTES
    states = [_filtered(problem, block, modes, keep=few) for block in problem.blocks]
    return np.concatenate([each.log[-1] for each in states]), states if few else None


def _filtered(problem: Problem, block: Block, modes: Modes, series: int = 0, keep: bool = False,
              room: np.ndarray | None = None) -> Filtered:
    """Filter one series; keep : its states too, in `room` where that is given."""
    from forecast.regime_model._numba_shapes import shaped

    index = np.ascontiguousarray(block.index[series])
    moves, kind = moves_of(problem, block)
    table, peak = np.ascontiguousarray(block.emission.table), np.ascontiguousarray(block.emission.peak)
    _, nodes, settings, levels = table.shape
    rows = len(index) if keep else 0
    shape = (rows, nodes, len(modes.begin), settings, levels)
    log, sums = np.empty((len(index), settings)), np.empty((rows, nodes, settings), np.float32)
    state = np.empty(shape, np.float32) if room is None else room[:int(np.prod(shape))].reshape(shape)
    shaped(index, table.ravel(), peak.ravel(), moves.ravel(), np.ascontiguousarray(kind),
           problem.prior.astype(np.float32), deviations(nodes)[1].astype(np.float32), modes.begin, **modes.arrays(),
           keep=keep, state=state.ravel(), sums=sums.ravel(), log=log.ravel())
    return Filtered(log, state, sums)


@dataclass(frozen=True, eq=False)
class ShapePaths:
    """Paths drawn from the posterior of one series, all rows of it.

    slope [P, n] : the slope on which a row lies, log units per median gap (0: flat); effect [P, n] : log units added
        for a while; base [P, n] : log level without it
    stepped [P, n - 1] : a step in each gap; unit [P, n] : deviation in units of its spread; setting [P]
    """

    slope: np.ndarray
    effect: np.ndarray
    base: np.ndarray
    stepped: np.ndarray
    unit: np.ndarray
    setting: np.ndarray

    @property
    def level(self) -> np.ndarray:
        """Log level of every row, temporary effects included, [P, n]."""
        return np.asarray(self.base + self.effect)


def shape_paths(problem: Problem, shapes: Shapes, logs: np.ndarray, draws: int, rng: np.random.Generator,
                states: list[Filtered] | None = None) -> ShapePaths:
    """Paths of one series, rows nobody observed filled in.

    logs [S] : the log evidence of its settings; states : as `shape_states` gives them, else they are made again
    """
    thin, rows = problem.observed_rows()
    modes = modes_of(thin, shapes)
    picked = settings_drawn(thin, logs, draws, rng)
    n = len(rows)
    mode, at, node = (np.empty((draws, n), np.int64) for _ in range(3))
    stepped, unit = np.zeros((draws, n - 1), bool), np.zeros((draws, n))
    most = [max(1, MOST_BYTES // (4 * n * block.nodes * len(thin.levels) * len(modes.begin))) for block in thin.blocks]
    room = np.empty(0 if states is not None else max(
        n * block.nodes * len(thin.levels) * len(modes.begin) * min(few, block.settings)
        for few, block in zip(most, thin.blocks, strict=True)), np.float32)
    offset = 0
    for k, block in enumerate(thin.blocks):
        inside = np.flatnonzero((picked >= offset) & (picked < offset + block.settings))
        wanted = np.unique(picked[inside] - offset)
        if states is not None and len(inside):
            mode[inside], at[inside], node[inside], stepped[inside] = _retraced(
                thin, block, modes, picked[inside] - offset, states[k], rng)
            wanted = wanted[:0]
        for few in (wanted[first:first + most[k]] for first in range(0, len(wanted), most[k])):
            mine, part = inside[np.isin(picked[inside] - offset, few)], block.only(few)
            mode[mine], at[mine], node[mine], stepped[mine] = _retraced(
                thin, part, modes, np.searchsorted(few, picked[mine] - offset),
                _filtered(thin, part, modes, keep=True, room=room), rng)
        unit[inside] = deviations(block.nodes)[0][node[inside]]
        offset += block.settings
    cell = thin.levels[1] - thin.levels[0]
    none = np.zeros(1)
    place = np.hstack([np.zeros((n, 1)), modes.phi, np.zeros((n, len(modes.effect)))])
    paths = ShapePaths(
        slope=np.concatenate([none, modes.slope, np.zeros(len(modes.effect))])[mode],
        effect=np.concatenate([none, np.zeros(len(modes.slope)), modes.effect * cell])[mode],
        base=thin.levels[at] + cell * np.take_along_axis(place, mode.T, axis=1).T, stepped=stepped, unit=unit,
        setting=picked)
    return _filled(problem, rows, paths, rng)


def _retraced(problem: Problem, block: Block, modes: Modes, setting: np.ndarray, states: Filtered,
              rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mode, level index and deviation node [P, n], and steps [P, n - 1], of paths with these settings of a block."""
    from forecast.regime_model._numba_shape_paths import retraced

    n, draws = block.index.shape[1], len(setting)
    moves, kind = moves_of(problem, block)
    mode, level, node = (np.empty((n, draws), np.int64) for _ in range(3))
    stepped = np.zeros((n - 1, draws), bool)
    retraced(states.state.ravel(), states.sums.ravel(), np.ascontiguousarray(block.index[0]),
             np.ascontiguousarray(block.emission.table).ravel(), moves.swapaxes(1, 2).astype(float).ravel(),
             np.ascontiguousarray(kind), problem.prior, **modes.arrays(), setting=setting, settings=block.settings,
             nodes=block.nodes, modes=len(modes.begin), chance=rng.random(n * draws * 2), mode=mode.ravel(),
             level=level.ravel(), node=node.ravel(), jumped=stepped.ravel())
    return mode.T, level.T, node.T, stepped.T


def _filled(problem: Problem, rows: np.ndarray, paths: ShapePaths, rng: np.random.Generator) -> ShapePaths:
    """All rows, from those that somebody observed.

    What changes between two of them does so in one of the gaps between, as likely as the gap is long; a slope goes on
    through all of them.
    """
    n = len(problem.scale)
    if len(rows) == n:
        return paths
    draws = len(paths.setting)
    repeat = np.diff(np.append(rows, n))
    slope, effect, base, unit = (np.repeat(each, repeat, axis=1) for each in
                                 (paths.slope, paths.effect, paths.base, paths.unit))
    stepped = np.zeros((draws, n - 1), bool)
    time = np.concatenate([[0.0], np.cumsum(problem.gaps)])
    for k, (first, last) in enumerate(pairwise(rows)):
        if last == first + 1:
            stepped[:, first] = paths.stepped[:, k]
            continue
        share = np.cumsum(problem.share[first:last])
        gap = first + np.minimum(np.searchsorted(share, rng.random(draws) * share[-1], "right"), last - first - 1)
        broke = paths.stepped[:, k]
        stepped[np.flatnonzero(broke), gap[broke]] = True
        moving = (paths.slope[:, k + 1] != 0) & ~broke
        for row in range(first + 1, last):
            after = gap < row
            for full, few in ((slope, paths.slope), (effect, paths.effect), (base, paths.base)):
                full[after, row] = few[after, k + 1]
            part = (time[row] - time[first]) / (time[last] - time[first])
            base[moving, row] = (1 - part) * paths.base[moving, k] + part * paths.base[moving, k + 1]
            slope[moving, row] = paths.slope[moving, k + 1]
    return ShapePaths(slope, effect, base, stepped, unit, paths.setting)


MOST_PATHS = 300  # that say which rows are odd


def odd_chance(series: Series, problem: Problem, paths: ShapePaths) -> np.ndarray:
    """Posterior probability that each row is odd, [n]; 0 where nobody looked."""
    _, spread, noise, feedback = settings_table(problem)[paths.setting[:MOST_PATHS]].T
    latent = paths.level[:MOST_PATHS] + spread[:, None] * paths.unit[:MOST_PATHS]
    wide = problem.observation.wide(np.stack([series.low, series.high], axis=1))
    rate, age = last_exact(series.low[None], series.high[None], problem.scale, problem.gaps)
    chance = np.zeros(len(series))
    for row in np.flatnonzero(series.observed & (wide > 0)):
        now, around = latent[:, row], noise
        if feedback.any():
            share = kept(feedback, np.full(len(feedback), age[0, row]))
            now = np.log(np.maximum((1 - share) * np.exp(now) + share * rate[0, row], 1e-12))
            around = size(noise, problem.scale[row] * np.exp(now), feedback, share)
        usual = problem.observation.density(series.low[row], series.high[row], now, float(problem.scale[row]), around)
        chance[row] = np.mean(wide[row] / (wide[row] + usual))
    return chance
