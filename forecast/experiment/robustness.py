"""Whether the conclusion stands when the analysis is made otherwise, and what turns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.effects.checks.variant import Outcome, Variant

if TYPE_CHECKING:
    from forecast.experiment.findings import Findings


@dataclass(frozen=True)
class Robustness:
    """What became of the conclusion of the primary series in every variant of the analysis.

    base : the analysis as it is, read on the grid of the variants
    comparable : whether that concludes as the report does: otherwise the variants say nothing of it
    variants, standing : how many were made, and in how many the conclusion stands
    low, high : least and largest share of the leader of the base where it leads
    turned : the variants that turn the conclusion, evidence left out first
    preference : how many times as likely a row busier by one standard deviation must be imaged to feign the whole of
        the one change; None where the counts come from no images, or no preference is needed
    """

    base: Variant
    comparable: bool
    variants: int
    standing: int
    low: float
    high: float
    turned: tuple[Variant, ...]
    preference: float | None


def robustness(findings: Findings) -> Robustness | None:
    """What the checks found; None where none was run."""
    if not findings.sensitivity:
        return None
    base, *others = findings.sensitivity
    again = [v for v in others if v.outcome is not Outcome.MEASURED]
    turned = tuple(v for v in again if v.turns)
    shares = sorted(v.share for v in (base, *again) if v.leader == base.leader)
    comparable = base.outcome is not Outcome.NO_SERIES and base.conclusive == findings.main.conclusive
    return Robustness(base, comparable, len(again), len(again) - len(turned), shares[0], shares[-1], turned,
                      _preference(findings))


def _preference(findings: Findings) -> float | None:
    """What a preference for busy rows must be, for the one change of a series whose counts come from images."""
    main = findings.main
    measured = next((v.factor for v in findings.sensitivity if v.check == "image_selection"), None)
    if not main.conclusive or len(main.changes) != 1 or not main.images or measured is None or measured <= 1:
        return None
    return measured
