"""The sentences on one series: whether and when its level changed, by how much, and what it rests on."""

from __future__ import annotations

from datetime import date

import numpy as np

from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import Answer, SeriesAnswer
from forecast.report.phrases import (
    about,
    between_days,
    count,
    day,
    figure,
    it_is,
    listed,
    p_value,
    percent,
    plain,
    rows_of,
    sentence,
    site,
    subject,
    unit,
)
from forecast.series.breaks import Break
from forecast.series.calendar import per_row, row_noun
from forecast.series.series import Series

SHARE = "percent"  # unit of shares
CHANGES_SHOWN = 4  # changes that a sentence still lists
UNDATED = {Answer.CANNOT_DATE: "cannot date a change by themselves", Answer.UNCHANGED: "speak against a change",
           Answer.PERSISTENT: "wander so far by themselves that no change can be dated"}


def change(reading: Reading, answer: SeriesAnswer) -> str:
    """Whether the level changed, when, and from what to what."""
    what = subject(reading.series)
    if answer.answer is Answer.DIVIDED:
        return (f"The {seen_rows(reading)} of {what} date no change: a test of them would call one (p = "
                f"{figure(answer.p_value)}, by simulating the same series without it), but with even odds beforehand "
                f"{it_is(answer.probability)} that the level changed at all, and the careful of the two is believed.")
    if answer.answer is Answer.TOO_FEW:
        return f"The {seen_rows(reading)} of {what} are too few to test whether the level changed."
    if answer.answer is not Answer.CHANGED:
        return (f"The {seen_rows(reading)} of {what} {UNDATED[answer.answer]} (p = {figure(answer.p_value)} without "
                f"a change). With even odds beforehand, {it_is(answer.probability)} "
                "that the level changed at all.")
    opening = sentence(f"{it_is(answer.probability)} that the level of {what} changed")
    found = reading.changes
    if not found or answer.focal is None:
        return f"{opening} No single date is likely enough to be named."
    if len(found) == 1:
        return (f"{opening} The change is dated between {between(found[0])}: {size(reading, found[0])}."
                + _lasting(reading, answer) + _further(answer))
    strong = _strongest(reading, answer)
    each = "; ".join(f"between {between(b)}, {size(reading, b)}" for b in strong)
    hidden = len(found) - len(strong)
    more = f"; {count(hidden, 'further one')} {'is' if hidden == 1 else 'are'} in the table" if hidden else ""
    return (f"{opening} {count(len(found), 'change').capitalize()} stand out: {each}{more}."
            + _lasting(reading, answer))


def dated(reading: Reading, answer: SeriesAnswer) -> str:
    """How firmly the answer stands on the counts: the test, the dates, and what else may have changed."""
    if answer.answer is Answer.TOO_FEW:
        return change(reading, answer)
    if answer.answer is not Answer.CHANGED:
        return (f"With even odds beforehand, {it_is(answer.probability)} that the level of {subject(reading.series)} "
                f"changed at all. {_tested(answer)}.")
    opening = f"{_tested(answer)}; with even odds beforehand, a change is {percent(answer.probability)} probable."
    found = reading.changes
    if not found or answer.focal is None:
        return opening
    if len(found) == 1:
        return f"{opening} {_dates(found[0])}" + _lasting(reading, answer) + _further(answer)
    each = "; ".join(f"between {between(b)}, {size(reading, b)}" for b in _strongest(reading, answer))
    hidden = len(found) - CHANGES_SHOWN
    more = f"; {count(hidden, 'further one')} {'is' if hidden == 1 else 'are'} folded below" if hidden > 0 else ""
    return f"{opening} {count(len(found), 'change').capitalize()} stand out: {each}{more}." + _lasting(reading, answer)


def _tested(answer: SeriesAnswer) -> str:
    """The test, with what its p-value is."""
    said = p_value(answer.p_value)
    return ("Without a change, the same series would look as if it had one with a chance of p "
            f"{f'= {said}' if said[0] != '<' else f'< {said[1:]}'}")


def _strongest(reading: Reading, answer: SeriesAnswer) -> list[Break]:
    """The changes that a sentence still lists, by date: the focal one among them."""
    focal = reading.changes[answer.focal or 0]
    strong = sorted(reading.changes, key=lambda b: (b is not focal, -b.probability))[:CHANGES_SHOWN]
    return sorted(strong, key=lambda b: b.at)


