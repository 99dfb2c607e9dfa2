"""Which image would narrow the date of a change most."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from forecast.images import Image
from forecast.plots.parts import BLUE, date_axis, day_number
from forecast.words import count


def plot_images(images: Sequence[Image], ax: Axes) -> Axes:
    """Expected narrowing of the date of a change by an image of each day."""
    known = sorted(images, key=lambda image: image.day)
    at = [day_number(image.day) for image in known]
    ax.vlines(at, 0, [image.narrowing for image in known], color=BLUE, linewidth=1.2)
    ax.plot(at, [image.narrowing for image in known], "o", color=BLUE)
    ax.set(ylabel="expected narrowing, bits", xlabel=f"day of the image, {count(len(known), 'candidate')}")
    ax.set_ylim(bottom=0)
    pad = max(2.0, 0.1 * (at[-1] - at[0]))
    date_axis(ax, at[0] - pad, at[-1] + pad)
    return ax
