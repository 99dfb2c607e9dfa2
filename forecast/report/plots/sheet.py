"""A figure with a title, axes below each other and room for the keys of each."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

LANE = 0.14  # inches that one lane of event labels takes
ROW = 0.27  # inches of a row whose label stands above it
LINE = 0.15  # inches of a line of a title


class Sheet:
    """A figure with a title and axes below each other; a row is (space above, height, space below) in inches."""

    def __init__(self, title: str, width: float, rows: Sequence[tuple[float, float, float]], left: float = 0.62,
                 right: float = 0.14, figure: Figure | None = None) -> None:
        self._rows, self._left, self._right = rows, left, right
        lines = textwrap.wrap(title, int(72 * width / 5.4))
        self._head = 0.06 + LINE * len(lines)
        self._figure = Figure() if figure is None else figure
        self._figure.set_size_inches(width, 1)
        self._title = self._figure.text(0.08 / width, 1, "\n".join(lines), fontweight="bold", va="top", fontsize=8.5)
        self.axes = [self._figure.add_axes((0, 0, 1, 1)) for _ in rows]
        self.settled()

    def settled(self) -> Figure:
        """The figure, as high as its rows and the keys below them turned out to be."""
        width = self._figure.get_figwidth()
        keys = [_lines_of_keys(ax) for ax in self.axes]
        height = self._head + sum(map(sum, self._rows)) + LINE * sum(keys)
        self._figure.set_size_inches(width, height)
        self._title.set_y(1 - 0.06 / height)
        at = height - self._head
        for ax, (above, tall, below), lines in zip(self.axes, self._rows, keys, strict=True):
            at -= above + tall
            ax.set_position((self._left / width, at / height, (width - self._left - self._right) / width,
                             tall / height))
            at -= below + LINE * lines
        return self._figure


def _lines_of_keys(ax: Axes) -> int:
    legend = ax.get_legend()
    return 0 if legend is None else -(-len(legend.get_texts()) // legend._ncols)  # type: ignore[attr-defined]
