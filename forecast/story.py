"""The sentences of a report. Each follows from the numbers: change the data and the words change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from forecast.breaks import Break
from forecast.experiment import Findings, Reading
from forecast.explanations import NONE, NOWHERE, WORTH, Explanation
from forecast.findings_json import effects_by_event
from forecast.statements import Statement
from forecast.verdicts import verdicts
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
    row_noun,
    sentence,
    site,
    unit,
    whole,
)

MOST = 4  # changes that a sentence still lists


# -- the answer -----------------------------------------------------------------------------------------------------
def answer(findings: Findings) -> list[str]:
    """The answer in a few paragraphs: the change, the events, what was seen first, the other series, confidence."""
    main = findings.main
    said = [change(main), events(findings), order(findings), " ".join(agreement(findings)), confidence(main)]
    if findings.simulated:
        said = [f"These data are simulated: {count(len(main.series), 'row')} made by a program, not observed.", *said[:-1]]
    return [paragraph for paragraph in said if paragraph]


def change(reading: Reading) -> str:
    """Whether the level changed, when, and from what to what."""
    what = subject(reading)
    if not reading.conclusive:
        noun = row_noun(reading.series, int(reading.series.observed.sum()))
        seen = count(int(reading.series.observed.sum()), f"observed {noun}", f"observed {noun}")
        return (f"The {seen.replace('observed dated', 'dated')} of {what} cannot date a change by themselves (Bayes factor "
                f"{figure(bayes_factor(reading))}; {reading.needed:g} is the least we act on). With even odds beforehand, "
                f"{it_is(reading.probability)} that the level changed at all.")
    opening = sentence(f"{it_is(reading.probability)} that the level of {what} changed")
    found = main_breaks(reading)
    if not found:
        return f"{opening} No single date holds enough of the posterior to be named."
    if len(found) == 1:
        return f"{opening} The change is dated between {_between(found[0])}: {size(reading, found[0])}."
    strong = sorted(found, key=lambda b: -b.probability)[:MOST]
    each = "; ".join(f"between {_between(b)}, {size(reading, b)}" for b in sorted(strong, key=lambda b: b.at))
    more = f"; {count(len(found) - MOST, 'further one')} are in the table" if len(found) > MOST else ""
    return f"{opening} {count(len(found), 'change').capitalize()} stand out: {each}{more}."


def events(findings: Findings, table: int = 0) -> str:
    """Which dated events fit the change, against each other and against none of them."""
    tables = findings.main.explained
    if not tables or not findings.windows:
        return ""
    rows = sorted(tables[table], key=lambda e: -e.probability)
    named = [e for e in rows if e.name not in (NONE, NOWHERE)]
    other = next(e for e in rows if e.name == NONE)
    if not named:
        return ""
    if not findings.main.conclusive:
        opening = (f"Nor can they choose among {count(len(named), 'event')}: the fullest window, of {quoted(named[0])}, holds"
                   if len(named) > 1 else f"The window of {quoted(named[0])} holds")
        return (f"{opening} {percent(named[0].within)} of the posterior, after {percent(named[0].prior)} before the data. "
                + known_date(findings)).strip()
    if other.probability > named[0].probability:
        return (f"None of the {count(len(named), 'event')} tested explains it best: {it_is(other.probability)} that the "
                f"change lies outside every window, and the fullest window, of {quoted(named[0])}, holds "
                f"{percent(named[0].within)}.")
    said = (f"Of {count(len(named), 'dated event')} that compete, the window of {quoted(named[0])} "
            f"({days(named[0].first, named[0].last)}) fits the date best: {chance(named[0].probability)}.")
    second = [e for e in named[1:] if e.probability >= WORTH]
    if second:
        said += f" Against it stand {listed(f'{quoted(e)} ({percent(e.probability)})' for e in second)}."
    near = next((v.text for v in verdicts(findings, table)
                 if v.window.event.name == named[0].name and v.word == "not separable"), "")
    return said + (" These data do not separate the two." if near and len(second) == 1 else
                   f" It is {near.split(':')[0]} with these data." if near else "")


def known_date(findings: Findings) -> str:
    """What the strongest test at a known date says, for a series that dates no change by itself."""
    effects = effects_by_event(findings)
    if not effects:
        return ""
    name, best = min(effects.items(), key=lambda pair: (pair[1].adjusted, pair[1].p_value))
    label = next(w.event.label for w in findings.windows if w.event.name == name)
    return (f"Tested at its own date, “{label}” gives a level {figure(best.ratio)} times that before (95{THIN}% interval "
            f"{figure(best.low)} to {figure(best.high)}; adjusted p {p_value(best.adjusted)}).")


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
    return (f"The first {unit(findings.main.series)} were seen {how} {day(when)}{by}, before {names}. That speaks against "
            f"{which} nothing of cause.")


def agreement(findings: Findings) -> list[str]:
    """What the other series say of the change of the primary one, and whether they are evidence of their own."""
    silent = [r for r in others(findings) if not r.conclusive]
    said = [_agrees(findings.main, r) for r in others(findings) if r.conclusive]
    if silent:
        names = listed(f"{plain(r.name)} ({count(int(r.series.observed.sum()), row_noun(r.series), row_noun(r.series, 2))})"
                       for r in silent)
        said.append(sentence(f"{names} cannot date a change by {'itself' if len(silent) == 1 else 'themselves'}"))
    return said


def confidence(reading: Reading) -> str:
    """How far the evidence itself can be trusted, with the reasons; no probability stands in this sentence."""
    e = weigh(reading)
    reasons = [f"{count(e.observed, 'observed ' + row_noun(reading.series), 'observed ' + row_noun(reading.series, 2))} rest "
               + (f"on {count(e.statements, 'statement')} by {count(len(e.publishers), 'publisher')}" if e.publishers else
                  f"on {count(e.statements, 'statement')} whose publishers the table does not name"),
               "all are exact counts" if e.exact == e.observed else count(e.exact, "is an exact count", "are exact counts")]
    if e.heaviest > 1:
        reasons.append(f"{count(e.heaviest, row_noun(reading.series), row_noun(reading.series, 2))} hang on one statement"
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
        said.append(f"A rise of less than {size_} would have been missed more than once in five times, at every date tested.")
    for name, reason in findings.untested.items():
        label = next(w.event.label for w in findings.windows if w.event.name == name)
        said.append(f"“{label}” cannot be tested: {reason}.")
    return said


def _unseen(reading: Reading) -> list[str]:
    missing = ~reading.series.observed
    if not missing.any():
        return []
    runs = [list(run) for gone, run in groupby(range(len(missing)), key=lambda i: bool(missing[i])) if gone]
    longest = max(runs, key=len)
    spell = whole(reading.series.start[longest[0]], reading.series.end[longest[-1]])
    return [f"Nothing is known of {count(int(missing.sum()), row_noun(reading.series), row_noun(reading.series, 2))} out of "
            f"{len(missing)}, the longest spell being {spell}; a change within it has no day."]


def _vague(reading: Reading) -> list[str]:
    s = reading.series
    loose = int(np.sum(s.observed & (s.low != s.high)))
    if not loose:
        return []
    open_ = int(np.isinf(s.high).sum())
    as_what = "a lower bound" if open_ == loose else "a range"
    tail = f", {open_} of them as a lower bound" if 0 < open_ < loose else ""
    return [f"{count(loose, row_noun(s), row_noun(s, 2)).capitalize()} of {int(s.observed.sum())} "
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


def subject(reading: Reading) -> str:
    """The series as a noun: its name and its site."""
    place, name = site(reading.series), plain(reading.name)
    return f"{name} at {place}" if place else (name if reading.series.measure else f"“{name}”")


def size(reading: Reading, b: Break) -> str:
    """A change of level in words."""
    s = reading.series
    return f"from about {about(b.before)} to about {about(b.after)} {unit(s)} {per_row(s)}"


def main_breaks(reading: Reading) -> Sequence[Break]:
    """The changes that the count regime model names."""
    return reading.breaks.get("regimes", ())


def others(findings: Findings) -> list[Reading]:
    """Readings of the series that are not the primary one."""
    return [r for name, r in findings.readings.items() if name != findings.primary]


def bayes_factor(reading: Reading) -> float:
    """Evidence of any change against none; as large a number as a float holds at most."""
    return float(np.exp(min(reading.log_ratio, 700.0)))


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


def _agrees(main: Reading, reading: Reading) -> str:
    found = main_breaks(reading)
    name = plain(reading.name)
    same = [b for b in found if any(overlaps(b, mine) for mine in main_breaks(main))]
    if not found:
        return sentence(f"{name} show a change without a date of its own")
    if same:
        said = f"{name} date a change between {_between(same[0])}, which overlaps"
    else:
        said = f"{name} date a change elsewhere, between {_between(found[0])}"
    ids = [{d.statement_id for d in r.account if d.outcome == "used"} for r in (main, reading)]
    shared = len(ids[0] & ids[1])
    if shared:
        said += (f"; {shared} of the {count(len(ids[1]), 'statement')} behind it also stand behind {plain(main.name)}, "
                 "so it is a check and not evidence of its own")
    return sentence(said)


def looked_elsewhere(findings: Findings) -> str:
    """How surprising the strongest date of all is, dates tried included."""
    if findings.tested is None:
        return ""
    return (f"Over all dates tried, the strongest has p = {p_value(findings.tested.anywhere)}, the search itself "
            "counted in.")
