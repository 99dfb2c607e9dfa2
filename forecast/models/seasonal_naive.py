"""The last season again, with the errors that this rule made in the past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.models.history import history, season_length, trimmed, whole
from forecast.models.levels import paths_on_level
from forecast.models.steps import Steps
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import MOST_ROWS, check_whole


@dataclass(frozen=True)
class SeasonalNaive(Tunable):
    """Each coming row repeats the last observed count of its season's phase; errors are resampled seasonal changes.

    season : rows in a season; None takes it from the grid. Series shorter than two seasons repeat the last count.
    A path k seasons ahead adds k past changes (Hyndman & Athanasopoulos 2021, section 5.5).
    """

    season: int | None = None

    def __post_init__(self) -> None:
        check_whole(self, 1, MOST_ROWS, "season")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, *,
              steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon].

        steps : of the level, where they are known already
        """
        return paths_on_level(self._paths, series, horizon, draws, rng, steps)

    def _paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        y = trimmed(history(series))
        season = self.season or season_length(series)
        if len(y) < 2 * season:
            season = 1
        last = _last(y, season)
        changes = y[season:] - y[:-season]
        changes = changes[~np.isnan(changes)]
        # a history too short or too empty to show a change has Poisson noise around its counts
        pool = changes if changes.size >= 3 else rng.normal(size=64) * np.sqrt(2 * np.nanmean(y) + 1)
        seasons = -(-horizon // season)
        steps = rng.choice(pool - pool.mean(), size=(draws, seasons, season)).cumsum(axis=1)
        return whole((np.tile(last, seasons) + steps.reshape(draws, -1))[:, :horizon])


def _last(y: np.ndarray, season: int) -> np.ndarray:
    """The latest observed count of each coming phase [season]; a phase never seen takes the mean of all."""
    phase = (np.arange(len(y)) - len(y)) % season
    seen = ~np.isnan(y)
    return np.array([y[seen & (phase == k)][-1] if np.any(seen & (phase == k)) else np.nanmean(y)
                     for k in range(season)])
