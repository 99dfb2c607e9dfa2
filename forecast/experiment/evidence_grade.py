"""How far the evidence behind one series can be trusted, with the counts that say so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from forecast.experiment.thresholds import (
    HIGH_EXACT,
    HIGH_OBSERVED,
    HIGH_PUBLISHERS,
    HIGH_ROWS,
    LOW_ALONE,
    LOW_ROWS,
)

if TYPE_CHECKING:
    from forecast.experiment.reading import Reading


class Grade(StrEnum):
    """How far evidence can be trusted."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


@dataclass(frozen=True)
class EvidenceGrade:
    """What a series rests on.

    rows, observed, exact : rows in all, those observed, those with an exact count
    statements : how many were used; publishers : of them, sorted; () where they are not known
    main_publisher, by_main : the publisher of two statements in three where there are several ("" for none), and how
        many statements are its
    alone, alone_by : most rows that rest on one statement and nothing else, and its publisher
    """

    grade: Grade
    rows: int
    observed: int
    exact: int
    statements: int
    publishers: tuple[str, ...]
    main_publisher: str
    by_main: int
    alone: int
    alone_by: str


def evidence_grade(reading: Reading) -> EvidenceGrade:
    """Grade the evidence of one series.

    low : one publisher, fewer than ten observed rows, or two rows in five on one statement
    high : three publishers, thirty rows, four in five of them exact, nine in ten observed; moderate : everything else
    """
    s = reading.series
    known = {statement.id: statement for statement in reading.statements}
    used = [decision.statement_id for decision in reading.account if decision.outcome == "used"]
    publishers = Counter(known[name].publisher for name in used if name in known)
    observed, exact = int(s.observed.sum()), int(np.sum(s.observed & (s.low == s.high)))
    lonely = Counter(names[0] for names, seen in zip(s.sources, s.observed, strict=True) if len(names) == 1 and seen) \
        if s.sources else Counter()
    statement, alone = (lonely.most_common(1) or [("", 0)])[0]
    main, by_main = (publishers.most_common(1) or [("", 0)])[0]
    if len(publishers) < 2 or 3 * by_main < 2 * publishers.total():
        main, by_main = "", 0
    return EvidenceGrade(_graded(len(publishers), len(s), observed, exact, alone), len(s), observed, exact, len(used),
                         tuple(sorted(publishers)), main, by_main, alone,
                         known[statement].publisher if statement in known else "")


def _graded(publishers: int, rows: int, observed: int, exact: int, alone: int) -> Grade:
    if publishers == 1 or observed < LOW_ROWS or alone >= LOW_ALONE * observed:
        return Grade.LOW
    if (publishers >= HIGH_PUBLISHERS and observed >= HIGH_ROWS and exact >= HIGH_EXACT * observed
            and observed >= HIGH_OBSERVED * rows):
        return Grade.HIGH
    return Grade.MODERATE
