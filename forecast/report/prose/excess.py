"""Sentences on how much the change brought, and on what series that share a cause say together."""

from __future__ import annotations

import numpy as np

from forecast.experiment.findings import Findings
from forecast.report.phrases import THIN, count, day, figure, listed, percent, plain, ratio, times, unit
from forecast.series.calendar import row_noun

MULTIPLE = 3.0  # from threefold on people say times, below it percent


def brought(findings: Findings) -> str:
    """What was seen since the one change beyond what the level before would have brought; "" where there is not one.

    A flow is summed. A stock is averaged over its observed rows, for a car that stays is no second car.
    """
    since = findings.since_change
    if since is None:
        return ""
    s = findings.main.series
    n = int(np.sum(~np.isnan(since.observed)))
    low, middle, high = (x / (n if s.kind == "stock" else 1) for x in since.total)
    more = "more" if middle >= 0 else "fewer"
    rows = count(n, f"observed {row_noun(s)}", f"observed {row_noun(s, 2)}")
    what = f"{unit(s)} at a time on average" if s.kind == "stock" else unit(s)
    loose = bool((s.observed & (s.start >= np.datetime64(str(since.when[0])[:10], "D")) & (s.low != s.high)).any())
    if since.open:
        least = (f"there were at least {figure(low)} more {what} than the level before would have brought (95{THIN}% "
                 "bound)" if low > 0 else f"no more {what} are known of than the level before would have brought")
        return (f"From {day(since.when[0])} on, over {rows}, {least}. Some counts are known from below only: "
                "there is no upper end.")
    return (f"From {day(since.when[0])} on, over {rows}, there were about {figure(abs(middle))} {more} {what} than the "
            f"level before would have brought (95{THIN}% interval {_ends(low, high)}).{_times(since.ratio)}"
            + (" The low end takes the least that the counts allow in all, the high end the most; the middle lies "
               "between the two." if loose else ""))


def _ends(low: float, high: float, unit: str = "") -> str:
    """Both ends of an interval of "more", or of "fewer" where both are negative."""
    if low < 0 < high:
        return f"{figure(-low)}{unit} fewer to {figure(high)}{unit} more"
    ends = sorted((abs(low), abs(high)))
    return f"{figure(ends[0])}{unit} to {figure(ends[1])}{unit}"


def _times(found: tuple[float, float, float]) -> str:
    """The same as a percent, or as a multiple where it is one; "" where nothing at all was expected or seen."""
    low, middle, high = found
    if not np.isfinite(low) or high == 0:
        return ""
    if not np.isfinite(high):  # hardly any were expected: by how many times is a matter of one or two
        return f" That is at least {ratio(low)} times as many."
    if 1 / MULTIPLE <= middle <= MULTIPLE:
        share, word = 100 * (middle - 1), "more" if middle >= 1 else "fewer"
        return f" That is {figure(abs(share))}{THIN}% {word} ({_ends(100 * (low - 1), 100 * (high - 1), f'{THIN}%')})."
    return f" That is about {ratio(middle)} times as many ({ratio(low)} to {ratio(high)})."


def together(findings: Findings) -> str:
    """What series that are said to share a cause say of one change; "" where none are."""
    shared = findings.together
    if shared is None:
        return ""
    own = listed(map(times, shared.alone))
    torn = [name for name, each in findings.readings.items() if name in shared.names and each.contradictions]
    caveat = f" Counts of {listed(map(plain, torn))} exclude each other: this rests on which are right." if torn else ""
    held = {e.name: e for e in shared.table}
    windows = listed(f"“{held[name].label}” ({percent(held[name].probability)})"
                     for name in findings.conclusions.together) or "no event"
    return (f"If {listed(plain(name) for name in shared.names)} are taken to share one change, their counts are "
            f"{times(shared.log_ratio)} times as likely with it as without (each by itself: {own} times); the shared "
            f"change then fits {windows}.{caveat}")
