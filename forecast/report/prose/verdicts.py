"""Verdicts on events in words: what was concluded of each, what that rests on, and what turns the conclusion."""

from __future__ import annotations

import math

from forecast.effects.checks.variant import BASE, Outcome, Variant
from forecast.effects.event_tests import Untestable
from forecast.effects.sensitivity import checks
from forecast.evidence.decisions import said
from forecast.experiment.findings import Findings
from forecast.experiment.verdicts import RuledOut, Verdict, Word
from forecast.report.phrases import THIN, count, day, days, figure, listed, percent
from forecast.report.prose.series_story import called
from forecast.series.breaks import Break
from forecast.series.calendar import row_noun

RIVALS_SHOWN = 2  # rivals named in a verdict
VARIANTS_SHOWN = 4  # variants that a sentence still lists


def word(verdict: Verdict) -> str:
    """The verdict as it stands in a table."""
    return verdict.word.replace("_", " ")


def why(findings: Findings, verdict: Verdict) -> str:
    """What the numbers beside a verdict do not say by themselves, as a clause; "" where they say all."""
    if verdict.word is Word.CANNOT_BE_TESTED:
        return untestable(findings, verdict)
    if verdict.word is Word.SUPPORTED:
        alone = "no other event comes near" if verdict.crowded else ""
        return alone if not findings.main.changes or len(findings.main.changes) == 1 else "; ".join(filter(None, (
            _which(findings, verdict), alone)))
    if verdict.word is Word.NOT_SEPARABLE:
        return f"from {rivals(findings, verdict)}"
    other = next((fit for fit in findings.conclusions.others if fit.event == verdict.event), None)
    if other is not None:
        there = findings.readings[other.series]
        when = _days_of(there.changes[other.change])
        return f"fits the change of {when} in {called(there)} instead ({percent(other.probability)})"
    return "; ".join(filter(None, (_at_its_date(findings, verdict), ruled_out(verdict.ruled_out))))


def _at_its_date(findings: Findings, verdict: Verdict) -> str:
    """What the test at the date of an event that is not supported saw."""
    if not verdict.significant:
        return "no step shows at its date" if verdict.significant is False else ""
    b = findings.main.changes[verdict.change or 0]
    where = "lies outside its window" if verdict.apart else "lies in its window only in part"
    return f"the step is the {_direction(b)} of {_days_of(b)}, which {where}"


def _direction(b: Break) -> str:
    return "rise" if b.after >= b.before else "fall"


def _which(findings: Findings, verdict: Verdict) -> str:
    """Which of several changes an event fits."""
    b = findings.main.changes[verdict.change or 0]
    return f"fits the {_direction(b)} of {_days_of(b)}"


def _days_of(b: Break) -> str:
    return days(b.low, b.high)


def untestable(findings: Findings, verdict: Verdict) -> str:
    """Why an event cannot be tested, as a clause."""
    if verdict.reason is Untestable.READ_FROM_COUNTS:
        return "its date was read from these counts, so it cannot be evidence about them"
    if verdict.reason is Untestable.TOO_FEW_COUNTS:
        return f"fewer than two observed {row_noun(findings.main.series, 2)} lie on one side of it"
    return "no test was run"


def rivals(findings: Findings, verdict: Verdict) -> str:
    """The rivals in words: the two fullest windows by name, the rest by number."""
    named = [f"“{findings.label(name)}”" for name in verdict.rivals[:RIVALS_SHOWN]]
    more = len(verdict.rivals) - len(named)
    return listed(named + ([count(more, "further event")] if more else []), "or")


def ruled_out(found: RuledOut | None) -> str:
    """What the interval of the ratio excludes both ways, or of a fall any rise; that a rise is no fall says nothing.

    Percents are rounded up, so that no more is ruled out than was.
    """
    if found is None or (found.rise is None and not found.fall):
        return ""
    both = (("rise", "a rise above", found.rise), ("fall", "a fall of more than", found.fall))
    parts = [f"any {noun}" if not share else f"{words} {math.ceil(100 * share - 1e-9)}{THIN}%"
             for noun, words, share in both if share is not None]
    return f"{listed(parts)} at that date {'are' if len(parts) > 1 else 'is'} ruled out (95{THIN}%)"


