"""Grids of panels, windows of events and shares of panels: what was once read wrongly stays read rightly."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from forecast.events import Event, window
from forecast.panel import Settings, run_panel
from forecast.panel.discoveries import judged, least_share


# -- windows ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("day", "delay", "anticipation", "last"), [
    (date(9999, 12, 31), 28, 0, (date(9999, 12, 31), date(9999, 12, 31))),
    (date(1, 1, 1), 0, 7, (date(1, 1, 1), date(1, 1, 1))),
    (date(2024, 1, 1), 10**12, 10**12, (date.min, date.max))])
def test_a_window_ends_with_the_calendar(day, delay, anticipation, last):
    assert window(Event("it", "It", day, day), delay, anticipation) == last
    assert Settings(event=day.isoformat(), delay=delay, anticipation=anticipation).windows()[0][1:] == last


# -- shares -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("log_ratio", "share"), [
    ([], 0), ([np.nan] * 3, 0), ([9.0], 0), ([9.0, 9.0], 0), ([-9.0, -9.0], 0), ([9.0] * 40, 0.9), ([9.0] * 30 + [-9.0] * 10, 0.275)])
def test_at_least_so_many_changed_is_no_more_than_the_panel_shows(log_ratio, share):
    assert judged(np.array(log_ratio), np.linspace(-3, 3, 99), 0.1).share == pytest.approx(share, abs=0.026)


def test_at_least_so_many_changed_is_seldom_wrong_where_none_did():
    rng = np.random.default_rng(0)
    for n in (2, 4, 8, 40):
        shares = [least_share(rng.random(n)) for _ in range(1000)]
        assert np.mean(np.array(shares) > 0) < 0.07


@pytest.mark.parametrize(("event", "said"), [("2020-01-01", "no series could be asked"), ("2023-02-20", "0 of 2 series")])
def test_a_panel_says_no_share_that_it_does_not_know(event, said, tmp_path):
    rng, days = np.random.default_rng(1), np.datetime64("2023-01-01") + np.arange(90)
    lines = [f"{name},{day},{y}" for name in "ab" for day, y in zip(days, rng.poisson(9, 90), strict=True)]
    file = tmp_path / "two.csv"
    file.write_text("unique_id,ds,y\n" + "\n".join(lines), encoding="utf-8")
    told = run_panel(file, tmp_path / "out", Settings(event=event, delay=7, horizon=0))
    page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert told["events"][event]["share"] == 0
    assert said in page
    assert "over the whole panel" not in page
