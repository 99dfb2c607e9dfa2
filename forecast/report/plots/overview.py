"""Many series at a glance: when each changed, up or down, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from forecast.report.phrases import count
from forecast.report.plots.parts import BLUE, RED, date_axis, keys, points, short

BINS = 48  # columns of the heat map
NAMED = 30  # series above which their names no longer fit


def plot_overview(frame: pd.DataFrame, ax: Axes) -> Axes:
    """A heat map of breaks in time, one line a series, those that changed first on top.

    frame : one line a break, `unique_id`, `at` (datetime), `ratio` (level after over before), `probability`; a series
        without a break has one line whose `at` is NaT. Rises are orange and carry a mark that points up, falls blue and
        down, so that they differ without colour; the deeper, the surer.
    Raises ValueError when no break is in the frame.
    """
    breaks = frame.dropna(subset=["at"])
    if breaks.empty:
        raise ValueError(f"overview: none of {frame['unique_id'].nunique()} series has a break, so there is no date "
                         "to draw: say so in words")
    first = breaks.groupby("unique_id")["at"].min()
    order = {name: row for row, name in enumerate([*first.sort_values(kind="stable").index, *sorted(
        set(frame["unique_id"]) - set(first.index))])}
    days = breaks["at"].to_numpy().astype("datetime64[D]").astype(float)
    pad = max(15.0, 0.04 * (days.max() - days.min()))
    edges = np.linspace(days.min() - pad, days.max() + pad, BINS + 1)
    rows, rising = breaks["unique_id"].map(order).to_numpy(), breaks["ratio"].to_numpy() >= 1
    sure = np.clip(breaks["probability"].fillna(1.0).to_numpy(), 0.15, 1.0)
    cells = np.ones((len(order), BINS, 4))
    cells[..., 3] = 0
    for row, column, up, alpha in zip(rows, np.searchsorted(edges, days) - 1, rising, sure, strict=True):
        if alpha > cells[row, column, 3]:
            cells[row, column] = (*to_rgb(RED if up else BLUE), alpha)
    ax.imshow(cells, aspect="auto", extent=(edges[0], edges[-1], len(order) - 0.5, -0.5), interpolation="nearest")
    if points(ax)[1] / len(order) >= 4:  # a mark needs four points of height
        for up, marker, label in ((True, "^", "rise"), (False, "v", "fall")):
            here = rising == up
            ax.plot(days[here], rows[here], marker, color="#1c2128", markersize=3.2, linestyle="none", label=label)
        keys(ax, 42)
    names = list(order) if len(order) <= NAMED else []
    ax.set_yticks(range(len(names)), [short(str(name), 22) for name in names])
    ax.grid(visible=False)
    ax.set_xlabel(f"{count(len(first), 'series', 'series')} of {len(order)} with a break, "
                  f"{count(len(breaks), 'break')}")
    date_axis(ax, edges[0], edges[-1])
    return ax
