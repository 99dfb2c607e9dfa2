"""Plots of findings: `plot_x(result, ax) -> Axes`. Nothing here computes a statistic; pyplot is never imported.

Dates are days since 1970, as numpy and Matplotlib both have them. The style is `templates/forecast.mplstyle`; draw
inside `with style():`, or in any style of your own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.transforms import blended_transform_factory

from forecast.backtest import Backtest
from forecast.experiment import Reading
from forecast.explanations import NONE, NOWHERE, WORTH, Explanation, Window
from forecast.images import Image
from forecast.series import Series
from forecast.words import count, figure, named, p_value, per_row, percent, row_noun, unit

if TYPE_CHECKING:
    from forecast.effects import Effect, Tested

INK, RULE, BLUE, SKY, RED, ORANGE = "#1c2128", "#d5d9de", "#0072B2", "#56B4E9", "#D55E00", "#E69F00"
MARKS = ("o", "s", "D", "P", "X", "*")  # one per publisher


def style() -> AbstractContextManager[None]:
    """The style of the report's figures, as a context."""
    return rc_context(fname=Path(__file__).parent / "templates" / "forecast.mplstyle")


# -- observations ---------------------------------------------------------------------------------------------------
def plot_observations(reading: Reading, windows: Sequence[Window], ax: Axes,
                      labelled: Sequence[str] | None = None) -> Axes:
    """Counts with their bounds and publishers, unwatched gaps, the level with its band, break intervals and events.

    labelled : names of the events to label; those that hold 5 % of the first table of explanations when None
    """
    s = reading.series
    left, right = _span(s)
    _gaps(s, ax)
    for n, b in enumerate(reading.breaks.get("regimes", ())):
        ax.axvspan(_day(b.low), _day(b.high), facecolor=(*to_rgb(ORANGE), 0.28), zorder=0.6,
                   edgecolor="#9a6a00", linewidth=0.9,
                   label="change dated in here" if n == 0 else None)
    edges = np.append(s.start.astype(float), float(s.end[-1].astype(int)))
    low, middle, high = (np.append(line, line[-1]) for line in reading.bands)
    top = _top(s, reading.bands)
    high = np.minimum(high, 10 * top)  # far outside: some viewers of SVG dislike endless paths
    ax.fill_between(edges, low, high, step="post", color=SKY, alpha=0.35, label="level, 90 % band")
    ax.step(edges, middle, where="post", color=BLUE, label="level, median")
    _counts(reading, ax, top)
    ax.set(ylim=(-0.03 * top, top), ylabel=f"{unit(s)} {per_row(s)}")
    _thousands(ax)
    date_axis(ax, left, right)
    plot_events(windows, ax, _held(reading) if labelled is None else labelled)
    _legend(ax)
    return ax


def _counts(reading: Reading, ax: Axes, top: float) -> None:
    s = reading.series
    at = _middles(s)
    groups = _publishers(reading)
    exact = s.observed & (s.low == s.high)
    ranged, open_ = s.observed & ~exact & np.isfinite(s.high), s.observed & np.isinf(s.high)
    shown = [(name, rows) for name, rows in groups.items() if (exact & rows).any()]
    for mark, (name, rows) in zip(MARKS, shown, strict=False):
        # crowded rows in small marks, so that the level behind them stays in sight
        ax.plot(at[exact & rows], s.low[exact & rows], mark, color=INK, zorder=3, label=name, markeredgewidth=0,
                markersize=4.5 if exact.sum() <= 80 else 2.4, clip_on=False)
    if ranged.any():
        middle = (s.low + s.high)[ranged] / 2
        ax.errorbar(at[ranged], middle, np.abs(np.array([s.low[ranged], s.high[ranged]]) - middle), fmt="none",
                    ecolor=INK, elinewidth=0.9, capsize=2.2, zorder=2.5, label="known as a range")
    if open_.any():
        ax.plot(at[open_], s.low[open_], marker=6, linestyle="none", color=INK, zorder=3, label="at least so many",
                markersize=5)
        upward = np.minimum(s.low[open_] + 0.08 * top, top)
        ax.vlines(at[open_], s.low[open_], upward, color=INK, linewidth=0.9, zorder=2.5)


