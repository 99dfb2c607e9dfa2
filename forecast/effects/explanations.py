"""Explanations compete: how likely the change of a series lies in each event's window, in none of them, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from forecast.effects.change_days import break_days, change_days
from forecast.evidence.events import Event, window
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.posterior import Posterior
from forecast.regime_model.problem import discretise
from forecast.regime_model.step_likelihoods import evidence
from forecast.series.season import evident_season
from forecast.series.series import Series

if TYPE_CHECKING:
    from forecast.series.breaks import Break

NONE, NOWHERE = "none of these", "no change"
LABELS = {NONE: "A change at a date outside every window", NOWHERE: "No change of level at all"}
APART = 0.8  # share of an event's probability that may also be another's before the two count as one
MEANS = 2.0  # mean delays in the longest one, where nobody knows better; that is exp(-2), a seventh, as likely as none
WORTH = 0.05  # below this probability nobody asks whether two events can be told apart


@dataclass(frozen=True)
class Window:
    """An event with the first and the last day on which a break would fit it.

    mean_delay : days; delays between the event's last day and the change are exponential beforehand, cut off at the end
        of the window; infinite where every day of the window is as likely as another
    """

    event: Event
    first: date
    last: date
    mean_delay: float = np.inf

    @classmethod
    def of(cls, event: Event, delay_days: int, anticipation_days: int = 0, mean_delay: float | None = None) -> Window:
        """The window of an event; mean_delay : half of the longest where None: that long a delay is then a seventh as
        likely beforehand as none at all."""
        first, last = window(event, delay_days, anticipation_days)
        return cls(event, first, last, delay_days / MEANS if mean_delay is None else mean_delay)

    def density(self, start: np.datetime64, days: int) -> np.ndarray:
        """How likely a change of this event is beforehand on each of the days from `start`, beside a window whose days
        are all alike, [days]: 0 outside it, one on average over it."""
        own = np.arange(np.datetime64(self.first), np.datetime64(self.last) + 1)
        delay = np.maximum((own - np.datetime64(window(self.event)[1])).astype(float), 0.0)
        weight = np.exp(-delay / self.mean_delay) if self.mean_delay else (delay == 0).astype(float)
        at = (own - start).astype(int)
        inside = (at >= 0) & (at < days)
        made = np.zeros(days)
        made[at[inside]] = (weight / weight.mean())[inside]
        return made


@dataclass(frozen=True)
class Explanation:
    """One row of the table of explanations; `probability` sums to one over the table.

    name : of an event, or "none of these", or "no change"
    probability : that the change lies in this window; a day in several windows is shared between them as their delays
        make it likely beforehand
    within : that the change lies in this window, shared or not; prior : the same before the data (days of the window
        over days of the series, times the even chance of any change)
    alike : events that these data cannot tell from this one
    """

    name: str
    label: str
    first: str
    last: str
    probability: float
    within: float
    prior: float
    alike: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """Posterior over prior probability of the window."""
        return self.within / self.prior if self.prior else float("nan")


def explain_change(series: Series, posterior: Posterior, windows: Sequence[Window], near: int | None = None,
                   ) -> tuple[Explanation, ...]:
    """The table of explanations of one change: every event, "none of these", "no change"; sums to one.

    posterior : of `series`; near : gap of one of several changes, which then is explained, see `gap_probability`
    Only events whose `outside` flag is set compete: a date read from these very counts is no evidence about them.
    """
    base = break_days(series, posterior.problem.share / max(posterior.problem.share.sum(), 1e-12))
    return _table(change_days(series, posterior, near), base, series.start[0], windows, posterior.probability)


def focal_change(breaks: Sequence[Break], tables: Sequence[Sequence[Explanation]]) -> int:
    """Which of several changes is meant wherever one is: that whose likeliest event is the most probable.

    breaks : in order of time; tables : of explanations, one a break (or a single one where no break is dated)
    Where no event competes it is the most probable change; of equals the first.
    """
    events = [[e.probability for e in table if e.name not in (NONE, NOWHERE)] for table in tables]
    held = [max(each) for each in events] if all(events) else [b.probability for b in breaks]
    return held.index(max(held)) if held else 0


def named_events(tables: Sequence[Sequence[Explanation]]) -> tuple[str, ...]:
    """Events whose windows hold enough of some change to be worth naming, in the order of the tables."""
    held = [e.name for table in tables for e in table if e.name not in (NONE, NOWHERE) and e.probability >= WORTH]
    return tuple(dict.fromkeys(held))


@dataclass(frozen=True, eq=False)
class Together:
    """What several series say of one change that they share.

    log_ratio : log Bayes factor of one change on one day, of a size of its own in each series, against none in any
    alone : the same of each series by itself; table : explanations of the shared change, summing to one
    """

    names: tuple[str, ...]
    log_ratio: float
    alone: tuple[float, ...]
    table: tuple[Explanation, ...]


def explain_together(several: Sequence[Series], windows: Sequence[Window],
                     model: RegimeModel | None = None) -> Together:
    """One table for several series that are said to share a cause; each may change by a factor of its own.

    A day before the first or after the last row of a series says nothing about that series.
    Raises ValueError for fewer than two series, and for series that rest on the same statements: these would count
    the same evidence twice.
    """
    if len(several) < 2:
        raise ValueError(f"together: got {len(several)} series: name at least two")
    _check_apart(several)
    first = min(series.start[0] for series in several)
    length = int((max(series.end[-1] for series in several) - first).astype(int))
    ratios = np.array([_daily_ratio(series, first, length, model or RegimeModel()) for series in several])
    inside = np.any(ratios != 0, axis=0)
    prior = inside / max(inside.sum(), 1)
    logs = ratios.sum(axis=0)
    peak = float(logs.max())
    weight = prior * np.exp(logs - peak)
    log_ratio = float(np.log(weight.sum()) + peak)
    some = float(1 / (1 + np.exp(-log_ratio)))
    alone = tuple(float(np.log(np.mean(np.exp(line[line != 0])))) if np.any(line != 0) else 0.0 for line in ratios)
    return Together(tuple(series.name for series in several), log_ratio, alone,
                    _table(weight / weight.sum(), prior, first, windows, some))


def _daily_ratio(series: Series, first: np.datetime64, length: int, model: RegimeModel) -> np.ndarray:
    """Log Bayes factor of one change on each day from `first` on against none, [length]; 0 outside the series."""
    season = evident_season(series).over(np.arange(len(series))) if series.is_count else None
    gaps = evidence(discretise(model, series, season)).log_ratio()[:, 0]
    middle = (series.centre - first).astype(int)
    out = np.zeros(length)
    for gap, ratio in enumerate(gaps):
        out[middle[gap] + 1:middle[gap + 1] + 1] = ratio
    return out


def _check_apart(several: Sequence[Series]) -> None:
    for i, one in enumerate(several):
        for other in several[i + 1:]:
            both = {s for row in one.sources for s in row} & {s for row in other.sources for s in row}
            if both:
                raise ValueError(f"together: {one.name} and {other.name} rest on {len(both)} statements that are the "
                                 f"same ({min(both)} ...): they are no two pieces of evidence; name one of them")


def _table(days: np.ndarray, even: np.ndarray, start: np.datetime64, windows: Sequence[Window],
           some: float) -> tuple[Explanation, ...]:
    """Rows of every competing event, "none of these" and "no change".

    days, even : where a change lies [days] from `start`, by the counts alone and before them; some : that there is one
    A day is as likely beforehand as the event makes it that lies best for it, so that no list of events makes a change
    in their windows likelier by its length; outside all of them every day is alike.
    """
    competing = [w for w in windows if w.event.outside]
    density = np.array([w.density(start, len(days)) for w in competing]).reshape(len(competing), len(days))
    inside = (density > 0).astype(float)
    shared = density / np.maximum(density.sum(axis=0), 1e-300)
    free = ~inside.any(axis=0)
    tilt = np.where(free, 1.0, density.max(axis=0, initial=0.0))
    daily, prior = some * _scaled(days * tilt), 0.5 * _scaled(even * tilt)
    rows = [Explanation(name=w.event.name, label=w.event.label, first=str(w.first), last=str(w.last),
                        probability=float(shared[i] @ daily), within=float(inside[i] @ daily),
                        prior=float(inside[i] @ prior), alike=_alike(inside, daily, competing, i))
            for i, w in enumerate(competing)]
    outside = float(daily[free].sum())
    rows.append(Explanation(NONE, LABELS[NONE], "", "", outside, outside, float(prior[free].sum())))
    rows.append(Explanation(NOWHERE, LABELS[NOWHERE], "", "", 1 - some, 1 - some, 0.5))
    return tuple(rows)


def _scaled(days: np.ndarray) -> np.ndarray:
    return np.asarray(days / max(float(days.sum()), 1e-300))


def _alike(inside: np.ndarray, daily: np.ndarray, windows: Sequence[Window], i: int) -> tuple[str, ...]:
    mine = float(inside[i] @ daily)
    if mine < WORTH:
        return ()
    return tuple(w.event.name for j, w in enumerate(windows)
                 if j != i and float((inside[i] * inside[j]) @ daily) >= APART * max(mine, float(inside[j] @ daily)))
