"""Does a change belong to a dated event? A known-date test with honest size, and the event's size with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from forecast.effects.controls import controls_of, denominators_of
from forecast.effects.event_model import EventModel, event_model
from forecast.effects.event_nulls import DRIFTS, Fitted, simulated
from forecast.effects.event_shapes import AUTO, STEP, Candidate, candidates, check_shape, end_of
from forecast.effects.event_sizes import Sized, sized
from forecast.effects.other_changes import OtherChanges, other_changes
from forecast.regime_model.amounts import is_amount
from forecast.regime_model.working_response import Working
from forecast.series.days import day_of
from forecast.series.series import Series, check_series
from forecast.support.results import Shown, rows_frame
from forecast.support.validation import MOST_DRAWS, MOST_SEED, check_whole_number

if TYPE_CHECKING:
    import pandas as pd

# Size of every test that decides something, adjusted over the dates tested together: 5 % by custom (Fisher 1925,
# Statistical Methods for Research Workers). That the tests hold it: python -m tests.bench known_dates.
LEVEL = 0.05
FEWEST_PLACEBOS = 19  # fewer cannot reach p = 0.05
PERSISTENT = 4.0  # a change below fourfold would go unseen: no date can be told with these data
SEARCHED = 24  # dates, at even places, over which the strongest is looked for
AWAY = 1.3  # factor between the model's level before an event and the observed mean, from which that is said


class Untestable(StrEnum):
    """Why an event is not tested at its own date."""

    READ_FROM_COUNTS = "read_from_counts"  # its date comes from these very counts, so it is no evidence about them
    TOO_FEW_COUNTS = "too_few_counts"  # fewer than two observed rows lie on one side of it
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class Effect(Shown):
    """The level before and after one date, and how surprising that would be if nothing had happened.

    when, position : the date asked for, and the first row counted as after it
    p_value : of the likelihood ratio of an effect at that date, by simulating the fitted model without one; trend,
        season, controls and other changes of the series are in both
    adjusted : the same over all dates tested together (step-down maxima, Westfall & Young 1993)
    ratio, low, high : level with the effect over level without it (of a ramp at its end, of one that fades at its
        start), median and 95 % interval, as wide as the placebos ask for
    probability : posterior probability of an effect there against none, at even prior odds
    before, after : expected count per fully watched row around the date, without the effect and with it
    detectable : smallest rise (as a ratio) that these data would show four times in five
    drift : posterior probability that the counts drift (long-run spread above 1.9 log units) beside an effect at one of
        the dates tested together; from one half on the placebos drift as well
    placebo_rank, placebos : rank of a step at this date among all dates that were searched (1 = strongest)
    shape : "step", "ramp", "pulse" or "fade"; until : first day without it, or at the top of a ramp; "" for none
    total, total_low, total_high : counts above what was expected without the effect, over the rows that somebody saw
    observed_before, observed_after : mean count per fully watched row, of the rows before, of those with the effect
    trend : probability of a steep trend; season : periods taken out; others : changes elsewhere in the model
    """

    when: str
    position: int
    p_value: float
    adjusted: float
    ratio: float
    low: float
    high: float
    probability: float
    before: float
    after: float
    detectable: float
    drift: float
    placebo_rank: int
    placebos: int
    shape: str = STEP
    until: str = ""
    total: float = float("nan")
    total_low: float = float("nan")
    total_high: float = float("nan")
    observed_before: float = float("nan")
    observed_after: float = float("nan")
    trend: float = 0.0
    season: tuple[str, ...] = ()
    others: int = 0

    def __repr__(self) -> str:
        told = ", too persistent to tell" if self.persistent else ""
        return (f"Effect({self.when}: ratio {self.ratio:.3g} ({self.low:.3g} to {self.high:.3g}), "
                f"p {self.p_value:.3g}, adjusted {self.adjusted:.3g}{told})")

    def heading(self) -> str:
        return f"level after over level before {self.when}"

    def frame(self) -> pd.DataFrame:
        """One line: the fields, `significant` and `persistent`."""
        return rows_frame([self], Effect, "significant", "persistent")

    @property
    def significant(self) -> bool:
        """Whether an effect at this date is told from none, all dates tested together considered.

        The p-value must pass the level and the interval must hold no effect out: the more careful of the two counts.
        """
        return self.adjusted <= LEVEL and not self.low <= 1 <= self.high

    @property
    def note(self) -> str:
        """What a reader who recomputes the ratio from the counts should know; empty where there is nothing to say."""
        apart = self.before / self.observed_before if self.observed_before > 0 and self.before > 0 else 1.0
        if 1 / AWAY <= apart <= AWAY:
            return ""
        return (f"just before {self.when} the level is {self.before:.3g}, the mean of all rows before is "
                f"{self.observed_before:.3g}: the ratio is told beside "
                f"{'other changes' if self.others else 'a trend'} of the series")

    @property
    def persistent(self) -> bool:
        """True when the counts drift, or are too few to show a change of less than fourfold: no date can be told."""
        return self.drift > DRIFTS or self.detectable > PERSISTENT


@dataclass(frozen=True)
class Tested(Shown):
    """Effects of several dates tested together, and the look-elsewhere p-value of the strongest date of all."""

    effects: tuple[Effect, ...]
    anywhere: float

    @property
    def level(self) -> float:
        """The size of the tests, which an adjusted p-value must not pass to be significant."""
        return LEVEL

    def heading(self) -> str:
        return f"level after over level before each of {len(self.effects)} dates"

    def frame(self) -> pd.DataFrame:
        """One line a date: the fields of `Effect`, `significant` and `persistent`."""
        return rows_frame(self.effects, Effect, "significant", "persistent")


class Effects(Shown, list[Effect]):
    """Effects of several dates tested together, a list in the order of the dates.

    `frame()` has one line a date, `plot()` draws the ratios; tested : with the look-elsewhere p-value `anywhere`
    """

    def __init__(self, tested: Tested) -> None:
        super().__init__(tested.effects)
        self.tested = tested

    def __reduce__(self) -> tuple[Any, ...]:
        return Effects, (self.tested,)

    def heading(self) -> str:
        return self.tested.heading()

    def frame(self) -> pd.DataFrame:
        """One line a date: the fields of `Effect`, `significant` and `persistent`."""
        return self.tested.frame()


@overload
def event_effect(series: Series, when: list[Any] | tuple[Any, ...], *, until: Any = None, shape: str = AUTO,
                 controls: Any = None, exposure: Any = None, placebos: int = 199, seed: int = 0) -> Effects: ...


@overload
def event_effect(series: Series, when: Any, *, until: Any = None, shape: str = AUTO, controls: Any = None,
                 exposure: Any = None, placebos: int = 199, seed: int = 0) -> Effect: ...


def event_effect(series: Series, when: Any, *, until: Any = None, shape: str = AUTO, controls: Any = None,
                 exposure: Any = None, placebos: int = 199, seed: int = 0) -> Effect | Effects:
    """Test one known date, or a list of dates together, which gives a list in the same order.

    when : a day as ISO text, date or timestamp; the first row whose middle lies on or after it counts as after. Of a
        list the p-values are also adjusted over it
    until : first day without the effect (pulse), or on which it is whole (ramp); of a list one for each date, or None
    shape : "step", "ramp", "pulse", "fade", or "auto", which weighs them
    controls : a series, or several, that share the noise but not the event; their weight is shrunk to none
    exposure : any positive denominators of the rows [n], such as a population, in place of the series' own exposure;
        levels are then those at their mean
    placebos : simulated series without an effect behind the p-value, whose least value is 1 / (placebos + 1)
    Raises ValueError when the date leaves fewer than two observed rows on either side, or counts are not whole.

    >>> quiet = Series.from_values([5, 3, 6, 4, 5, 5, 4, 6, 5, 4] * 3, start="2023-01-02")
    >>> event_effect(quiet, "2023-05-01").p_value > 0.05
    True
    """
    more: dict[str, Any] = {"shape": shape, "controls": controls, "exposure": exposure, "placebos": placebos,
                            "seed": seed}
    if isinstance(when, list | tuple):
        ends = list(until) if isinstance(until, list | tuple) else [until] * len(when)
        if len(ends) != len(when):
            raise ValueError(f"event_effect: got {len(when)} dates and {len(ends)} of until: give one each, or None")
        return Effects(event_effects(series, when, until=ends, **more))
    return event_effects(series, [when], until=[until], **more).effects[0]


def event_effects(series: Series, dates: Sequence[Any], *, until: Sequence[Any] = (), shape: str = AUTO,
                  controls: Any = None, exposure: Any = None, placebos: int = 199, seed: int = 0) -> Tested:
    """Test a frozen list of dates together: raw p-values, and adjusted ones over the list (one set of placebos).

    until : of each date, or nothing; the rest as in `event_effect`
    """
    check_series(series, "event_effects")
    if not len(dates):
        raise ValueError("event_effects: got no date: give at least one")
    check_whole_number("placebos", placebos, FEWEST_PLACEBOS, MOST_DRAWS)
    check_whole_number("seed", seed, 0, MOST_SEED)
    if not series.is_count and not is_amount(series):
        raise ValueError(f"series {series.name}: a test of events takes whole counts of at least zero, or amounts: "
                         "only detect takes other numbers")
    ends = list(until) or [None] * len(dates)
    for end in ends:
        check_shape(shape, end)
    positions = [position_of(series, when) for when in dates]
    model = event_model(series, controls_of(series, controls), denominators_of(series, exposure))
    events = [candidates(series, position, end_of(series, position, end), shape)
              for position, end in zip(positions, ends, strict=True)]
    return _tested(model, [str(day_of(when, "event date")) for when in dates], events, placebos,
                   np.random.default_rng(seed))


def _tested(model: EventModel, days: list[str], events: list[tuple[Candidate, ...]], placebos: int,
            rng: np.random.Generator) -> Tested:
    """Effects of all events together."""
    changes = other_changes(model, events)
    full = changes.beside(model, range(len(changes.columns)))
    work = full.working()
    effects = np.column_stack([one.column for event in events for one in event])
    chance = np.concatenate([[one.chance / len(events) for one in event] for event in events])
    fitted = Fitted.of(full.estimate(work, effects), chance, len(events))
    absent = [model.columns.design.shape[1] + k for k in changes.owned]
    low, high = simulated(full, fitted.tilted(full).draw(placebos, rng), effects, absent, rng)
    null = full.working(low, high)
    scores = _scores(model, changes, events, work, null)
    data = np.array([score.ratio for score in scores])
    spread = np.column_stack([score.null for score in scores])
    raw = (1 + np.sum(spread >= data - 1e-9, axis=0)) / (placebos + 1)
    adjusted = _step_down(data, spread)
    steps, ratios, anywhere = _anywhere(model, changes, events, work, null)
    made = []
    for day, score, one, p, adj in zip(days, scores, steps, raw, adjusted, strict=True):
        made.append(_effect(day, score, float(p), float(adj), fitted.drift(full),
                            int(1 + np.sum(ratios > one + 1e-9)), len(ratios)))
    return Tested(effects=tuple(made), anywhere=anywhere)


@dataclass(frozen=True, eq=False)
class _Score:
    """One event: log Bayes factor of any of its shapes, the same of the placebos [B], and the size of the likeliest."""

    ratio: float
    null: np.ndarray
    sized: Sized


def _scores(model: EventModel, changes: OtherChanges, events: list[tuple[Candidate, ...]], work: Working,
            null: Working) -> list[_Score]:
    """Score every event beside the changes that are not its own; events with the same of these share the work."""
    made: dict[int, _Score] = {}
    for others in dict.fromkeys(changes.others):
        mine = [e for e, each in enumerate(changes.others) if each == others]
        beside = changes.beside(model, others)
        columns = np.column_stack([one.column for e in mine for one in events[e]])
        data, drawn = beside.estimate(work, columns), beside.log_ratios(null, columns)
        ends = np.cumsum([len(events[e]) for e in mine])
        ratios = [(slice(end - len(events[e]), end), np.log([one.chance for one in events[e]]))
                  for e, end in zip(mine, ends, strict=True)]
        best = [inside.start + int((data.log_ratio[0, inside] + chance).argmax()) for inside, chance in ratios]
        placebo = beside.weigh(null, columns[:, best])  # sized by the likeliest shape alone
        for k, (e, (inside, chance)) in enumerate(zip(mine, ratios, strict=True)):
            made[e] = _Score(float(np.logaddexp.reduce(data.log_ratio[0, inside] + chance)),
                             np.logaddexp.reduce(drawn[:, inside] + chance, axis=1),
                             sized(beside, data, best[k], placebo, k, events[e][best[k] - inside.start], len(others)))
    return [made[e] for e in range(len(events))]


def _anywhere(model: EventModel, changes: OtherChanges, events: list[tuple[Candidate, ...]], work: Working,
              null: Working) -> tuple[np.ndarray, np.ndarray, float]:
    """Log Bayes factors of a step at each event, and at the dates searched; p-value of the strongest of these."""
    owned = changes.owned
    beside = changes.beside(model, [k for k in range(len(changes.columns)) if k not in owned])
    gaps = np.flatnonzero(_testable(model.series))
    places = gaps[np.unique(np.linspace(0, len(gaps) - 1, min(SEARCHED, len(gaps))).astype(int))] + 1
    first = np.array([int(np.flatnonzero(event[0].column)[0]) for event in events])
    places = np.unique(np.concatenate([places, first]))
    steps = (np.arange(len(model.series))[:, None] >= places).astype(float)
    ratios, drawn = beside.log_ratios(work, steps)[0], beside.log_ratios(null, steps)
    p = (1 + np.sum(drawn.max(axis=1) >= ratios.max() - 1e-9)) / (len(drawn) + 1)
    return ratios[np.searchsorted(places, first)], ratios, float(p)


def _effect(when: str, score: _Score, p: float, adjusted: float, drift: float, rank: int, placebos: int) -> Effect:
    """One result; where p-value and interval would disagree the interval gives way to a p-value that finds nothing."""
    size = score.sized
    low, high = (size.low, size.high) if p <= LEVEL else (min(size.low, 1.0), max(size.high, 1.0))
    return Effect(when=when, position=size.position, p_value=p, adjusted=adjusted, ratio=size.ratio, low=low, high=high,
                  probability=float(1 / (1 + np.exp(-np.clip(score.ratio, -700, 700)))), before=size.before,
                  after=size.before * size.ratio, detectable=size.detectable, drift=drift, placebo_rank=rank,
                  placebos=placebos, shape=size.shape, until=size.until, total=size.total[1], total_low=size.total[0],
                  total_high=size.total[2], observed_before=size.observed[0], observed_after=size.observed[1],
                  trend=size.trend, season=size.season, others=size.others)


def position_of(series: Series, when: Any) -> int:
    """Index of the first observed row that counts as after the date: the first whose middle lies on or after it.

    Raises ValueError when the date cannot be read or leaves fewer than two observed rows on either side.
    """
    day = day_of(when, "event date")
    seen = np.flatnonzero(series.observed)
    before, after = seen[series.centre[seen] < day], seen[series.centre[seen] >= day]
    if len(before) < 2 or len(after) < 2:
        first, last = (series.start[seen[0]], series.end[seen[-1]]) if len(seen) else ("-", "-")
        raise ValueError(f"event {day} leaves {len(before)} observed rows before and {len(after)} after in "
                         f"{series.name} ({first} to {last}): two on each side are needed; extend the series or drop "
                         "the event")
    return int(after[0])


def _testable(series: Series) -> np.ndarray:
    """Gaps [n - 1] just before an observed row with two observed rows on either side."""
    seen = series.observed
    before, after = np.cumsum(seen)[:-1], (seen.sum() - np.cumsum(seen))[:-1]
    return np.asarray(seen[1:] & (before >= 2) & (after >= 2))


def _step_down(data: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Step-down maxT adjusted p-values (Westfall & Young 1993, algorithm 2.8)."""
    order = np.argsort(-data)
    running = np.zeros(len(data))
    worst = np.full(len(null), -np.inf)
    for k in order[::-1]:
        worst = np.maximum(worst, null[:, k])
        running[k] = (1 + np.sum(worst >= data[k] - 1e-9)) / (len(null) + 1)
    running[order] = np.maximum.accumulate(running[order])
    return running
