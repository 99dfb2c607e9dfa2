"""The default: the member that suits what was seen, by the size of its counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.models.history import history, season_length
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.registry import make
from forecast.support.validation import check_number

TWO_YEARS = np.timedelta64(730, "D")


@dataclass(frozen=True)
class Auto(Tunable):
    """Paths of the members chosen for sparse or for ample counts, in equal parts, and of a regression beside them.

    A series whose observed counts average less than `limit` a row is sparse: there the shape of the counts decides
    and `sparse` members answer; elsewhere level and season do and `ample` members answer. The limit is where the
    two were level on thinned public series; gaps need no case of their own, for no member fills them in.

    lasting, share : ample counts with a season of at most 24 rows that were seen for two years are averaged with
        this member, which weighs the whole history alike, to this part. It lowers the CRPS by 0.3 to 3 % on every
        public set of such counts; where they halve or double for good it costs 1 to 3 % and up to three points of
        coverage in the two years after that (simulated).
    """

    limit: float = 2.0
    sparse: Sequence[str] = ("windows", "count_state_space")
    ample: Sequence[str] = ("structural",)
    lasting: str = "negative_binomial"
    share: float = 0.15

    def __post_init__(self) -> None:
        check_number(self, 0, 1, "share")
        check_number(self, 0, 1e9, "limit")

    def members(self, series: Series) -> tuple[str, ...]:
        """Names of the members that answer for this series."""
        return tuple(self.sparse if self._is_sparse(series) else self.ample)

    def _is_sparse(self, series: Series) -> bool:
        return bool(np.nanmean(history(series)) < self.limit)

    def _is_lasting(self, series: Series) -> bool:
        when = series.start[series.observed]
        return bool(1 < season_length(series) <= 24 and when[-1] - when[0] >= TWO_YEARS)

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        from forecast.models.combination import averaged, pooled

        names = self.members(series)
        paths = pooled(series, dict.fromkeys(names, 1 / len(names)), horizon, draws, rng)
        if self._is_sparse(series) or not self.share or not self._is_lasting(series):
            return paths
        return averaged(paths, make("models", self.lasting).paths(series, horizon, draws, rng), self.share, rng)
