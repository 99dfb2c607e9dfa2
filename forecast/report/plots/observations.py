"""Counts as they were observed, the level behind them, the probability of a change, and the dated events."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.transforms import blended_transform_factory

from forecast.effects.explanations import Window
from forecast.experiment.course import Span
from forecast.report.plots.parts import (
    BLUE,
    INK,
    LETTER,
    MARKS,
    ORANGE,
    QUIET,
    RED,
    SKY,
    bounds,
    counted_by,
    date_axis,
    day_number,
    gaps,
    keys,
    middles,
    percent_ticks,
    points,
    span,
    thousands,
)
from forecast.report.plots.spans import plot_assumed, plot_odd, plot_spans
from forecast.series.breaks import Break
from forecast.series.calendar import row_noun
from forecast.series.series import Series

ROOM = 18  # letters to the right of an event's line that are enough for its label
NARROWEST = 12  # letters of the narrowest label
NARROW = 0.02  # of the width of a picture


def plot_observations(s: Series, ax: Axes, breaks: Sequence[Break] = (), windows: Sequence[Window] = (),
                      labelled: Sequence[str] = (), bands: np.ndarray | None = None,
                      publishers: Mapping[str, str] | None = None, spans: Sequence[Span] = (),
                      assumed: np.ndarray | None = None, odd: Sequence[int] = ()) -> Axes:
    """Counts of a series with their bounds, unwatched gaps, the level, the intervals of its breaks, and events.

    labelled : names of the events of `windows` to label
    bands : low, middle and high of the level [3, n]; without them the levels of `breaks` are drawn where all are steps
    publishers : id of a statement -> who published it, which gives the counts their marks
    spans : rows that rest on one statement or one total, drawn once; assumed : rows whose share of watched days nobody
        states [n]; odd : rows that stand out by themselves
    """
    left, right = span(s)
    gaps(s, ax)
    _changes(breaks, ax, right - left)
    edges = np.append(s.start.astype(float), float(s.end[-1].astype(int)))
    level = _levels(s, breaks) if bands is None else bands[1]
    top = _top(s, level)
    if bands is not None:
        low, high = (np.append(line, line[-1]) for line in (bands[0], bands[2]))
        high = np.minimum(high, 10 * top)  # far outside: some viewers of SVG dislike endless paths
        ax.fill_between(edges, low, high, step="post", color=SKY, alpha=0.35, label="level, 90 % band")
    if len(level):
        ax.step(edges, np.append(level, level[-1]), where="post", color=BLUE,
                label="level")
    ax.set(ylim=(-0.03 * top, top), ylabel=counted_by(s))
    thousands(ax)
    date_axis(ax, left, right)
    covered = plot_spans(s, spans, ax, top)
    _counts(s, publishers or {}, ax, top, ~covered)
    plot_odd(s, odd, ax)
    if assumed is not None:
        plot_assumed(s, assumed, ax)
    plot_events(windows, ax, labelled)
    keys(ax)
    return ax


def _changes(breaks: Sequence[Break], ax: Axes, whole: float) -> None:
    """A box over the days between which each change begins; of one that is no step also its end, and a line between."""
    named: set[str] = set()
    for b in breaks:
        first, last = day_number(b.low), day_number(b.high)
        wide = (last - first) / whole > NARROW  # of a narrow one the two edges would hide counts
        ax.axvspan(first, last, facecolor=(*to_rgb(ORANGE), 0.28), zorder=0.6, edgecolor="#9a6a00",
                   linewidth=0.9 if wide else 0.3,
                   label=None if ("step" if b.shape == "step" else "start") in named else
                   "change dated in here" if b.shape == "step" else "change begins in here")
        named.add("step" if b.shape == "step" else "start")
        if b.shape == "step" or not b.until:
            continue
        begin, end = day_number(b.at), day_number(b.until)
        ax.axvspan(day_number(b.until_low or b.until), day_number(b.until_high or b.until) + 1, facecolor="none",
                   edgecolor="#9a6a00", hatch="\\\\\\", linewidth=0.5, alpha=0.6, zorder=0.6,
                   label=None if "end" in named else "and ends in here")
        named.add("end")
        ax.annotate("", (end, 0.93), (begin, 0.93), xycoords=ax.get_xaxis_transform(),
                    arrowprops={"arrowstyle": "->", "color": "#9a6a00", "linewidth": 1.0})
        ax.annotate("gradual" if b.shape == "gradual" else "for a while", ((begin + end) / 2, 0.93), (0, 2),
                    xycoords=ax.get_xaxis_transform(), textcoords="offset points", ha="center", fontsize=7.2,
                    color="#9a6a00")


def _levels(s: Series, breaks: Sequence[Break]) -> np.ndarray:
    """Level of each row [n] between breaks that are all steps; empty without any, or where one is no step."""
    if not breaks or any(b.shape != "step" for b in breaks):
        return np.zeros(0)
    level = np.full(len(s), breaks[0].before)
    for b in breaks:
        level[b.position:] = b.after
    return level


def _counts(s: Series, publishers: Mapping[str, str], ax: Axes, top: float, shown_rows: np.ndarray) -> None:
    """The counts of the rows that are drawn one by one."""
    at = middles(s)
    groups = _publishers(s, publishers)
    exact = s.observed & (s.low == s.high) & shown_rows
    shown = [(name, rows) for name, rows in groups.items() if (exact & rows).any()]
    for mark, (name, rows) in zip(MARKS, shown, strict=False):
        # crowded rows in small marks, so that the level behind them stays in sight
        ax.plot(at[exact & rows], s.low[exact & rows], mark, color=INK, zorder=3, label=name, markeredgewidth=0,
                markersize=4.5 if exact.sum() <= 80 else 2.4, clip_on=False)
    bounds(s, ax, top, shown_rows)


def _publishers(s: Series, by: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Rows by who published their statements; one group where that is unknown or there are too many."""
    names = [frozenset(by[i] for i in ids if i in by) for ids in s.sources] or [frozenset()] * len(s)
    single = sorted({next(iter(n)) for n in names if len(n) == 1})
    if not single or len(single) > len(MARKS) - 1:
        return {"exact count": np.ones(len(s), bool)}
    groups = {name: np.array([n == {name} for n in names]) for name in single}
    several = np.array([len(n) != 1 for n in names])
    return groups | ({"several publishers": several} if several.any() else {})


