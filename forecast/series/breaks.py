"""`Break`: one change of a series, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = Literal["step", "gradual", "temporary"]


@dataclass(frozen=True)
class Break:
    """One change of level (or trend) of a series.

    position : index of the first observation of the new segment (0-based, counted over all rows, missing included)
    at : start date of that observation, ISO
    low, high : ISO dates between which the change lies (begins, where it is no step), with the detector's stated
        confidence (90 % credible for the count regime model); `low` <= `at` <= `high`
    before, after : fitted level (count per row) of the segments on both sides; of a temporary change, outside and
        inside of it
    probability : posterior probability that the change lies within [low, high]; NaN for detectors without one
    shape : "step", "gradual" (the level moves from `at` to `until`), or "temporary" (the old level holds again from
        `until` on)
    until, until_low, until_high : where a change that is no step ends, and dates between which that lies; "" of a step
    total, total_low, total_high : counts that a temporary change added or took away, and their 95 % interval; None of
        other shapes

    >>> from forecast import Series, detect
    >>> counts = [2, 3, 1, 2, 3, 2, 2, 3, 30, 28, 33, 31, 29, 30, 35, 31]
    >>> found = detect(Series.from_values(counts, start="2023-01-02"))[0]
    >>> isinstance(found, Break), found.position, found.at, found.shape
    (True, 8, '2023-02-27', 'step')
    """

    position: int
    at: str
    low: str
    high: str
    before: float
    after: float
    probability: float
    shape: Shape = "step"
    until: str = ""
    until_low: str = ""
    until_high: str = ""
    total: float | None = None
    total_low: float | None = None
    total_high: float | None = None

    @property
    def ratio(self) -> float:
        """Level after over level before."""
        return self.after / self.before if self.before else float("inf")