def persistence(findings: Findings) -> str:
    """Where the counts cannot date a change of less than fourfold, and what that means for a verdict."""
    weak = findings.conclusions.persistence
    if weak is None:
        return ""
    n, labels = len(weak.events), [f"“{findings.label(name)}”" for name in weak.events]
    every = {1: "the one date", 2: "both dates"}.get(n, f"all {n} dates")
    where = (f"At {every} tested" if weak.every else f"At {listed(labels)}" if n <= RIVALS_SHOWN else
             f"At {count(n, 'date')} of the {len(findings.effects)} tested")
    if weak.drifts:
        return f"{where} the counts persist too long to date a change: “not supported” says nothing there."
    return (f"{where} there are too few or too persistent counts to date a change of less than "
            f"{figure(weak.least)}-fold: for a smaller one, “not supported” says nothing.")


# -- what turns the conclusion --------------------------------------------------------------------------------------
def robust(findings: Findings) -> list[str]:
    """In how many variants of the analysis the conclusion stands, and which of them turn it."""
    r = findings.conclusions.robustness
    if r is None:
        return []
    if not r.comparable:
        return ["The variants are read on a coarser grid, and on it the analysis as it is already comes out otherwise "
                f"({_lead(findings, r.base)}): they say nothing of the conclusion above."]
    among = f"{r.variants} ways" if r.turned else count(r.variants, "way")
    stands = f"stands in {r.standing} of {among}" if r.turned else f"stands in all {among}"
    stands += " of doing the analysis otherwise" if r.variants > 1 else " of the analysis"
    if not r.base.conclusive:
        told = [f"That the series by itself dates no change {stands}."]
    elif not findings.windows:
        told = [f"That the level changed {stands}."]
    else:
        low, high = percent(r.low), percent(r.high)
        told = [f"That “{findings.label(r.base.leader)}” leads {stands}"
                + (f"; where it does, its probability runs from {low} to {high}." if low != high else ".")]
    if r.turned:
        apart = _apart(findings, r.turned)
        names = [f"{_done(findings, v)} ({_lead(findings, v)})" for v in apart[:VARIANTS_SHOWN]]
        more = len(apart) - len(names)
        told.append("It turns " + listed(names + ([f"in {count(more, 'further variant')}"] if more else [])) + ".")
    return told


def image_selection(findings: Findings) -> str:
    """How far busy rows would have to be imaged more often to feign the whole change, where counts come from images."""
    r = findings.conclusions.robustness
    if r is None or r.preference is None:
        return ""
    noun, busy = row_noun(findings.main.series), row_noun(findings.main.series, 2)
    return (f"Had busy {busy} been imaged more often than quiet ones, that alone could look like a change. "
            f"To feign all of this one, a {noun} busier by one standard deviation would have to be "
            f"{figure(r.preference)} times as likely to be imaged.")


def outcome(variant: Variant) -> str:
    """What became of the conclusion, as it stands in a table."""
    return "turns" if variant.turns else "stands"


def leader(findings: Findings, variant: Variant) -> str:
    """What leads in a variant, as it stands in a table."""
    if variant.outcome is Outcome.NO_SERIES:
        return "no series is left"
    return findings.label(variant.leader) if variant.conclusive else "nothing conclusive"


def label(findings: Findings, variant: Variant) -> str:
    """What a variant did otherwise, as it stands in a table."""
    if variant.check == BASE:
        return "the base"
    return f"{checks()[variant.check].label}: {_left_out(findings, variant) or variant.name}"


def _apart(findings: Findings, turned: tuple[Variant, ...]) -> list[Variant]:
    """The variants that turn the conclusion, without single statements of a publisher that turns it as a whole."""
    whole = {v.name for v in turned if v.check == "publisher_left_out"}
    by = {f"{s.id} ({s.publisher})": s.publisher for s in findings.main.statements}
    return [v for v in turned if v.check != "statement_left_out" or by.get(v.name) not in whole]


def _left_out(findings: Findings, variant: Variant) -> str:
    """A statement that a variant leaves out, in words; "" for another variant, or a statement that is not known."""
    s = next((s for s in findings.main.statements if f"{s.id} ({s.publisher})" == variant.name), None)
    if s is None:
        return ""
    when = days(s.start, s.end) if s.start and s.end else f"to {day(s.end)}" if s.end else "undated"
    return f"{s.publisher}, {said(s.low, s.high)} ({when})"


def _done(findings: Findings, variant: Variant) -> str:
    """What a variant did otherwise, as it stands in a sentence."""
    return checks()[variant.check].phrase.replace("{name}", _left_out(findings, variant) or variant.name)


def _lead(findings: Findings, variant: Variant) -> str:
    """What leads in a variant, with its probability."""
    if variant.outcome is Outcome.NO_SERIES:
        return "no series is left"
    if not variant.conclusive:
        return "nothing is conclusive"
    return f"“{findings.label(variant.leader)}” leads with {percent(variant.share)}"
