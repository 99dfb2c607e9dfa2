"""The default: the members that suit what was seen, which know the steps of its level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.models.combination import averaged, pooled
from forecast.models.history import history, season_length
from forecast.models.season import calendar_season, row_days
from forecast.models.steps import Steps, Told, seems_stepped, steps_of
from forecast.regime_model.harmonics import Harmonics
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.registry import make
from forecast.support.validation import check_number

TWO_YEARS = np.timedelta64(730, "D")
FEWER, LEAST = 4, 250  # times fewer draws of the member beside, whose part is small, and how many it gives at least
LATELY, STAYS = 96, 0.5  # rows of sparse counts in which a step is looked for, and the part of such steps that stay
DAYS, WEEK = 400, 7  # rows of days from which the regression has seen a year; days


@dataclass(frozen=True)
class Auto(Tunable):
    """Paths of the members chosen for sparse or for ample counts, in equal parts, and of a regression beside them.

    A series whose observed counts average less than `limit` a row is sparse: there the shape of the counts decides
    and `sparse` members answer; elsewhere level and season do and `ample` members answer. The limit is where the
    two were level on thinned public series; gaps need no case of their own, for no member fills them in. Steps of the
    level are looked for once, where the last rows lie off those before, and told to the members; those of sparse counts
    hear half of them.

    lasting, share, daily, yearly : ample counts seen for two years are averaged with this member, which weighs the
        whole history alike, to the part `share`; days seen for more than a year to the part `daily`; sparse days and
        weeks that show a year to the part `yearly`, for sparse members know no season
    """

    limit: float = 2.0
    sparse: Sequence[str] = ("windows", "count_state_space")
    ample: Sequence[str] = ("structural",)
    lasting: str = "negative_binomial"
    share: float = 0.15
    daily: float = 0.4
    yearly: float = 0.5

    def __post_init__(self) -> None:
        check_number(self, 0, 1, "share", "daily", "yearly")
        check_number(self, 0, 1e9, "limit")

    def members(self, series: Series) -> tuple[str, ...]:
        """Names of the members that answer for this series."""
        return tuple(self.sparse if self._is_sparse(series) else self.ample)

    def _is_sparse(self, series: Series) -> bool:
        return bool(np.nanmean(history(series)) < self.limit)

    def _part(self, series: Series, season: Harmonics) -> float:
        """Part of the member that weighs the whole history alike."""
        when, days = series.start[series.observed], row_days(series)
        if self._is_sparse(series):
            return self.yearly if days <= WEEK and "year" in season.names else 0.0
        if days == 1 and len(series) >= DAYS:
            return self.daily
        return self.share if season_length(series) > 1 and when[-1] - when[0] >= TWO_YEARS else 0.0

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        names, points = self.members(series), series.points()
        steps = self._steps(series, points, rng)
        part = self._part(series, steps.season or Harmonics())
        paths = pooled(series, dict.fromkeys(names, 1 / len(names)), horizon, draws, rng, steps)
        if not part:
            return paths
        beside = Told(make("models", self.lasting), steps)
        return averaged(paths, beside.paths(series, horizon, max(draws // FEWER, min(draws, LEAST)), rng), part, rng)

    def _steps(self, series: Series, points: Series, rng: np.random.Generator) -> Steps:
        """Steps of the level, none where no last rows lie off those before them; they know the season.

        A shift of sparse counts is as often a burst, and their windows forget a level by themselves.
        """
        season = calendar_season(points)
        if not seems_stepped(history(points) / season.over(points)):
            return Steps(season=season)
        found = steps_of(points, season, rng, LATELY).believed(STAYS) if self._is_sparse(series) else steps_of(
            points, season, rng)
        return replace(found, season=season)
