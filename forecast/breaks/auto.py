"""The default detector: the count regime model for counts, segments with trend and lag for other numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from forecast.breaks.optimal_partitioning import OptimalPartitioning
from forecast.breaks.regimes import Regimes
from forecast.breaks.segments import Segments
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_whole


@dataclass(frozen=True)
class Auto(Tunable):
    """Choose by what the values are and how many there are, never by the breaks that come out.

    longest : observed rows up to which counts go to the regime model, whose time grows with them (half a second for a
        thousand)
    """

    longest: int = 5000
    counts: Regimes = field(default_factory=Regimes)
    reals: Segments = field(default_factory=Segments)

    def __post_init__(self) -> None:
        check_whole(self, 0, 100_000, "longest")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks by the detector that suits the series."""
        if not series.is_count:
            return self.reals.detect(series)
        if series.observed.sum() > self.longest:
            return OptimalPartitioning(cost="negative_binomial").detect(series)
        return self.counts.detect(series)
