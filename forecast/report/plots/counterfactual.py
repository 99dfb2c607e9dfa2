"""What was observed against what would have been without the event, by row and summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from forecast.report.plots.parts import BLUE, INK, SKY, date_axis, keys, thousands

if TYPE_CHECKING:
    from forecast.effects.counterfactuals import Counterfactual


def plot_effect(effect: Counterfactual, ax: Axes, unit: str = "count") -> Axes:
    """Observed counts, and the median and 95 % band of what the level before would have brought.

    unit : the label of the axis, to which the number of rows is added
    """
    at, edges = _days(effect)
    _band(edges, effect.low, effect.middle, effect.high, ax, "without the change, 95 %", "without the change, median")
    seen = ~np.isnan(np.asarray(effect.observed, dtype=float))
    middle = (edges[:-1] + edges[1:]) / 2
    ax.plot(middle[seen], np.asarray(effect.observed)[seen], "o", color=INK, markersize=4, markeredgewidth=0,
            label="observed", clip_on=False, zorder=3)
    ax.set_ylim(bottom=0)
    return _finished(ax, f"{unit}, n = {int(seen.sum())}", at[0], edges[-1])


def plot_cumulative(effect: Counterfactual, ax: Axes, unit: str = "count") -> Axes:
    """Sum of observed minus expected since the event, median and 95 % band; zero is a line."""
    at, edges = _days(effect)
    _band(edges, effect.cumulative_low, effect.cumulative_middle, effect.cumulative_high, ax,
          "sum of the differences, 95 %", "sum of the differences, median")
    ax.axhline(0, color=INK, linewidth=0.9)
    return _finished(ax, f"{unit}, more or less", at[0], edges[-1])


def _days(effect: Counterfactual) -> tuple[np.ndarray, np.ndarray]:
    """Starts of the rows, and the same with the end of the last, which is as long as the one before it."""
    at = np.asarray(effect.when, dtype="datetime64[D]").astype(float)
    length = at[-1] - at[-2] if len(at) > 1 else 1.0
    return at, np.append(at, at[-1] + length)


def _band(edges: np.ndarray, low: np.ndarray, middle: np.ndarray, high: np.ndarray, ax: Axes, band: str,
          line: str) -> None:
    under, centre, over = (np.append(values, values[-1]) for values in (low, middle, high))
    ax.fill_between(edges, under, over, step="post", color=SKY, alpha=0.35, linewidth=0, label=band)
    ax.step(edges, centre, where="post", color=BLUE, label=line)


def _finished(ax: Axes, label: str, left: float, right: float) -> Axes:
    ax.set_ylabel(label)
    thousands(ax)
    date_axis(ax, left, right)
    keys(ax)
    return ax