def _publishers(reading: Reading) -> dict[str, np.ndarray]:
    """Rows by who published their statements; one group where that is unknown or there are too many."""
    s = reading.series
    by = {statement.id: statement.publisher for statement in reading.statements}
    names = [frozenset(by[i] for i in ids if i in by) for ids in s.sources] or [frozenset()] * len(s)
    single = sorted({next(iter(n)) for n in names if len(n) == 1})
    if not single or len(single) > len(MARKS) - 1:
        return {"exact count": np.ones(len(s), bool)}
    groups = {name: np.array([n == {name} for n in names]) for name in single}
    several = np.array([len(n) != 1 for n in names])
    return groups | ({"several publishers": several} if several.any() else {})


def _gaps(s: Series, ax: Axes) -> None:
    if s.freq is None:
        return
    missing = np.flatnonzero(~s.observed)
    for n, run in enumerate(np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1) if len(missing) else []):
        ax.axvspan(float(s.start[run[0]].astype(int)), float(s.end[run[-1]].astype(int)), facecolor=RULE, alpha=0.6,
                   hatch="////", edgecolor="#ffffff", zorder=0.4, label="not observed" if n == 0 else None)


def plot_events(windows: Sequence[Window], ax: Axes, labelled: Sequence[str]) -> Axes:
    """A line per event; the named ones rise above the plot to a label of their own, in steps that never cross."""
    left, right = ax.get_xlim()
    inside = sorted((w for w in windows if left <= _day(w.event.start) <= right), key=lambda w: w.event.start)
    for w in inside:
        named = w.event.name in labelled
        ax.axvline(_day(w.event.start), color=INK if named else "#6b7480", linewidth=0.9 if named else 0.5,
                   linestyle=(0, (4, 2)) if w.event.outside else (0, (1, 2)), zorder=1.5 if named else 1.1)
    across, up = _points(ax)
    letter = 3.9 * (right - left) / across  # days that a letter takes
    risen = [(_day(w.event.start), short(w.event.label, 38)) for w in inside if w.event.name in labelled]
    over = blended_transform_factory(ax.transData, ax.transAxes)
    for at, text, flip, lane in _lanes(risen, letter, right):
        height = 1 + (4 + 10 * lane) / up
        ax.plot([at, at], [1, height + 6 / up], color=INK, linewidth=0.9, transform=over, clip_on=False)
        ax.annotate(text, (at, height), (-3 if flip else 3, 0), xycoords=over, textcoords="offset points", fontsize=7,
                    ha="right" if flip else "left", va="bottom", annotation_clip=False)
    return ax


def _lanes(named: Sequence[tuple[float, str]], letter: float, right: float) -> list[tuple[float, str, bool, int]]:
    """Place, text, whether it reads to the left, and lane of each label.

    A label lies above the line of every event that it passes over, so that no line runs through a text.
    """
    placed: list[tuple[float, str, bool, int]] = []
    taken: list[tuple[float, float, float, int]] = []  # place, begin, end, lane
    ordered = [(at, text, at + letter * (len(text) + 1) > right) for at, text in named]
    reading = [label for label in ordered if not label[2]][::-1] + [label for label in ordered if label[2]]
    for at, text, flip in reading:
        width = letter * (len(text) + 1)
        begin, end = (at - width, at) if flip else (at, at + width)
        lane = max((k + 1 for x, a, b, k in taken if begin <= x <= end or (a < end and begin < b)), default=0)
        taken.append((at, begin, end, lane))
        placed.append((at, text, flip, lane))
    return placed


