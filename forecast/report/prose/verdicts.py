"""What the numbers say of each event: supported, not separable from another, not supported, ruled out, not testable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.effects.event_tests import DRIFTS, Effect
from forecast.effects.explanations import WORTH, Explanation, Window
from forecast.experiment.findings import Findings, Reading
from forecast.report.phrases import THIN, count, figure, listed, p_value, percent
from forecast.series.calendar import row_noun

if TYPE_CHECKING:
    from forecast.effects.sensitivity import Variant

SUPPORTED = 0.55  # least share of the posterior in the window
CONTENDER = 0.20  # below this a window is no rival's equal: the event is simply not supported
RIVAL = 1 / 3  # a window that holds this share of another's is not told apart from it
LEVEL = 0.05  # of the adjusted p-value
SHOWN = 2  # rivals named in a verdict
MOST = 4  # variants that a sentence still lists
EMPTY = "no series is left"  # the same where nothing remains to be read
NOTHING = "nothing conclusive"  # the leader of a variant whose series shows no change by itself
USEFUL = 3.0  # a bound on the ratio beyond threefold rules out nothing that anybody would have said


@dataclass(frozen=True)
class Verdict:
    """One event with what speaks for and against it.

    word : supported, not separable, not supported or cannot be tested
    text : the verdict as a clause with its reasons; ruled_out : what the interval of the ratio excludes, or ""
    """

    window: Window
    word: str
    text: str
    ruled_out: str
    effect: Effect | None
    explanation: Explanation | None


def verdicts(findings: Findings) -> tuple[Verdict, ...]:
    """One verdict per event, in order of date, on the change of the primary series that its window holds most of."""
    tables = [{e.name: e for e in table} for table in findings.main.explained]
    effects = findings.effects
    labels = {w.event.name: w.event.label for w in findings.windows}
    made = []
    for w in findings.windows:
        name = w.event.name
        rows = max((t for t in tables if name in t), key=lambda t: t[name].within, default={})
        made.append(_judge(w, effects.get(name), rows, labels, findings.untested.get(name, ""),
                           len(findings.main.changes)))
    return tuple(made)


def rivals(mine: Explanation, rows: dict[str, Explanation], labels: dict[str, str]) -> list[str]:
    """Names of the events that the series cannot tell from this one: alike, or a third as probable at least."""
    held = [name for name, row in rows.items()
            if name in labels and name != mine.name and row.within >= WORTH and row.within >= RIVAL * mine.within]
    return [name for name in labels if name in held or name in mine.alike]


def ruled_out(effect: Effect) -> str:
    """What the 95 % interval of the ratio excludes, as far as that is of use.

    An interval from 0.71 to 1.02 rules out a rise above 2 % and a fall of more than 29 %; percents are rounded up.
    """
    parts = []
    if effect.high <= 1:
        parts.append("any rise")
    elif effect.high <= USEFUL:
        parts.append(f"a rise above {math.ceil(100 * (effect.high - 1) - 1e-9)}{THIN}%")
    if effect.low >= 1:
        parts.append("any fall")
    elif effect.low >= 1 / USEFUL:
        parts.append(f"a fall of more than {math.ceil(100 * (1 - effect.low) - 1e-9)}{THIN}%")
    return f"{listed(parts)} at that date {'are' if len(parts) > 1 else 'is'} ruled out (95{THIN}%)" if parts else ""


def _judge(window: Window, effect: Effect | None, rows: dict[str, Explanation], labels: dict[str, str],
           reason: str, changes: int) -> Verdict:
    """The verdict on one event; where there are several changes a test of one lasting step decides nothing."""
    mine = rows.get(window.event.name)
    if effect is None or mine is None:
        return Verdict(window, "cannot be tested", reason or "no test was run", "", effect, mine)
    excluded = ruled_out(effect)
    near = rivals(mine, rows, labels)
    passed = effect.adjusted <= LEVEL or changes > 1
    aside = "" if effect.adjusted <= LEVEL else (
        f"; the test of one lasting step (adjusted p {p_value(effect.adjusted)}) says nothing of {changes} changes")
    holds = f"its window holds {percent(mine.within)} of the posterior"
    if passed and mine.within >= SUPPORTED and not near:
        alone = " and no other event's comes near" if len(rows) > 3 else ""  # rows: events, none of them, no change
        return Verdict(window, "supported", f"{holds}{alone}{aside}", "", effect, mine)
    if passed and near and (mine.within >= CONTENDER or set(near) & set(mine.alike)) and mine.within >= WORTH:
        return Verdict(window, "not separable", f"from {_others(near, rows, labels)}: {holds}{aside}", "", effect,
                       mine)
    against = _against(effect, mine, holds) if changes <= 1 else holds + aside
    return Verdict(window, "not supported", against, excluded if changes <= 1 else "", effect, mine)


def _others(near: list[str], rows: dict[str, Explanation], labels: dict[str, str]) -> str:
    """The rivals in words: the two fullest windows by name, the rest by number."""
    ranked = sorted(near, key=lambda name: -rows[name].within)
    named = [f"“{labels[name]}”" for name in ranked[:SHOWN]]
    return listed(named + ([count(len(ranked) - SHOWN, "further event")] if len(ranked) > SHOWN else []), "or")


def _against(effect: Effect, mine: Explanation, holds: str) -> str:
    """Why an event is not supported."""
    if effect.adjusted > LEVEL:
        why = f"adjusted p is {p_value(effect.adjusted)} and {holds}"
    else:
        why = f"a step at the date beats no change anywhere (adjusted p {p_value(effect.adjusted)}), but {holds}"
    return why


def persistence(findings: Findings) -> str:
    """Where the counts cannot date a change of less than fourfold, and what that means for a verdict."""
    effects = findings.effects
    weak = [name for name, effect in effects.items() if effect.persistent]
    if not weak:
        return ""
    labels = {w.event.name: f"“{w.event.label}”" for w in findings.windows}
    every = {1: "the one date", 2: "both dates"}.get(len(weak), f"all {len(weak)} dates")
    where = (f"At {every} tested" if len(weak) == len(effects) else
             f"At {listed(labels[name] for name in weak)}" if len(weak) <= SHOWN else
             f"At {count(len(weak), 'date')} of the {len(effects)} tested")
    drifts = any(effects[name].drift > DRIFTS for name in weak)
    least = min(effects[name].detectable for name in weak)
    if drifts:
        return f"{where} the counts persist too long to date a change: “not supported” says nothing there."
    return (f"{where} there are too few or too persistent counts to date a change of less than {figure(least)}-fold: "
            "for a smaller one, “not supported” says nothing.")


def robust(findings: Findings) -> list[str]:
    """In how many variants of the analysis the conclusion stands, and which of them turn it."""
    if not findings.sensitivity:
        return []
    base, *rest = findings.sensitivity
    if (base.leader == NOTHING) == findings.main.conclusive:
        return ["The variants are read on a coarser grid, and on it the analysis as it is already comes out otherwise "
                f"({_lead(base)}): they say nothing of the conclusion above."]
    turned, n = [v for v in rest if v.flips], len(rest)
    among = count(n, "variant") if not turned else f"{n} variants"
    stands = (f"stands in {n - len(turned)} of " if turned else "stands in all ") + f"{among} of the analysis"
    if base.leader == NOTHING:
        said = [f"That the series by itself dates no change {stands}."]
    elif not findings.windows:
        said = [f"That the level changed {stands}."]
    else:
        shares = sorted(v.share for v in (base, *rest) if v.leader == base.leader)
        low, high = percent(shares[0]), percent(shares[-1])
        said = [f"The conclusion, “{base.leader}” ({percent(base.share)}), {stands}"
                + (f"; where it leads, its probability runs from {low} to {high}." if low != high else ".")]
    if turned:
        names = [f"{_without(v)} ({_lead(v)})" for v in turned[:MOST]]
        said.append("It turns " + listed(names + (
            [f"in {count(len(turned) - MOST, 'further variant')}"] if len(turned) > MOST else [])) + ".")
    return said


def hangs(findings: Findings) -> str:
    """The publishers without any one of whom the conclusion turns, and what else turns it."""
    base = findings.sensitivity[:1]
    if not base or (base[0].leader == NOTHING) == findings.main.conclusive:
        return ""
    turned = [v for v in findings.sensitivity if v.flips]
    publishers = [v for v in turned if v.kind == "publisher left out"]
    others = [v for v in turned if v.kind in ("choice", "prior", "delay")][:SHOWN]
    said = []
    if publishers:
        one = {1: "it", 2: "either of them"}.get(len(publishers), "any of them")
        said.append(f"{_what(publishers)} hangs on {listed(v.name for v in publishers)}: it turns when {one} is left "
                    "out.")
    if others:
        how = listed(f"{_without(v)} ({_lead(v)})" for v in others)
        said.append(f"{_what(others)} {'also ' if publishers else ''}changes {how}.")
    return " ".join(said)


def _what(turned: Sequence[Variant]) -> str:
    """What turns: which event leads, or that there is a change to explain at all."""
    return "The conclusion" if any(v.leader in (NOTHING, EMPTY) for v in turned) else "Which event leads"



def feigned(reading: Reading) -> str:
    """How far busy rows would have to be imaged more often to feign the whole change, where counts come from images."""
    if not reading.conclusive or len(reading.changes) != 1 or not reading.images or reading.tipping <= 1:
        return ""
    noun = row_noun(reading.series)
    busy = row_noun(reading.series, 2)
    return (f"Had busy {busy} been imaged more often than quiet ones, that alone could look like a change. "
            f"To feign all of this one, a {noun} busier by one standard deviation would have to be "
            f"{figure(reading.tipping)} times as likely to be imaged.")


def _without(v: Variant) -> str:
    """What a variant did otherwise, as it stands in a sentence."""
    what = {"publisher left out": "without ", "statement left out": "without the statement "}.get(v.kind, "with ")
    return what + v.name


def _lead(v: Variant) -> str:
    """What leads in a variant, with its probability."""
    if v.leader in (NOTHING, EMPTY):
        return {NOTHING: "nothing is conclusive", EMPTY: EMPTY}[v.leader]
    return f"“{v.leader}” leads with {percent(v.share)}"
