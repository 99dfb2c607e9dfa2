"""What each series answers by itself: whether its level changed, what it rests on, which image would date it better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from forecast.effects.explanations import NONE, NOWHERE, WORTH, Explanation
from forecast.effects.next_image import worst_dated
from forecast.experiment.course import Span, Stretch, course, spans
from forecast.experiment.evidence_grade import EvidenceGrade, evidence_grade
from forecast.experiment.thresholds import AGAINST, FEWEST_SINCE, OPEN_DAYS, SEVERAL, SHARED, WORTHWHILE
from forecast.regime_model.change_test import SIZE
from forecast.regime_model.fit import FEWEST
from forecast.regime_model.harmonics import CYCLES
from forecast.series.breaks import Break
from forecast.series.days import DAY
from forecast.series.series import Series

if TYPE_CHECKING:
    from forecast.experiment.reading import Reading


class Answer(StrEnum):
    """Whether the level of a series changed, by its own counts."""

    CHANGED = "changed"
    CANNOT_DATE = "cannot_date"
    TOO_FEW = "too_few"  # rows for any test of a change
    PERSISTENT = "persistent"  # the counts wander so far by themselves that no date of a change can be told
    DIVIDED = "divided"  # the test of a constant level calls a change, but none is likelier than one: none is called
    UNCHANGED = "unchanged"  # the counts are evidence against a change


class Advice(StrEnum):
    """What the best image of all is worth."""

    NOTHING = "nothing"  # none shortens the date interval by a day
    UNDATED = "undated"  # none shortens it by much, and no change is dated
    LITTLE = "little"  # one shortens it, by less than anybody would pay for
    NARROWS = "narrows"


class Agreement(StrEnum):
    """How another series stands to the focal change of the primary one."""

    OVERLAPS = "overlaps"  # a change of its own is dated in the same days
    ELSEWHERE = "elsewhere"  # a change of its own is dated on other days
    UNPLACED = "unplaced"  # it changed, but no date holds enough to be named
    CANNOT_DATE = "cannot_date"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class BestImage:
    """The image worth most.

    change : which change it would date (the one dated worst), None where none is dated
    gain : share by which it is expected to shorten the 90 % date interval of `days_now` days to `days_then`
    archive : whether the day lies inside the series; open : whether the date is open enough to show what would close it
    """

    advice: Advice
    day: str
    change: int | None
    days_now: int
    days_then: float
    gain: float
    archive: bool
    open: bool


@dataclass(frozen=True)
class FirstSeen:
    """When something was seen for the first time after an observed zero.

    exactly : whether on that day, or by it; publisher : who saw it, "" where that is not known
    """

    day: date
    exactly: bool
    publisher: str


@dataclass(frozen=True)
class Beside:
    """How a series stands to the primary one.

    change : which of its changes is compared; common : how many of its `statements` also stand behind the primary one
    check : whether that makes it a check and no evidence of its own
    """

    agreement: Agreement
    change: int | None
    common: int
    statements: int
    check: bool


@dataclass(frozen=True)
class SeriesAnswer:
    """The answer of one series.

    probability : of any change at even odds; p_value : of a constant level
    changes : how many are dated; focal : the one that is meant wherever one is, None without any
    rows_since : observed rows after the last change; lasting : whether they are enough to say that it lasts
    several : the chance that there was more than the one change that is dated, where it is worth saying
    named : events whose windows hold enough of some change to be named in a picture
    explained : the changes whose explanations are worth laying out, the focal one first
    unfitted : how many changes lie in no event's window
    beside : how it stands to the primary series; None for that itself
    course : its counts in a few stretches; spans : rows that rest on one statement or one total
    odd : rows that stand out by themselves, ISO days of their starts; assumed : observed rows of which the share of
        watched days is assumed, for no watcher states it
    season : periods whose pattern was taken out; no_year : whether counts that changed cover too little for what comes
        back every year to be told from a change
    """

    answer: Answer
    probability: float
    p_value: float
    changes: int
    focal: int | None
    rows_since: int | None
    lasting: bool
    several: float | None
    named: tuple[str, ...]
    explained: tuple[int, ...]
    unfitted: int
    grade: EvidenceGrade
    first_seen: FirstSeen | None
    image: BestImage | None
    beside: Beside | None = None
    course: tuple[Stretch, ...] = ()
    spans: tuple[Span, ...] = ()
    odd: tuple[str, ...] = ()
    assumed: int = 0
    season: tuple[str, ...] = ()
    no_year: bool = False


def series_answer(reading: Reading, primary: Reading | None = None) -> SeriesAnswer:
    """What one series answers; primary : the series that it is compared with, if it is another."""
    changes = reading.changes
    since = int(reading.series.observed[changes[-1].position:].sum()) if changes else None
    fits = [k for k, table in enumerate(reading.explained) if any(e.within >= WORTH for e in events_of(table))]
    focal = reading.focal if reading.explained or changes else None
    return SeriesAnswer(
        answer=_answer(reading), probability=reading.probability, p_value=reading.p_value,
        changes=len(changes), focal=focal if changes else None, rows_since=since,
        lasting=since is None or since >= FEWEST_SINCE, several=_several(reading), named=reading.named,
        explained=() if focal is None else (focal, *(k for k in fits if k != focal)),
        unfitted=len(reading.explained) - len(fits), grade=evidence_grade(reading), first_seen=first_seen(reading),
        image=_best_image(reading), beside=None if primary is None else _beside(reading, primary),
        course=course(reading, split=_several(reading) is not None), spans=spans(reading),
        odd=tuple(str(reading.series.start[row]) for row in reading.odd),
        assumed=0 if reading.assumed is None else int(reading.assumed.sum()), season=reading.season,
        no_year=_answer(reading) is Answer.CHANGED and years_seen(reading.series) < CYCLES)


def events_of(table: Sequence[Explanation]) -> list[Explanation]:
    """The rows of a table of explanations that are events."""
    return [e for e in table if e.name not in (NONE, NOWHERE)]


def years_seen(series: Series) -> float:
    """Years from the first observed row to the end of the last; 0 where nothing was observed."""
    seen = np.flatnonzero(series.observed)
    return float((series.end[seen[-1]] - series.start[seen[0]]) / DAY) / 365.25 if len(seen) else 0.0


def overlaps(one: Break, other: Break) -> bool:
    """Whether the date intervals of two changes share a day."""
    return one.low <= other.high and other.low <= one.high


def _answer(reading: Reading) -> Answer:
    if reading.conclusive:
        return Answer.CHANGED
    if reading.persistent:
        return Answer.PERSISTENT
    if reading.p_value <= SIZE:
        return Answer.DIVIDED
    if reading.series.observed.sum() < FEWEST:
        return Answer.TOO_FEW
    return Answer.UNCHANGED if reading.bayes_factor <= 1 / AGAINST else Answer.CANNOT_DATE


def _several(reading: Reading) -> float | None:
    """How likely it is that the one change which is dated is not the only one."""
    some = sum(reading.number[1:])
    more = sum(reading.number[2:]) / some if some else 0.0
    return float(more) if len(reading.changes) == 1 and more >= SEVERAL else None


def first_seen(reading: Reading) -> FirstSeen | None:
    """When something was seen for the first time after an observed zero, and who saw it."""
    s = reading.series
    zeros, more = np.flatnonzero(s.observed & (s.high == 0)), np.flatnonzero(s.observed & (s.low > 0))
    if not len(zeros) or not len(more) or zeros[0] > more[0]:
        return None
    used = {decision.statement_id for decision in reading.account if decision.outcome != "left out"}
    seen = [(st.end, st) for st in reading.statements if st.id in used and st.low > 0 and st.end is not None]
    if not seen:
        return FirstSeen(date.fromisoformat(str(s.end[more[0]])) - timedelta(days=1), False, "")
    when, statement = min(seen, key=lambda pair: (pair[0], pair[1].id))
    return FirstSeen(when, statement.start == when, statement.publisher)


def _best_image(reading: Reading) -> BestImage | None:
    if not reading.images:
        return None
    best = reading.images[0]
    gain = 1 - best.days_then / best.days_now if best.days_now else 0.0
    if round(best.days_then) >= best.days_now:
        advice = Advice.NOTHING
    elif gain >= WORTHWHILE:
        advice = Advice.NARROWS
    else:
        advice = Advice.LITTLE if reading.conclusive else Advice.UNDATED
    return BestImage(advice, best.day, worst_dated(reading.changes), best.days_now, best.days_then, gain,
                     bool(np.datetime64(best.day) < reading.series.end[-1]), best.days_now >= OPEN_DAYS)


def _beside(reading: Reading, primary: Reading) -> Beside:
    mine, theirs = primary.changes[primary.focal:primary.focal + 1], reading.changes
    near = [k for k, b in enumerate(theirs) if any(overlaps(b, other) for other in mine)]
    own, its = ({d.statement_id for d in r.account if d.outcome == "used"} for r in (primary, reading))
    if not reading.conclusive:
        agreement = Agreement.UNCHANGED if _answer(reading) is Answer.UNCHANGED else Agreement.CANNOT_DATE
    elif not theirs:
        agreement = Agreement.UNPLACED
    else:
        agreement = Agreement.OVERLAPS if near else Agreement.ELSEWHERE
    return Beside(agreement, (near or [0])[0] if theirs else None, len(own & its), len(its),
                  len(own & its) >= SHARED * len(its))
