"""Which of several dated events fits the change of a series best: the table that a notebook asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from forecast.breaks.regimes import Regimes
from forecast.effects.explanations import NONE, NOWHERE, Explanation, Window, explain_change, focal_change
from forecast.evidence.events import Event, events_of
from forecast.series.series import Series, check_series
from forecast.support.results import Shown, rows_frame
from forecast.support.validation import check_whole_number

if TYPE_CHECKING:
    import pandas as pd

DELAY_DAYS = 60  # between an event and the change that it may bring, as in an experiment
LONGEST = 36_500  # days


class Explanations(Shown, tuple[Explanation, ...]):
    """The explanations of one change, a tuple of `Explanation`: every event, "none of these", "no change".

    `frame()` has one line each: name, label, first and last day of the window, probability (they sum to one), within,
    prior, alike, ratio. `plot()` draws them as bars.
    """

    series: Series

    def __new__(cls, rows: Iterable[Explanation], series: Series) -> Explanations:
        made = super().__new__(cls, tuple(rows))
        made.series = series
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Explanations, (tuple(self), self.series)

    def __repr__(self) -> str:
        return f"{self.heading()}: " + ", ".join(f"{row.name} {row.probability:.2f}" for row in self)

    def heading(self) -> str:
        return f"explanations of the change in {self.series.name}"

    def frame(self) -> pd.DataFrame:
        """One line an explanation: the fields of `Explanation`, and `ratio`, posterior over prior probability."""
        return rows_frame(self, Explanation, "ratio")


def explain(series: Series, events: Mapping[str, Any] | Sequence[Event], delay_days: int = DELAY_DAYS, *,
            mean_delay_days: float | None = None, draws: int = 2000, seed: int = 0) -> Explanations:
    """How likely the change of a series lies in the window of each event, in none of them, or is no change at all.

    events : name -> day (ISO text, date or timestamp), or a list of `Event` such as `read_events` gives; those that
        were read from these very counts (`outside` is False) do not compete
    delay_days : days after an event on which a change still fits it
    mean_delay_days : of the exponential by which delays become less likely beforehand; half of `delay_days` when
        None, infinite where nothing is known of a delay but its end
    draws, seed : paths of the posterior of the count regime model

    Rows have .name, .probability (they sum to one) and what `Explanation` says. Of several changes it is about that
    whose likeliest event is the most probable.
    Raises TypeError for what is no series or no events, ValueError for a day that cannot be read, names that stand
    twice, and a delay below zero.

    >>> series = Series.from_values([2, 3, 1, 2, 3, 2, 2, 3, 30, 28, 33, 31, 29, 30, 35, 31], start="2023-01-02")
    >>> explain(series, {"visit": "2023-02-20", "treaty": "2023-04-10"}, delay_days=14)[0].probability > 0.9
    True
    """
    check_series(series, "explain")
    check_whole_number("explain: delay_days", delay_days, 0, LONGEST)
    if mean_delay_days is not None and not (isinstance(mean_delay_days, Real) and mean_delay_days > 0):
        raise ValueError(f"explain: mean_delay_days must be a number of days above 0, got {mean_delay_days!r}: leave "
                         "it out for half of delay_days, or give float('inf') for delays of which each is as likely")
    chosen = events_of(events, "explain")
    for event in chosen:
        if event.name in (NONE, NOWHERE):
            raise ValueError(f"explain: an event is called {event.name!r}, as a row of the table is: rename it")
    windows = tuple(Window.of(event, int(delay_days), mean_delay=mean_delay_days) for event in chosen)
    regimes = Regimes(draws=draws, seed=seed)
    fit = regimes.fit(series)
    breaks = fit.breaks
    places: list[int | None] = [each.position - 1 for each in breaks] or [None]
    tables = [explain_change(series, fit.posterior, windows, near) for near in places]
    return Explanations(tables[focal_change(breaks, tables)], series)
