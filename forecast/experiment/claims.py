"""What the counts say of each published claim: a verdict as an enumeration, with the counts and addresses behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from forecast.evidence.claims import PublishedClaim
from forecast.evidence.statements import Statement
from forecast.series.days import DAY
from forecast.support.registry import suggest

if TYPE_CHECKING:
    from forecast.experiment.reading import Reading

NEAR = np.timedelta64(31, "D")  # a gradual rise that begins within a month of the day named begins about that day
MOST_COUNTS = 12  # counts that a verdict still lists; the first and the last of more


class ClaimWord(StrEnum):
    """What the counts say of a published claim."""

    SUPPORTED = "supported"
    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"
    ASSUMED = "assumed"  # the counts that decide come from nobody but whoever claims it
    CANNOT_BE_TESTED = "cannot_be_tested"


class ClaimReason(StrEnum):
    """Why a claim has its verdict."""

    NOT_COUNTED = "not_counted"  # no series counts what it is about
    NOTHING_OBSERVED = "nothing_observed"  # nobody looked on the days that decide
    OWN_REPORT = "own_report"  # all that decides was reported by whoever claims it
    SOME_SEEN = "some_seen"  # counts above zero on days that it calls empty
    NONE_SEEN = "none_seen"  # observed zeros on the days that it calls empty
    PARTLY_WATCHED = "partly_watched"  # nothing speaks against it, but not all of its days were observed
    SEEN_BEFORE = "seen_before"
    SEEN_THEN = "seen_then"
    SEEN_LATER = "seen_later"  # the first that was seen came later, which excludes no earlier one
    ENOUGH = "enough"  # at least so many follow from the counts
    TOO_FEW = "too_few"  # the counts leave no room for so many
    BOUNDS_APART = "bounds_apart"  # the bounds hold less and more than the number
    NO_CHANGE_DATED = "no_change_dated"
    CONFLICT = "conflict"  # statements of these days exclude each other
    ROSE_THEN = "rose_then"  # a rise is dated wholly within the days
    ROSE_ABOUT = "rose_about"  # the dates of the rise reach beyond the days
    ROSE_BEFORE = "rose_before"  # the rise is dated wholly before them
    ROSE_LATER = "rose_later"  # the rise is dated wholly after them
    FELL = "fell"
    GRADUAL = "gradual"
    SUDDEN = "sudden"  # the rise is a step
    MORE = "more"
    NOT_MORE = "not_more"


@dataclass(frozen=True)
class CountBehind:
    """A count that speaks for or against a claim: of which series and days, and what it says, as bounds."""

    series: str
    first: date
    last: date
    low: float
    high: float | None
    publishers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One published claim and what the counts say of it.

    claim, publisher, url : what was said, by whom and where; series : on which it is tested
    word, reason : the verdict and why; counts : those behind it; addresses : of those who published the counts
    """

    name: str
    claim: str
    publisher: str
    url: str
    series: str
    word: ClaimWord
    reason: ClaimReason
    counts: tuple[CountBehind, ...] = ()
    addresses: tuple[str, ...] = ()


def judge_claims(claims: Sequence[PublishedClaim], readings: Mapping[str, Reading]) -> tuple[Claim, ...]:
    """A verdict on every claim, in order.

    Raises ValueError for a claim about a series that the experiment does not have.
    """
    for claim in claims:
        if claim.test != "not_counted" and claim.series not in readings:
            raise ValueError(f"claim {claim.name}: {claim.series!r} is none of the series: "
                             f"{suggest(claim.series, list(readings))}")
    return tuple(_judge(claim, readings.get(claim.series)) for claim in claims)


@dataclass(frozen=True)
class _Found:
    """A verdict with the rows (or statements) that decide it."""

    word: ClaimWord
    reason: ClaimReason
    rows: tuple[int, ...] = ()
    statements: tuple[Statement, ...] = ()


