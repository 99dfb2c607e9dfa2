"""What several rows have in common: one statement about all of them, one total, a watching effort that is assumed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from forecast.experiment.course import Span
from forecast.report.phrases import figure, listed
from forecast.report.plots.parts import BLUE, INK, LETTER, QUIET, middles, points
from forecast.series.series import Series

STRIP = 0.035  # of the height of the axes, for the strip that marks an assumed effort
BELOW = 0.085  # of the height of the axes, for a label under a box
NAMES = 2  # publishers that a label still names


def plot_spans(s: Series, spans: Sequence[Span], ax: Axes, top: float) -> np.ndarray:
    """One bracket for each statement that covers many rows and one box for each total; the rows they stand for [n].

    A bracket lies at the most that the statement allows, with a tick at each row; the box of a total spans the least
    and the most of its mean row.
    """
    covered = np.zeros(len(s), dtype=bool)
    for span in spans:
        if span.high is None:
            continue
        rows = _rows(s, span)
        covered[rows] = True
        left, right = (float(day.astype(int)) for day in (s.start[rows[0]], s.end[rows[-1]]))
        if span.total:
            low, high = span.low / span.rows, span.high / span.rows
            ax.fill_between([left, right], low, high, facecolor="none", edgecolor=INK, hatch="\\\\\\\\", linewidth=0.9,
                            zorder=2.4)
            below = low > BELOW * top  # there no count of another row can lie
            at = low - BELOW * top if below else max(high, 0.06 * top)
            _label(ax, left, right, at, f"{_range(span)} in all", top)
        else:
            drop = 0.03 * top
            ax.plot([left, right], [span.high, span.high], color=INK, linewidth=1.6, zorder=2.8,
                    solid_capstyle="butt", clip_on=False)
            ax.vlines([left, right] if s.kind == "flow" else middles(s)[rows], span.high - drop, span.high + drop,
                      color=INK, linewidth=0.9, zorder=2.8, clip_on=False)
            what = "none" if span.high == 0 else f"{_range(span)} each"
            if 0 < len(span.publishers) <= NAMES:
                who = listed(span.publishers)
                whole = f"{what}, one statement by {who}"  # beyond its bracket it would lie on the counts that follow
                what = whole if _reach(ax, whole) <= right - left else f"{what} ({who})"
            _label(ax, left, right, span.high + drop, what, top)
    return covered


def _rows(s: Series, span: Span) -> np.ndarray:
    """The rows that a span stands for: of a stock those that rest on one statement alone."""
    rows = np.arange(span.row, span.after)
    if s.kind == "flow":
        return rows
    alone = s.sources[span.row]
    return np.array([i for i in rows if s.sources[i] == alone])


def _range(span: Span) -> str:
    high = span.high or 0.0
    return figure(span.low) if span.low == high else f"{figure(span.low)} to {figure(high)}"


def _reach(ax: Axes, text: str) -> float:
    """About how many days a label takes."""
    first, last = ax.get_xlim()
    return float(LETTER * len(text) * (last - first) / points(ax)[0])


def _label(ax: Axes, left: float, right: float, at: float, text: str, top: float) -> None:
    """A label above a span, within the axes."""
    first, last = ax.get_xlim()
    reach = _reach(ax, text)
    ends = right - reach if right > last - 0.4 * reach else left
    ax.annotate(text, (max(min(ends, last - reach), first), min(at, 0.93 * top)), (1, 2.5), textcoords="offset points",
                fontsize=7.2, va="bottom", zorder=2.9,
                bbox={"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.75, "pad": 0.6})


def plot_assumed(s: Series, assumed: np.ndarray, ax: Axes) -> Axes:
    """A hatched strip along the top over the rows whose share of watched days nobody states."""
    rows = np.flatnonzero(assumed)
    for n, run in enumerate(np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []):
        ax.axvspan(float(s.start[run[0]].astype(int)), float(s.end[run[-1]].astype(int)), 1 - STRIP, 1.0,
                   facecolor="#ffffff", edgecolor=QUIET, hatch="////", linewidth=0.6, zorder=2.2,
                   label="share of days watched: assumed" if n == 0 else None)
    return ax


def plot_odd(s: Series, odd: Sequence[int], ax: Axes) -> Axes:
    """A ring around each row that stands out by itself."""
    if odd:
        rows = list(odd)
        ax.plot(middles(s)[rows], s.middle[rows], "o", markerfacecolor="none", markeredgecolor=BLUE, markersize=8,
                markeredgewidth=1.1, linestyle="none", zorder=3.1, label="stands out by itself", clip_on=False)
    return ax
