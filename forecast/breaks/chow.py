"""Chow: F statistics at dates named in advance, significant against the simulated no-break model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.breaks.dating import observed_values
from forecast.breaks.significance import OneByOne, fitted_noise, with_intervals
from forecast.breaks.sup_f import SupF, f_statistics
from forecast.series.breaks import Break
from forecast.series.days import day_of
from forecast.series.series import Series

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Chow(OneByOne):
    """A change of level at each of `dates` (ISO; the first day of the new regime), tested one at a time.

    Chow 1960, with a p-value from `draws` simulated series. Without dates it is sup F: a date chosen after
    looking needs the law of the largest F.
    """

    dates: tuple[str, ...] = ()
    least: int = 2

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks at those dates that are significant, in time order; dates at the ends of the series are left
        out.

        Raises ValueError when a date cannot be read.
        """
        if not self.dates:
            largest = SupF(alpha=self.alpha, draws=self.draws, seed=self.seed, confidence=self.confidence)
            return largest.detect(series)
        values = observed_values(series)
        n = len(values.y)
        if n < 2 * self.least or np.ptp(values.y) == 0:
            return ()
        starts = series.start[values.rows]
        cuts = sorted({int(np.searchsorted(starts, day)) for day in self.days()})
        cuts = [cut for cut in cuts if self.least <= cut <= n - self.least]
        if not cuts:
            return ()
        noise = fitted_noise(values.y, series.is_count)
        simulated = f_statistics(noise.draws(np.random.default_rng([self.seed, n]), n, self.draws), 0.0)
        ours = f_statistics(values.y[None], 0.0)[0]
        reached = [(1 + int((simulated[:, c - 1] >= ours[c - 1]).sum())) / (1 + self.draws) for c in cuts]
        kept = [c for c, p in zip(cuts, reached, strict=True) if p <= self.alpha]
        return with_intervals(series, values, kept, self.confidence)

    def days(self) -> list[np.datetime64]:
        """The dates, read."""
        return [day_of(day, "chow: date") for day in self.dates]
