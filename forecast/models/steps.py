"""Steps of the level inside a history: where they may lie and how likely each set of them is, for members to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.harmonics import Harmonics
from forecast.regime_model.posterior import Posterior, sample
from forecast.regime_model.problem import discretise
from forecast.series.series import Series

# Few settings: a forecast needs the date of the last step and its odds, not the shape of the noise
QUICK = RegimeModel(spreads=(0.12, 0.4), correlations=(0.4, 0.85), feedback=(), dispersions=(2.0, 8.0, 40.0), levels=24)
DRAWS = 200
MOST_ROWS = 200  # observed rows that are looked at one by one; a step before these is as good as part of the scatter
RECENT = 60  # last rows of a series in bins that are looked at one by one
DATES = 3  # dates of the last step that stand for all of them
NOISE, FAR = 0.5, 3.0  # least noise of the root of counts, and standard errors from which a mean is off
LIKE = 0.5  # distance between log levels within which one is like the other
UNLIKELY = 0.02  # share of the draws below which a set of steps is left out
SURE = 0.1  # share of the draws below which none, or some, is not worth a fit of its own
FEWEST = 8  # observed rows from which a step can be told from scatter


@dataclass(frozen=True, eq=False)
class Steps:
    """Sets of steps, each a tuple of the rows in which a new level begins, and the share of each; () is no step.

    season : that was taken out before they were looked for; None where that is not known
    """

    sets: tuple[tuple[int, ...], ...] = ((),)
    share: tuple[float, ...] = (1.0,)
    season: Harmonics | None = None

    def numbers(self, draws: int) -> np.ndarray:
        """How many of so many paths each set of steps gets, [sets]."""
        edges = np.rint(np.cumsum(self.share) / np.sum(self.share) * draws).astype(int)
        return np.diff(edges, prepend=0)

    def likeliest_any(self) -> tuple[int, ...]:
        """The likeliest steps where some are likelier than none, whichever their dates; else ()."""
        one = self.one()
        return one.sets[-1] if one.share[-1] > 0.5 else ()

    def one(self) -> Steps:
        """None, and the likeliest steps in place of all others; either alone where it has nearly all of the share."""
        none = sum(share for share, rows in zip(self.share, self.sets, strict=True) if not rows) / sum(self.share)
        broken = [(share, rows) for share, rows in zip(self.share, self.sets, strict=True) if rows]
        if not broken or none > 1 - SURE:
            return replace(self, sets=((),), share=(1.0,))
        rows = max(broken)[1]
        return replace(self, sets=(rows,), share=(1.0,)) if none < SURE else replace(
            self, sets=((), rows), share=(none, 1 - none))

    def believed(self, part: float) -> Steps:
        """The same where only such a part of the steps that were found stays, the others being bursts."""
        parts = part * np.array(self.share) / np.sum(self.share)
        broken = {rows: float(share) for rows, share in zip(self.sets, parts, strict=True) if rows}
        return replace(self, sets=((), *broken), share=(1 - sum(broken.values()), *broken.values()))

    def beside(self, log: np.ndarray) -> Steps:
        """The same with less weight on steps where a trend or a season without them explains the counts better.

        log : [sets] log evidence of each set in the member's own model. A step must be likely for both.
        """
        none = log[self.sets.index(())] if () in self.sets else -np.inf
        number = np.array([len(rows) for rows in self.sets])
        share = np.asarray(self.share) * np.where(number > 0, 1 / (1 + np.exp(np.clip(none - log, -700, 700))), 1.0)
        return replace(self, share=tuple((share + (number == 0) * (1 - share.sum())).tolist()))


NONE = Steps()


@dataclass(frozen=True)
class Told:
    """A member that is told the steps; it is left as it is where it has no use for them."""

    model: Any
    steps: Steps

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        more = {"steps": self.steps} if takes_steps(self.model) else {}
        paths: np.ndarray = self.model.paths(series, horizon, draws, rng, **more)
        return paths


def takes_steps(model: Any) -> bool:
    """Whether a member takes steps of the level that are known already."""
    return _has_steps(getattr(type(model), "paths", model.paths))


@cache
def _has_steps(paths: Callable[..., np.ndarray]) -> bool:
    return "steps" in signature(paths).parameters


def knows_steps(model: Any) -> bool:
    """Whether a member forecasts the level after the last step; one that does not says so by `knows_steps = False`."""
    return bool(getattr(model, "knows_steps", True))


def steps_of(series: Series, season: Harmonics, rng: np.random.Generator, most: int = MOST_ROWS) -> Steps:
    """Steps of the level of a series of counts on a grid, from the count regime model with a coarse grid.

    season : of the series; most : only so many of its last observed rows are looked at
    """
    seen = np.flatnonzero(series.observed)
    if len(seen) < FEWEST:
        return NONE
    first = int(seen[max(0, len(seen) - most)])
    recent = series.rows(slice(first, len(series)))
    if not recent.middle[recent.observed].any():
        return NONE
    posterior = sample(discretise(QUICK, recent, season.over(recent), fine=False), DRAWS, rng)
    return likely(posterior.jumps, first + 1 + np.arange(len(recent) - 1))


def seems_stepped(y: np.ndarray) -> bool:
    """Whether the mean of some last rows of a history [n] (NaN = none) lies off that of the rows before.

    It costs a hundredth of `steps_of`, which is spared where this says no; a trend or a wandering level says yes as
    well. Counts are those without their season.
    """
    root = 2 * np.sqrt(y + 0.375)  # as much noise at every level (Anscombe 1948)
    root = root[~np.isnan(root)]
    n = len(root)
    if n < FEWEST:
        return False
    apart = np.diff(root)
    noise = max(min(float(np.median(np.abs(apart))) / 0.954, float(np.sqrt(np.mean(apart**2) / 2))), NOISE)
    total = np.concatenate([[0.0], np.cumsum(root)])
    late = np.unique(np.geomspace(2, n - 4, 16).astype(int))
    early = np.minimum(4 * late, n - late)
    off = (total[n] - total[n - late]) / late - (total[n - late] - total[n - late - early]) / early
    return bool(np.max(np.abs(off) / np.sqrt(1 / late + 1 / early)) > FAR * noise)


def steps_in_bins(posterior: Posterior, binned: Series, grid: Series, factors: np.ndarray,
                  rng: np.random.Generator) -> Steps:
    """Steps of a series from the posterior of its bins, the last rows looked at one by one.

    A step a few rows before the end lies inside a bin, or makes the last one odd.
    factors : of the season of the last `RECENT` rows of the grid
    """
    rows = np.searchsorted(grid.start, binned.start[1:])
    first = max(0, len(grid) - RECENT)
    recent = grid.rows(slice(first, len(grid)))
    if len(binned) == len(grid) or recent.observed.sum() < FEWEST or not recent.middle[recent.observed].any():
        return likely(posterior.jumps, rows)
    breaks = QUICK.breaks * len(recent) / len(grid)
    close = sample(discretise(QUICK, recent, factors), len(posterior.jumps), rng, breaks=breaks)
    jumps = np.hstack([posterior.jumps[:, rows <= first], close.jumps])
    return likely(jumps, np.concatenate([rows[rows <= first], first + 1 + np.arange(len(recent) - 1)]))


def likely(jumps: np.ndarray, rows: np.ndarray) -> Steps:
    """A few sets of steps that stand for all draws.

    jumps : bool [P, gaps], a step in each gap; rows : [gaps], row after the gap
    The draws with a step are put in the order of their last one, and those in the middle of `DATES` equal parts stand
    for their part.
    """
    broken = np.flatnonzero(jumps.any(axis=1))
    some = len(broken) / len(jumps)
    if some < UNLIKELY:
        return NONE
    last = jumps.shape[1] - 1 - jumps[broken, ::-1].argmax(axis=1)
    order = broken[np.argsort(last, kind="stable")]
    middle = ((np.arange(DATES) + 0.5) / DATES * len(order)).astype(int)
    share: dict[tuple[int, ...], float] = {(): 1 - some}
    for draw in order[middle]:
        found = tuple(int(row) for row in rows[jumps[draw]])
        share[found] = share.get(found, 0.0) + some / DATES
    return Steps(tuple(share), tuple(share.values()))


def changes_again(step: np.ndarray, first: np.ndarray, shape: tuple[int, int], n: int,
           rng: np.random.Generator) -> np.ndarray:
    """Further changes of the log level [draws, horizon]: what changed more than once may change again.

    step : [draws, steps] of each path; first : rows in which they came [steps]
    A change comes at the rate of the past ones after the first. It is a past one again, one of those that began from a
    level like the present one before all, and leads to no level beyond those that were.
    """
    change, now = np.zeros(shape), step.sum(axis=1)
    before = np.cumsum(step, axis=1) - step
    lowest, highest = np.minimum(before.min(axis=1), now), np.maximum(before.max(axis=1), now)
    number = np.cumsum(rng.random(shape) < (len(first) - 1) / n, axis=1)  # of changes up to each row
    for k in range(1, int(number.max(initial=0)) + 1):
        come = np.flatnonzero(number[:, -1] >= k)
        like = np.exp(-0.5 * ((before[come] - now[come, None]) / LIKE) ** 2) + 0.01
        which = (np.cumsum(like, axis=1) < rng.random((len(come), 1)) * like.sum(axis=1, keepdims=True)).sum(axis=1)
        fresh = np.clip(now[come] + step[come, which], lowest[come], highest[come])
        change[come] += (number[come] >= k) * (fresh - now[come])[:, None]
        now[come] = fresh
    return change