def _judge(claim: PublishedClaim, reading: Reading | None) -> Claim:
    if reading is None:
        found = _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NOT_COUNTED)
        return Claim(claim.name, claim.claim, claim.publisher, claim.url, "", found.word, found.reason)
    found = _TESTS[claim.test](claim, reading)
    behind = found.statements or _behind(reading, found.rows)
    decided = found.word in (ClaimWord.SUPPORTED, ClaimWord.CONSISTENT)
    own = bool(behind) and {s.publisher for s in behind} == {claim.publisher}
    word, reason = (ClaimWord.ASSUMED, ClaimReason.OWN_REPORT) if decided and own else (found.word, found.reason)
    counts = tuple(_of_statement(reading, s) for s in found.statements) or tuple(
        _of_row(reading, row) for row in found.rows)
    if len(counts) > MOST_COUNTS:
        counts = (*counts[:MOST_COUNTS // 2], *counts[-MOST_COUNTS // 2:])
    addresses = tuple(dict.fromkeys(s.url for s in behind if s.url))
    return Claim(claim.name, claim.claim, claim.publisher, claim.url, reading.name, word, reason, counts, addresses)


# -- the tests --------------------------------------------------------------------------------------------------------
def _none_before(claim: PublishedClaim, reading: Reading) -> _Found:
    assert claim.start  # noqa: S101 - for the type checker; the ledger needs it
    return _none(reading, _within(reading, claim.start, claim.day, last=False))


def _none_within(claim: PublishedClaim, reading: Reading) -> _Found:
    """By statements, for a row may hold other days than those of the claim."""
    assert claim.until  # noqa: S101 - for the type checker; the ledger needs it
    told = [s for s in _statements(claim, reading) if s.start and s.end]
    inside = [s for s in told if s.start >= claim.day and s.end <= claim.until]  # type: ignore[operator]
    if some := tuple(s for s in inside if s.low > 0):
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.SOME_SEEN, statements=some)
    zeros = tuple(s for s in told if s.high == 0 and s.start <= claim.until and s.end >= claim.day)  # type: ignore[operator]
    whole = any(s.start <= claim.day and s.end >= claim.until for s in zeros)  # type: ignore[operator]
    if whole:
        return _Found(ClaimWord.SUPPORTED, ClaimReason.NONE_SEEN, statements=zeros)
    if zeros:
        return _Found(ClaimWord.CONSISTENT, ClaimReason.PARTLY_WATCHED, statements=zeros)
    if told and any(s.start <= claim.day and s.end >= claim.until for s in told):  # type: ignore[operator]
        return _Found(ClaimWord.CONSISTENT, ClaimReason.PARTLY_WATCHED)
    return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NOTHING_OBSERVED)


def _none(reading: Reading, rows: np.ndarray) -> _Found:
    """Whether these rows hold none."""
    s = reading.series
    seen = rows[s.observed[rows]]
    if some := tuple(seen[s.low[seen] > 0].tolist()):
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.SOME_SEEN, some)
    zeros = tuple(seen[s.high[seen] == 0].tolist())
    if not zeros:
        return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NOTHING_OBSERVED)
    if len(zeros) == len(rows):
        return _Found(ClaimWord.SUPPORTED, ClaimReason.NONE_SEEN, zeros)
    return _Found(ClaimWord.CONSISTENT, ClaimReason.PARTLY_WATCHED, zeros)


def _first_within(claim: PublishedClaim, reading: Reading) -> _Found:
    """By the earliest statement of something seen; of what nobody identified nothing follows."""
    assert claim.until  # noqa: S101 - for the type checker; the ledger needs it
    seen = sorted((s for s in _statements(claim, reading) if s.low > 0 and s.start and s.end),
                  key=lambda s: (s.end, s.start))
    if not seen:
        return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NOTHING_OBSERVED)
    first = seen[0]
    if first.end and first.end < claim.day:
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.SEEN_BEFORE, statements=(first,))
    then = tuple(s for s in seen if s.start >= claim.day and s.end <= claim.until)  # type: ignore[operator]
    if then:
        return _Found(ClaimWord.SUPPORTED, ClaimReason.SEEN_THEN, statements=then)
    return _Found(ClaimWord.CONSISTENT, ClaimReason.SEEN_LATER, statements=(first,))


def _at_least_by(claim: PublishedClaim, reading: Reading) -> _Found:
    assert claim.start  # noqa: S101 - for the type checker; the ledger needs it
    number = claim.number or 0.0
    rows = _within(reading, claim.start, claim.day, last=True)
    s = reading.series
    seen = rows[s.observed[rows]]
    if not len(seen):
        return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NOTHING_OBSERVED)
    used = tuple(seen.tolist())
    if s.low[seen].sum() >= number:
        return _Found(ClaimWord.SUPPORTED, ClaimReason.ENOUGH, used)
    whole = len(seen) == len(rows) and bool(np.all(s.exposure[seen] == 1))
    if whole and s.high[seen].sum() < number:
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.TOO_FEW, used)
    return _Found(ClaimWord.CONSISTENT, ClaimReason.BOUNDS_APART, used)


