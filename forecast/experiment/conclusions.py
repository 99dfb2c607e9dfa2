"""What a run concludes, as plain data between its findings and its words.

Everything that prose, tables, figures and the terminal say of "whether" is decided here, by the thresholds of
`thresholds`; they say it, and compare enumerations at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from forecast.effects.event_tests import LEVEL
from forecast.effects.explanations import NONE, WORTH, Explanation, named_events
from forecast.experiment.claims import Claim
from forecast.experiment.forecast_ranking import ForecastRanking, forecast_ranking
from forecast.experiment.robustness import Robustness, robustness
from forecast.experiment.series_answers import SeriesAnswer, events_of, series_answer
from forecast.experiment.thresholds import CONTENDER, LIKELY
from forecast.experiment.verdicts import Persistence, Verdict, Word, persistence, verdicts

if TYPE_CHECKING:
    from forecast.experiment.findings import Findings


class Attribution(StrEnum):
    """What the table of explanations says of the focal change."""

    NO_EVENTS = "no_events"  # none competes
    UNDATED = "undated"  # the series dates no change, so that no event can fit it
    OUTSIDE = "outside"  # it rather lies outside every window
    FITS = "fits"  # an event fits it
    LEADS = "leads"  # an event leads, but none is likely


@dataclass(frozen=True)
class FocalChange:
    """The one change that is meant wherever a single one is.

    number, of : which of how many, from 0; low, high, at : the dates between which it lies, and the first row after it
    before, after : levels; probability : that it lies in these dates; None where that is endless or not known
    """

    number: int
    of: int
    low: str
    high: str
    at: str
    before: float | None
    after: float | None
    probability: float | None


@dataclass(frozen=True)
class Fit:
    """An event that fits one of several changes best."""

    change: int
    event: str
    probability: float


@dataclass(frozen=True)
class OtherFit:
    """An event that fits a change of a series which is not the primary one."""

    series: str
    change: int
    event: str
    probability: float


@dataclass(frozen=True)
class Explained:
    """Which events fit the focal change.

    leader : the event with the largest share of the posterior, with its probability, and what its window holds before
        and after the data
    against : other events worth naming, likeliest first; outside : that the change lies outside every window
    separable : whether the counts tell the leader from all others; contradicted : whether the test at its own date does
        not bear it out; adjusted : p-value of that test
    elsewhere : events that fit another change best; nowhere : events that fit none of several changes, with the change
        that their windows hold most of and how much that is
    """

    attribution: Attribution
    competing: int = 0
    leader: str = ""
    probability: float = 0.0
    within: float = 0.0
    prior: float = 0.0
    against: tuple[str, ...] = ()
    outside: float = 0.0
    separable: bool = True
    contradicted: bool = False
    adjusted: float | None = None
    elsewhere: tuple[Fit, ...] = ()
    nowhere: tuple[Fit, ...] = ()


@dataclass(frozen=True)
class Conclusions:
    """What a run concludes.

    primary : name of the primary series; changed : whether it changed; level : size of the tests
    focal : the change that is meant, None where none is dated
    series : each series' own answer, the primary one among them; verdicts : one per event, in order of date
    strongest : the event with the strongest test at its own date, "" without tests
    later : events with some share of the focal change that began after the first count above zero
    twins : pairs of events that no count can tell apart, for their windows hold the same days
    together : events worth naming of the change that several series share, likeliest first
    detectable : the least change, as a ratio, that would have been seen four times in five at any date tested
    claims : what the counts say of published claims; others : events that fit changes of other series

    The example of `forecast.Experiment` shows it.
    """

    primary: str
    level: float
    changed: bool
    focal: FocalChange | None
    series: dict[str, SeriesAnswer]
    explained: Explained
    verdicts: tuple[Verdict, ...]
    strongest: str
    later: tuple[str, ...]
    twins: tuple[tuple[str, str], ...]
    together: tuple[str, ...]
    persistence: Persistence | None
    detectable: float | None
    robustness: Robustness | None
    forecast: ForecastRanking | None
    claims: tuple[Claim, ...] = ()
    others: tuple[OtherFit, ...] = ()

    @property
    def main(self) -> SeriesAnswer:
        """The answer of the primary series."""
        return self.series[self.primary]

    def verdict(self, event: str) -> Verdict:
        """The verdict on the event of that name."""
        return next(v for v in self.verdicts if v.event == event)


def conclude(findings: Findings) -> Conclusions:
    """What these findings amount to: enumerations, names and numbers, never sentences.

    `Findings.conclusions` keeps it, so that a run and all that is said of it conclude once.

    The example of `forecast.Experiment` shows it.
    """
    main = findings.main
    series = {name: series_answer(reading, None if reading is main else main)
              for name, reading in findings.readings.items()}
    judged = verdicts(findings)
    effects = findings.effects
    return Conclusions(
        primary=findings.primary, level=LEVEL, changed=main.conclusive, focal=_focal(findings), series=series,
        explained=_explained(findings, judged), verdicts=judged, later=_later(findings, series[findings.primary]),
        twins=_twins(findings),
        strongest=min(effects, key=lambda name: (effects[name].adjusted, effects[name].p_value), default=""),
        together=() if findings.together is None else named_events([_ranked(findings.together.table)]),
        persistence=persistence(effects), detectable=min((e.detectable for e in effects.values()), default=None),
        robustness=robustness(findings), forecast=forecast_ranking(findings), claims=findings.claims,
        others=_others(findings))


def _focal(findings: Findings) -> FocalChange | None:
    changes, k = findings.main.changes, findings.main.focal
    if not changes:
        return None
    b = changes[k]
    return FocalChange(k, len(changes), b.low, b.high, b.at,
                       *(x if math.isfinite(x) else None for x in (b.before, b.after, b.probability)))


def _ranked(table: tuple[Explanation, ...]) -> list[Explanation]:
    return sorted(events_of(table), key=lambda e: -e.probability)


def _explained(findings: Findings, judged: tuple[Verdict, ...]) -> Explained:
    """Which events fit the focal change, against each other and against none of them."""
    main = findings.main
    table = _ranked(main.table)
    if not table:
        return Explained(Attribution.NO_EVENTS)
    best = table[0]
    outside = next(e.probability for e in main.table if e.name == NONE)
    if not main.conclusive:
        attribution = Attribution.UNDATED
    elif outside > best.probability:
        attribution = Attribution.OUTSIDE
    else:
        attribution = Attribution.FITS if best.probability >= LIKELY else Attribution.LEADS
    verdict = next(v for v in judged if v.event == best.name)
    return Explained(
        attribution, len(table), best.name, best.probability, best.within, best.prior,
        tuple(e.name for e in table[1:] if e.probability >= WORTH), outside,
        verdict.word is not Word.NOT_SEPARABLE, verdict.significant is False, verdict.adjusted,
        *_at_other_changes(findings))


def _at_other_changes(findings: Findings) -> tuple[tuple[Fit, ...], tuple[Fit, ...]]:
    """Events that fit another of several changes best, and events that fit none of them."""
    main = findings.main
    if len(main.changes) < 2:
        return (), ()
    best = {k: max(table, key=lambda e: e.probability) for k, table in enumerate(main.explained)}
    fits = tuple(Fit(k, e.name, e.probability) for k, e in best.items()
                 if k != main.focal and e in events_of(main.explained[k]) and e.probability >= LIKELY)
    most = [max((Fit(k, row.name, row.within) for k, table in enumerate(main.explained) for row in table
                 if row.name == e.name), key=lambda fit: fit.probability) for e in events_of(main.table)]
    return fits, tuple(fit for fit in most if fit.probability < CONTENDER)


def _others(findings: Findings) -> tuple[OtherFit, ...]:
    """Events that are likely to fit a change of another series, the likeliest first."""
    fits = [OtherFit(r.name, k, e.name, e.probability) for r in findings.others if r.conclusive and r.changes
            for k, table in enumerate(r.explained) for e in events_of(table) if e.probability >= LIKELY]
    return tuple(sorted(fits, key=lambda fit: -fit.probability))


def _later(findings: Findings, answer: SeriesAnswer) -> tuple[str, ...]:
    """Events that hold some of the focal change, but began after the first count above zero."""
    if answer.first_seen is None:
        return ()
    held = {e.name for e in findings.main.table if e.within >= WORTH}
    return tuple(w.event.name for w in findings.windows
                 if w.event.name in held and w.first > answer.first_seen.day and w.event.outside)


def _twins(findings: Findings) -> tuple[tuple[str, str], ...]:
    pairs = {(min(e.name, other), max(e.name, other))
             for table in findings.main.explained for e in table for other in e.alike}
    return tuple(sorted(pairs))
