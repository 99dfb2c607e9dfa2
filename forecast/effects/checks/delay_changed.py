"""Other delays between an event and the change that it may have brought."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group

EARLY = 14  # days of anticipation tried beside the stated ones


def cases(analysis: Analysis) -> Iterator[Case]:
    if not analysis.base.windows:
        return
    delay, early = analysis.candidates.delay_days, analysis.candidates.anticipation_days
    for days, before, name in ((delay // 2, early, f"a delay of at most {delay // 2} days"),
                               (delay + delay // 2, early, f"a delay of at most {delay + delay // 2} days"),
                               (delay, early + EARLY, f"{early + EARLY} days of anticipation")):
        windows = replace(analysis.candidates, delay_days=days, anticipation_days=before).windows()
        if windows != analysis.base.windows:  # events may have a delay of their own
            yield replace(analysis.base, name=name, windows=windows)
    even = tuple(replace(each, mean_delay=math.inf) for each in analysis.base.windows)
    if even != analysis.base.windows:
        yield replace(analysis.base, name="every delay within the longest as likely as another", windows=even)


CHECK = Check("delay_changed", "delay", "with {name}", Group.CHOICE, cases)
