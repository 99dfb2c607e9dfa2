"""What a run says of one series, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecast.effects.explanations import Explanation, focal_change, named_events
from forecast.effects.next_image import Image, Worth
from forecast.evidence.decisions import Contradiction, Decision
from forecast.evidence.source import Totals
from forecast.evidence.statements import Statement
from forecast.regime_model.change_test import called
from forecast.series.breaks import Break
from forecast.series.series import Series

LARGEST = 700.0  # a larger logarithm is more than a float holds


@dataclass(frozen=True, eq=False)
class Reading:
    """What one series says.

    account : one decision on every statement
    log_ratio : log Bayes factor of any change against none; p_value : of a constant level, by simulation of the series
    persistent : the counts wander so far by themselves that no date of a change can be told
    number : posterior probability of 0, 1, 2 ... changes; bands : per row the 5, 50 and 95 % of the level
    gaps : posterior probability of a change in each gap [n - 1]; breaks : by detector
    explained : per change of the count regime model (or of the likeliest, if none is conclusive) its table
    images, worth : the best days for an image for the change that is dated worst, and what each day is worth
    statements : what the decisions of the account are about (empty for sources that are no ledgers)
    contradictions : where statements exclude each other
    odd : positions of rows that stand out by themselves; totals : what totals say of sums of rows
    assumed : rows whose share of watched days nobody stated [n]; None where every share is stated
    season : periods ("year", "week") whose pattern was taken out before the level was looked at
    """

    name: str
    series: Series
    account: tuple[Decision, ...]
    log_ratio: float
    p_value: float
    persistent: bool
    number: tuple[float, ...]
    bands: np.ndarray
    gaps: np.ndarray
    breaks: Mapping[str, tuple[Break, ...]]
    explained: tuple[tuple[Explanation, ...], ...]
    images: tuple[Image, ...]
    statements: tuple[Statement, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    worth: Worth | None = None
    odd: tuple[int, ...] = ()
    totals: Totals | None = None
    assumed: np.ndarray | None = None
    season: tuple[str, ...] = ()

    @property
    def conclusive(self) -> bool:
        """Whether the series by itself shows a change."""
        return called(self.p_value, self.persistent, self.probability)

    @property
    def probability(self) -> float:
        """Posterior probability of any change at even prior odds."""
        return float(1 / (1 + np.exp(-self.log_ratio)))

    @property
    def bayes_factor(self) -> float:
        """Evidence of any change against none; as large a number as a float holds at most."""
        return float(np.exp(min(self.log_ratio, LARGEST)))

    @property
    def changes(self) -> tuple[Break, ...]:
        """The changes that the count regime model names."""
        return self.breaks.get("regimes", ())

    @property
    def focal(self) -> int:
        """Which of the changes the answer is about, see `focal_change`."""
        return focal_change(self.changes, self.explained)

    @property
    def table(self) -> tuple[Explanation, ...]:
        """The explanations of that change; () without any."""
        return self.explained[self.focal] if self.explained else ()

    @property
    def named(self) -> tuple[str, ...]:
        """Events whose windows hold enough of some change to be named in a picture."""
        return named_events(self.explained)
