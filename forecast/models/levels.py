"""A history on its last level, for members that know no steps: rows before a step as they would be after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from forecast.models.history import dispersion, exposure, history, likeness, whole
from forecast.models.season import calendar_season
from forecast.models.steps import NONE, Steps, seems_stepped, steps_of
from forecast.regime_model.harmonics import Harmonics
from forecast.series.series import Series

Paths = Callable[[Series, int, int, np.random.Generator], np.ndarray]
MOST_ERROR = 0.6  # of the log of a level, that of three counts
LARGE = 1e12  # mean above which Poisson noise is below one in a million


@dataclass(frozen=True)
class Level:
    """A series whose rows all lie on its last level, and the standard deviation of that level's log."""

    series: Series
    error: float


def steps_seen(series: Series, rng: np.random.Generator) -> Steps:
    """Steps of the level of counts on a grid; none, at next to no cost, where the last rows lie among those before.

    Rows known within bounds too wide for a point say where a step lies as well: with them the look is always taken.
    """
    points = series.points()
    if points.observed.sum() < series.observed.sum() and len(series) > 1:
        season = calendar_season(points)
        return replace(steps_of(series, season, rng), season=season)
    if not seems_stepped(history(points)):
        return NONE
    season = calendar_season(points)
    if not seems_stepped(history(points) / season.over(points)):
        return Steps(season=season)
    return replace(steps_of(points, season, rng), season=season)


def on_last_level(series: Series, rows: tuple[int, ...], season: Harmonics, rng: np.random.Generator) -> Level:
    """Rows before the last of `rows`, in which levels begin, brought to the level after it, as counts of that level.

    A count of a lower level is thinned from a higher one; a count of a higher level has more added under the same gamma
    of its row, so that counts that were negative binomial stay so, with the same size, and keep what was odd or alike
    about them. The level's error is that of a mean of as many rows, correlated as all rows are.
    """
    points, n = series.points(), len(series)
    seen, y = points.observed, np.where(points.observed, np.rint(points.middle), 0.0)
    weight = exposure(points) * season.over(points)
    segment = np.searchsorted(np.array(rows), np.arange(n), side="right")
    total, watched = (np.bincount(segment[seen], each[seen], len(rows) + 1) for each in (y, weight))
    if not watched[-1]:
        return Level(series, 0.0)
    level = (total + 0.5) / np.maximum(watched, 1e-9)  # half a count keeps a level of zeros from being none at all
    mean = level[segment] * weight
    size = dispersion(y[seen], mean[seen])
    ratio = np.where(total[segment] > 0, level[-1] / level[segment], 1.0)
    fresh = _counts_at(y.astype(np.int64), mean, ratio, size, rng)
    fresh[segment == len(rows)] = y[segment == len(rows)]
    value = np.where(seen & (watched[segment] > 0), fresh, np.nan)
    last = segment[seen] == len(rows)
    noise = 1 / max(float(mean[seen][last].sum()), 0.5) + 1 / (size * last.sum())
    alike = likeness((y - mean)[seen] / np.sqrt(mean + mean**2 / size)[seen])
    return Level(replace(points, low=value, high=value), float(np.sqrt(noise * (1 + alike) / (1 - alike))))


def _counts_at(y: np.ndarray, mean: np.ndarray, ratio: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """Counts y [n] of these means as they would be at `ratio` times the mean."""
    thinned = rng.binomial(y, np.minimum(ratio, 1.0))
    added = rng.gamma(size + y) / (size + mean) * mean * np.maximum(ratio - 1, 0)
    noisy = np.where(added > LARGE, added, rng.poisson(np.minimum(added, LARGE)))
    return np.asarray(thinned + whole(noisy), dtype=float)


def paths_on_level(paths: Paths, series: Series, horizon: int, draws: int, rng: np.random.Generator,
                   steps: Steps | None, single: bool = False) -> np.ndarray:
    """Paths of a member that knows no steps, int64 [draws, horizon], from the history on its last level.

    paths : of the member, (series, horizon, draws, rng)
    steps : of the level; None looks for them
    single : whether one set of steps stands for all, for a member that is slow to fit
    """
    found = steps_seen(series, rng) if steps is None else steps
    if single:
        found = found.one()
    parts = []
    for rows, number in zip(found.sets, found.numbers(draws), strict=True):
        if number and not rows:
            parts.append(paths(series, horizon, int(number), rng))
        elif number:
            level = on_last_level(series, rows, found.season or Harmonics(), rng)
            factor = np.exp(min(level.error, MOST_ERROR) * rng.normal(size=(number, 1)))
            far = paths(level.series, horizon, int(number), rng) * factor
            parts.append(whole(np.floor(far + rng.uniform(size=far.shape))))
    return parts[0] if len(parts) == 1 else np.asarray(rng.permutation(np.concatenate(parts)))
