"""Does a change belong to a dated event? A known-date test with honest size, and the event's size with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from forecast.regime_model.filters import backward, forward
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.placebos import null_ratios
from forecast.regime_model.problem import Problem, pose, settings_table
from forecast.regime_model.step_likelihoods import Evidence, evidence
from forecast.series.days import day_of
from forecast.series.season import evident_season
from forecast.series.series import Series, check_series
from forecast.support.results import Shown, rows_frame
from forecast.support.validation import MOST_DRAWS, MOST_SEED, check_whole_number

if TYPE_CHECKING:
    import pandas as pd

# Size of every test that decides something, adjusted over the dates tested together: 5 % by custom (Fisher 1925,
# Statistical Methods for Research Workers). That the tests hold it: python -m tests.bench known_dates.
LEVEL = 0.05
FEWEST_PLACEBOS = 19  # fewer cannot reach p = 0.05
DRIFTS = 0.5  # posterior probability from which the counts are taken to drift
PERSISTENT = 4.0  # a change below fourfold would go unseen: no date can be told with these data
FAR = 1.9  # long-run spread, log units, from which counts drift so far by themselves that any date looks like a step
TILT = 0.75  # settings that wander one log unit less are e^0.75 times likelier a priori in the placebos


class Untestable(StrEnum):
    """Why an event is not tested at its own date."""

    READ_FROM_COUNTS = "read_from_counts"  # its date comes from these very counts, so it is no evidence about them
    TOO_FEW_COUNTS = "too_few_counts"  # fewer than two observed rows lie on one side of it
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class Effect(Shown):
    """The level before and after one date, and how surprising that would be if nothing had happened.

    when, position : the date asked for, and the first row counted as after it
    p_value : of the likelihood ratio of a step at that date, by simulating the fitted model without one
    adjusted : the same over all dates tested together (step-down maxima, Westfall & Young 1993)
    ratio, low, high : level after over level before, median and 95 % credible interval
    probability : posterior probability of a step there against none, at even prior odds
    before, after : expected count per fully watched row
    detectable : smallest rise (as a ratio) that these data would show four times in five
    drift : posterior probability that the counts drift (long-run spread above 1.9 log units) beside a step at one of
        the dates tested together; from one half on the placebos drift as well
    placebo_rank, placebos : rank of this date's evidence among all dates that could be tested (1 = strongest)
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
        """Whether a step at this date is told from none, all dates tested together considered."""
        return self.adjusted <= LEVEL

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
def event_effect(series: Series, when: list[Any] | tuple[Any, ...], *, placebos: int = 199, seed: int = 0,
                 model: RegimeModel | None = None) -> Effects: ...


@overload
def event_effect(series: Series, when: Any, *, placebos: int = 199, seed: int = 0,
                 model: RegimeModel | None = None) -> Effect: ...


def event_effect(series: Series, when: Any, *, placebos: int = 199, seed: int = 0,
                 model: RegimeModel | None = None) -> Effect | Effects:
    """Test one known date, or a list of dates together, which gives a list in the same order.

    when : a day as ISO text, date or timestamp; the first row whose middle lies on or after it counts as after. Of a
        list the p-values are also adjusted over it
    placebos : simulated series without an effect behind the p-value, whose least value is 1 / (placebos + 1)
    Raises ValueError when the date leaves fewer than two observed rows on either side, or counts are not whole.

    >>> quiet = Series.from_values([5, 3, 6, 4, 5, 5, 4, 6, 5, 4] * 3, start="2023-01-02")
    >>> event_effect(quiet, "2023-05-01").p_value > 0.05
    True
    """
    if isinstance(when, list | tuple):
        return Effects(event_effects(series, when, placebos=placebos, seed=seed, model=model))
    return event_effects(series, [when], placebos=placebos, seed=seed, model=model).effects[0]


def event_effects(series: Series, dates: Sequence[Any], *, placebos: int = 199, seed: int = 0,
                  model: RegimeModel | None = None) -> Tested:
    """Test a frozen list of dates together: raw p-values, and adjusted ones over the list (one set of placebos)."""
    check_series(series, "event_effects")
    if not len(dates):
        raise ValueError("event_effects: got no date: give at least one")
    check_whole_number("placebos", placebos, FEWEST_PLACEBOS, MOST_DRAWS)
    check_whole_number("seed", seed, 0, MOST_SEED)
    if not series.is_count:
        raise ValueError(f"series {series.name}: a test of events takes whole counts of at least zero: "
                         "only detect takes other numbers")
    positions = [position_of(series, when) for when in dates]
    season = evident_season(series).over(np.arange(len(series)))
    # persistence is taken as that of the intensity: where counts answer the last one, this errs on the careful side
    # (0 to 3 of 100 rejected without an effect, `lagged` of the benches)
    problem = pose(replace(model or RegimeModel(), feedback=()), series, season)
    known = evidence(problem)
    ratios = known.log_ratio()[:, 0]
    gaps = np.array([position - 1 for position in positions])
    far = wander(problem)
    asked = np.unique(gaps)
    drift = float(known.settings(asked)[0] @ (far > FAR))
    # the largest of many steps takes more of a wander's place than one does: a list also weighs that there is none
    fitted = known.settings(asked, none=(1 - 1 / len(asked)) / 2)[0]
    data, null = null_ratios(series, season, problem, _null_weights(fitted, far, drift > DRIFTS), placebos,
                             np.random.default_rng(seed))
    raw = (1 + np.sum(null[:, gaps] >= data[gaps] - 1e-9, axis=0)) / (placebos + 1)
    testable = _testable(series)
    anywhere = (1 + np.sum(null[:, testable].max(axis=1) >= data[testable].max() - 1e-9)) / (placebos + 1)
    adjusted = _step_down(data[gaps], null[:, gaps])
    effects = tuple(
        _effect(problem, joint, float(ratios[gap]), str(day_of(when, "event date")), int(gap), float(p), float(adj),
                drift, int(1 + np.sum(ratios[testable] > ratios[gap] + 1e-9)), int(testable.sum()))
        for when, gap, p, adj, joint in zip(dates, gaps, raw, adjusted, _levels_around(problem, known, gaps),
                                            strict=True))
    return Tested(effects=effects, anywhere=float(anywhere))


