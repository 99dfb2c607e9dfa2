"""Grids of panels, windows of events, and the share of series that are said to have changed."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecast.evidence.events import Event, window
from forecast.panel.discoveries import judged, least_share
from forecast.panel.grids import gridded, in_bins
from forecast.panel.one import examine
from forecast.panel.run import run_panel
from forecast.panel.settings import Settings
from forecast.series.series import Series


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


# -- grids ------------------------------------------------------------------------------------------------------------
GRIDS = {
    "D": ("2023-01-05", "D"), "W-TUE": ("2023-01-05", "W-TUE"), "14D": ("2023-01-05", "2W-THU"), "28D": ("2023-01-01", "4W-SUN"),
    "30D": ("2023-01-01", "30D"), "2D": ("2023-01-05", "2D"), "MS": ("2023-01-01", "MS"), "ME": ("2023-01-01", "MS"),
    "2MS": ("2023-01-01", "2MS"), "QS": ("2023-01-01", "QS-JAN"), "QS-FEB": ("2023-01-05", "QS-FEB"),
    "QE": ("2023-01-01", "QS-JAN"), "YS": ("2003-01-01", "YS-JAN"), "YE": ("2003-01-01", "YS-JAN"),
    "YE-JUN": ("2003-01-01", "YS-JUL"), "2YS": ("2003-01-01", "24MS")}


@pytest.mark.parametrize("kind", ["flow", "stock"])
@pytest.mark.parametrize("freq", GRIDS)
def test_a_row_of_any_grid_is_a_whole_row_and_a_gap_is_one(freq, kind):
    first, code = GRIDS[freq]
    dates = pd.date_range(first, periods=24, freq=freq)
    grid = gridded(Series.from_counts(dates.delete([5, 6, 14]), [100] * 21, kind=kind))
    assert (grid.freq, len(grid)) == (code, 24)
    assert np.flatnonzero(~grid.observed).tolist() == [5, 6, 14]
    assert set(grid.low[grid.observed]) == {100}
    assert np.all(grid.exposure == 1)
    place = grid.end - np.timedelta64(1, "D") if "E" in freq.partition("-")[0] else grid.start
    assert place.tolist() == [day.date() for day in dates]
    assert grid.coming(2)[0] == grid.end[-1]


@pytest.mark.parametrize("day", [15, 28, 30])
def test_a_day_within_the_month_stands_for_its_month(day):
    dates = [f"2023-{month:02}-{min(day, monthrange(2023, month)[1]):02}" for month in range(1, 13)]
    grid = gridded(Series.from_counts(dates, [100] * 12))
    assert (grid.freq, len(grid), str(grid.start[0])) == ("MS", 12, "2023-01-01")


@pytest.mark.parametrize(("dates", "said"), [
    ([*pd.date_range("2023-01-02", periods=20, freq="7D"), pd.Timestamp("2023-05-23")], "7 days apart.*2023-05-23 is off"),
    (pd.date_range("2023-01-01", periods=24, freq="SMS"), "lie on no grid"),
    (["2023-01-01", "2023-02-03", "2023-03-01", "2023-04-02"], "lie on no grid"),
    ([*pd.date_range("2023-01-01", periods=20, freq="MS"), pd.Timestamp("2024-09-02")], "2024-09-02 is off")])
def test_a_flow_on_no_grid_is_refused_in_a_sentence_and_a_stock_is_seen_by_day(dates, said):
    failed = examine(Series.from_counts(dates, [3] * len(dates)), Settings(horizon=0)).series["failed"]
    assert re.search(said, failed)
    assert "coarser" not in failed
    stock = gridded(Series.from_counts(dates, [3] * len(dates), kind="stock"))
    assert (stock.freq, stock.observed.sum()) == ("D", len(dates))


def test_days_of_a_flow_less_than_a_week_apart_become_the_weeks_that_they_cover():
    days = np.datetime64("2023-01-02") + np.cumsum(np.tile([3, 1, 5, 2], 20))
    grid = gridded(Series.from_counts(days, [1] * 80))
    assert grid.freq == "W-MON"
    assert np.allclose(grid.exposure[grid.observed], grid.low[grid.observed] / 7)


@pytest.mark.parametrize(("freq", "number", "bins"), [("MS", 450, "2MS"), ("ME", 450, "2MS"), ("QS", 401, "6MS"), ("30D", 401, "60D")])
def test_many_months_are_seen_in_bins_of_whole_months(freq, number, bins):
    binned = in_bins(gridded(Series.from_counts(pd.date_range("1960-01-01", periods=number, freq=freq), [100] * number)))
    assert binned.freq == bins
    assert set(binned.low[:-1]) == {200}
    assert np.allclose(binned.exposure[:-1], 1)


def test_rows_that_end_on_days_of_their_own_cover_those_days():
    start = np.array(["2024-01-01", "2024-02-01", "2024-03-01"], dtype="datetime64[D]")
    rows = Series(start=start, end=start + np.array([31, 10, 1]), low=np.full(3, 30.0), high=np.full(3, 30.0), exposure=np.array([1, 0.5, 0.5]))
    assert gridded(rows).exposure == pytest.approx([1, 5 / 29, 0.5])
    with pytest.raises(ValueError, match="one of them ends beyond its place"):
        gridded(Series(start=start, end=start + 40, low=np.ones(3), high=np.ones(3), exposure=np.ones(3)))
