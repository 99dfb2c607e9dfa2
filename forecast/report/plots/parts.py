"""What every plot shares: colours, the style, axes of dates, keys below an axis, texts cut to their room."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes

from forecast.report.phrases import figure, unit
from forecast.series.calendar import per_row
from forecast.series.series import Series

INK, RULE, QUIET = "#1c2128", "#d5d9de", "#6b7480"
BLUE, SKY, RED, ORANGE, GREEN = "#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#009E73"
MARKS = ("o", "s", "D", "P", "X", "*")  # one per publisher
COLUMN, PAGE = 3.5, 7.0  # widths of a figure in inches
LETTER = 3.9  # points that a letter of a label takes
LONG = 20_000  # from here on ticks would crowd out the label of the axis


def style() -> AbstractContextManager[None]:
    """The style of the report's figures, as a context."""
    return rc_context(fname=Path(__file__).parent.parent / "templates" / "forecast.mplstyle")


def date_axis(ax: Axes, left: float, right: float) -> None:
    """Ticks at the starts of days, months, quarters or years, as many as fit, the year written where it changes.

    Ours, for Matplotlib's own locators and formatters cost more than the rest of a figure.
    """
    most = max(3.0, points(ax)[0] / 28)  # ticks
    first, last = (np.datetime64(int(edge), "D") for edge in (np.floor(left), np.ceil(right)))
    months = int((last.astype("M8[M]") - first.astype("M8[M]")).astype(int)) + 1
    if months <= 3:
        step = max(1, round((right - left) / min(7.0, 0.75 * most)))
        begin = np.datetime64(int(np.ceil(left)), "D")  # a tick before the edge would take the year with it
        ticks = np.arange(begin, last + np.timedelta64(1, "D"), np.timedelta64(step, "D"))
        labels = [f"{t.item():%-d %b}" + (f"\n{t.item():%Y}" if n == 0 else "") for n, t in enumerate(ticks)]
    elif months <= 6 * min(most, 14):
        step = next(n for n in (1, 2, 3, 6) if months / n <= min(most, 14))
        after = last.astype("M8[M]") + np.timedelta64(1, "M")
        starts = np.arange(first.astype("M8[Y]"), after, step, dtype="M8[M]").astype("M8[D]")
        ticks = starts[(starts >= first) & (starts <= last)]
        labels = [f"{t.item():%b}" + (f"\n{t.item():%Y}" if n == 0 or t.item().month == 1 else "")
                  for n, t in enumerate(ticks)]
    else:
        step = next(n for n in (1, 2, 5, 10, 20, 50, 100, 1000) if months / 12 / n <= min(0.85 * most, 12))
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


def keys(ax: Axes, below: float = 30) -> None:
    """Keys below the axis (by so many points), where no point of the data can lie, in as many columns as fit."""
    handles, labels = ax.get_legend_handles_labels()
    widest = 24 + 3.6 * max((len(label) for label in labels), default=1)
    across = max(1, min(len(labels), int(points(ax)[0] / widest)))
    ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(0, -below / points(ax)[1]), ncols=across,
              borderaxespad=0, columnspacing=1.4, handletextpad=0.5)


def points(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes in points."""
    box, size = ax.get_position(), ax.figure.get_size_inches()  # type: ignore[union-attr]
    return max(float(box.width * size[0] * 72), 1.0), max(float(box.height * size[1] * 72), 1.0)


def counted_by(s: Series) -> str:
    """The label of an axis of counts: its unit, per what, and the number of rows observed."""
    return f"{unit(s)} {per_row(s)}, n = {int(s.observed.sum())}"


def percent_ticks(top: float) -> tuple[np.ndarray, list[str]]:
    """Round percents up to `top`, about five of them."""
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.25, 0.5) if top / s <= 5 or s == 0.5)
    ticks = np.arange(0, min(top, 1.0) + 1e-9, step)
    return ticks, [f"{100 * t:.0f} %" for t in ticks]


def thousands(ax: Axes) -> None:
    """Ticks of the counts as the prose writes them; thousands as 20k where the numbers are long."""
    low, high = ax.get_ylim()
    ticks = [t for t in ax.get_yticks() if low <= t <= high]
    long = high >= LONG
    ax.set_yticks(ticks, [f"{figure(float(t) / 1000, 6)}k" if long and t else figure(float(t), 6) for t in ticks])


def span(s: Series) -> tuple[float, float]:
    """First and last day of the axis; irregular dates get some room, for a mark may stand on the edge."""
    left, right = float(s.start[0].astype(int)), float(s.end[-1].astype(int))
    room = 0.02 * (right - left) if s.freq is None else 0.0
    return left - room, right + room


def middles(s: Series) -> np.ndarray:
    """The middle day of each row."""
    return np.asarray((s.start.astype(float) + s.end.astype(float)) / 2)


def day_number(when: object) -> float:
    """Days since 1970 of a date."""
    return float(np.datetime64(str(when)[:10], "D").astype(int))


def gaps(s: Series, ax: Axes) -> None:
    """Hatch the rows that nobody observed."""
    if s.freq is None:
        return
    missing = np.flatnonzero(~s.observed)
    for n, run in enumerate(np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1) if len(missing) else []):
        ax.axvspan(float(s.start[run[0]].astype(int)), float(s.end[run[-1]].astype(int)), facecolor=RULE, alpha=0.6,
                   hatch="////", edgecolor="#ffffff", zorder=0.4, label="not observed" if n == 0 else None)


def bounds(s: Series, ax: Axes, top: float, rows: np.ndarray | None = None) -> None:
    """Counts known as a range as bars, those known as a lower bound as marks that point upward; rows : which [n]."""
    at = middles(s)
    seen = s.observed if rows is None else s.observed & rows
    exact = seen & (s.low == s.high)
    ranged, open_ = seen & ~exact & np.isfinite(s.high), seen & np.isinf(s.high)
    if ranged.any():
        middle = (s.low + s.high)[ranged] / 2
        ax.errorbar(at[ranged], middle, np.abs(np.array([s.low[ranged], s.high[ranged]]) - middle), fmt="none",
                    ecolor=INK, elinewidth=0.9, capsize=2.2, zorder=2.5, label="known as a range")
    if open_.any():
        ax.plot(at[open_], s.low[open_], marker=6, linestyle="none", color=INK, zorder=3, label="at least so many",
                markersize=5)
        upward = np.minimum(s.low[open_] + 0.08 * top, top)
        ax.vlines(at[open_], s.low[open_], upward, color=INK, linewidth=0.9, zorder=2.5)
