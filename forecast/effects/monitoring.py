"""Watch a series: how surprising is the next count, and has the level changed since the watch began?

Each new row updates a filter of fixed size, so that the cost does not grow with history. The evidence is the likelihood
of "the level may jump at any time from now on" over "it stays", both averaged over what history says of the settings.
That ratio is a martingale under the second, so that it may be looked at after every row: it ever reaches 1 / a with a
probability of at most a (Ville 1939; Ramdas et al. 2023, Statistical Science 38, 576-601).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forecast.regime_model.filters import forward
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.last_count import emission
from forecast.regime_model.odd_rows import USUAL, mixed
from forecast.regime_model.problem import Block, Problem, discretise
from forecast.series.days import day_of
from forecast.series.season import Season, evident_season
from forecast.series.series import Series, check_series

REACH = float(np.log(8.0))  # how far beyond the levels of history a new one may lie, log units
LEVEL = 0.05  # rate of false alarms over a whole watch
ALONE = 1e-5  # chance of a row so far out that it is an alarm by itself: of a thousand rows, one watch in fifty
FEWEST = 4  # observed rows of history below which there is no regime to be surprised by


@dataclass(frozen=True)
class News:
    """What one new row says.

    when, low, high : its date and bounds (NaN = nobody looked)
    above, below : probability under the present regime of a count of at least `low`, and of at most `high`
    evidence : e-value of "the level has changed since the watch began"; it may be read after every row
    changed : posterior probability of such a change, at the model's own rate of breaks
    alarm : whether the evidence reaches 1 / level at this row, or the row is out of all bounds by itself; an alarm that
        a single row raised falls off again
    """

    when: str
    low: float
    high: float
    above: float
    below: float
    evidence: float
    changed: float
    alarm: bool

    @property
    def surprise(self) -> float:
        """Probability, under the present regime, of a count as far out on either side (at most 1)."""
        return min(1.0, 2 * min(self.above, self.below))


@dataclass(frozen=True, eq=False)
class Watch:
    """The filter after the last row seen; `begin` makes one, `see` gives the next.

    still : per block the weights [D, E, L] of the states whose level has stood since the watch began, joint with the
        settings; they sum to one over all blocks
    moved : the same for states whose level has jumped since then, in the same unit; stay : chance of no jump so far
    rate, age : the last exact count per unit of scale, and the median gaps from it to the last row
    row, day : number of the last row on the grid of the history, from which its season follows, and its first day
    """

    problem: Problem
    season: Season
    history: Series
    still: tuple[np.ndarray, ...]
    moved: tuple[np.ndarray, ...]
    stay: float
    last: float
    rate: float
    age: float
    level: float
    alarm: bool
    row: int
    day: np.datetime64

    @classmethod
    def begin(cls, history: Series, *, level: float = LEVEL, model: RegimeModel | None = None) -> Watch:
        """Start after a history of at least four observed rows; its own breaks are reckoned with.

        level : rate of false alarms over the whole watch, however often one looks
        Raises ValueError for a shorter history, counts that are not whole, or a level outside (0, 1).
        """
        if not 0 < level < 1:
            raise ValueError(f"watch: level must lie between 0 and 1, got {level}")
        seen = int(history.observed.sum())
        if seen < FEWEST:
            raise ValueError(f"watch: series {history.name} has {seen} observed rows before the watch begins: "
                             f"{FEWEST} are needed to know a regime; begin later")
        season = evident_season(history)
        problem = discretise(model or RegimeModel(), history, season.over(np.arange(len(history))), reach=REACH)
        thin, _ = problem.observed_rows()
        jump = thin.jumps(problem.model.breaks)
        passes = [forward(thin, block, jump, keep=[len(jump)]) for block in thin.blocks]
        logs = [each.log[-1][0] for each in passes]
        peak = max(float(log.max()) for log in logs)
        states, at = [], 0
        for block, each, log in zip(problem.blocks, passes, logs, strict=True):
            weight = problem.weight[at:at + block.settings] * np.exp(log - peak)
            states.append(each.state[0, 0] * weight[:, None])
            at += block.settings
        total = sum(float(state.sum()) for state in states)
        return cls(problem=problem, season=season, history=history, still=tuple(state / total for state in states),
                   moved=tuple(np.zeros_like(state) for state in states), stay=1.0, last=_middle(history, -1),
                   rate=float(problem.rate[0]), age=float(problem.age[0]), level=level, alarm=False,
                   row=len(history) - 1, day=history.start[-1])

    def see(self, row: Series) -> tuple[Watch, News]:
        """The watch after one more row (a series of length one), and what that row says.

        Raises ValueError for more than one row, one that lies before the last one seen, or no whole count.
        """
        if len(row) != 1 or not row.is_count:
            raise ValueError(f"watch: got {len(row)} rows: give one whole count (or bounds) at a time")
        days = _middle(row, 0) - self.last
        if days < 0:
            raise ValueError(f"watch: {row.start[0]} lies before the last row seen: give rows in order of time")
        gap = days / self._typical
        chance = float(-np.expm1(-self.problem.model.breaks * days / self._span))
        number = self._number(row)
        scale = self._scale(row, number)
        low, high = float(row.low[0]), float(row.high[0])
        still, moved = [], []
        above = below = 0.0
        rows = _asked(low, high, scale, self.rate, self.age + gap)
        masses = [_masses(self.problem, block, rows) for block in self.problem.blocks] if row.observed[0] else []
        # relative to the likeliest state, or all of them would be zero for a count far out in every tail
        peak = max((float(peaks[0].max()) for _, peaks in masses), default=0.0)
        for at, (block, old, new) in enumerate(zip(self.problem.blocks, self.still, self.moved, strict=True)):
            standing, jumped = _carried(block, gap, old), _carried(block, gap, new)
            pool = (self.stay * standing + jumped).sum(axis=-1, keepdims=True)
            jumped = (1 - chance) * jumped + chance * self.problem.prior * pool
            if masses:
                table, peaks = masses[at]
                above += float((standing * table[1] * np.exp(peaks[1])[:, None]).sum())
                below += float((standing * table[2] * np.exp(peaks[2])[:, None]).sum())
                mass = table[0] * np.exp(peaks[0] - peak)[:, None]
                standing, jumped = standing * mass, jumped * mass
            still.append(standing)
            moved.append(jumped)
        # a regime that cannot hold the row at all is kept as the least that it may weigh
        total = max(sum(float(state.sum()) for state in still), 1e-12 * sum(float(state.sum()) for state in moved))
        stay = self.stay * (1 - chance)
        fresh = sum(float(state.sum()) for state in moved) / total
        alone = bool(row.observed[0]) and min(above, below) < ALONE
        alarm = stay + fresh >= 1 / self.level or alone
        known = low == high and scale > 0
        after = replace(self, still=tuple(state / total for state in still),
                        moved=tuple(state / total for state in moved), stay=stay, last=_middle(row, 0), alarm=alarm,
                        row=number, day=row.start[0],
                        rate=low / scale if known else self.rate, age=0.0 if known else self.age + gap)
        seen = bool(row.observed[0])
        return after, News(when=str(row.start[0]), low=low, high=high, above=above if seen else 1.0,
                           below=below if seen else 1.0, evidence=stay + fresh, changed=fresh / (stay + fresh),
                           alarm=alarm)

    @property
    def _typical(self) -> float:
        """Median gap of history, days: the unit of its correlations."""
        steps = np.diff(self.history.days)
        return float(np.median(steps)) if len(steps) else 1.0

    @property
    def _span(self) -> float:
        """Days of history, over which the model expects its number of breaks."""
        return max(float(self.history.days[-1] - self.history.days[0]), 1.0)

    def _number(self, row: Series) -> int:
        """Number of a row on the grid of the history, counted along it: months and working days are no fixed gaps."""
        if self.history.freq is None:
            return self.row + 1
        return self.row + len(pd.date_range(self.day, row.start[0], freq=self.history.freq)) - 1

    def _scale(self, row: Series, number: int) -> float:
        """Expected count per unit of level: exposure (flows) times the season of that row."""
        exposure = float(row.exposure[0]) if self.history.kind == "flow" else 1.0
        return exposure * float(self.season.over(np.array([number]))[0])


def watch(series: Series, since: Any, *, level: float = LEVEL, model: RegimeModel | None = None) -> tuple[News, ...]:
    """News of every row of `series` that starts on or after `since`, under what the rows before say.

    Raises ValueError when too few observed rows lie before `since`, none after it, or it is no day.

    >>> counts = Series.from_values([5, 3, 6, 4, 5, 5, 4, 6, 5, 4, 5, 6, 21, 25, 22, 24], start="2023-01-02")
    >>> [news.surprise < 0.05 for news in watch(counts, "2023-03-20")][:2]
    [False, True]
    """
    check_series(series, "watch")
    day = day_of(since, "watch: since")
    after = np.flatnonzero(series.start >= day)
    if not after.size:
        raise ValueError(f"watch: series {series.name} has no row on or after {day}: begin earlier")
    first = int(after[0])
    state, told = Watch.begin(series.rows(slice(0, first)), level=level, model=model), []
    for at in range(first, len(series)):
        state, news = state.see(series.rows([at]))
        told.append(news)
    return tuple(told)


def _middle(series: Series, at: int) -> float:
    """Middle of a row, days since 1970."""
    return float(series.start[at].astype(int)) + float((series.end[at] - series.start[at]).astype(int)) / 2


def _carried(block: Block, gap: float, state: np.ndarray) -> np.ndarray:
    """State weights [D, E, L] one gap on."""
    if block.nodes == 1:
        return state
    return np.asarray(np.einsum("del,df->fel", state, block.moves(gap)))


def _asked(low: float, high: float, scale: float, rate: float, age: float) -> np.ndarray:
    """Rows whose probabilities a new one asks for, [3, 5]: within low..high, at least low, at most high."""
    return np.array([[low, high, scale, rate, age], [low, np.inf, scale, rate, age], [0.0, high, scale, rate, age]])


def _masses(problem: Problem, block: Block, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of these rows under each state, [3, D, E, L], and their log peaks [3, E].

    The first, by which the states are weighed, may be an odd row; how far out it lies is told by the regime alone.
    """
    if block.feedback.any():
        found = emission(rows, problem.levels, block.feedback, block.noise, USUAL)
    else:
        regular = problem.observation.regular()
        found = regular.emission(rows[:, :3], problem.levels, block.spread, block.noise, block.nodes)
    odd = problem.observation
    wide, chance = odd.wide(rows), odd.odd.usual(rows)
    wide[1:], chance[1:] = 0.0, 1.0
    return mixed(np.asarray(found.table), np.asarray(found.peak), wide, chance)
