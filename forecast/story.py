"""The sentences of a report. Each follows from the numbers: change the data and the words change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from forecast.breaks import Break
from forecast.explanations import NONE, NOWHERE, WORTH, Explanation
from forecast.findings import Findings, Reading
from forecast.statements import Statement
from forecast.verdicts import hangs, verdicts
from forecast.words import (
    THIN,
    about,
    chance,
    count,
    day,
    days,
    figure,
    it_is,
    listed,
    p_value,
    per_row,
    percent,
    plain,
    ratio,
    row_noun,
    rows_of,
    sentence,
    site,
    subject,
    unit,
    whole,
)

MOST = 4  # changes that a sentence still lists


# -- the answer -----------------------------------------------------------------------------------------------------
def answer(findings: Findings) -> list[str]:
    """The answer in a few paragraphs: the change, the events, what was seen first, the other series, confidence."""
    main = findings.main
    said = [" ".join(filter(None, (change(main), hangs(findings)))), events(findings), order(findings),
            " ".join(agreement(findings)), confidence(main)]
    if findings.simulated:
        made = rows_of(main.series, len(main.series))
        said = [f"These data are simulated, {made} made by a program. {said[0]}", *said[1:-1]]
    return [paragraph for paragraph in said if paragraph]


def change(reading: Reading) -> str:
    """Whether the level changed, when, and from what to what."""
    what = subject(reading.series)
    if not reading.conclusive:
        seen = _seen_rows(reading)
        return (f"The {seen} of {what} cannot date a change by themselves (Bayes factor "
                f"{figure(reading.bayes_factor)}; {reading.needed:g} is the least we act on). With even odds "
                f"beforehand, {it_is(reading.probability)} that the level changed at all.")
    opening = sentence(f"{it_is(reading.probability)} that the level of {what} changed")
    found = reading.changes
    if not found:
        return f"{opening} No single date holds enough of the posterior to be named."
    if len(found) == 1:
        return f"{opening} The change is dated between {_between(found[0])}: {size(reading, found[0])}."
    strong = sorted(found, key=lambda b: -b.probability)[:MOST]
    each = "; ".join(f"between {_between(b)}, {size(reading, b)}" for b in sorted(strong, key=lambda b: b.at))
    more = f"; {count(len(found) - MOST, 'further one')} are in the table" if len(found) > MOST else ""
    return f"{opening} {count(len(found), 'change').capitalize()} stand out: {each}{more}."


def events(findings: Findings) -> str:
    """Which dated events fit the change, against each other and against none of them.

    Of several changes it is the one that an event fits best.
    """
    tables = [[e for e in sorted(table, key=lambda e: -e.probability) if e.name not in (NONE, NOWHERE)]
              for table in findings.main.explained]
    if not any(tables):
        return ""
    k = max(range(len(tables)), key=lambda k: tables[k][0].probability)
    named, found = tables[k], findings.main.changes
    other = next(e for e in findings.main.explained[k] if e.name == NONE)
    which = f"the change of {days(found[k].low, found[k].high)}" if len(found) > 1 else "the date of the change"
    if not findings.main.conclusive:
        opening = (f"Nor can they choose among {count(len(named), 'event')}: the fullest window, of "
                   f"{quoted(named[0])}, holds"
                   if len(named) > 1 else f"The window of {quoted(named[0])} holds")
        return (f"{opening} {percent(named[0].within)} of the posterior, after {percent(named[0].prior)} before the "
                "data. "
                + known_date(findings)).strip()
    if other.probability > named[0].probability:
        opening = {1: "The one event that competes does not fit", 2: "Neither of the two events that compete fits"}.get(
            len(named), f"None of the {len(named)} events that compete fits")
        what = "any of the changes" if len(found) > 1 else "the date of the change"
        return (f"{opening} {what} best: {it_is(other.probability)} that {'each' if len(found) > 1 else 'the'} change "
                f"lies outside every window, and the fullest window, of {quoted(named[0])}, holds "
                f"{percent(named[0].within)}.")
    opening = (f"Of {count(len(named), 'dated event')} that compete, the window of {quoted(named[0])}" if len(named) > 1
               else f"The window of the one event that competes, {quoted(named[0])}")
    said = f"{opening} ({days(named[0].first, named[0].last)}) fits {which} best: {chance(named[0].probability)}."
    second = [e for e in named[1:] if e.probability >= WORTH]
    if second:
        against = listed(f"{quoted(e)} ({percent(e.probability)})" for e in second)
        said += f" Against it {'stands' if len(second) == 1 else 'stand'} {against}."
    near = next((v.text for v in verdicts(findings)
                 if v.window.event.name == named[0].name and v.word == "not separable"), "")
    return said + (" These data do not separate the two." if near and len(second) == 1 else
                   f" These data do not separate it {near.split(':')[0]}." if near else "")


def known_date(findings: Findings) -> str:
    """What the strongest test at a known date says, for a series that dates no change by itself."""
    effects = findings.effects
    if not effects:
        return ""
    name, best = min(effects.items(), key=lambda pair: (pair[1].adjusted, pair[1].p_value))
    label = findings.label(name)
    return (f"Tested at its own date, “{label}” gives a level {ratio(best.ratio)} times that before (95{THIN}% "
            f"interval {ratio(best.low)} to {ratio(best.high)}; adjusted p {p_value(best.adjusted)}).")


def order(findings: Findings) -> str:
    """What the date of the first count above zero says of events before and after it."""
    first = first_seen(findings.main)
    if first is None or not findings.main.explained:
        return ""
    how, when, publisher = first
    held = {e.name for e in findings.main.explained[0] if e.within >= WORTH}
    later = [w.event for w in findings.windows if w.event.name in held and w.event.start > when and w.event.outside]
    if not later:
        return ""
    by = f" ({publisher})" if publisher else ""
    names = listed(f"“{e.label}” ({day(e.start)})" for e in later)
    which = "that date as the start; it says" if len(later) == 1 else "those dates as the start; it says"
    return (f"In this series the first {unit(findings.main.series)} were seen {how} {day(when)}{by}, before {names}. "
            f"That speaks against {which} nothing of cause.")


def agreement(findings: Findings) -> list[str]:
    """What the other series say of the change of the primary one, and whether they are evidence of their own."""
    main, rest = findings.main, findings.others
    dated = {r.name: b for r in rest if r.conclusive for b in [_nearest(main, r)] if b}
    near = [r for r in rest if r.name in dated and any(overlaps(dated[r.name], mine) for mine in main.changes)]
    far = [r for r in rest if r.name in dated and r not in near]
    silent = [r for r in rest if not r.conclusive]
    said = []
    for those, word, one in ((near, "overlapping", "an overlapping"), (far, "other", "another")):
        if those:
            each = listed(f"{_called(r)}, between {_between(dated[r.name])}" for r in those)
            said.append(sentence(f"{word} changes are dated in "
                                 f"{each}" if len(those) > 1 else f"{one} change is dated in {each}"))
    said.append(_shared(main, [*near, *far]))
    if silent:
        names = listed(f"{_called(r)} ({rows_of(r.series, int(r.series.observed.sum()))})" for r in silent)
        said.append(sentence(f"{names} cannot date a change by {'itself' if len(silent) == 1 else 'themselves'}"))
    return [line for line in said if line]


def confidence(reading: Reading) -> str:
    """How far the evidence itself can be trusted, with the reasons; no probability stands in this sentence."""
    e = weigh(reading)
    reasons = [f"{_seen_rows(reading)} {'rests' if e.observed == 1 else 'rest'} "
               + (f"on {count(e.statements, 'statement')} by "
                  f"{count(len(e.publishers), 'publisher')}" if e.publishers else
                  f"on {count(e.statements, 'statement')} whose publishers the table does not name"),
               "all are exact "
               "counts" if e.exact == e.observed else count(e.exact, "is an exact count", "are exact counts")]
    if e.heaviest > 1:
        reasons.append(f"{rows_of(reading.series, e.heaviest)} hang on one statement"
                       + (f" by {e.heaviest_by}" if e.heaviest_by else ""))
    return f"Confidence in the evidence is {e.grade}: {listed(reasons)}."


# -- what it cannot tell --------------------------------------------------------------------------------------------
def limits(findings: Findings) -> list[str]:
    """What the evidence cannot tell, one sentence each."""
    main = findings.main
    said = [*_unseen(main), *_vague(main), *_apart(findings)]
    if findings.tested and findings.tested.effects:
        least = min(e.detectable for e in findings.tested.effects)
        size_ = f"{figure(least)}-fold" if least >= 2 else f"{figure(100 * (least - 1))}{THIN}%"
        said.append(f"A rise of less than {size_} would have been missed more than once in five times, at every date "
                    "tested.")
    for name, reason in findings.untested.items():
        label = findings.label(name)
        said.append(f"“{label}” cannot be tested: {reason}.")
    return said


def _unseen(reading: Reading) -> list[str]:
    missing = ~reading.series.observed
    if not missing.any():
        return []
    runs = [list(run) for gone, run in groupby(range(len(missing)), key=lambda i: bool(missing[i])) if gone]
    longest = max(runs, key=len)
    spell = whole(reading.series.start[longest[0]], reading.series.end[longest[-1]])
    return [f"Nothing is known of {rows_of(reading.series, int(missing.sum()))} out of "
            f"{len(missing)}, the longest spell being {spell}; a change within it has no day."]


def _vague(reading: Reading) -> list[str]:
    s = reading.series
    loose = int(np.sum(s.observed & (s.low != s.high)))
    if not loose:
        return []
    open_ = int(np.isinf(s.high).sum())
    as_what = "a lower bound" if open_ == loose else "a range"
    tail = f", {open_} of them as a lower bound" if 0 < open_ < loose else ""
    return [f"{rows_of(s, loose).capitalize()} of {int(s.observed.sum())} "
            f"{'is' if loose == 1 else 'are'} known only as {as_what}{tail}."]


def _apart(findings: Findings) -> list[str]:
    """Pairs of events that no count in this series could tell apart."""
    if not findings.main.explained:
        return []
    label = {e.name: e.label for e in findings.main.explained[0]}
    pairs = {frozenset((e.name, other)) for e in findings.main.explained[0] for other in e.alike}
    return [f"“{label[a]}” and “{label[b]}” cannot be told apart: their windows hold the same days."
            for a, b in sorted(tuple(sorted(pair)) for pair in pairs)]


# -- parts that several sentences share -----------------------------------------------------------------------------
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



def size(reading: Reading, b: Break) -> str:
    """A change of level in words."""
    s = reading.series
    return f"from about {about(b.before)} to about {about(b.after)} {unit(s)} {per_row(s)}"





def quoted(e: Explanation) -> str:
    """The label of an explanation in quotation marks."""
    return f"“{e.label}”"


def _between(b: Break) -> str:
    held = f" ({percent(b.probability)} of the posterior)" if np.isfinite(b.probability) else ""
    first, last = date.fromisoformat(b.low), date.fromisoformat(b.high)
    start = f"{first.day} {first:%B}" if first.year == last.year else day(first)
    return f"{start} and {day(last)}{held}"


def overlaps(one: Break, other: Break) -> bool:
    """Whether the date intervals of two changes share a day."""
    return one.low <= other.high and other.low <= one.high


def _called(reading: Reading) -> str:
    """The name of a series; one that is named after its site, as the site is written."""
    place, name = site(reading.series), plain(reading.name)
    return place if place.lower() == name.lower() else name


def _seen_rows(reading: Reading) -> str:
    s = reading.series
    seen = "observed " if s.freq else ""
    return count(int(s.observed.sum()), seen + row_noun(s), seen + row_noun(s, 2))


def _nearest(main: Reading, reading: Reading) -> Break | None:
    """The change of a series that overlaps one of the primary's, or else its first."""
    found = reading.changes
    return next((b for b in found if any(overlaps(b, mine) for mine in main.changes)), found[0] if found else None)


def _shared(main: Reading, rest: Sequence[Reading]) -> str:
    """How many of the statements behind the other series also stand behind the primary one."""
    own, *theirs = ({d.statement_id for d in r.account if d.outcome == "used"} for r in (main, *rest))
    both = [(len(own & ids), len(ids)) for ids in theirs]
    if not any(n for n, _ in both):
        return ""
    many = len(both) > 1
    alike = many and len(set(both)) == 1
    share = f"{both[0][0]} of the {both[0][1]}" if alike else listed(f"{n} of the {total}" for n, total in both)
    return (f"{share} statements behind {'each of them' if alike else 'them' if many else 'it'} also stand "
            f"behind {plain(main.name)}, so {'they are checks' if many else 'it is a check'} and not evidence of "
            f"{'their' if many else 'its'} own.")


def looked_elsewhere(findings: Findings) -> str:
    """How surprising the strongest date of all is, dates tried included."""
    if findings.tested is None:
        return ""
    return (f"Over all dates tried, the strongest has p = {p_value(findings.tested.anywhere)}, the search itself "
            "counted in.")
