"""The unit of time that a row of a series spans, in words."""

from __future__ import annotations

import re

from forecast.series.series import Series

PER = {"D": ("day", "days"), "B": ("working day", "working days"), "W": ("week", "weeks"), "M": ("month", "months"),
       "Q": ("quarter", "quarters"), "Y": ("year", "years"), "S": ("half month", "half months")}


def row_noun(series: Series, n: int = 1) -> str:
    """What one row of the series is: a month, a week, a dated count; of several units, a spell of them."""
    times, one, many = _unit_of_time(series)
    if times:
        return f"{times} {many}" if n == 1 else f"spells of {times} {many}"
    return one if n == 1 else many


def _unit_of_time(series: Series) -> tuple[str, str, str]:
    """How many of which unit a row spans: ("14", "day", "days"); the number is empty for one."""
    found = re.match(r"(\d*)(?:B(?=[MQY]))?([A-Z]?)", series.freq or "")
    times, letter = found.groups() if found else ("", "")
    return (times if times != "1" else "", *PER.get(letter, ("dated count", "dated counts")))


def per_row(series: Series) -> str:
    """What a level is counted by: "a month" or "every 14 days" for a flow; "at a time" for a stock."""
    if not series.freq or series.kind != "flow":
        return "at a time"
    times, one, many = _unit_of_time(series)
    return f"every {times} {many}" if times else f"a {one}"
