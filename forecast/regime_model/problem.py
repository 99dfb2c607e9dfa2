"""A series laid on the grid of the count regime model: levels, settings in blocks, likelihoods of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from forecast.regime_model.grid import (
    fineness,
    level_prior,
    level_range,
    nodes_for,
    scatter,
    scatter_of_logs,
    transition,
)
from forecast.regime_model.last_count import emission, last_exact, tellable
from forecast.regime_model.likelihood import Counts, Emission, Observation, Reals
from forecast.regime_model.model import Settings
from forecast.regime_model.odd_rows import Odd, odd_of
from forecast.series.series import Series

NOISES = (0.25, 0.5, 0.75, 1.0, 1.3)  # scales of real noise in units of the scatter from row to row
CELLS = 2.5  # of the finest grid that the least scatter must span
MOST_FINER = 3  # times as many levels as a model names, at most, where the data tell them apart
COARSE_NOISE = 1 / 3  # scatter of log counts from row to row for which the settings of a model are made


@dataclass(frozen=True, eq=False)
class Block:
    """Settings that share the correlation of their deviations, or that have none (nodes 1).

    spread, noise, feedback : [E], noise being the size of the negative binomial, or the scale of real noise
    correlation : over the median gap; nodes : D
    index : [B, n], which distinct row of the emission table each observation is (0 = missing)
    """

    spread: np.ndarray
    noise: np.ndarray
    feedback: np.ndarray
    correlation: float
    nodes: int
    index: np.ndarray
    emission: Emission

    @property
    def settings(self) -> int:
        """Number of settings E."""
        return len(self.spread)

    def moves(self, gap: float) -> np.ndarray:
        """Transition matrix [D, D] over a gap (in units of the median gap)."""
        return transition(self.nodes, round(self.correlation**float(gap), 9))

    def only(self, settings: np.ndarray) -> Block:
        """The block with these of its settings."""
        table, peak = self.emission.table[:, :, settings], self.emission.peak[:, settings]
        return replace(self, spread=self.spread[settings], noise=self.noise[settings], feedback=self.feedback[settings],
                       emission=Emission(table=table, peak=peak))


@dataclass(frozen=True, eq=False)
class Problem:
    """Data of one or several series over the same dates, laid on the grid of one model.

    gaps : [n - 1], days between rows divided by their median; hazard_gap : [n - 1], share of the span of each gap
    rate, age : [B], the last exact count per unit of scale, and the median gaps since then (0, inf: none)
    levels, prior : [L], log-level grid and its prior weights
    weight : [S], prior weights of the settings, blocks one after the other
    """

    model: Settings
    observation: Observation
    gaps: np.ndarray
    share: np.ndarray
    levels: np.ndarray
    prior: np.ndarray
    blocks: tuple[Block, ...]
    weight: np.ndarray = field(repr=False)
    scale: np.ndarray = field(repr=False)
    rate: np.ndarray = field(repr=False)
    age: np.ndarray = field(repr=False)

    def jumps(self, breaks: float) -> np.ndarray:
        """Prior probability of a break in each gap [n - 1], when `breaks` are expected over the span."""
        return np.asarray(-np.expm1(-breaks * self.share))

    def observed_rows(self, also: Sequence[int] | np.ndarray = ()) -> tuple[Problem, np.ndarray]:
        """The same without rows that no series saw (but the ends and `also`), and the rows left.

        Gaps add up, and so does the chance of a break in them: years without an image cost as much as one day.
        """
        kept = (self.blocks[0].index != 0).any(axis=0)
        kept[[0, -1]] = True
        kept[np.asarray(also, dtype=int)] = True
        rows = np.flatnonzero(kept)
        if len(rows) == len(kept):
            return self, rows
        return replace(self, gaps=np.add.reduceat(self.gaps, rows[:-1]), share=np.add.reduceat(self.share, rows[:-1]),
                       scale=self.scale[rows],
                       blocks=tuple(replace(b, index=b.index[:, rows]) for b in self.blocks)), rows


def discretise(model: Settings, series: Series, season: np.ndarray | None = None,
               simulated: tuple[np.ndarray, np.ndarray] | None = None, reach: float = 0.0,
               fine: bool = True, offset: float = 0.0) -> Problem:
    """Lay a series (or `simulated` bounds low, high [B, n] on its dates, NaN = missing) on the model's grid.

    season : multiplicative factors [n] known or estimated beforehand (1 when None)
    reach : how far the levels go beyond those that the rows may have, log units
    offset : that of an amount, see `forecast.regime_model.amounts`
    fine : more nodes than the model names where deviations last; without, for a statistic that placebos calibrate
    Raises ValueError when the series holds no observation.
    """
    if not series.observed.any():
        raise ValueError(f"series {series.name}: no row holds an observation: the regime model has nothing to fit")
    count = series.is_count
    scale = (series.exposure if series.kind == "flow" and count else np.ones(len(series))) * (
        1.0 if season is None else season)
    days = series.days
    steps = np.diff(days)
    typical = np.median(steps) if len(steps) else 1.0
    low, high = (series.low[None, :], series.high[None, :]) if simulated is None else simulated
    rows, index = _distinct(low, high, np.broadcast_to(scale, low.shape))
    grid = _count_grid(model, series, scale) if count else _real_grid(model, series, offset)
    bottom, top = grid.bottom, grid.top
    # simulated series share the grid of the observed one, so that their evidence is comparable
    if simulated is not None and count:
        spans = [level_range(a, b, scale) for a, b in zip(low, high, strict=True)]
        # the bulk of them: one wild placebo must not coarsen the grid of all
        bottom = min(bottom, float(np.quantile([a for a, _ in spans], 0.02)))
        top = max(top, float(np.quantile([b for _, b in spans], 0.98)))
    bottom, top = bottom - reach, top + reach
    number = np.clip(np.ceil((top - bottom) / grid.step), model.levels, MOST_FINER * model.levels)
    levels = np.linspace(bottom, top, int(number))
    gaps = steps / typical
    blocks = _blocks(grid, (0.0,), (0.0,), 1, rows, index, levels)
    for nodes, alike in groupby(
            sorted(model.correlations), lambda rho: nodes_for(rho, model.nodes) if fine else model.nodes):
        blocks += _blocks(grid, tuple(alike), grid.spreads, nodes, rows, index, levels)
    # every spread (zero and feedback included) weighs the same, whatever its number of correlations
    weight = [np.full(b.settings, 1.0 if b.nodes == 1 else 1 / len(model.correlations)) for b in blocks]
    rate, age = last_exact(low, high, scale, gaps)
    if count and model.feedback and tellable(series, gaps):
        blocks.append(_feedback_block(model.feedback, grid.noises, low, high, scale, rate, age, levels,
                                      grid.observation.odd))
        weight.append(np.full(blocks[-1].settings, 1 / len(model.feedback)))
    return Problem(
        model=model, observation=grid.observation, gaps=gaps,
        share=steps / max(days[-1] - days[0], 1.0) if len(steps) else steps, levels=levels,
        prior=level_prior(levels, grid.centre, grid.width), blocks=tuple(blocks),
        weight=np.concatenate(weight) / np.concatenate(weight).sum(), scale=scale, rate=rate[:, -1], age=age[:, -1])


@dataclass(frozen=True, eq=False)
class Grid:
    """Where levels may lie and how rows may scatter, in the unit of the levels (log counts, or the reals themselves).

    bottom, top, step : of the levels; centre, width : of their prior; spreads, noises : of the settings
    """

    observation: Observation
    bottom: float
    top: float
    step: float
    centre: float
    width: float
    spreads: tuple[float, ...]
    noises: tuple[float, ...]


def _count_grid(model: Settings, series: Series, scale: np.ndarray) -> Grid:
    """Counts: dispersions and spreads are those of the model for counts that scatter by a third or more of their level.

    Counts that scatter less, as large ones may, get both in proportion, so that another unit changes nothing; no row
    may scatter so little that its level would fall between two points of the finest grid.
    """
    seen = series.observed
    bottom, top = level_range(series.low, series.high, scale)
    centre = float(np.log((np.sum(series.middle[seen]) + 0.5) / np.sum(scale[seen])))
    noise = max(scatter_of_logs(series.middle[seen], scale[seen]),
                CELLS * (top - bottom) / (MOST_FINER * model.levels))
    small = min(1.0, noise / COARSE_NOISE)
    return Grid(observation=Counts(odd_of(series, model.odd)), bottom=bottom, top=top, step=fineness(noise, seen),
                centre=centre, width=model.level_spread, spreads=tuple(s * small for s in model.spreads),
                noises=tuple(r / small**2 for r in model.dispersions))


def _real_grid(model: Settings, series: Series, offset: float) -> Grid:
    """Reals: the scatter from row to row takes the place of the unit that logs give to counts."""
    seen = series.observed
    y = series.middle[seen]
    sd = float(y.std()) or max(abs(float(y[0])), 1.0) * 1e-3
    # months of nothing do not scatter at all, and say nothing of how those of something do
    unit = max(scatter(y[y > 0] if offset else y), 0.05 * sd)
    return Grid(observation=Reals(Odd(model.odd), max(sd, unit), offset), bottom=float(y.min()),
                top=max(float(y.max()), float(y.min()) + 0.5 * unit), step=fineness(unit, seen), centre=float(y.mean()),
                width=model.level_spread * max(sd, unit), spreads=tuple(3 * unit * s for s in model.spreads),
                noises=tuple(unit * np.array(NOISES)))


def _blocks(grid: Grid, correlations: tuple[float, ...], spreads: tuple[float, ...], nodes: int, rows: np.ndarray,
            index: np.ndarray, levels: np.ndarray) -> list[Block]:
    """Blocks whose deviations have the same number of nodes, and so the same likelihoods."""
    spread = np.repeat(np.array(spreads), len(grid.noises))
    noise = np.tile(np.array(grid.noises), len(spreads))
    emission = grid.observation.emission(rows, levels, spread, noise, nodes)
    return [Block(spread=spread, noise=noise, feedback=np.zeros(len(noise)), correlation=rho, nodes=nodes, index=index,
                  emission=emission) for rho in correlations]


def _feedback_block(shares: tuple[float, ...], noises: tuple[float, ...], low: np.ndarray, high: np.ndarray,
                    scale: np.ndarray, rate: np.ndarray, age: np.ndarray, levels: np.ndarray, odd: Odd) -> Block:
    phi, noise = np.repeat(np.array(shares), len(noises)), np.tile(np.array(noises), len(shares))
    rows, index = _distinct(low, high, np.broadcast_to(scale, low.shape), rate[:, :-1], age[:, :-1])
    return Block(spread=np.zeros(len(phi)), noise=noise, feedback=phi, correlation=0.0, nodes=1, index=index,
                 emission=emission(rows, levels, phi, noise, odd))


def _distinct(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows [U, C] of columns [B, n], a missing row first, and which one each observation is, [B, n]."""
    stacked = np.stack([column.ravel() for column in columns], axis=1)
    seen = ~np.isnan(stacked[:, 0])  # apart: numpy holds each row with a NaN for a row of its own
    rows, inverse = np.unique(stacked[seen], axis=0, return_inverse=True)
    index = np.zeros(len(stacked), dtype=int)
    index[seen] = inverse.ravel() + 1
    return np.vstack([np.full((1, len(columns)), np.nan), rows]), index.reshape(columns[0].shape)


def pooled(logs: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """log of the weighted mean of exp(logs) over the last axis (settings)."""
    peak = logs.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.sum(weight * np.exp(logs - peak), axis=-1)) + peak[..., 0])


def settings_table(problem: Problem) -> np.ndarray:
    """Correlation (over the median gap), spread, noise and feedback of every setting, [S, 4]."""
    return np.array([(block.correlation, *setting) for block in problem.blocks
                     for setting in zip(block.spread, block.noise, block.feedback, strict=True)])
