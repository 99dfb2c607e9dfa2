"""Sentences on published claims: the verdict as a word, and why, with the counts behind it."""

from __future__ import annotations

from forecast.experiment.claims import Claim, ClaimReason, ClaimWord, CountBehind
from forecast.report.phrases import count, days, figure, listed, plain

WORDS = {ClaimWord.SUPPORTED: "supported", ClaimWord.CONSISTENT: "consistent", ClaimWord.CONTRADICTED: "contradicted",
         ClaimWord.ASSUMED: "assumed", ClaimWord.CANNOT_BE_TESTED: "cannot be tested"}
REASONS = {
    ClaimReason.NOT_COUNTED: "no series here counts it",
    ClaimReason.NOTHING_OBSERVED: "nobody looked on the days that decide",
    ClaimReason.OWN_REPORT: "the counts that decide come from {publisher} alone, so they cannot bear it out",
    ClaimReason.SOME_SEEN: "some were seen on days that it calls empty",
    ClaimReason.NONE_SEEN: "none was seen on all of its days",
    ClaimReason.PARTLY_WATCHED: "nothing speaks against it, but not all of its days are covered by a count of zero",
    ClaimReason.SEEN_BEFORE: "some were seen before",
    ClaimReason.SEEN_THEN: "seen in these days, and not before",
    ClaimReason.SEEN_LATER: "the first that is known came later, which excludes no earlier one",
    ClaimReason.ENOUGH: "at least so many follow from the counts",
    ClaimReason.TOO_FEW: "the counts leave no room for so many",
    ClaimReason.BOUNDS_APART: "the counts are known within bounds that hold more and less",
    ClaimReason.NO_CHANGE_DATED: "these counts by themselves date no change",
    ClaimReason.CONFLICT: "the statements that would decide exclude each other",
    ClaimReason.ROSE_THEN: "a rise is dated in these days",
    ClaimReason.ROSE_ABOUT: "the dates of the rise reach beyond these days",
    ClaimReason.ROSE_BEFORE: "the rise is dated before",
    ClaimReason.ROSE_LATER: "the rise is dated later",
    ClaimReason.FELL: "the counts fell",
    ClaimReason.GRADUAL: "the rise is gradual and begins about that day",
    ClaimReason.SUDDEN: "the counts rise about that day, but do not tell a gradual rise from a step",
    ClaimReason.MORE: "more in the later period than in the earlier one",
    ClaimReason.NOT_MORE: "no more in the later period than in the earlier one",
}
BRIEF = {
    ClaimReason.NOT_COUNTED: "nothing here counts it", ClaimReason.NOTHING_OBSERVED: "nobody looked then",
    ClaimReason.OWN_REPORT: "only {publisher} counted", ClaimReason.SOME_SEEN: "some were seen",
    ClaimReason.NONE_SEEN: "none was seen", ClaimReason.PARTLY_WATCHED: "not all days were watched",
    ClaimReason.SEEN_BEFORE: "some were seen before", ClaimReason.SEEN_THEN: "seen then, not before",
    ClaimReason.SEEN_LATER: "the first known came later", ClaimReason.ENOUGH: "that many were counted",
    ClaimReason.TOO_FEW: "too few were counted", ClaimReason.BOUNDS_APART: "the counts allow more and less",
    ClaimReason.NO_CHANGE_DATED: "the counts date no change", ClaimReason.CONFLICT: "publishers exclude each other",
    ClaimReason.ROSE_THEN: "a rise is dated then", ClaimReason.ROSE_ABOUT: "a rise is dated about then",
    ClaimReason.ROSE_BEFORE: "the rise came before", ClaimReason.ROSE_LATER: "the rise came later",
    ClaimReason.FELL: "the counts fell", ClaimReason.GRADUAL: "a gradual rise begins then",
    ClaimReason.SUDDEN: "they rise then, gradually or at once", ClaimReason.MORE: "more were counted",
    ClaimReason.NOT_MORE: "no more were counted",
}
SHOWN = 3  # counts of a sentence


def word(claim: Claim) -> str:
    """The verdict: supported, consistent, contradicted, assumed, cannot be tested."""
    return WORDS[claim.word]


def brief(claim: Claim) -> str:
    """The verdict with its reason in a few words: "assumed: only Reuters counted"."""
    return f"{WORDS[claim.word]}: {BRIEF[claim.reason].format(publisher=claim.publisher)}"


def why(claim: Claim) -> str:
    """Why, and on which series."""
    on = f" ({plain(claim.series)})" if claim.series else ""
    return REASONS[claim.reason].format(publisher=claim.publisher) + on


def behind(claim: Claim) -> str:
    """The counts behind a verdict: the first few with their days and publishers, the rest as a number."""
    shown = [_count(each) for each in claim.counts[:SHOWN]]
    if len(claim.counts) > SHOWN:
        shown.append(count(len(claim.counts) - SHOWN, "further count"))
    return "; ".join(shown) or "–"


def _count(each: CountBehind) -> str:
    amount = (f"at least {figure(each.low)}" if each.high is None else figure(each.low) if each.low == each.high
              else f"{figure(each.low)} to {figure(each.high)}")
    who = f", {listed(each.publishers)}" if each.publishers else ""
    return f"{amount} ({days(each.first, each.last)}{who})"
