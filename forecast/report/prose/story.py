"""The sentences of a report. Each follows from the numbers: change the data and the words change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from forecast.breaks.detection import Break
from forecast.effects.explanations import NONE, NOWHERE, WORTH, Explanation
from forecast.experiment.findings import Findings, Reading
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
from forecast.report.prose.series_story import against, between, called, change, confidence, first_seen, overlaps
from forecast.report.prose.verdicts import CONTENDER, LEVEL, hangs, verdicts

MOST = 4  # changes that a sentence still lists
LIKELY = 0.45  # below this probability an event leads, but fits nothing
SHARED = 0.25  # share of common statements from which a series is no evidence of its own


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


def events(findings: Findings) -> str:
    """Which dated events fit the change, against each other and against none of them.

    Of several changes it is the one that an event fits best.
    """
    tables = [[e for e in sorted(table, key=lambda e: -e.probability) if e.name not in (NONE, NOWHERE)]
              for table in findings.main.explained]
    if not any(tables):
        return ""
    k = findings.main.asked
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
    span = f" ({days(named[0].first, named[0].last)})" + ("," if len(named) == 1 else "")
    said = (f"{opening}{span} fits {which}{' best' if len(named) > 1 else ''}: {chance(named[0].probability)}."
            if named[0].probability >= LIKELY else
            f"{opening}{span} leads with {percent(named[0].probability)}: no event is likely.")
    second = [e for e in named[1:] if e.probability >= WORTH]
    if second:
        against = listed(f"{quoted(e)} ({percent(e.probability)})" for e in second)
        said += f" Against it {'stands' if len(second) == 1 else 'stand'} {against}."
    v = next(v for v in verdicts(findings) if v.window.event.name == named[0].name)
    if v.word == "not separable":
        said += (" These data do not separate the two." if len(second) == 1 else
                 f" These data do not separate it {v.text.split(':')[0]}.")
    elif v.effect and v.effect.adjusted > LEVEL and len(found) <= 1:
        said += f" The test at its own date does not bear that out (adjusted p {p_value(v.effect.adjusted)})."
    return said + _elsewhere(findings)


def _elsewhere(findings: Findings) -> str:
    """Events that fit another of several changes, and those of a short list that fit none."""
    main, said = findings.main, ""
    if len(main.changes) < 2:
        return ""
    for k, table in enumerate(main.explained):
        top = max(table, key=lambda e: e.probability)
        if k != main.asked and top.name not in (NONE, NOWHERE) and top.probability >= LIKELY:
            change_ = main.changes[k]
            said += (f" The window of {quoted(top)} fits the change of {days(change_.low, change_.high)} best: "
                     f"{chance(top.probability)}.")
    most = {e.name: max(row.within for table in main.explained for row in table if row.name == e.name)
            for e in main.table if e.name not in (NONE, NOWHERE)}
    none = [f"{quoted(e)} ({percent(most[e.name])} at most)" for e in main.table if most.get(e.name, 1.0) < CONTENDER]
    if none and len(most) <= MOST:
        said += " " + sentence(f"none of the changes lies in the window of {listed(none, 'or')}")
    return said


def unfitted(findings: Findings) -> str:
    """How many of several changes no event's window holds enough of to be laid out."""
    main = findings.main
    bare = sum(all(e.within < WORTH for e in table if e.name not in (NONE, NOWHERE)) for table in main.explained)
    if not findings.windows or len(main.changes) < 2 or not bare:
        return ""
    return f"Of {len(main.changes)} changes, {bare} {'lies' if bare == 1 else 'lie'} in no event's window."


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
    held = {e.name for e in findings.main.table if e.within >= WORTH}
    later = [w.event for w in findings.windows if w.event.name in held and w.first > when and w.event.outside]
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
    mine = main.changes[main.asked:main.asked + 1]
    near = [r for r in rest if r.name in dated and any(overlaps(dated[r.name], b) for b in mine)]
    far = [r for r in rest if r.name in dated and r not in near]
    silent = [r for r in rest if not r.conclusive]
    said = []
    for those, word, one in ((near, "overlapping", "an overlapping"), (far, "other", "another")):
        if those:
            each = listed(f"{called(r)}, between {between(dated[r.name])}" for r in those)
            said.append(sentence(f"{word} changes are dated in "
                                 f"{each}" if len(those) > 1 else f"{one} change is dated in {each}"))
    said.append(_shared(main, [*near, *far]))
    for those, what in (([r for r in silent if not against(r)], "cannot date a change by themselves"),
                        ([r for r in silent if against(r)], "speak against a change")):
        if those:
            names = listed(f"{called(r)} ({rows_of(r.series, int(r.series.observed.sum()))})" for r in those)
            said.append(sentence(f"{names} {what}"))
    return [line for line in said if line]


# -- what it cannot tell --------------------------------------------------------------------------------------------
def limits(findings: Findings) -> list[str]:
    """What the evidence cannot tell, one sentence each."""
    main = findings.main
    said = [*_unseen(main), *_vague(main), *_apart(findings)]
    if findings.tested and findings.tested.effects:
        least = min(e.detectable for e in findings.tested.effects)
        size_ = (f"change of less than {figure(least)}-fold, up or down," if least >= 2 else
                 f"rise of less than {figure(100 * (least - 1))}{THIN}%")
        said.append(f"A {size_} would have been missed more than once in five times, at every date tested.")
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
    if not findings.main.explained:
        return []
    label = {e.name: e.label for e in findings.main.table}
    pairs = {frozenset((e.name, other)) for table in findings.main.explained for e in table for other in e.alike}
    return [f"“{label[a]}” and “{label[b]}” cannot be told apart: their windows hold the same days."
            for a, b in sorted(tuple(sorted(pair)) for pair in pairs)]


# -- parts that several sentences share -----------------------------------------------------------------------------


def quoted(e: Explanation) -> str:
    """The label of an explanation in quotation marks."""
    return f"“{e.label}”"


def _nearest(main: Reading, reading: Reading) -> Break | None:
    """The change of a series that overlaps the one asked about of the primary, or else its first."""
    found, mine = reading.changes, main.changes[main.asked:main.asked + 1]
    return next((b for b in found if any(overlaps(b, other) for other in mine)), found[0] if found else None)


def _shared(main: Reading, rest: Sequence[Reading]) -> str:
    """How many of the statements behind the other series also stand behind the primary one."""
    own, *theirs = ({d.statement_id for d in r.account if d.outcome == "used"} for r in (main, *rest))
    both = [(len(own & ids), len(ids)) for ids in theirs]
    if not any(n for n, _ in both):
        return ""
    many = len(both) > 1
    alike = many and len(set(both)) == 1
    share = f"{both[0][0]} of the {both[0][1]}" if alike else listed(f"{n} of the {total}" for n, total in both)
    so = (f", so {'they are checks' if many else 'it is a check'} and not evidence of {'their' if many else 'its'} own"
          if all(n >= SHARED * total for n, total in both) else "")
    return (f"{share} statements behind {'each of them' if alike else 'them' if many else 'it'} also stand "
            f"behind {plain(main.name)}{so}.")


def looked_elsewhere(findings: Findings) -> str:
    """How surprising the strongest date of all is, dates tried included."""
    if findings.tested is None:
        return ""
    hidden = len(findings.main.changes) > 1
    return (f"Over all dates tried, the strongest has p = {p_value(findings.tested.anywhere)}, the search itself "
            f"counted in{': that is of one lasting step, which several changes may hide' if hidden else ''}.")
