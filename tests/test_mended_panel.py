"""Grids of panels, windows of events and shares of panels: what was once read wrongly stays read rightly."""

from __future__ import annotations

from datetime import date

import pytest

from forecast.events import Event, window
from forecast.panel import Settings


# -- windows ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("day", "delay", "anticipation", "last"), [
    (date(9999, 12, 31), 28, 0, (date(9999, 12, 31), date(9999, 12, 31))),
    (date(1, 1, 1), 0, 7, (date(1, 1, 1), date(1, 1, 1))),
    (date(2024, 1, 1), 10**12, 10**12, (date.min, date.max))])
def test_a_window_ends_with_the_calendar(day, delay, anticipation, last):
    assert window(Event("it", "It", day, day), delay, anticipation) == last
    assert Settings(event=day.isoformat(), delay=delay, anticipation=anticipation).windows()[0][1:] == last
