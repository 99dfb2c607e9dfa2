"""Events: how the explanations share the posterior, the ratio at each date, and what the conclusion hangs on."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from forecast.effects.explanations import NONE, NOWHERE, Explanation
from forecast.report.phrases import count, figure, p_value, percent
from forecast.report.plots.parts import BLUE, INK, LETTER, QUIET, RED, keys, percent_ticks, points, short

if TYPE_CHECKING:
    from forecast.effects.checks.variant import Variant
    from forecast.effects.event_tests import Effect, Tested

MOST_TICKS = 8
MOST = 14  # variants that a tornado shows; the others move the conclusion less than any of these


def plot_explanations(table: Sequence[Explanation], ax: Axes) -> Axes:
    """Posterior probability of each explanation as a bar, and of its window before the data as a hollow mark."""
    events = sorted((e for e in table if e.name not in (NONE, NOWHERE)), key=lambda e: -e.probability)
    rows = [*events, *(e for e in table if e.name in (NONE, NOWHERE))]
    y = np.arange(len(rows))[::-1]
    tall = label_rows(ax, y, [e.label for e in rows])
    ax.barh(y, [e.probability for e in rows], tall, color=[BLUE if e in events else QUIET for e in rows],
            label="probability")
    ax.plot([e.prior for e in rows], y, "D", markerfacecolor="#ffffff", markeredgecolor=INK, markersize=3.6,
            label="before the data", markeredgewidth=0.9)
    for at, e in zip(y, rows, strict=True):
        ax.annotate(percent(e.probability), (max(e.probability, e.prior), at), (6, 0), va="center", fontsize=7.5,
                    textcoords="offset points")
    ax.set_xticks(*percent_ticks(1.0))
    ax.set(xlim=(0, 1.12), xlabel="probability that the change fell in the window")
    keys(ax, 34)
    return ax


def plot_effects(tested: Tested, ax: Axes, names: Mapping[str, str] | Sequence[str] = ()) -> Axes:
    """Level after over level before with its 95 % interval for every date tested; filled where that is significant.

    names : labels of the dates in the order of the effects (or a mapping of which the values are taken)
    """
    labels = list(names.values()) if isinstance(names, Mapping) else list(names)
    effects: Sequence[Effect] = tested.effects
    y = np.arange(len(effects))[::-1]
    for at, e in zip(y, effects, strict=True):
        ax.plot(e.ratio, at, "o", color=BLUE, markerfacecolor=BLUE if e.significant else "#ffffff", markersize=5)
        ax.annotate(p_value(e.adjusted), (1.01, at), xycoords=("axes fraction", "data"), va="center", fontsize=7.5,
                    annotation_clip=False)
    ax.hlines(y, [e.low for e in effects], [e.high for e in effects], color=BLUE, linewidth=1.6)
    ax.annotate("adjusted p", (1.01, 1.0), xycoords="axes fraction", va="bottom", fontsize=7, annotation_clip=False)
    ax.axvline(1, color=INK, linewidth=0.9)
    ax.set_xscale("log")
    low, high = min([*(e.low for e in effects), 0.5]), max([*(e.high for e in effects), 2.0])
    round_ones = (0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 100, 300, 1000) if high / low > 8 else (
        0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4)
    ticks = _apart([t for t in round_ones if low / 1.2 <= t <= high * 1.2], np.log(1.69 * high / low) / MOST_TICKS)
    ax.set_xticks(ticks, [figure(t) for t in ticks])
    ax.minorticks_off()
    ax.set(xlabel=f"level after / level before, {count(len(effects), 'date')};\n"
                  f"median and 95 % interval, filled: adjusted p ≤ {tested.level:g}",
           xlim=(low / 1.3, high * 1.3), ylim=(-0.7, len(effects) - 0.3))
    label_rows(ax, y, labels or [e.when for e in effects])
    ax.grid(visible=True, axis="x")
    return ax


def _apart(ticks: Sequence[float], least: float) -> list[float]:
    """Those of the ticks that stand at least so far from each other, in log units; one is kept before all others."""
    kept: list[float] = []
    for tick in sorted(ticks, key=lambda t: abs(np.log(t))):
        if all(abs(np.log(tick / other)) >= least for other in kept):
            kept.append(tick)
    return sorted(kept)


def plot_sensitivity(variants: Sequence[Variant], ax: Axes, labels: Sequence[str], leaders: Sequence[str]) -> Axes:
    """A tornado: how far each variant of the analysis moves the best explanation from the first one, the base.

    variants : the base first; what moves the conclusion most next, of which 14 at most are shown. A bar runs from the
        share of the base to that of the variant; where the conclusion turns, it is red and names the new leader.
    labels, leaders : how each is written, and what leads in it
    """
    base, shown = variants[0], variants[1:MOST + 1]
    y = np.arange(len(shown))[::-1]
    tall = label_rows(ax, y, labels[1:MOST + 1])
    ax.barh(y, [v.share - base.share for v in shown], tall, left=base.share,
            color=[RED if v.turns else BLUE for v in shown])
    room = int(0.9 * points(ax)[0] * (1.12 - base.share) / 1.12 / LETTER) - 7
    for at, v, leader in zip(y, shown, leaders[1:], strict=False):
        text = percent(v.share) + (f", {short(leader, max(room, 8))}" if v.turns else "")
        ax.annotate(text, (max(v.share, base.share), at), (4, 0), va="center", fontsize=7, textcoords="offset points")
    ax.axvline(base.share, color=INK, linewidth=0.9)
    ax.set_xticks(*percent_ticks(1.0))
    ax.set(xlim=(0, 1.12), ylim=(-0.7, max(len(shown), 1) - 0.3),
           xlabel=f"probability of the best explanation,\n{count(len(variants) - 1, 'variant')}; line: the base "
                  f"({percent(base.share)})")
    return ax


def label_rows(ax: Axes, y: np.ndarray, labels: Sequence[str]) -> float:
    """Name the rows of a plot: to the left where there is room, above each row otherwise; the height of its bar."""
    left = ax.get_position().x0 * ax.figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    if left >= 100:
        most = int(left / LETTER) - 4
        ax.set_yticks(y, [short(text, most) for text in labels])
        return 0.62
    most = int(points(ax)[0] / LETTER) - 2
    ax.set_yticks([])
    for at, text in zip(y, labels, strict=True):
        ax.annotate("\n".join(textwrap.wrap(text, most)), (0, at + 0.22), (2, 0),
                    xycoords=("axes fraction", "data"), fontsize=7.2,
                    textcoords="offset points", va="bottom", zorder=2.5,  # above a line, below a number
                    bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.2})
    return 0.36
