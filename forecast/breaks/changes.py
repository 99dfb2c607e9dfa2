"""Changes: what a detector found in a series, as a tuple that shows, tabulates and draws itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.results import Shown, drawn, rows_frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DATES = ("at", "low", "high", "until", "until_low", "until_high")


class Changes(Shown, tuple[Break, ...]):
    """The breaks of one series in time order: a tuple of `Break` that also holds the `series`.

    `frame()` has one line a change: its fields, dates as datetimes, and `ratio`. `plot()` draws them on the counts.
    """

    series: Series

    def __new__(cls, breaks: Iterable[Break], series: Series) -> Changes:
        made = super().__new__(cls, tuple(breaks))
        made.series = series
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Changes, (tuple(self), self.series)

    def __repr__(self) -> str:
        if not self:
            return f"no change detected in {self.series!r}"
        told = "; ".join(f"{each.at} ({each.low} to {each.high}): {each.before:.3g} to {each.after:.3g}"
                         + (f", probability {each.probability:.2f}" if each.probability >= 0 else "") for each in self)
        return f"{self.heading()}: {told}"

    def heading(self) -> str:
        return f"{len(self) or 'no'} change{'s' if len(self) > 1 else ''} in {self.series.name}"

    def plot(self, ax: Axes | None = None, *, events: Any = None) -> Axes:
        """Draw them on the counts of the series; events : name -> day, or a list of `Event`."""
        return drawn(self, ax, events=events)

    def frame(self) -> pd.DataFrame:
        """One line a change: the fields of `Break`, dates as datetimes, and `ratio`, level after over level before."""
        import pandas as pd

        table = rows_frame(self, Break, "ratio")
        dates = {name: pd.to_datetime(table[name].replace("", None)).astype("datetime64[s]")
                 for name in DATES if name in table}
        return table.assign(**dates)
