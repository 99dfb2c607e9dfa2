"""The sentences of a report. Each follows from the numbers: change the data and the words change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from forecast.experiment.conclusions import Attribution
from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import Agreement, SeriesAnswer
from forecast.report.phrases import (
    THIN,
    chance,
    count,
    day,
    days,
    figure,
    it_is,
    listed,
    p_value,
    percent,
    plain,
    ratio,
    rows_of,
    sentence,
    unit,
    whole,
)
from forecast.report.prose import course_story
from forecast.report.prose.course_story import odd
from forecast.report.prose.lead import lead, simulated
from forecast.report.prose.series_story import called, confidence, dated, season
from forecast.report.prose.verdicts import image_selection, rivals, robust

EVENTS_SHOWN = 4  # events of a list that is short enough to say of each that it fits nothing


# -- the answer -----------------------------------------------------------------------------------------------------
def answer(findings: Findings) -> list[str]:
    """The answer, and under it the plain story of the counts."""
    told = findings.conclusions.main
    said = [" ".join(filter(None, (simulated(findings), *lead(findings)))), course_story.story(findings.main, told)]
    return [paragraph for paragraph in said if paragraph]


def evidence(findings: Findings) -> list[str]:
    """When the level changed, and what that rests and hangs on."""
    main, told = findings.main, findings.conclusions.main
    return [*contradictions([main]), *_rest(findings, main, told)]


def _rest(findings: Findings, main: Reading, told: SeriesAnswer) -> list[str]:
    rests = "" if findings.simulated else confidence(main, told)
    return [line for line in (" ".join(filter(None, (dated(main, told), odd(main, told), season(told)))), rests,
                              effort(findings),
                              " ".join(robust(findings)), image_selection(findings)) if line]


def effort(findings: Findings) -> str:
    """That the share of days on which somebody could see is assumed, where no watcher states it."""
    told, s = findings.conclusions.main, findings.main.series
    if not told.assumed or findings.main.assumed is None:
        return ""
    usual = percent(float(np.median(s.exposure[findings.main.assumed])))
    return (f"On how many days somebody could have seen {unit(s)} is not stated for {rows_of(s, told.assumed)} of "
            f"{int(s.observed.sum())}: {usual} of the days is assumed there, carried over from "
            "days for which it is stated.")


def events(findings: Findings) -> str:
    """Which dated events fit the focal change, against each other and against none of them."""
    e = findings.conclusions.explained
    if e.attribution is Attribution.NO_EVENTS:
        return ""
    if e.attribution is Attribution.UNDATED:
        opening = (f"Nor can they choose among {count(e.competing, 'event')}: the fullest window, of "
                   f"{quoted(findings, e.leader)}, holds"
                   if e.competing > 1 else f"The window of {quoted(findings, e.leader)} holds")
        return (f"{opening} {percent(e.within)} of the probability, after {percent(e.prior)} before the data. "
                + known_date(findings)).strip()
    several = len(findings.main.changes) > 1
    if e.attribution is Attribution.OUTSIDE:
        opening = {1: "The one event that competes does not fit", 2: "Neither of the two events that compete fits"}.get(
            e.competing, f"None of the {e.competing} events that compete fits")
        what = "any of the changes" if several else "the date of the change"
        return (f"{opening} {what} best: {it_is(e.outside)} that {'each' if several else 'the'} change "
                f"lies outside every window, and the fullest window, of {quoted(findings, e.leader)}, holds "
                f"{percent(e.within)}.")
    return _leading(findings) + _against(findings) + _elsewhere(findings)


def _leading(findings: Findings) -> str:
    """Which event leads, and how likely it is."""
    e, focal = findings.conclusions.explained, findings.conclusions.focal
    row = next(row for row in findings.main.table if row.name == e.leader)
    opening = (f"Of {count(e.competing, 'dated event')} that compete, the window of {quoted(findings, e.leader)}"
               if e.competing > 1 else f"The window of the one event that competes, {quoted(findings, e.leader)}")
    span = f" ({days(row.first, row.last)})" + ("," if e.competing == 1 else "")
    if e.attribution is Attribution.LEADS:
        return f"{opening}{span} leads with {percent(e.probability)}: no event is likely."
    which = f"the change of {days(focal.low, focal.high)}" if focal and focal.of > 1 else "the date of the change"
    return f"{opening}{span} fits {which}{' best' if e.competing > 1 else ''}: {chance(e.probability)}."


def _against(findings: Findings) -> str:
    """What speaks against the event that leads: other events, or the test at its own date."""
    e, held, said = findings.conclusions.explained, {row.name: row for row in findings.main.table}, ""
    if e.against:
        others = listed(f"{quoted(findings, name)} ({percent(held[name].probability)})" for name in e.against)
        said = f" Against it {'stands' if len(e.against) == 1 else 'stand'} {others}."
    if not e.separable:
        told = rivals(findings, findings.conclusions.verdict(e.leader))
        return said + (" These data do not separate the two." if len(e.against) == 1 else
                       f" These data do not separate it from {told}.")
    if e.contradicted and e.adjusted is not None:
        said += f" The test at its own date does not bear that out (adjusted p {p_value(e.adjusted)})."
    return said


def _elsewhere(findings: Findings) -> str:
    """Events that fit another of several changes, and those of a short list that fit none."""
    e, said = findings.conclusions.explained, ""
    for fit in e.elsewhere:
        b = findings.main.changes[fit.change]
        said += (f" The window of {quoted(findings, fit.event)} fits the change of {days(b.low, b.high)} best: "
                 f"{chance(fit.probability)}.")
    if e.nowhere and e.competing <= EVENTS_SHOWN:
        none = [f"{quoted(findings, fit.event)} ({percent(fit.probability)} at most)" for fit in e.nowhere]
        said += " " + sentence(f"none of the changes lies in the window of {listed(none, 'or')}")
    return said


def unfitted(findings: Findings) -> str:
    """How many of several changes no event's window holds enough of to be laid out."""
    main = findings.conclusions.main
    if not findings.windows or main.changes < 2 or not main.unfitted:
        return ""
    return f"Of {count(main.changes, 'change')}, {count(main.unfitted, 'lies', 'lie')} in no event's window."


