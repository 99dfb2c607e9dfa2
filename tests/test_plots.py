"""Plots draw what they are given: nothing collides, nothing is covered, the same findings give the same bytes."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from forecast.effects.explanations import Window
from forecast.evidence.events import Event
from forecast.report import plots
from forecast.report.figures import draw, inline, observed
from forecast.series.series import Series
from tests.test_words import findings, reading


@pytest.fixture
def ax():
    with plots.style():
        figure = Figure(figsize=(7, 3))
        FigureCanvasAgg(figure)
        yield figure.add_axes((0.1, 0.35, 0.85, 0.4))
        figure.canvas.draw()


def crowd(n: int) -> tuple[Window, ...]:
    days = [date(2023, 2, 1) + timedelta(days=9 * k) for k in range(n)]
    return tuple(Window(Event(f"e{k}", f"Event number {k} with a name", day, day), day, day) for k, day in enumerate(days))


def test_every_plot_returns_the_axes_it_drew_on(ax):
    made = findings()
    table = made.forecast[made.forecast["model"] == "mean"]
    for plot, arguments in (
            (observed, (made.main, made.windows)), (plots.plot_breaks, (made.main.series, made.main.gaps)),
            (plots.plot_explanations, (made.main.explained[0],)), (plots.plot_effects, (made.tested,)),
            (plots.plot_forecast, (made.main.series, table)), (plots.plot_backtest, (made.backtest,)),
            (plots.plot_pit, (made.backtest,))):
        ax.clear()
        assert plot(*arguments, ax) is ax
        assert ax.has_data()
        ax.figure.canvas.draw()


def test_labels_of_events_do_not_collide_and_no_line_runs_through_one(ax):
    windows = crowd(12)
    observed(reading(), windows, ax, [w.event.name for w in windows])
    ax.figure.canvas.draw()
    labels = [text for text in ax.texts if text.get_text().startswith("Event")]
    boxes = [text.get_window_extent() for text in labels]
    assert len(boxes) == 12
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    stems = [line.get_window_extent() for line in ax.lines if not line.get_clip_on() and len(line.get_xdata()) == 2
             and line.get_xdata()[0] == line.get_xdata()[1]]
    inner = [(box.x0 + 4, box.x1 - 4, box.y0 + 2, box.y1 - 2) for box in boxes]
    assert not any(x0 < stem.x0 < x1 and stem.y0 < y1 and stem.y1 > y0 for stem in stems for x0, x1, y0, y1 in inner)


@pytest.mark.parametrize("plot", [
    lambda made, ax: observed(made.main, made.windows, ax),
    lambda made, ax: plots.plot_forecast(made.main.series, made.forecast.head(3), ax),
    lambda made, ax: plots.plot_explanations(made.main.explained[0], ax)])
def test_legends_stand_below_the_axes_where_no_point_lies(ax, plot):
    plot(findings(), ax)
    ax.figure.canvas.draw()
    ticks = min(label.get_window_extent().y0 for label in ax.get_xticklabels() if label.get_text())
    assert ax.get_legend().get_window_extent().y1 <= ticks + 1


def test_bounds_gaps_and_publishers_are_told_apart(ax):
    main = reading()
    low, high = np.array(main.series.low), np.array(main.series.high)
    low[6], high[6], low[7], high[7] = 8, 14, 9, np.inf
    observed(replace(main, series=replace(main.series, low=low, high=high)), (), ax)
    keys = {text.get_text() for text in ax.get_legend().get_texts()}
    assert {"Watcher", "Other", "known as a range", "at least so many", "not observed", "change dated in here"} <= keys


def test_irregular_dates_keep_room_at_the_edges_and_shade_no_gaps(ax):
    s = Series.from_counts(["2023-08-21", "2023-10-05", "2024-12-04"], [30, 73, 225], kind="stock", name="cars")
    bands = np.array([[20.0] * 3, [60.0] * 3, [200.0] * 3])
    main = replace(reading(), name="cars", series=s, bands=bands, gaps=np.array([0.3, 0.3]), statements=(), breaks={})
    observed(main, (), ax)
    left, right = ax.get_xlim()
    assert left < s.start[0].astype(int) < s.start[-1].astype(int) + 1 < right
    assert "not observed" not in {text.get_text() for text in ax.get_legend().get_texts()}


def test_every_axis_of_dates_names_a_year(ax):
    for first, last in (("2023-03-02", "2023-03-20"), ("2022-05-01", "2025-04-01"), ("1969-01-01", "1985-01-01")):
        plots.date_axis(ax, *(float(np.datetime64(day, "D").astype(int)) for day in (first, last)))
        labels = " ".join(label.get_text() for label in ax.get_xticklabels())
        assert re.search(r"\b(19|20)\d\d\b", labels)
        assert 2 <= len(ax.get_xticks()) <= 15


def test_the_same_findings_give_the_same_bytes_and_the_style_is_put_back():
    before = dict(mpl.rcParams)
    one, two = draw(findings()), draw(findings())
    assert {name: (d.svg, d.png) for name, d in one.items()} == {name: (d.svg, d.png) for name, d in two.items()}
    assert dict(mpl.rcParams) == before


def test_simulated_stands_on_every_figure():
    other = replace(reading(), name="other")
    drawn = draw(findings(simulated=True, readings={"ships_seen": reading(), "other": other}))
    assert set(drawn) == {"key", "explanations", "effects", "forecast", "backtest", "calibration", "series_other"}
    assert all("(simulated)" in d.svg for d in drawn.values())
    assert not any("(simulated)" in d.svg for d in draw(findings()).values())


def test_an_inline_figure_has_ids_of_its_own_and_the_colours_of_the_page():
    text = inline(draw(findings())["key"].svg, "key", "what it shows")
    assert text.startswith("<svg")
    assert 'aria-label="what it shows"' in text
    assert plots.INK not in text and "var(--ink)" in text  # noqa: PT018 - one thought
    assert "url(#key-" in text
    assert "http" not in text.replace("http://www.w3.org/", "")


def test_pyplot_is_never_imported():
    code = "import sys, forecast.report.report, forecast.report.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
