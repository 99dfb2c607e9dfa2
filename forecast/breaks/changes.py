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
        return f"{self.heading()}: {'; '.join(_told(each) for each in self)}"

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


def _told(change: Break) -> str:
    """One change in words: what is no step says so, lest its first day pass for a date on which the level jumped."""
    began = f"{change.at} ({change.low} to {change.high})"
    chance = f", probability {change.probability:.2f}" if change.probability >= 0 else ""
    if change.shape == "gradual":
        return f"gradually from {began} until {change.until}: {change.before:.3g} to {change.after:.3g}{chance}"
    if change.shape == "temporary":
        return f"for a time from {began} until {change.until}: {change.after:.3g} beside {change.before:.3g}{chance}"
    return f"{began}: {change.before:.3g} to {change.after:.3g}{chance}"