def _more_after(claim: PublishedClaim, reading: Reading) -> _Found:
    """By the change that is dated nearest to the day."""
    if not reading.conclusive or not reading.changes:
        return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NO_CHANGE_DATED)
    day = np.datetime64(claim.day, "D")
    until = np.datetime64(claim.until, "D")
    near = min(reading.changes, key=lambda b: abs(np.datetime64(b.at) - day))
    rows, low, high = _around(reading, near.position), np.datetime64(near.low), np.datetime64(near.high)
    if ids := [i for c in reading.contradictions if claim.day <= c.day <= date.fromisoformat(str(until))
               for i in (*c.lows, *c.highs)]:
        told = tuple(s for s in reading.statements if s.id in ids and s.start and s.end)
        return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.CONFLICT, statements=told)
    against = (ClaimReason.FELL if near.after <= near.before else ClaimReason.ROSE_BEFORE if high < day else
               ClaimReason.ROSE_LATER if low > until else None)
    if against:
        return _Found(ClaimWord.CONTRADICTED, against, rows)
    if day <= low and high <= until:
        return _Found(ClaimWord.SUPPORTED, ClaimReason.ROSE_THEN, rows)
    return _Found(ClaimWord.CONSISTENT, ClaimReason.ROSE_ABOUT, rows)


def _gradual_from(claim: PublishedClaim, reading: Reading) -> _Found:
    """By the shape and the dates of the change nearest to the day."""
    if not reading.conclusive or not reading.changes:
        return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NO_CHANGE_DATED)
    day = np.datetime64(claim.day, "D")
    near = min(reading.changes, key=lambda b: abs(np.datetime64(b.at) - day))
    rows = _around(reading, near.position)
    if near.after <= near.before:
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.FELL, rows)
    if np.datetime64(near.high) < day - NEAR:
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.ROSE_BEFORE, rows)
    if np.datetime64(near.low) > day + NEAR:
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.ROSE_LATER, rows)
    if near.shape == "gradual":
        return _Found(ClaimWord.SUPPORTED, ClaimReason.GRADUAL, rows)
    return _Found(ClaimWord.CONSISTENT, ClaimReason.SUDDEN, rows)


def _more_in(claim: PublishedClaim, reading: Reading) -> _Found:
    """By the rows that hold both days."""
    s = reading.series
    days = [np.datetime64(day, "D") for day in (claim.start, claim.day) if day]
    held = [np.flatnonzero((s.start <= day) & (s.end > day) & s.observed) for day in days]
    if any(not len(rows) for rows in held):
        return _Found(ClaimWord.CANNOT_BE_TESTED, ClaimReason.NOTHING_OBSERVED)
    before, after = (int(rows[0]) for rows in held)
    if s.low[after] > s.high[before]:
        return _Found(ClaimWord.SUPPORTED, ClaimReason.MORE, (before, after))
    if s.high[after] <= s.low[before]:
        return _Found(ClaimWord.CONTRADICTED, ClaimReason.NOT_MORE, (before, after))
    return _Found(ClaimWord.CONSISTENT, ClaimReason.BOUNDS_APART, (before, after))


_TESTS: Mapping[str, Callable[[PublishedClaim, Reading], _Found]] = {
    "none_before": _none_before, "none_within": _none_within, "first_within": _first_within,
    "at_least_by": _at_least_by, "more_after": _more_after, "gradual_from": _gradual_from, "more_in": _more_in,
}


# -- rows and statements ----------------------------------------------------------------------------------------------
def _within(reading: Reading, first: date, day: date, *, last: bool) -> np.ndarray:
    """Rows that lie from `first` up to the day, the day itself included if it is the `last`."""
    s, end = reading.series, np.datetime64(day, "D") + (DAY if last else np.timedelta64(0, "D"))
    return np.flatnonzero((s.start >= np.datetime64(first, "D")) & (s.end <= end))


def _around(reading: Reading, position: int) -> tuple[int, ...]:
    """The observed rows beside a change."""
    seen = np.flatnonzero(reading.series.observed)
    return tuple(int(i) for i in (*seen[seen < position][-2:], *seen[seen >= position][:2]))


def _statements(claim: PublishedClaim, reading: Reading) -> list[Statement]:
    """The statements that the series used or merged, of those the claim asks about."""
    used = {d.statement_id for d in reading.account if d.outcome != "left out"}
    column, _, value = claim.where.partition("=")
    return [s for s in reading.statements if s.id in used
            and (not column or str(s.details.get(column, getattr(s, column, ""))) == value)]


def _behind(reading: Reading, rows: tuple[int, ...]) -> tuple[Statement, ...]:
    sources = reading.series.sources
    ids = {i for row in rows for i in (sources[row] if sources else ())}
    return tuple(s for s in reading.statements if s.id in ids)


def _of_row(reading: Reading, row: int) -> CountBehind:
    s = reading.series
    who = tuple(sorted({each.publisher for each in _behind(reading, (row,))}))
    return CountBehind(reading.name, _date(s.start[row]), _date(s.end[row] - DAY), float(s.low[row]),
                       _finite(s.high[row]), who)


def _of_statement(reading: Reading, s: Statement) -> CountBehind:
    assert s.start  # noqa: S101 - for the type checker; those without days are left out before
    assert s.end  # noqa: S101 - likewise
    return CountBehind(reading.name, s.start, s.end, s.low, _finite(s.high), (s.publisher,))


def _finite(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


def _date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))