def plot_events(windows: Sequence[Window], ax: Axes, labelled: Sequence[str]) -> Axes:
    """A line per event; the named ones rise above the plot to a label of their own, in steps that never cross."""
    left, right = ax.get_xlim()
    inside = sorted((w for w in windows if left <= day_number(w.event.start) <= right), key=lambda w: w.event.start)
    for outside, loud in ((True, True), (True, False), (False, True), (False, False)):
        days = [day_number(w.event.start) for w in inside
                if w.event.outside == outside and (w.event.name in labelled) == loud]
        if days:  # one collection, for a line of its own for each event costs more than the counts do
            ax.vlines(days, 0, 1, transform=ax.get_xaxis_transform(), color=INK if loud else QUIET,
                      linewidth=0.9 if loud else 0.5, linestyle=(0, (4, 2)) if outside else (0, (1, 2)),
                      zorder=1.5 if loud else 1.1)
    letter = LETTER * (right - left) / points(ax)[0]  # days that a letter takes
    up = points(ax)[1]
    risen = _risen(inside, labelled, left, right, letter)
    over = blended_transform_factory(ax.transData, ax.transAxes)
    for at, lines, flip, lane in _lanes(risen, letter, right):
        height = 1 + (4 + 10 * lane) / up
        ax.plot([at, at], [1, height + (6 + 8 * (len(lines) - 1)) / up], color=INK, linewidth=0.9, transform=over,
                clip_on=False)
        ax.annotate("\n".join(lines), (at, height), (-3 if flip else 3, 0), xycoords=over, textcoords="offset points",
                    fontsize=7.2,
                    ha="right" if flip else "left", va="bottom", annotation_clip=False)
    return ax


def event_lines(s: Series, windows: Sequence[Window], labelled: Sequence[str], width: float) -> int:
    """Lines that the labels of events take above axes of that width (inches) at most."""
    left, right = span(s)
    inside = [w for w in windows if left <= day_number(w.event.start) <= right]
    letter = LETTER * (right - left) / (72 * width)
    return sum(len(lines) for _, lines in _risen(inside, labelled, left, right, letter))