def wander(problem: Problem) -> np.ndarray:
    """How far each setting wanders by itself, [S]: s sqrt((1 + rho) / (1 - rho)), its long-run spread in log units."""
    rho, spread, _, _ = settings_table(problem).T
    return np.asarray(spread * np.sqrt((1 + rho) / (1 - rho)))


def _null_weights(fitted: np.ndarray, far: np.ndarray, drifts: bool) -> np.ndarray:
    """Weights of the settings behind the placebos, [S].

    Fitted without the step they overstate the noise when there is one, so they are fitted with it; and since a step
    and a wander take each other's place, settings that wander far get a smaller prior, unless the counts drift more
    likely than not: then all placebos drift. Which prior keeps the size in independent, autocorrelated and drifting
    counts was found by simulation (the trade between sizes over a nuisance parameter of Elliott, Mueller & Watson
    2015, Econometrica 83, 771-811).
    """
    weight = fitted * (far > FAR if drifts else np.exp(-TILT * np.minimum(far, 3.5)))
    return np.asarray(weight / weight.sum())


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


def _effect(problem: Problem, joint: np.ndarray, log_ratio: float, when: str, gap: int, p: float, adjusted: float,
            drift: float, rank: int, placebos: int) -> Effect:
    """One result from the joint posterior of the levels [L, L] and the log Bayes factor of a step in this gap."""
    step = problem.levels[1] - problem.levels[0]
    size = len(problem.levels)
    change = np.array([np.trace(joint, offset) for offset in range(-size + 1, size)])
    low, middle, high = _quantiles(np.arange(-size + 1, size) * step, change, (0.025, 0.5, 0.975))
    offsets = np.arange(-size + 1, size) * step
    spread = np.sqrt(max(np.sum(change * offsets**2) - np.sum(change * offsets) ** 2, 1e-12))
    before, after = ((np.exp(problem.levels) * joint.sum(axis=axis)).sum() for axis in (1, 0))
    return Effect(when=when, position=gap + 1, p_value=p, adjusted=adjusted, ratio=float(np.exp(middle)),
                  low=float(np.exp(low)), high=float(np.exp(high)), probability=float(1 / (1 + np.exp(-log_ratio))),
                  before=float(before), after=float(after), detectable=float(np.exp((1.96 + 0.84) * spread)),
                  drift=drift, placebo_rank=rank, placebos=placebos)


def _levels_around(problem: Problem, known: Evidence, gaps: np.ndarray) -> np.ndarray:
    """Joint posterior of the levels before and after a step in each of these gaps, [G, L, L], settings integrated."""
    thin, _ = problem.thinned()
    still = np.zeros(len(thin.gaps))
    logs = known.one[known.stretch[gaps], 0]
    weight = problem.weight * np.exp(logs - logs.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    joint = np.zeros((len(gaps), len(problem.levels), len(problem.levels)))
    before, row = np.unique(known.stretch[gaps], return_inverse=True)
    offset = 0
    for block in thin.blocks:
        ahead = forward(thin, block, still, keep=before).state[:, 0]  # [gaps, D, E, L]
        back = backward(thin, block, still, keep=before + 1).state[:, 0]
        for at, gap in enumerate(before):
            start = np.einsum("del,df->efl", ahead[at], block.moves(thin.gaps[gap]), dtype=float)
            pair = np.einsum("edl,dem->elm", start, back[at]) * problem.prior
            pair /= pair.sum(axis=(-1, -2), keepdims=True)
            for mine in np.flatnonzero(row == at):
                joint[mine] += np.einsum("e,elm->lm", weight[mine, offset:offset + block.settings], pair)
        offset += block.settings
    return joint


def _quantiles(at: np.ndarray, weight: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of a distribution on an even grid, linear within its cells."""
    edges = np.concatenate([at - (at[1] - at[0]) / 2, [at[-1] + (at[1] - at[0]) / 2]])
    cumulative = np.concatenate([[0.0], np.cumsum(weight / weight.sum())])
    return np.asarray(np.interp(levels, cumulative, edges))
