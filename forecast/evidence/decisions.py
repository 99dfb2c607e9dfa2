"""The account of a reconciliation: what became of every statement, and which statements are one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Literal

import numpy as np

from forecast.evidence.statements import STRENGTHS, Statement
from forecast.series.days import DAY, date_of
from forecast.support.registry import suggest

MERGES = ("none", *STRENGTHS)
GUESSES = ("inferred_by_source", "possible_only")
Outcome = Literal["used", "merged", "left out"]


class NothingUsedError(ValueError):
    """No statement can be used for a series."""


@dataclass(frozen=True)
class Decision:
    """What became of one statement in one series: used, merged (`into` another id) or left out, and why."""

    statement_id: str
    series: str
    outcome: Outcome
    reason: str
    into: str = ""


@dataclass(frozen=True)
class Contradiction:
    """Statements that cannot all be right of one thing: on `day` some say at least `low`, others at most `high`.

    lows, highs : ids of the statements behind each bound
    """

    day: date
    low: float
    lows: tuple[str, ...]
    high: float
    highs: tuple[str, ...]


@dataclass
class Account:
    """Decisions while they are made; each statement keeps exactly one."""

    name: str
    made: dict[str, Decision] = field(default_factory=dict)

    def use(self, statement_id: str, reason: str) -> None:
        self.made[statement_id] = Decision(statement_id, self.name, "used", reason)

    def merge(self, statement_id: str, into: str, reason: str) -> None:
        self.made[statement_id] = Decision(statement_id, self.name, "merged", reason, into)

    def refuse(self, statement_id: str, reason: str) -> bool:
        """Leave the statement out if there is a reason; says whether there was."""
        if reason:
            self.made[statement_id] = Decision(statement_id, self.name, "left out", reason)
        return bool(reason)

    def nothing(self, number: int) -> str:
        """The message of an error: no statement could be used, and what struck most of them."""
        reasons = Counter(decision.reason for decision in self.made.values()).most_common(1)
        return (f"{self.name}: none of {number} statements can be used, most of them because "
                f"{reasons[0][0] if reasons else 'there are none'}: loosen the settings or add ledgers")

    def decisions(self) -> tuple[Decision, ...]:
        """All of them by id; what was merged into a statement that is left out is left out with it."""
        for d in self.made.values():
            if d.outcome == "merged" and self.made[d.into].outcome == "left out":
                self.made[d.statement_id] = replace(
                    d, outcome="left out", into="", reason=f"{d.reason}, which is left out")
        return tuple(self.made[i] for i in sorted(self.made))


def merge_groups(statements: Iterable[Statement], merge: str) -> dict[str, tuple[str, str]]:
    """Id to (id that stands for its group, why); groups follow links at least as strong as `merge`.

    The one that stands is the best dated (shortest range), then the first by id: the order of the input is of
    no matter. A statement that stands for itself has an empty reason. `merge` is one of none, same_call,
    possible_dup.

    >>> calls = [Statement(i, "rajin", "ships", "sighting", None, None, 1, 1, 1) for i in "ab"]
    >>> from dataclasses import replace
    >>> merge_groups([calls[0], replace(calls[1], same_as=(("a", "possible_dup"),))], "possible_dup")["b"]
    ('a', 'taken for the same as a (possible_dup)')
    """
    if merge not in MERGES:
        raise ValueError(f"merge {merge!r} is unknown: {suggest(merge, MERGES)}")
    strong = MERGES[1: MERGES.index(merge) + 1]
    known = {s.id: s for s in statements}
    links = {(s.id, target): strength for s in known.values() for target, strength in s.same_as
             if strength in strong and target in known}
    root = {i: i for i in known}

    def find(i: str) -> str:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for one, other in links:
        root[find(one)] = find(other)
    groups: dict[str, list[Statement]] = {}
    for s in known.values():
        groups.setdefault(find(s.id), []).append(s)
    stands = {r: min(g, key=lambda s: (days(s), s.certainty in GUESSES, s.id)).id for r, g in groups.items()}

    def why(i: str, into: str) -> str:
        strength = links.get((i, into)) or links.get((into, i)) or "through others"
        return "" if i == into else f"taken for the same as {into} ({strength})"

    return {i: (stands[find(i)], why(i, stands[find(i)])) for i in known}


def days(s: Statement) -> int:
    """Length of a dated statement in days, 0 for an undated one."""
    return (s.end - s.start).days + 1 if s.start and s.end else 0


def span(s: Statement) -> tuple[np.datetime64, np.datetime64]:
    """First day of a dated statement and the day after its last."""
    return _span(s.start, s.end)


@lru_cache(maxsize=4096)
def _span(start: date | None, end: date | None) -> tuple[np.datetime64, np.datetime64]:
    return np.datetime64(start, "D"), np.datetime64(end, "D") + DAY


def meets(s: Statement, start: np.datetime64, end: np.datetime64) -> bool:
    """Whether a dated statement shares a day with `start` up to, not including, `end`."""
    first, after = span(s)
    return bool(first < end and after > start)


def said(low: float, high: float) -> str:
    """Bounds in words.

    >>> said(4, np.inf), said(2, 3), said(0, 0)
    ('at least 4', '2 to 3', '0')
    """
    if low == high:
        return f"{low:.12g}"
    return f"at least {low:.12g}" if np.isinf(high) else f"{low:.12g} to {high:.12g}"


def when(s: Statement) -> str:
    """The dates of a statement in words."""
    return f"{s.start}" if s.start == s.end else f"{s.start} to {s.end}"


def distinct(statements: list[Statement], account: Account) -> list[Statement]:
    """Without those that are known to repeat another."""
    groups = merge_groups(statements, "same_call")
    for s in statements:
        into, why = groups[s.id]
        if why:
            account.merge(s.id, into, why)
    return [s for s in statements if not groups[s.id][1]]


def day_of_setting(given: str | date | None, name: str) -> date | None:
    """A day of a setting, which YAML may have read as a date already."""
    return date_of(given, name) if given else None

