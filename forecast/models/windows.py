"""Empirical counts of several recent windows, mixed: hard to beat on intermittent counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.models.history import history, trimmed, whole
from forecast.models.levels import paths_on_level
from forecast.models.steps import Steps
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import MOST_ROWS, check_whole


@dataclass(frozen=True)
class Windows(Tunable):
    """Each path draws its counts, with replacement, from the last w observed ones; w is drawn from `lengths`.

    A short window follows a change of level, a long one holds the tail; the equal mixture needs no tuning. Those longer
    than the history are one.
    """

    lengths: Sequence[int] = (6, 12, 24, 48, 96)

    def __post_init__(self) -> None:
        if not len(self.lengths):
            raise ValueError("windows: got no lengths: give at least one")
        check_whole(self, 1, MOST_ROWS, "lengths")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, *,
              steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon].

        steps : of the level, where they are known already
        """
        return paths_on_level(self._paths, series, horizon, draws, rng, steps)

    def _paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        y = trimmed(history(series))
        y = y[~np.isnan(y)]
        length = rng.choice(np.unique(np.minimum(self.lengths, len(y))), size=draws)
        back = (rng.uniform(size=(draws, horizon)) * length[:, None]).astype(int)
        return whole(y[len(y) - 1 - back])
