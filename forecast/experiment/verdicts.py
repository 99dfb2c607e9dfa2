"""What the numbers say of each dated event: supported, not separable from another, not supported, not testable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from forecast.effects.event_nulls import DRIFTS
from forecast.effects.event_tests import Effect, Untestable
from forecast.effects.explanations import WORTH, Explanation, Window
from forecast.experiment.thresholds import CONTENDER, RIVAL, SUPPORTED, USEFUL

if TYPE_CHECKING:
    from forecast.experiment.findings import Findings


class Word(StrEnum):
    """The verdict on an event."""

    SUPPORTED = "supported"
    NOT_SEPARABLE = "not_separable"
    NOT_SUPPORTED = "not_supported"
    CANNOT_BE_TESTED = "cannot_be_tested"


@dataclass(frozen=True)
class RuledOut:
    """What the 95 % interval of a ratio excludes: rises and falls beyond these shares; None where that is of no use.

    rise : 0.02 = any rise above 2 %, 0 = any rise at all; fall : likewise
    """

    rise: float | None
    fall: float | None


@dataclass(frozen=True)
class Verdict:
    """The verdict on one event, with its reasons.

    event : its name; reason : why it cannot be tested, None where it was
    change : which change of the primary series its window holds most of; share : how much of the posterior that is
    rivals : events that the counts do not tell from this one, the fullest window first; twins : whether one of them
        lies on the same days; crowded : whether other events compete at all
    adjusted : p-value of the test at its own date, adjusted over the list; significant : whether it passes the level
    ruled_out : what the interval of the ratio excludes, for an event that is not supported
    """

    event: str
    word: Word
    reason: Untestable | None = None
    change: int | None = None
    share: float | None = None
    rivals: tuple[str, ...] = ()
    twins: bool = False
    crowded: bool = False
    adjusted: float | None = None
    significant: bool | None = None
    ruled_out: RuledOut | None = None

    @property
    def apart(self) -> bool:
        """Whether next to nothing of the change lies in its window."""
        return (self.share or 0.0) < WORTH


@dataclass(frozen=True)
class Persistence:
    """Where the counts cannot date a change of less than fourfold, so that "not supported" says nothing.

    events : at whose dates; every : whether that is all that were tested; drifts : whether the counts drift there;
    least : the smallest rise that would be seen there four times in five
    """

    events: tuple[str, ...]
    every: bool
    drifts: bool
    least: float


def verdicts(findings: Findings) -> tuple[Verdict, ...]:
    """One verdict per event, in order of date, on the change of the primary series that its window holds most of."""
    tables = [{e.name: e for e in table} for table in findings.main.explained]
    effects = findings.effects
    made = []
    for window in findings.windows:
        name = window.event.name
        held = [(table[name].within, -k) for k, table in enumerate(tables) if name in table]
        change = -max(held)[1] if held else None
        made.append(_judged(window, effects.get(name), change, {} if change is None else tables[change],
                            [w.event.name for w in findings.windows], findings.untested.get(name)))
    return tuple(made)


def _judged(window: Window, effect: Effect | None, change: int | None, rows: Mapping[str, Explanation],
            events: Sequence[str], reason: Untestable | None) -> Verdict:
    """The verdict on one event: what its own test does not bear out is not supported."""
    mine = rows.get(window.event.name)
    if effect is None or mine is None:
        return Verdict(window.event.name, Word.CANNOT_BE_TESTED, reason or Untestable.NOT_RUN,
                       adjusted=None if effect is None else effect.adjusted,
                       significant=None if effect is None else effect.significant)
    near = rivals(mine, rows, events)
    significant = effect.significant
    twins = bool(set(near) & set(mine.alike))
    if significant and mine.within >= SUPPORTED and not near:
        word = Word.SUPPORTED
    elif significant and near and (mine.within >= CONTENDER or twins) and mine.within >= WORTH:
        word = Word.NOT_SEPARABLE
    else:
        word = Word.NOT_SUPPORTED
    others = sum(name in rows for name in events) - 1
    return Verdict(window.event.name, word, change=change, share=mine.within, rivals=near, twins=twins,
                   crowded=others > 0, adjusted=effect.adjusted, significant=significant,
                   ruled_out=ruled_out(effect) if word is Word.NOT_SUPPORTED else None)


def rivals(mine: Explanation, rows: Mapping[str, Explanation], events: Sequence[str]) -> tuple[str, ...]:
    """Events that the series cannot tell from this one: alike, or a third as probable at least; the fullest first."""
    held = [name for name in events if name in mine.alike or (
        name in rows and name != mine.name and rows[name].within >= max(WORTH, RIVAL * mine.within))]
    return tuple(sorted(held, key=lambda name: -rows[name].within))


def ruled_out(effect: Effect) -> RuledOut | None:
    """What the 95 % interval of the ratio excludes, as far as that is of use; None where it is of none.

    An interval from 0.71 to 1.02 rules out a rise above 2 % and a fall of more than 29 %.
    """
    rise = max(effect.high - 1, 0.0) if effect.high <= USEFUL else None
    fall = max(1 - effect.low, 0.0) if effect.low >= 1 / USEFUL else None
    return None if rise is None and fall is None else RuledOut(rise, fall)


def persistence(effects: Mapping[str, Effect]) -> Persistence | None:
    """Where the counts persist too long, or are too few, to date a change of less than fourfold; None for nowhere."""
    weak = {name: effect for name, effect in effects.items() if effect.persistent}
    if not weak:
        return None
    return Persistence(tuple(weak), len(weak) == len(effects), any(e.drift > DRIFTS for e in weak.values()),
                       min(e.detectable for e in weak.values()))
