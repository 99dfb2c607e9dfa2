"""Which plot draws which result, so that each can draw itself: `draw(result)`, on axes given or on a figure of its own.

Results reach this by name alone, see `forecast.support.results`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from forecast.breaks.changes import Changes
from forecast.effects.counterfactuals import Counterfactual
from forecast.effects.event_explanations import Explanations
from forecast.effects.event_tests import Effect, Effects, Tested
from forecast.effects.explanations import Window
from forecast.evidence.events import Event, events_of
from forecast.models.backtesting import QUANTILES, Backtest
from forecast.models.paths import Paths
from forecast.regime_model.fit import Fit
from forecast.report.phrases import plain
from forecast.report.plots.counterfactual import plot_effect
from forecast.report.plots.events import plot_effects, plot_explanations
from forecast.report.plots.forecasts import plot_backtest, plot_forecast
from forecast.report.plots.observations import plot_observations
from forecast.report.plots.parts import PAGE, style
from forecast.report.plots.sheet import LANE, ROW, Sheet
from forecast.series.breaks import Break
from forecast.series.series import Series

Rows = tuple[float, float, float]  # inches above, of, and below the axes
Events = Mapping[str, Any] | Sequence[Event]


def draw(result: Any, ax: Axes | None = None, **settings: Any) -> Axes:
    """Draw a result of ours on `ax`, or on a figure of its own that a notebook shows; returns the axes.

    settings : of a series and its changes `events` (name -> day, or a list of Event), of a series `breaks` too
    Raises TypeError for what is no result, and for settings that it does not take.
    """
    kinds = [kind for kind in DRAWN if isinstance(result, kind)]
    if not kinds:
        raise TypeError(f"draw: a {type(result).__name__} is no result that draws itself: give one of "
                        f"{', '.join(kind.__name__ for kind in DRAWN)}")
    plot: Callable[..., Axes]
    plot, allowed = DRAWN[kinds[0]]
    if wrong := sorted(set(settings) - set(allowed)):
        raise TypeError(f"plot of a {kinds[0].__name__} takes no {', '.join(wrong)}: it takes "
                        f"{', '.join(('ax', *allowed))}")
    if ax is not None:
        return plot(result, ax, **settings)
    from matplotlib import pyplot, rcParams  # its figures are those that a notebook shows by itself

    # made outside the style, whose end would undo what the backend of a notebook settles with its first figure
    figure = pyplot.figure()
    with style():
        figure.set_facecolor(rcParams["figure.facecolor"])
        wide, rows, left, right = _size(result, settings)
        sheet = Sheet(_title(result), wide, (rows,), left, right, figure)
        plot(result, sheet.axes[0], **settings)
        sheet.settled()
        return sheet.axes[0]


def _title(result: Any) -> str:
    text = plain(result.name) if isinstance(result, Series) else result.heading()
    return text[:1].upper() + text[1:]


def _size(result: Any, settings: Mapping[str, Any]) -> tuple[float, Rows, float, float]:
    """Width of a figure, its rows, and what is left free at both sides, in inches."""
    number = len(result.effects if isinstance(result, Tested) else result) if isinstance(
        result, Tested | Effects | Explanations) else len(result.scores) if isinstance(result, Backtest) else 1
    if isinstance(result, Effect | Effects | Tested):
        return PAGE, (0.24, ROW * number + 0.25, 0.58), 0.12, 0.72
    if isinstance(result, Explanations | Backtest):
        return PAGE, (0.1, ROW * number + 0.15, 0.6), 0.12, 0.14
    return PAGE, (0.16 + LANE * len(settings.get("events") or ()), 2.4, 0.5), 0.62, 0.14


def _series(series: Series, ax: Axes, breaks: Sequence[Break] = (), events: Events | None = None) -> Axes:
    if not all(isinstance(each, Break) for each in breaks):
        raise TypeError(f"plot: breaks are what detect gives, got {repr(breaks)[:60]}")
    chosen = events_of(events, "plot: events") if events else ()
    windows = [Window(event, event.start, event.end) for event in chosen]
    return plot_observations(series, ax, breaks, windows, [event.name for event in chosen])


def _changes(changes: Changes, ax: Axes, events: Events | None = None) -> Axes:
    return _series(changes.series, ax, changes, events)


def _fit(fit: Fit, ax: Axes, events: Events | None = None) -> Axes:
    chosen = events_of(events, "plot: events") if events else ()
    return plot_observations(fit.given, ax, fit.breaks, [Window(event, event.start, event.end) for event in chosen],
                             [event.name for event in chosen], fit.bands)


def _effects(effects: Effect | Effects | Tested, ax: Axes) -> Axes:
    if isinstance(effects, Effect):
        return plot_effects(Tested((effects,), anywhere=float("nan")), ax)
    return plot_effects(effects.tested if isinstance(effects, Effects) else effects, ax)


def _paths(paths: Paths, ax: Axes) -> Axes:
    if paths.series is None:
        raise ValueError("plot: a part of a forecast, or what was computed of it, has no dates: use what predict "
                         "returned")
    table = np.quantile(np.asarray(paths), QUANTILES, axis=0)
    frame = pd.DataFrame({"when": paths.when.astype("datetime64[s]"),
                          **{f"q{level:g}": line for level, line in zip(QUANTILES, table, strict=True)}})
    return plot_forecast(paths.series, frame, ax)


# a type of result -> what draws it, and the settings that this takes
DRAWN: dict[type, tuple[Any, tuple[str, ...]]] = {
    Series: (_series, ("breaks", "events")),
    Changes: (_changes, ("events",)),
    Fit: (_fit, ("events",)),
    Effect: (_effects, ()),
    Effects: (_effects, ()),
    Tested: (_effects, ()),
    Explanations: (plot_explanations, ()),
    Counterfactual: (plot_effect, ("unit",)),
    Paths: (_paths, ()),
    Backtest: (plot_backtest, ()),
}
