"""Results as a notebook shows them: a heading and a small table, made here so that no result imports the report."""

from __future__ import annotations

from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ROWS = 12  # of a long table; its middle is left out


def frame_html(heading: str, frame: pd.DataFrame) -> str:
    """A heading and a table of at most twelve rows as HTML; everything is escaped."""
    return f"<p><strong>{escape(heading)}</strong></p>{frame.to_html(max_rows=ROWS, border=0, na_rep='–')}"


def fields_html(result: Any) -> str:
    """A result with its fields, one a row; floats with four digits.

    >>> from dataclasses import make_dataclass
    >>> fields_html(make_dataclass("Answer", ["p_value"])(0.01234567)).count("0.01235")
    1
    """
    import pandas as pd

    values = {each.name: getattr(result, each.name) for each in fields(result)}
    shown = pd.Series({k: f"{v:.4g}" if isinstance(v, float) else str(v) for k, v in values.items()})
    return frame_html(type(result).__name__, shown.to_frame(""))