def _risen(windows: Sequence[Window], labelled: Sequence[str], left: float, right: float,
           letter: float) -> list[tuple[float, list[str]]]:
    """Day and lines of the label of each event that has one: to the right of its line, unless there is hardly room."""
    places = [(day_number(w.event.start), w.event.label) for w in windows if w.event.name in labelled]
    rooms = [(int((right - at) / letter) - 2, int((at - left) / letter) - 2) for at, _ in places]
    flipped = [after < ROOM and before > after for after, before in rooms]
    found = []
    for (at, label), (after, before), flip in zip(places, rooms, flipped, strict=True):
        # a label that reads to the right ends before the line of one that reads to the left, if it then still has room
        stems = [int((other - at) / letter) - 1 for (other, _), turned in zip(places, flipped, strict=True) if turned]
        ends = min((room for room in stems if room >= NARROWEST), default=after)
        room = before if flip else min(after, ends)
        found.append((at, textwrap.wrap(label, min(38, max(room, NARROWEST)))))
    return found


def _lanes(named: Sequence[tuple[float, list[str]]], letter: float,
           right: float) -> list[tuple[float, list[str], bool, int]]:
    """Place, lines of text, whether it reads to the left, and lowest lane of each label.

    A label lies above the line of every event that it passes over, so that no line runs through a text.
    """
    placed: list[tuple[float, list[str], bool, int]] = []
    taken: list[tuple[float, float, float, int]] = []  # place, begin, end, first free lane above
    widths = [letter * (max(map(len, lines)) + 1) for _, lines in named]
    ordered = [(at, lines, at + width > right, width) for (at, lines), width in zip(named, widths, strict=True)]
    reading = [label for label in ordered if not label[2]][::-1] + [label for label in ordered if label[2]]
    for at, lines, flip, width in reading:
        begin, end = (at - width, at) if flip else (at, at + width)
        lane = max((k for x, a, b, k in taken if begin <= x <= end or (a < end and begin < b)), default=0)
        taken.append((at, begin, end, lane + len(lines)))
        placed.append((at, lines, flip, lane))
    return placed


def plot_breaks(s: Series, probability: np.ndarray, ax: Axes, windows: Sequence[Window] = ()) -> Axes:
    """Probability of a change in each gap between two rows [n - 1]; bars below it are the windows of `windows`."""
    at = middles(s)
    if len(at) > 1:
        ax.bar(at[:-1], probability, np.diff(at), align="edge", color=RED, linewidth=0)
    top = 1.25 * max(float(probability.max(initial=0)), 0.04)
    shown = sorted(windows, key=lambda w: w.first)
    ax_begin, ax_end = span(s)
    most, line = int(min(48.0, 0.5 * points(ax)[0] / LETTER)), 0
    for w in shown:
        text = textwrap.wrap(w.event.label, most)
        y = -top * (0.2 + 0.24 * (line + (len(text) - 1) / 2))
        line += len(text)
        begin, end = day_number(w.first), day_number(w.last) + 1
        ax.plot([begin, end], [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        late = end > 0.6 * ax_end + 0.4 * ax_begin  # no room to the right
        ax.annotate("\n".join(text), (begin if late else end, y), (-4 if late else 4, -0.5), va="center",
                    ha="right" if late else "left", textcoords="offset points", fontsize=7.2)
    ax.set(ylim=(-top * (0.12 + 0.24 * line) if shown else 0, top))
    ax.set_yticks(*percent_ticks(top))
    what = "date by date" if s.freq is None else f"{row_noun(s)} by {row_noun(s)}"
    ax.set_title(f"Probability of a change, {what}")
    date_axis(ax, *span(s))
    return ax


def _top(s: Series, level: np.ndarray) -> float:
    """Upper end of the axis: the counts and the median level, not the far end of an upper bound."""
    ends = np.concatenate([np.where(np.isinf(s.high), s.low, s.high)[s.observed], level, [1.0]])
    return 1.08 * float(ends.max())
