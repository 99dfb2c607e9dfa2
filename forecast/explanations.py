"""Explanations compete: how likely the change of a series lies in each event's window, in none of them, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecast.events import Event
from forecast.posterior import Posterior
from forecast.series import DAY, Series

NONE, NOWHERE = "none of these", "no change"
APART = 0.8  # share of an event's probability that may also be another's before the two count as one
WORTH = 0.05  # below this probability nobody asks whether two events can be told apart


@dataclass(frozen=True)
class Window:
    """An event with the first and the last day on which a break would fit it."""

    event: Event
    first: date
    last: date


@dataclass(frozen=True)
class Explanation:
    """One row of the table of explanations; `probability` sums to one over the table.

    name : of an event, or "none of these", or "no change"
    probability : that the change lies in this window; days in several windows are shared evenly between them
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


def break_days(series: Series, gap_probability: np.ndarray) -> np.ndarray:
    """Spread the probability of each gap [n - 1] evenly over its days: one value per day from the first row's start.

    A break in a gap lies between the middles of the rows on both sides, for a row of a flow may hold days of both.
    """
    middle = (series.start + (series.end - series.start - DAY) // 2 - series.start[0]).astype(int)
    days = np.zeros(int((series.end[-1] - series.start[0]).astype(int)))
    for gap, probability in enumerate(gap_probability):
        first, last = middle[gap] + 1, middle[gap + 1] + 1
        days[first:last] += probability / (last - first)
    return days


def gap_probability(posterior: Posterior, near: int | None = None) -> np.ndarray:
    """Where the change lies, given that there is one, [n - 1], summing to one.

    near : a gap that a detected break may lie in; each path then gives its break nearest to it, otherwise the paths
        give all of theirs in equal parts. Paths without a break say nothing here.
    """
    jumps = posterior.jumps[posterior.number > 0]
    if not len(jumps):  # no path has a break: any gap is as good as its length
        return np.asarray(posterior.problem.share / posterior.problem.share.sum())
    if near is None:
        return np.asarray((jumps / jumps.sum(axis=1, keepdims=True)).mean(axis=0))
    distance = np.where(jumps, np.abs(np.arange(jumps.shape[1]) - near), jumps.shape[1])
    return np.bincount(distance.argmin(axis=1), minlength=jumps.shape[1]) / len(jumps)


def explain(series: Series, posterior: Posterior, windows: Sequence[Window], near: int | None = None,
            ) -> tuple[Explanation, ...]:
    """The table of explanations of one change: every event, "none of these", "no change"; sums to one.

    Only events whose `outside` flag is set compete: a date read from these very counts is no evidence about them.
    """
    some = posterior.probability
    daily = some * break_days(series, gap_probability(posterior, near))
    prior = 0.5 * break_days(series, posterior.problem.share / max(posterior.problem.share.sum(), 1e-12))
    competing = [w for w in windows if w.event.outside]
    inside = np.array([_mask(series, window, len(daily)) for window in competing]).reshape(len(competing), len(daily))
    crowd = inside.sum(axis=0)
    shared = inside / np.maximum(crowd, 1)
    rows = [Explanation(name=w.event.name, label=w.event.label, first=str(w.first), last=str(w.last),
                        probability=float(shared[i] @ daily), within=float(inside[i] @ daily),
                        prior=float(inside[i] @ prior), alike=_alike(inside, daily, competing, i))
            for i, w in enumerate(competing)]
    free = crowd == 0
    rows.append(Explanation(NONE, "A change at a date outside every window", "", "", float(daily[free].sum()),
                            float(daily[free].sum()), float(prior[free].sum())))
    rows.append(Explanation(NOWHERE, "No change of level at all", "", "", 1 - some, 1 - some, 0.5))
    return tuple(rows)


def _mask(series: Series, window: Window, days: int) -> np.ndarray:
    first = (np.datetime64(window.first, "D") - series.start[0]).astype(int)
    last = (np.datetime64(window.last, "D") - series.start[0]).astype(int)
    at = np.arange(days)
    return np.asarray(((at >= first) & (at <= last)).astype(float))


def _alike(inside: np.ndarray, daily: np.ndarray, windows: Sequence[Window], i: int) -> tuple[str, ...]:
    mine = float(inside[i] @ daily)
    if mine < WORTH:
        return ()
    return tuple(w.event.name for j, w in enumerate(windows)
                 if j != i and float((inside[i] * inside[j]) @ daily) >= APART * mine)
