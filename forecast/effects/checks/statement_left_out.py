"""Every statement left out: what the conclusion owes to one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group


def cases(analysis: Analysis) -> Iterator[Case]:
    for statement in analysis.evidence.used:
        yield analysis.base.resting_on(analysis.evidence.without(statement=statement.id),
                                       f"{statement.id} ({statement.publisher})")


CHECK = Check("statement_left_out", "statement left out", "without the statement {name}", Group.EVIDENCE, cases)
