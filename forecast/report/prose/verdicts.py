"""Verdicts on events in words: what was concluded of each, what that rests on, and what turns the conclusion."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forecast.effects.checks.check import Group
from forecast.effects.checks.variant import BASE, Outcome, Variant
from forecast.effects.event_tests import Untestable
from forecast.effects.sensitivity import checks
from forecast.experiment.findings import Findings
from forecast.experiment.verdicts import RuledOut, Verdict, Word
from forecast.report.phrases import THIN, count, figure, listed, p_value, percent
from forecast.series.calendar import row_noun

RIVALS_SHOWN = 2  # rivals named in a verdict
VARIANTS_SHOWN = 4  # variants that a sentence still lists
CHOICES_SHOWN = 2  # choices that the answer still lists


def word(verdict: Verdict) -> str:
    """The verdict as it stands in a table."""
    return verdict.word.replace("_", " ")


def why(findings: Findings, verdict: Verdict) -> str:
    """The verdict as a clause with its reasons."""
    if verdict.word is Word.CANNOT_BE_TESTED:
        return untestable(findings, verdict)
    holds = f"its window holds {percent(verdict.share or 0.0)} of the posterior"
    adjusted = p_value(math.nan if verdict.adjusted is None else verdict.adjusted)
    aside = "" if verdict.significant else (
        f"; the test of one lasting step (adjusted p {adjusted}) says nothing of {len(findings.main.changes)} changes")
    if verdict.word is Word.SUPPORTED:
        alone = " and no other event's comes near" if verdict.crowded else ""
        return f"{holds}{alone}{aside}"
    if verdict.word is Word.NOT_SEPARABLE:
        return f"from {rivals(findings, verdict)}: {holds}{aside}"
    if not verdict.decides:
        return holds + aside
    if verdict.significant:
        return f"a step at the date beats no change anywhere (adjusted p {adjusted}), but {holds}"
    return f"adjusted p is {adjusted} and {holds}"


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
    """What the interval of the ratio excludes; percents are rounded up, so that no more is ruled out than was."""
    if found is None:
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
    among = f"{r.variants} variants" if r.turned else count(r.variants, "variant")
    stands = f"stands in {r.standing} of {among}" if r.turned else f"stands in all {among}"
    stands += " of the analysis"
    if not r.base.conclusive:
        said = [f"That the series by itself dates no change {stands}."]
    elif not findings.windows:
        said = [f"That the level changed {stands}."]
    else:
        low, high = percent(r.low), percent(r.high)
        said = [f"The conclusion, “{findings.label(r.base.leader)}” ({percent(r.base.share)}), {stands}"
                + (f"; where it leads, its probability runs from {low} to {high}." if low != high else ".")]
    if r.turned:
        names = [f"{_done(v)} ({_lead(findings, v)})" for v in r.turned[:VARIANTS_SHOWN]]
        more = len(r.turned) - len(names)
        said.append("It turns " + listed(names + ([f"in {count(more, 'further variant')}"] if more else [])) + ".")
    return said


def depends_on(findings: Findings) -> str:
    """The publishers without any one of whom the conclusion turns, and what else turns it."""
    r = findings.conclusions.robustness
    if r is None or not r.comparable:
        return ""
    publishers = [v for v in r.turned if v.check == "publisher_left_out"]
    others = [v for v in r.turned if checks()[v.check].group is Group.CHOICE][:CHOICES_SHOWN]
    said = []
    if publishers:
        one = {1: "it", 2: "either of them"}.get(len(publishers), "any of them")
        said.append(f"{_what(publishers)} hangs on {listed(v.name for v in publishers)}: it turns when {one} is left "
                    "out.")
    if others:
        how = listed(f"{_done(v)} ({_lead(findings, v)})" for v in others)
        said.append(f"{_what(others)} {'also ' if publishers else ''}changes {how}.")
    return " ".join(said)


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


def label(variant: Variant) -> str:
    """What a variant did otherwise, as it stands in a table."""
    return "the base" if variant.check == BASE else f"{checks()[variant.check].label}: {variant.name}"


def _what(turned: Sequence[Variant]) -> str:
    """What turns: which event leads, or that there is a change to explain at all."""
    return "Which event leads" if all(v.conclusive for v in turned) else "The conclusion"


def _done(variant: Variant) -> str:
    """What a variant did otherwise, as it stands in a sentence."""
    return checks()[variant.check].phrase.replace("{name}", variant.name)


def _lead(findings: Findings, variant: Variant) -> str:
    """What leads in a variant, with its probability."""
    if variant.outcome is Outcome.NO_SERIES:
        return "no series is left"
    if not variant.conclusive:
        return "nothing is conclusive"
    return f"“{findings.label(variant.leader)}” leads with {percent(variant.share)}"
