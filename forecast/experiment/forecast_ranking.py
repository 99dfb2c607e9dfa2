"""Which member's forecast is told, and what the backtest can say of the members."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from forecast.effects.event_tests import LEVEL
from forecast.experiment.thresholds import MISSED, RANKABLE

if TYPE_CHECKING:
    from forecast.experiment.findings import Findings

NOMINAL = 0.8  # coverage of the interval that is told


class Ranking(StrEnum):
    """What the backtest says of the members against the baseline."""

    NO_BACKTEST = "no_backtest"
    ONE_MEMBER = "one_member"  # nothing to rank
    TOO_FEW = "too_few"  # counts to rank members by
    BEATEN = "beaten"  # some member beats the baseline
    OVERLAPPING = "overlapping"  # horizons overlap so far that no test can tell
    UNBEATEN = "unbeaten"


class Coverage(StrEnum):
    """Whether the 80 % intervals held what they promised."""

    UNSCORED = "unscored"
    HELD = "held"
    NARROW = "narrow"
    WIDE = "wide"


@dataclass(frozen=True)
class Better:
    """A member that beats the baseline, and the p-value of Diebold and Mariano's test."""

    member: str
    p_value: float


@dataclass(frozen=True)
class ForecastRanking:
    """The member whose forecast is told.

    best : its name; scored : on how many counts; tellable : whether those are enough for "best", and for a histogram
    ranking : against the baseline; better : members that beat it; least_p : the least p-value of any
    coverage : of the 80 % intervals of the best; held, expected : how many counts they held, and should hold
    """

    best: str
    scored: int
    tellable: bool
    ranking: Ranking
    better: tuple[Better, ...]
    least_p: float | None
    coverage: Coverage
    held: int
    expected: int


def forecast_ranking(findings: Findings) -> ForecastRanking | None:
    """What the backtest says of the members; None without members."""
    best, n = findings.best_member, findings.scored
    if not best:
        return None
    if findings.backtest is None:
        return ForecastRanking(best, 0, False, Ranking.NO_BACKTEST, (), None, Coverage.UNSCORED, 0, 0)
    table = findings.backtest.scores
    passed = table[(table["dm_p"] <= LEVEL) & (table["dm_statistic"] < 0)]
    better = tuple(Better(str(m), float(p)) for m, p in zip(passed["model"], passed["dm_p"], strict=True))
    if n < RANKABLE and len(table) > 1:
        ranking = Ranking.TOO_FEW
    elif better:
        ranking = Ranking.BEATEN
    elif len(table) < 2:
        ranking = Ranking.ONE_MEMBER
    else:
        ranking = Ranking.OVERLAPPING if table["dm_p"].isna().all() else Ranking.UNBEATEN
    share = float(table["coverage_80"].iloc[0])
    return ForecastRanking(best, n, n >= RANKABLE, ranking, better, _or_none(float(table["dm_p"].min())),
                           _coverage(share, n), _half_up(share * n) if n else 0, _half_up(NOMINAL * n))


def _coverage(share: float, n: int) -> Coverage:
    if not n:
        return Coverage.UNSCORED
    if abs(share - NOMINAL) <= MISSED * (NOMINAL * (1 - NOMINAL) / n) ** 0.5:
        return Coverage.HELD
    return Coverage.NARROW if share < NOMINAL else Coverage.WIDE


def _half_up(x: float) -> int:
    return int(x + 0.5)


def _or_none(x: float) -> float | None:
    return x if math.isfinite(x) else None
