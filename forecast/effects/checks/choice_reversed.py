"""Every choice of the reconciliation made otherwise, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group


def cases(analysis: Analysis) -> Iterator[Case]:
    for name, otherwise in analysis.evidence.choices():
        yield analysis.base.resting_on(otherwise, name)


CHECK = Check("choice_reversed", "choice", "with {name}", Group.CHOICE, cases)
