"""Which image would narrow the date of a change most."""

from __future__ import annotations

from matplotlib.axes import Axes

from forecast.effects.next_image import Worth
from forecast.report.phrases import count, day
from forecast.report.plots.parts import BLUE, INK, SKY, date_axis, keys


def plot_images(worth: Worth, ax: Axes) -> Axes:
    """Expected narrowing of the date of a change by an image of each day; the best day is marked."""
    at = worth.days.astype(float)
    best = int(worth.bits.argmax())
    ax.fill_between(at, 0, worth.bits, color=SKY, alpha=0.35, linewidth=0)
    ax.plot(at, worth.bits, color=BLUE, label=f"an image of each of {count(len(at), 'day')}")
    ax.plot(at[best], worth.bits[best], "o", color=INK, label=f"the best, {day(worth.days[best])}")
    ax.set_ylabel("expected narrowing, bits")
    ax.set_ylim(bottom=0)
    date_axis(ax, at[0] - 1, at[-1] + 1)
    keys(ax)
    return ax
