"""Forecasts and how good they were: the fan, scores by member, calibration, coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from forecast.models.backtesting import Backtest
from forecast.report.phrases import count, figure, named
from forecast.report.plots.events import label_rows
from forecast.report.plots.parts import (
    BLUE,
    INK,
    RULE,
    SKY,
    bounds,
    counted_by,
    date_axis,
    gaps,
    keys,
    middles,
    percent_ticks,
    thousands,
)
from forecast.series.series import Series


def plot_forecast(series: Series, forecast: pd.DataFrame, ax: Axes, shown: int = 36) -> Axes:
    """Fan of one model (rows of `Findings.forecast`) after the last `shown` rows of what was observed."""
    past = series.rows(slice(max(len(series) - shown, 0), None))
    at, exact = middles(past), past.observed & (past.low == past.high)
    gaps(past, ax)
    when = forecast["when"].to_numpy().astype("datetime64[D]").astype(float)
    step = when[1] - when[0] if len(when) > 1 else 1.0
    edges = np.append(when, when[-1] + step)
    for low, high, alpha in (("q0.025", "q0.975", 0.18), ("q0.1", "q0.9", 0.3), ("q0.25", "q0.75", 0.45)):
        under, over = (np.append(forecast[q].to_numpy(), forecast[q].iloc[-1]) for q in (low, high))
        ax.fill_between(edges, under, over, step="post", color=BLUE, alpha=alpha, linewidth=0,
                        label=f"{100 * (float(high[1:]) - float(low[1:])):.0f} % interval")
    middle = np.append(forecast["q0.5"].to_numpy(), forecast["q0.5"].iloc[-1])
    ax.step(edges, middle, where="post", color=BLUE, label="middle")
    ends = np.where(np.isinf(past.high), past.low, past.high)[past.observed]
    top = 1.08 * float(max(ends.max(initial=1), forecast["q0.975"].max()))
    ax.plot(at[exact], past.low[exact], "o", color=INK, markersize=3.4, label="observed", markeredgewidth=0,
            clip_on=False, zorder=3)
    bounds(past, ax, top)
    ax.set(ylabel=counted_by(series), ylim=(-0.03 * top, top))
    thousands(ax)
    date_axis(ax, float(past.start[0].astype(int)), float(edges[-1]))
    keys(ax)
    return ax


def plot_backtest(backtest: Backtest, ax: Axes) -> Axes:
    """CRPS of every member (lower is better), the baseline as a line."""
    scores = backtest.scores
    y = np.arange(len(scores))[::-1]
    ax.hlines(y, 0, scores["crps"], color=RULE, linewidth=1.2)
    ax.plot(scores["crps"], y, "o", color=BLUE, markersize=5)
    for at, value in zip(y, scores["crps"], strict=True):
        ax.annotate(figure(value), (value, at), (6, 0), textcoords="offset points", va="center", fontsize=7.5)
    base = float(scores.loc[scores["model"] == backtest.baseline, "crps"].iloc[0])
    ax.axvline(base, color=INK, linewidth=0.8, linestyle=(0, (4, 2)))
    label_rows(ax, y, [named(name) for name in scores["model"]])
    scored = int(backtest.table["observed"].notna().sum() / max(len(scores), 1))
    ax.set(xlim=(0, 1.2 * float(scores["crps"].max())), ylim=(-0.7, len(scores) - 0.3),
           xlabel=f"mean error, lower is better; {count(len(backtest.origins), 'past date')}, "
                  f"{count(scored, 'count')};\ndashed: the yardstick, {named(backtest.baseline)}")
    return ax


def plot_pit(backtest: Backtest, ax: Axes, model: str | None = None) -> Axes:
    """Histogram of the PIT of one member (the best when None): level where its forecasts are calibrated."""
    chosen = str(backtest.scores["model"].iloc[0]) if model is None else model
    pit = backtest.table.loc[backtest.table["model"] == chosen, "pit"].dropna().to_numpy()
    heights, edges = np.histogram(pit, 10, (0, 1))
    ax.bar(edges[:-1], heights, 0.1, align="edge", color=SKY, edgecolor="#ffffff", linewidth=0.6)
    ax.axhline(len(pit) / 10, color=INK, linewidth=0.8, linestyle=(0, (4, 2)))
    ax.set(xlim=(0, 1), ylabel="forecasts",
           xlabel=f"where in the forecasts the counts fell, n = {len(pit)}")
    top = int(heights.max(initial=1))
    ax.set_yticks(np.arange(0, top + 1, max(1, -(-top // 5))))
    return ax


def plot_coverage(backtest: Backtest, ax: Axes) -> Axes:
    """Share of the counts that the 80 and 95 % intervals of each member held; the lines are what was promised."""
    scores = backtest.scores
    y = np.arange(len(scores))[::-1]
    for column, nominal, marker, colour in (("coverage_80", 0.8, "o", BLUE), ("coverage_95", 0.95, "s", INK)):
        ax.axvline(nominal, color=colour, linewidth=0.9, linestyle=(0, (4, 2)))
        ax.plot(scores[column], y, marker, color=colour, markersize=4.5, markerfacecolor="none", markeredgewidth=1.1,
                label=f"in the {100 * nominal:.0f} % interval", clip_on=False)
    label_rows(ax, y, [named(name) for name in scores["model"]])
    ax.set_xticks(*percent_ticks(1.0))
    scored = int(backtest.table["observed"].notna().sum() / max(len(scores), 1))
    ax.set(xlim=(0, 1.02), ylim=(-0.7, len(scores) - 0.3), xlabel=f"share of counts held, n = {scored}")
    keys(ax, 34)
    return ax