def known_date(findings: Findings) -> str:
    """What the strongest test at a known date says, for a series that dates no change by itself."""
    name = findings.conclusions.strongest
    if not name:
        return ""
    best, label = findings.effects[name], findings.label(name)
    return (f"Tested at its own date, “{label}” gives a level {ratio(best.ratio)} times that before (95{THIN}% "
            f"interval {ratio(best.low)} to {ratio(best.high)}; adjusted p {p_value(best.adjusted)}).")


def order(findings: Findings) -> str:
    """What the date of the first count above zero says of events after it."""
    first, names = findings.conclusions.main.first_seen, findings.conclusions.later
    if first is None or not names:
        return ""
    later = [w.event for w in findings.windows if w.event.name in names]
    by = f" ({first.publisher})" if first.publisher else ""
    which = "that date as the start; it says" if len(later) == 1 else "those dates as the start; it says"
    return (f"In this series the first {unit(findings.main.series)} were seen {'on' if first.exactly else 'by'} "
            f"{day(first.day)}{by}, before {listed(f'“{e.label}” ({day(e.start)})' for e in later)}. "
            f"That speaks against {which} nothing of cause.")


def agreement(findings: Findings) -> list[str]:
    """Whether other series are evidence of their own, and which of them can say nothing."""
    by: dict[Agreement, list[Reading]] = {each: [] for each in Agreement}
    told = findings.conclusions.series
    for r in findings.others:
        beside = told[r.name].beside
        if beside is not None:
            by[beside.agreement].append(r)
    said = [_shared(findings, [*by[Agreement.OVERLAPS], *by[Agreement.ELSEWHERE]])]
    for which, what in ((Agreement.CANNOT_DATE, "cannot date a change by themselves"),
                        (Agreement.UNCHANGED, "speak against a change")):
        if those := by[which]:
            names = listed(f"{called(r)} ({rows_of(r.series, int(r.series.observed.sum()))})" for r in those)
            said.append(sentence(f"{names} {what}"))
    return [line for line in said if line]


# -- what it cannot tell --------------------------------------------------------------------------------------------
def limits(findings: Findings) -> list[str]:
    """What the evidence cannot tell, one sentence each."""
    main = findings.main
    said = [*_unseen(main), *_vague(main), *_apart(findings)]
    if findings.conclusions.main.no_year:
        said.append("The counts cover less than a year and a half: what comes back every year cannot be told from a "
                    "change.")
    least, weak = findings.conclusions.detectable, findings.conclusions.persistence
    if least is not None and not (weak is not None and weak.every):  # otherwise it is said with the events
        size_ = (f"change of less than {figure(least)}-fold, up or down," if least >= 2 else
                 f"rise of less than {figure(100 * (least - 1))}{THIN}%")
        said.append(f"A {size_} would have been missed more than once in five times, at every date tested.")
    return said


def contradictions(readings: Sequence[Reading]) -> list[str]:
    """Counts of one place and day that exclude each other, one sentence each: told before anything else."""
    said = []
    for reading in readings:
        by = {s.id: s.publisher for s in reading.statements}
        for c in reading.contradictions:
            lows, highs = (listed(dict.fromkeys(by[i] for i in ids)) for ids in (c.lows, c.highs))
            said.append(f"Counts of {plain(reading.name)} exclude each other: on {day(c.day)} there were at least "
                        f"{figure(c.low)} by {lows}, at most {figure(c.high)} by {highs}. The series takes neither for "
                        "the truth.")
    return said


def _unseen(reading: Reading) -> list[str]:
    missing = ~reading.series.observed
    if not missing.any():
        return []
    runs = [list(run) for gone, run in groupby(range(len(missing)), key=lambda i: bool(missing[i])) if gone]
    longest = max(runs, key=len)
    spell = whole(reading.series.start[longest[0]], reading.series.end[longest[-1]])
    which = spell if len(runs) == 1 else f"the longest spell being {spell}"
    return [f"Nothing is known of {rows_of(reading.series, int(missing.sum()))} out of "
            f"{len(missing)}, {which}; a change within it has no day."]


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
    return [f"{quoted(findings, a)} and {quoted(findings, b)} cannot be told apart: their windows hold the same days."
            for a, b in findings.conclusions.twins]


# -- parts that several sentences share -----------------------------------------------------------------------------
def quoted(findings: Findings, name: str) -> str:
    """The label of an explanation in quotation marks."""
    return f"“{findings.label(name)}”"


def _shared(findings: Findings, rest: Sequence[Reading]) -> str:
    """How many of the statements behind other series also stand behind the primary one."""
    held = [(r, b) for r in rest if (b := findings.conclusions.series[r.name].beside) is not None and b.common]
    if not held:
        return ""
    shares = listed(f"{b.common} of the {b.statements} statements behind {plain(r.name)}" for r, b in held)
    checks = [plain(r.name) for r, b in held if b.check]
    one = len(checks) == 1
    what = "is a check, no evidence of its own" if one else "are checks, no evidence of their own"
    so = f": {listed(checks)} {what}" if checks else ""
    return f"{shares} also stand behind {called(findings.main)}{so}."
