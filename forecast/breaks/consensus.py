"""Consensus: the breaks that several detectors share within their date intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.registry import make

MEMBERS = ("bai_perron", "cusum", "mosum", "optimal_partitioning", "segments")


@dataclass(frozen=True)
class Consensus(Tunable):
    """Breaks that at least `at_least` of `members` (names of detectors) find, each with a date inside the
    shared interval.

    A break of the result stands where most members put it; `low` and `high` are the dates that all its
    supporters allow, and `probability` is the share of members that support it.
    """

    members: tuple[str, ...] = MEMBERS
    at_least: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(self.members))
        if not 1 <= self.at_least <= len(self.members):
            raise ValueError(f"consensus: at_least must lie between 1 and the {len(self.members)} members, "
                             f"got {self.at_least}")

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Shared breaks in time order."""
        found = [make("detectors", name).detect(series) for name in self.members]
        every = {b.position: b for breaks in found for b in breaks}
        centres = sorted(every.values(), key=lambda b: b.position)
        ballots = [(support(centre, found), centre) for centre in centres]
        made: list[Break] = []
        while ballots:
            votes, centre = max(ballots, key=lambda pair: (len(pair[0]), votes_at(pair[1], pair[0])))
            if len(votes) < self.at_least:
                break
            low, high = max(b.low for b in votes), min(b.high for b in votes)
            made.append(replace(centre, low=min(low, centre.at), high=max(high, centre.at),
                                probability=len(votes) / len(self.members)))
            used = set(votes)
            found = [tuple(b for b in breaks if b not in used) for breaks in found]
            ballots = [(support(c, found), c) for _, c in ballots if c not in used]
        return tuple(sorted(made, key=lambda b: b.position))


def support(centre: Break, found: list[tuple[Break, ...]]) -> list[Break]:
    """One break a member: the nearest to `centre` of those whose interval holds its date."""
    votes = []
    for breaks in found:
        near = [b for b in breaks if b.low <= centre.at <= b.high]
        if near:
            votes.append(min(near, key=lambda b: abs(b.position - centre.position)))
    return votes


def votes_at(centre: Break, votes: list[Break]) -> int:
    """How many of the votes name the very same row."""
    return sum(b.position == centre.position for b in votes)
