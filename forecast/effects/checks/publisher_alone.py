"""Each publisher by itself, where publishers exclude each other: what the counts of nobody else would say."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group


def cases(analysis: Analysis) -> Iterator[Case]:
    if analysis.evidence.contradictions:
        for publisher in analysis.evidence.publishers:
            yield analysis.base.resting_on(analysis.evidence.only(publisher), publisher)


CHECK = Check("publisher_alone", "publisher alone", "with {name} alone", Group.EVIDENCE, cases)
