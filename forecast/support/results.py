"""What every result offers in a notebook: it draws itself, is a table on request, and shows itself as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from forecast.support.notebook import frame_html

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Results are computed in rooms above the report and know nothing of it; a picture of one is asked for by name, as
# pandas does with its plotting backends. The module has `draw(result, ax, **settings)` for every type of result, and
# is loaded when the first picture is drawn: nothing that computes imports Matplotlib.
BACKEND = "forecast.report.plots"


class Shown:
    """A result: `plot` draws it, `frame` gives its table, and a notebook shows that."""

    def frame(self) -> pd.DataFrame:
        """The result as a table."""
        raise NotImplementedError(f"{type(self).__name__} has no table of its own")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the result on `ax`, or on a figure of its own; returns the axes."""
        return drawn(self, ax)

    def heading(self) -> str:
        """What stands above the table in a notebook."""
        return type(self).__name__

    def _repr_html_(self) -> str:
        return frame_html(self.heading(), self.frame())


def drawn(result: Any, ax: Axes | None, **settings: Any) -> Axes:
    """The axes on which a result was drawn by the backend."""
    axes: Axes = import_module(BACKEND).draw(result, ax, **settings)
    return axes


def rows_frame(rows: Iterable[Any], kind: type, *more: str) -> pd.DataFrame:
    """A table of dataclasses of one kind, a line each: their fields, and the properties that are named."""
    import pandas as pd

    columns = [*(each.name for each in fields(kind)), *more]
    return pd.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=columns)
