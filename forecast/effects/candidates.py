"""The events that may explain a change, and how long before and after each of them a change still fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forecast.effects.explanations import Window
from forecast.evidence.events import Event


@dataclass(frozen=True)
class Candidates:
    """Events with the delays that they are given; another delay of all is `replace(candidates, delay_days=30)`.

    own : name of an event -> {delay_days, anticipation_days, mean_delay_days} where it differs from the others
    delay_days, anticipation_days, mean_delay_days : see `forecast.experiment.experiment.Experiment`

    >>> from datetime import date
    >>> visit = Event("visit", "A visit", date(2023, 7, 25), date(2023, 7, 27))
    >>> Candidates([visit], delay_days=30).windows()[0].last.isoformat()
    '2023-08-26'
    """

    events: Sequence[Event] = ()
    own: Mapping[str, Mapping[str, int] | None] = field(default_factory=dict)
    delay_days: int = 60
    anticipation_days: int = 0
    mean_delay_days: int | None = None

    def windows(self) -> tuple[Window, ...]:
        """The window of each event; () without events."""
        return tuple(self._window(event) for event in self.events)

    def _window(self, event: Event) -> Window:
        own = self.own.get(event.name) or {}
        return Window.of(event, own.get("delay_days", self.delay_days),
                         own.get("anticipation_days", self.anticipation_days),
                         own.get("mean_delay_days", self.mean_delay_days))
