"""The default: the member that suits what was seen, by the size of its counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.models.history import history
from forecast.series import Series


@dataclass(frozen=True)
class Auto:
    """Paths of the members chosen for sparse or for ample counts, in equal parts.

    A series whose observed counts average less than `limit` a row is sparse: there the shape of the counts decides
    and `sparse` members answer; elsewhere level and season do and `ample` members answer. The limit is where the
    two were level on thinned public series; gaps need no case of their own, for no member fills them in.
    """

    limit: float = 2.0
    sparse: Sequence[str] = ("windows", "count_state_space")
    ample: Sequence[str] = ("structural",)

    def members(self, series: Series) -> tuple[str, ...]:
        """Names of the members that answer for this series."""
        return tuple(self.sparse if np.nanmean(history(series)) < self.limit else self.ample)

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        from forecast.models.combination import pooled

        names = self.members(series)
        return pooled(series, dict.fromkeys(names, 1 / len(names)), horizon, draws, rng)