def plot_breaks(reading: Reading, ax: Axes, windows: Sequence[Window] = ()) -> Axes:
    """Probability of a change in each gap between two rows; bars below it are the windows of `windows`."""
    s = reading.series
    at = _middles(s)
    if len(at) > 1:
        ax.bar(at[:-1], reading.gaps, np.diff(at), align="edge", color=RED, linewidth=0)
    top = 1.25 * max(float(reading.gaps.max(initial=0)), 0.04)
    shown = sorted(windows, key=lambda w: w.first)
    ax_begin, ax_end = _span(s)
    for n, w in enumerate(shown):
        y = -top * (0.2 + 0.24 * n)
        begin, end = _day(w.first), _day(w.last) + 1
        ax.plot([begin, end], [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        late = end > 0.6 * ax_end + 0.4 * ax_begin  # no room to the right
        ax.annotate(short(w.event.label, 40), (begin if late else end, y), (-4 if late else 4, -0.5), va="center",
                    ha="right" if late else "left", textcoords="offset points", fontsize=6.8)
    ax.set(ylim=(-top * (0.12 + 0.24 * len(shown)) if shown else 0, top))
    ax.set_yticks(*_percent_ticks(top))
    ax.set_title(f"Probability of a change between one {row_noun(s)} and the next")
    date_axis(ax, *_span(s))
    return ax


# -- events ---------------------------------------------------------------------------------------------------------
def plot_explanations(table: Sequence[Explanation], ax: Axes) -> Axes:
    """Posterior probability of each explanation as a bar, and of its window before the data as a hollow mark."""
    events = sorted((e for e in table if e.name not in (NONE, NOWHERE)), key=lambda e: -e.probability)
    rows = [*events, *(e for e in table if e.name in (NONE, NOWHERE))]
    y = np.arange(len(rows))[::-1]
    ax.barh(y, [e.probability for e in rows], 0.62, color=[BLUE if e in events else "#6b7480" for e in rows],
            label="probability, shared days divided")
    ax.plot([e.prior for e in rows], y, "D", markerfacecolor="#ffffff", markeredgecolor=INK, markersize=3.6,
            label="before the data", markeredgewidth=0.9)
    for at, e in zip(y, rows, strict=True):
        ax.annotate(percent(e.probability), (max(e.probability, e.prior), at), (6, 0), va="center", fontsize=7.5,
                    textcoords="offset points")
    ax.set_yticks(y, [short(e.label, 44) for e in rows])
    ax.set_xticks(*_percent_ticks(1.0))
    ax.set(xlim=(0, 1.12), xlabel="posterior probability")
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    _legend(ax, 34)
    return ax


def plot_effect(tested: Tested, ax: Axes, names: Mapping[str, str] | Sequence[str] = ()) -> Axes:
    """Level after over level before with its 95 % interval for every date tested; filled where adjusted p <= 0.05.

    names : labels of the dates in the order of the effects (or a mapping of which the values are taken)
    """
    labels = list(names.values()) if isinstance(names, Mapping) else list(names)
    effects: Sequence[Effect] = tested.effects
    y = np.arange(len(effects))[::-1]
    for at, e in zip(y, effects, strict=True):
        ax.plot([e.low, e.high], [at, at], color=BLUE, linewidth=1.6, solid_capstyle="butt")
        ax.plot(e.ratio, at, "o", color=BLUE, markerfacecolor=BLUE if e.adjusted <= 0.05 else "#ffffff", markersize=5)
        ax.annotate(p_value(e.adjusted), (1.01, at), xycoords=("axes fraction", "data"), va="center", fontsize=7.5,
                    annotation_clip=False)
    ax.annotate("adjusted p", (1.01, 1.0), xycoords="axes fraction", va="bottom", fontsize=7, annotation_clip=False)
    ax.axvline(1, color=INK, linewidth=0.9)
    ax.set_xscale("log")
    low, high = min([*(e.low for e in effects), 0.5]), max([*(e.high for e in effects), 2.0])
    round_ones = (0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 100, 300, 1000) if high / low > 8 else (
        0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4)
    ticks = [t for t in round_ones if low / 1.2 <= t <= high * 1.2]
    ax.set_xticks(ticks, [figure(t) for t in ticks])
    ax.minorticks_off()
    ax.set_yticks(y, [f"{short(text, 40)}" for text in labels] if labels else [e.when for e in effects])
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.set(xlabel="level after / level before, median and 95 % interval", xlim=(low / 1.3, high * 1.3),
           ylim=(-0.7, len(effects) - 0.3))
    return ax


# -- forecasts ------------------------------------------------------------------------------------------------------
def plot_forecast(series: Series, forecast: pd.DataFrame, ax: Axes, shown: int = 36) -> Axes:
    """Fan of one model (rows of `Findings.forecast`) after the last `shown` rows of what was observed."""
    past = series.rows(slice(max(len(series) - shown, 0), None))
    at, seen = _middles(past), past.observed
    finite = np.where(np.isinf(past.high), past.low, past.high)
    exact = seen & (past.low == past.high)
    ranged = seen & ~exact
    ax.plot(at[exact], past.low[exact], "o", color=INK, markersize=3.4, label="observed", markeredgewidth=0,
            clip_on=False, zorder=3)
    if ranged.any():
        ax.vlines(at[ranged], past.low[ranged], finite[ranged], color=INK, linewidth=1.1, label="observed, a range")
    when = forecast["when"].to_numpy().astype("datetime64[D]").astype(float)
    step = when[1] - when[0] if len(when) > 1 else 1.0
    edges = np.append(when, when[-1] + step)
    for low, high, alpha in (("q0.025", "q0.975", 0.18), ("q0.1", "q0.9", 0.3), ("q0.25", "q0.75", 0.45)):
        under, over = (np.append(forecast[q].to_numpy(), forecast[q].iloc[-1]) for q in (low, high))
        ax.fill_between(edges, under, over, step="post", color=BLUE, alpha=alpha, linewidth=0,
                        label=f"{100 * (float(high[1:]) - float(low[1:])):.0f} % interval")
    middle = np.append(forecast["q0.5"].to_numpy(), forecast["q0.5"].iloc[-1])
    ax.step(edges, middle, where="post", color=BLUE, label="median")
    top = ax.get_ylim()[1]
    ax.set(ylabel=f"{unit(series)} {per_row(series)}", ylim=(-0.03 * top, top))
    _thousands(ax)
    date_axis(ax, float(past.start[0].astype(int)), float(edges[-1]))
    _legend(ax, across=6 if not ranged.any() else 3)
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
    ax.set_yticks(y, [named(name) for name in scores["model"]])
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    scored = int(backtest.table["observed"].notna().sum() / max(len(scores), 1))
    ax.set(xlim=(0, 1.2 * float(scores["crps"].max())), ylim=(-0.7, len(scores) - 0.3),
           xlabel=f"CRPS, lower is better; {count(len(backtest.origins), 'origin')}, {count(scored, 'count')} scored;\n"
                  f"dashed: the baseline, {named(backtest.baseline)}")
    return ax


def plot_pit(backtest: Backtest, ax: Axes, model: str | None = None) -> Axes:
    """Histogram of the PIT of one member (the best when None): level where its forecasts are calibrated."""
    chosen = str(backtest.scores["model"].iloc[0]) if model is None else model
    pit = backtest.table.loc[backtest.table["model"] == chosen, "pit"].dropna().to_numpy()
    heights, edges = np.histogram(pit, 10, (0, 1))
    ax.bar(edges[:-1], heights, 0.1, align="edge", color=SKY, edgecolor="#ffffff", linewidth=0.6)
    ax.axhline(len(pit) / 10, color=INK, linewidth=0.8, linestyle=(0, (4, 2)))
    ax.set(xlim=(0, 1), xlabel=f"PIT of {named(chosen)}, n = {len(pit)}", ylabel="forecasts")
    top = int(heights.max(initial=1))
    ax.set_yticks(np.arange(0, top + 1, max(1, -(-top // 5))))
    return ax


def plot_images(images: Sequence[Image], ax: Axes) -> Axes:
    """Expected narrowing of the date of a change by an image of each day."""
    known = sorted(images, key=lambda image: image.day)
    at = [_day(image.day) for image in known]
    ax.vlines(at, 0, [image.narrowing for image in known], color=BLUE, linewidth=1.2)
    ax.plot(at, [image.narrowing for image in known], "o", color=BLUE)
    ax.set(ylabel="expected narrowing, bits")
    ax.set_ylim(bottom=0)
    pad = max(2.0, 0.1 * (at[-1] - at[0]))
    date_axis(ax, at[0] - pad, at[-1] + pad)
    return ax


# -- parts ----------------------------------------------------------------------------------------------------------
def date_axis(ax: Axes, left: float, right: float) -> None:
    """Ticks at the starts of days, months, quarters or years: about eight, the year written where it changes.

    Ours, for Matplotlib's own locators and formatters cost more than the rest of a figure.
    """
    first, last = (np.datetime64(int(edge), "D") for edge in (np.floor(left), np.ceil(right)))
    months = int((last.astype("M8[M]") - first.astype("M8[M]")).astype(int)) + 1
    if months <= 3:
        step = max(1, round((right - left) / 7))
        ticks = np.arange(first, last + np.timedelta64(1, "D"), np.timedelta64(step, "D"))
        labels = [f"{t.item():%-d %b}" + (f"\n{t.item():%Y}" if n == 0 else "") for n, t in enumerate(ticks)]
    elif months <= 60:
        step = next(n for n in (1, 2, 3, 6, 12) if months / n <= 14)
        after = last.astype("M8[M]") + np.timedelta64(1, "M")
        starts = np.arange(first.astype("M8[Y]"), after, step, dtype="M8[M]").astype("M8[D]")
        ticks = starts[(starts >= first) & (starts <= last)]
        labels = [f"{t.item():%b}" + (f"\n{t.item():%Y}" if n == 0 or t.item().month == 1 else "")
                  for n, t in enumerate(ticks)]
    else:
        step = next(n for n in (1, 2, 5, 10, 20, 50, 100, 1000) if months / 12 / n <= 12)
        years = np.arange(first.astype("M8[Y]").astype(int) + 1970, last.astype("M8[Y]").astype(int) + 1971)
        ticks = np.array([f"{y:04d}-01-01" for y in years if y % step == 0], dtype="M8[D]")
        ticks = ticks[(ticks >= first) & (ticks <= last)]
        labels = [f"{t.item():%Y}" for t in ticks]
    ax.set_xticks(ticks.astype(float), labels)
    ax.set_xlim(left, right)


def short(text: str, most: int = 26) -> str:
    """The text cut at a word.

    >>> short("Defence minister Shoigu in Pyongyang")
    'Defence minister Shoigu …'
    """
    return text if len(text) <= most else text[:most - 1].rsplit(" ", 1)[0] + " …"


def _held(reading: Reading) -> list[str]:
    return [e.name for e in reading.explained[0] if e.probability >= WORTH] if reading.explained else []


def _top(s: Series, bands: np.ndarray) -> float:
    """Upper end of the axis: the counts and the median level, not the far end of an upper bound."""
    ends = np.concatenate([np.where(np.isinf(s.high), s.low, s.high)[s.observed], bands[1], [1.0]])
    return 1.08 * float(ends.max())


def _span(s: Series) -> tuple[float, float]:
    """First and last day of the axis; irregular dates get some room, for a mark may stand on the edge."""
    left, right = float(s.start[0].astype(int)), float(s.end[-1].astype(int))
    room = 0.02 * (right - left) if s.freq is None else 0.0
    return left - room, right + room


def _middles(s: Series) -> np.ndarray:
    return np.asarray((s.start.astype(float) + s.end.astype(float)) / 2)


def _day(when: object) -> float:
    return float(np.datetime64(str(when), "D").astype(int))


def _percent_ticks(top: float) -> tuple[np.ndarray, list[str]]:
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.25, 0.5) if top / s <= 5 or s == 0.5)
    ticks = np.arange(0, min(top, 1.0) + 1e-9, step)
    return ticks, [f"{100 * t:.0f} %" for t in ticks]


def _thousands(ax: Axes) -> None:
    """Ticks of the counts as the prose writes them."""
    low, high = ax.get_ylim()
    ticks = [t for t in ax.get_yticks() if low <= t <= high]
    ax.set_yticks(ticks, [figure(float(t), 6) for t in ticks])


def _points(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes in points."""
    box, size = ax.get_position(), ax.figure.get_size_inches()  # type: ignore[union-attr]
    return max(float(box.width * size[0] * 72), 1.0), max(float(box.height * size[1] * 72), 1.0)


def _legend(ax: Axes, below: float = 30, across: int = 4) -> None:
    """Keys below the axis (by so many points), where no point of the data can lie."""
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(0, -below / _points(ax)[1]), ncols=across,
              borderaxespad=0, columnspacing=1.4, handletextpad=0.5)