def _lasting(reading: Reading, answer: SeriesAnswer) -> str:
    """That the last change rests on a row or two, where it does."""
    if answer.lasting or answer.rows_since is None:
        return ""
    seen = f"{rows_of(reading.series, answer.rows_since)} {'was' if answer.rows_since == 1 else 'were'}"
    return f" Only {seen} counted since: whether it lasts is not known."


def _further(answer: SeriesAnswer) -> str:
    """How likely it is that the one change which is dated is not the only one."""
    return "" if answer.several is None else " " + sentence(f"{it_is(answer.several)} that there was more than one")


def size(reading: Reading, b: Break) -> str:
    """A change of level in words; a level of zeros alone as what was counted."""
    s = reading.series
    k = [other.position for other in reading.changes].index(b.position) if b in reading.changes else 0
    edges = [0, *(other.position for other in reading.changes), len(s)]
    before, after = (int(s.observed[first:last].sum()) if not s.high[first:last][s.observed[first:last]].any() else 0
                     for first, last in ((edges[k], edges[k + 1]), (edges[k + 1], edges[k + 2])))
    partly = s.kind == "flow" and bool((s.observed & (s.exposure < 1)).any())
    counted = f"{unit(s)} per fully watched {row_noun(s)}" if partly else f"{unit(s)} {per_row(s)}"
    if unit(s) == SHARE:  # of one thing, which is not there so many at a time
        counted = SHARE
    if before:
        return f"{_manner(b)}from none in {_counted_rows(s, before)} to about {about(b.after)} {counted}{_end(s, b)}"
    if after:
        return f"{_manner(b)}from about {about(b.before)} {counted} to none in {_counted_rows(s, after)}{_end(s, b)}"
    return f"{_manner(b)}from about {about(b.before)} to about {about(b.after)} {counted}{_end(s, b)}"


def _manner(b: Break) -> str:
    return {"step": "", "gradual": "gradually ", "temporary": "for a while "}[b.shape]


def _end(series: Series, b: Break) -> str:
    """Until when a change that is no step goes on, and what a temporary one of a flow came to."""
    if b.shape == "step":
        return ""
    if b.total is None or series.kind == "stock":  # what stands in several images is counted in each
        return f", until {day(b.until)}"
    more = "more" if b.total >= 0 else "fewer"
    return f", until {day(b.until)}: about {about(abs(b.total))} {more} in all"


def between(b: Break) -> str:
    """The days between which a change lies, and how probable they are."""
    held = f" ({percent(b.probability)} probable)" if np.isfinite(b.probability) else ""
    first, last = date.fromisoformat(b.low), date.fromisoformat(b.high)
    start = f"{first.day} {first:%B}" if first.year == last.year else day(first)
    return f"{start} and {day(last)}{held}"


def _dates(b: Break) -> str:
    """When the one change began, and when one that is no step was over."""
    if b.shape == "step" or not b.until_low:
        return f"It is dated between {between(b)}."
    how = "It is gradual, begins" if b.shape == "gradual" else "It begins"
    held = f" ({percent(b.probability)} probable)" if np.isfinite(b.probability) else ""
    return f"{how} {between_days(b.low, b.high)} and is over {between_days(b.until_low, b.until_high)}{held}."


def season(answer: SeriesAnswer) -> str:
    """Which repeating patterns were taken out of the counts first; "" without any."""
    if not answer.season:
        return ""
    each = listed([f"every {name}" for name in answer.season])
    return f"What the counts repeat {each} was taken out before their level was looked at."


def confidence(reading: Reading, answer: SeriesAnswer) -> str:
    """How far the evidence itself can be trusted, with the reasons; no probability stands in this sentence."""
    e = answer.grade
    mostly = f", {e.by_main} of them by {e.main_publisher}" if e.main_publisher else ""
    reasons = [f"{seen_rows(reading)} {'rests' if e.observed == 1 else 'rest'} "
               + (f"on {count(e.statements, 'statement')} by "
                  f"{count(len(e.publishers), 'publisher')}{mostly}" if e.publishers else
                  f"on {count(e.statements, 'statement')} whose publishers the table does not name"),
               "all are exact counts" if e.exact == e.observed else "none is an exact count" if not e.exact else
               count(e.exact, "is an exact count", "are exact counts")]
    if e.alone > 1:
        reasons.append(f"{rows_of(reading.series, e.alone)} hang on one statement"
                       + (f" by {e.alone_by}" if e.alone_by else ""))
    return f"Confidence in the evidence is {e.grade}: {listed(reasons)}."


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
