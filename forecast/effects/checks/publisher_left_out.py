"""Every publisher left out: what the conclusion owes to one of them."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group


def cases(analysis: Analysis) -> Iterator[Case]:
    for publisher in analysis.evidence.publishers:
        yield analysis.base.resting_on(analysis.evidence.without(publisher=publisher), publisher)


CHECK = Check("publisher_left_out", "publisher left out", "without {name}", Group.EVIDENCE, cases)
