"""The sentences on one series: whether and when its level changed, by how much, and what it rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from forecast.breaks.detection import Break
from forecast.evidence.statements import Statement
from forecast.experiment.findings import Reading
from forecast.report.phrases import (
    about,
    count,
    day,
    figure,
    it_is,
    listed,
    percent,
    plain,
    rows_of,
    sentence,
    site,
    subject,
    unit,
)
from forecast.series.calendar import per_row, row_noun
from forecast.series.series import Series

MOST = 4  # changes that a sentence still lists
FEWEST = 3  # rows after a change below which nobody knows whether it lasts
WORTH_SAYING = 0.2  # probability of a further change from which it is mentioned


def change(reading: Reading) -> str:
    """Whether the level changed, when, and from what to what."""
    what = subject(reading.series)
    if not reading.conclusive:
        verb = "speak against a change" if against(reading) else "cannot date a change by themselves"
        return (f"The {seen_rows(reading)} of {what} {verb} (Bayes factor "
                f"{figure(reading.bayes_factor)}; {reading.needed:g} is the least we act on). With even odds "
                f"beforehand, {it_is(reading.probability)} that the level changed at all.")
    opening = sentence(f"{it_is(reading.probability)} that the level of {what} changed")
    found = reading.changes
    if not found:
        return f"{opening} No single date holds enough of the posterior to be named."
    if len(found) == 1:
        return (f"{opening} The change is dated between {between(found[0])}: {size(reading, found[0])}."
                + _lasting(reading) + _further(reading))
    asked = found[reading.asked]
    strong = sorted(found, key=lambda b: (b is not asked, -b.probability))[:MOST]  # the one asked about among them
    each = "; ".join(f"between {between(b)}, {size(reading, b)}" for b in sorted(strong, key=lambda b: b.at))
    more = f"; {count(len(found) - MOST, 'further one')} are in the table" if len(found) > MOST else ""
    return f"{opening} {count(len(found), 'change').capitalize()} stand out: {each}{more}.{_lasting(reading)}"


def against(reading: Reading) -> bool:
    """Whether the counts are evidence that the level did not change."""
    return reading.bayes_factor <= 1 / reading.needed


def _lasting(reading: Reading) -> str:
    """That the last change rests on a row or two, where it does."""
    after = int(reading.series.observed[reading.changes[-1].position:].sum())
    if after >= FEWEST:
        return ""
    seen = f"{rows_of(reading.series, after)} {'was' if after == 1 else 'were'}"
    return f" Only {seen} counted since: whether it lasts is not known."


def _further(reading: Reading) -> str:
    """How likely it is that the one change which is dated is not the only one."""
    some = sum(reading.number[1:])
    more = sum(reading.number[2:]) / some if some else 0.0
    return " " + sentence(f"{it_is(more)} that there was more than one") if more >= WORTH_SAYING else ""


def size(reading: Reading, b: Break) -> str:
    """A change of level in words; a level of zeros alone as what was counted."""
    s = reading.series
    k = [other.position for other in reading.changes].index(b.position) if b in reading.changes else 0
    edges = [0, *(other.position for other in reading.changes), len(s)]
    before, after = (int(s.observed[first:last].sum()) if not s.high[first:last][s.observed[first:last]].any() else 0
                     for first, last in ((edges[k], edges[k + 1]), (edges[k + 1], edges[k + 2])))
    counted = f"{unit(s)} {per_row(s)}"
    if before:
        return f"from none in {_counted_rows(s, before)} to about {about(b.after)} {counted}"
    if after:
        return f"from about {about(b.before)} {counted} to none in {_counted_rows(s, after)}"
    return f"from about {about(b.before)} to about {about(b.after)} {counted}"


def between(b: Break) -> str:
    """The days between which a change lies, and how much of the posterior they hold."""
    held = f" ({percent(b.probability)} of the posterior)" if np.isfinite(b.probability) else ""
    first, last = date.fromisoformat(b.low), date.fromisoformat(b.high)
    start = f"{first.day} {first:%B}" if first.year == last.year else day(first)
    return f"{start} and {day(last)}{held}"


def overlaps(one: Break, other: Break) -> bool:
    """Whether the date intervals of two changes share a day."""
    return one.low <= other.high and other.low <= one.high


def confidence(reading: Reading) -> str:
    """How far the evidence itself can be trusted, with the reasons; no probability stands in this sentence."""
    e = weigh(reading)
    reasons = [f"{seen_rows(reading)} {'rests' if e.observed == 1 else 'rest'} "
               + (f"on {count(e.statements, 'statement')} by "
                  f"{count(len(e.publishers), 'publisher')}{_mostly(reading)}" if e.publishers else
                  f"on {count(e.statements, 'statement')} whose publishers the table does not name"),
               "all are exact counts" if e.exact == e.observed else "none is an exact count" if not e.exact else
               count(e.exact, "is an exact count", "are exact counts")]
    if e.heaviest > 1:
        reasons.append(f"{rows_of(reading.series, e.heaviest)} hang on one statement"
                       + (f" by {e.heaviest_by}" if e.heaviest_by else ""))
    return f"Confidence in the evidence is {e.grade}: {listed(reasons)}."


def _mostly(reading: Reading) -> str:
    """The publisher of two statements in three, where there are several."""
    used = {d.statement_id for d in reading.account if d.outcome == "used"}
    by = Counter(st.publisher for st in reading.statements if st.id in used)
    (name, most), *others = by.most_common()
    return f", {most} of them by {name}" if others and 3 * most >= 2 * by.total() else ""


@dataclass(frozen=True)
class Weight:
    """What a series rests on: rows observed, exact rows, statements used, publishers, rows hanging on one statement."""

    grade: str
    observed: int
    exact: int
    statements: int
    publishers: tuple[str, ...]
    heaviest: int
    heaviest_by: str


def weigh(reading: Reading) -> Weight:
    """Grade the evidence of one series.

    low : fewer than two publishers where they are known, fewer than ten observed rows, or two rows in five on one
        statement; high : three publishers, thirty rows, four in five of them exact, nine in ten observed;
        moderate : everything else
    """
    s = reading.series
    known = {st.id: st for st in reading.statements}
    used = [d.statement_id for d in reading.account if d.outcome == "used"]
    publishers = tuple(sorted({known[i].publisher for i in used if i in known}))
    observed, exact = int(s.observed.sum()), int(np.sum(s.observed & (s.low == s.high)))
    alone = Counter(ids[0] for ids, seen in zip(s.sources, s.observed, strict=True) if len(ids) == 1 and seen) \
        if s.sources else Counter()
    heaviest, number = (alone.most_common(1) or [("", 0)])[0]
    if (len(publishers) == 1) or observed < 10 or number >= 0.4 * observed:
        grade = "low"
    elif len(publishers) >= 3 and observed >= 30 and exact >= 0.8 * observed and observed >= 0.9 * len(s):
        grade = "high"
    else:
        grade = "moderate"
    by = known[heaviest].publisher if heaviest in known else ""
    return Weight(grade, observed, exact, len(used), publishers, number, by)


def first_seen(reading: Reading) -> tuple[str, date, str] | None:
    """When something was seen for the first time after an observed zero: "on" or "by", the day, and who saw it."""
    s = reading.series
    zeros, more = np.flatnonzero(s.observed & (s.high == 0)), np.flatnonzero(s.observed & (s.low > 0))
    if not len(zeros) or not len(more) or zeros[0] > more[0]:
        return None
    used = {d.statement_id for d in reading.account if d.outcome != "left out"}
    seen: list[tuple[date, Statement]] = [(st.end, st) for st in reading.statements
                                          if st.id in used and st.low > 0 and st.end is not None]
    if not seen:
        return "by", date.fromisoformat(str(s.end[more[0]])) - timedelta(days=1), ""
    when, statement = min(seen, key=lambda pair: (pair[0], pair[1].id))
    return "on" if statement.start == when else "by", when, statement.publisher


def seen_rows(reading: Reading) -> str:
    """The number of observed rows with their noun: "39 observed months"."""
    return _counted_rows(reading.series, int(reading.series.observed.sum()))


def _counted_rows(s: Series, n: int) -> str:
    seen = "observed " if s.freq else ""
    return count(n, seen + row_noun(s), seen + row_noun(s, 2))


def called(reading: Reading) -> str:
    """The name of a series; one that is named after its site, as the site is written."""
    place, name = site(reading.series), plain(reading.name)
    return place if place.lower() == name.lower() else name
