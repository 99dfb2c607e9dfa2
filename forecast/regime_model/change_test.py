"""Is the level constant at all? A p-value by simulating the fitted model of this series without a change.

The statistic is the likelihood ratio of "the level steps, or is raised or lowered for a while, anywhere" against "it
does not", both averaged over all dates and settings: it needs little calibration and beats the likeliest date. A line
or a ramp looks like steps to it; which shape a change has is another question (see `forecast.regime_model.shapes`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.regime_model.filters import moves_of
from forecast.regime_model.grid import deviations, scatter, scatter_of_logs
from forecast.regime_model.harmonics import Harmonics, fit_harmonics
from forecast.regime_model.placebos import COARSE, as_seen, simulate_null
from forecast.regime_model.problem import Problem, discretise, pooled, settings_table
from forecast.regime_model.shapes import PULSES, modes_of
from forecast.series.series import Series

SIZE = 0.05  # chance that a series without a change is said to have one
BATCHES = (50, 50, 99)  # placebos, in lots: the next only where those before leave the answer open
# Settings of the placebos are drawn from the root of their posterior, those that wander far with less weight: a series
# says little of them, and a change and a wander take each other's place. Which root and weight keep the size in
# independent, autocorrelated and sparse counts was found by simulation (`python -m tests.bench unknown_dates`).
ROOT, TILT, MOST_TILTED = 0.5, 1.5, 3.5
EVEN = 0.5  # posterior probability of a change, at even odds beforehand, below which none is called
FAR = 1.9  # long-run spread, log units, from which counts wander so far by themselves that any date looks like a change
# Probability of the likeliest wander without a change, against all changes, from which no date can be told: it lets one
# in ten pass of series that wander with a spread of 0.6 and a correlation of 0.9 (same bench).
WANDERS = 0.13
# Log likelihood ratio that a series without a change reaches once in a thousand times at most (Markov's inequality over
# the prior of the settings; one that wanders as few do reaches it oftener, so that it alone is not enough); with none
# of the first lot above it, the next would tell nothing.
CERTAIN = float(np.log(1000))
# p-values by the placebos of a like series up to which, and from which on, they answer for this one too
CLEAR = (0.02, 0.25)
FINER = 20  # parts of the scatter to which values are rounded in the statistic
# Dispersions evenly apart in logs: where the true one fell into a wide gap between two of them, their misfit hid what
# six weeks at two fifths of the level show (simulated: found in .68 instead of .82 at the size of independent counts).
STATISTIC = replace(COARSE, nodes=7, dispersions=(1.2, 4.0, 12.0, 40.0))


@dataclass(frozen=True)
class ChangeTest:
    """Whether the level of a series changes.

    p_value : by simulation of the series without a change; wander : probability that it has none and wanders by itself
        in the likeliest way, against any change
    persistent : the counts wander so far that no date of a change can be told; placebos : how many were simulated
    null : log likelihood ratios of the placebos
    """

    p_value: float
    wander: float
    persistent: bool
    placebos: int
    null: tuple[float, ...] = ()


def called(p_value: float, persistent: bool, probability: float) -> bool:
    """Whether a change is called: by the test and by the posterior, of which the careful one is believed.

    p_value, persistent : of a `ChangeTest`; probability : posterior one of any change at even odds
    """
    return p_value <= SIZE and not persistent and probability >= EVEN


def wandering(problem: Problem) -> np.ndarray:
    """How far each setting wanders by itself, [S]: s sqrt((1 + rho) / (1 - rho)), its long-run spread in log units."""
    rho, spread, _, _ = settings_table(problem).T
    return np.asarray(spread * np.sqrt((1 + rho) / (1 - rho)) / problem.observation.unit)


def change_test(series: Series, season: Harmonics, problem: Problem, some: np.ndarray, none: np.ndarray,
                odd: Callable[[], np.ndarray], rng: np.random.Generator, like: Sequence[float] = ()) -> ChangeTest:
    """Test one series.

    problem : the series on the grid of its model, season in its scale; some, none : log evidence [S] of its settings
        with a change of any shape, and without; odd : gives the chance [n] that a row is odd, which a placebo copies
    like : log likelihood ratios of the placebos of a series that differs little, which answer where they do so clearly
    """
    far = wandering(problem)
    wander, persistent = _wander(problem, some, none, far)
    if len(like):
        ratio = change_ratios(series, season, series.low[None], series.high[None])[0]
        p = float(1 + np.sum(np.asarray(like) >= ratio - 1e-9)) / (len(like) + 1)
        if not CLEAR[0] < p < CLEAR[1]:
            return ChangeTest(p, wander, persistent, len(like), tuple(like))
    logs = np.logaddexp(some, none)
    weight = problem.weight * np.exp(ROOT * (logs - logs.max()) - TILT * np.minimum(far, MOST_TILTED))
    weight /= weight.sum()
    null: list[float] = []
    for batch in BATCHES:
        low, high = placebos(series, problem, weight, batch, odd(), rng)
        ratios = change_ratios(series, season, np.vstack([series.low, low]), np.vstack([series.high, high]))
        null += ratios[1:].tolist()
        above, number = int(np.sum(np.array(null) >= ratios[0] - 1e-9)), len(null)
        # whatever the rest would say, or all but surely so
        if above >= SIZE * (sum(BATCHES) + 1) or (number >= 100 and above <= 1) or (above == 0 and ratios[0] > CERTAIN):
            break
    return ChangeTest((1 + above) / (number + 1), wander, persistent, number, tuple(null))


def _wander(problem: Problem, some: np.ndarray, none: np.ndarray, far: np.ndarray) -> tuple[float, bool]:
    """Probability of the likeliest wander without a change against any change; whether it forbids to tell a date."""
    if not np.any(far > FAR):
        return 0.0, False
    weight = problem.weight[far > FAR]
    likeliest = float(np.max(none[far > FAR] + np.log(weight)))
    probability = 1 / (1 + np.exp(np.clip(pooled(some, problem.weight) - likeliest, -700, 700)))
    mostly = float(pooled(none[far > FAR], weight)) > float(pooled(none, problem.weight)) + np.log(0.5)
    return float(probability), bool(probability > WANDERS and mostly)


def placebos(series: Series, problem: Problem, weight: np.ndarray, number: int, odd: np.ndarray,
             rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Bounds [number, n] of series without a change, seen as ours is; odd rows are those of the data.

    weight : of the settings [S] of the problem; odd : chance [n] that a row is odd, and says nothing of the level
    """
    low, high = as_seen(series, simulate_null(problem, weight, number, rng))
    copied = rng.random(low.shape) < odd
    return np.where(copied, series.low, low), np.where(copied, series.high, high)


def change_ratios(series: Series, season: Harmonics, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Log likelihood ratio of a change against none of every series [B] with bounds low, high [B, n] on these dates.

    season : that of the first; it is fitted again to the others, where it has any
    """
    from forecast.regime_model._numba_changes import compared

    problem = discretise(STATISTIC, series, None, (_rounded(low, series), _rounded(high, series)), fine=False)
    lift = np.zeros((0, 0))
    if season.names:
        middle = np.where(np.isinf(high), np.maximum(low, 1.0) * 1.5, (low + high) / 2)
        lift = np.log(np.array([season.over(series)] + [each.over(series) for each in
                                                        fit_harmonics(series, middle[1:])]))
    problem, rows = problem.observed_rows()
    lift = lift[:, rows] / (problem.levels[1] - problem.levels[0]) if lift.size else lift
    modes = modes_of(problem, PULSES)
    risks = np.ascontiguousarray(modes.risks[:, [0, 4, 5]])
    levels = len(problem.levels)
    reach = int(np.abs(modes.effect).max()) + int(np.ceil(np.abs(lift).max(initial=0.0))) + 1
    constant, changed = [], []
    for block in problem.blocks:
        moves, kind = moves_of(problem, block)
        still, some = np.empty((len(low), block.settings)), np.empty((len(low), block.settings))
        # beyond the levels the ends hold
        places = np.clip(np.arange(-reach, levels + reach), 0, levels - 1)
        table = np.ascontiguousarray(block.emission.table.swapaxes(2, 3)[:, :, places])  # [U, D, L, E]
        prior = np.repeat(problem.prior.astype(np.float32), block.settings)
        compared(np.ascontiguousarray(block.index).ravel(), lift.ravel(), table.ravel(), reach,
                 block.emission.peak.ravel(), moves.ravel(), np.ascontiguousarray(kind), prior,
                 deviations(block.nodes)[1].astype(np.float32), modes.effect, risks.ravel(), len(low), still.ravel(),
                 some.ravel())
        constant.append(still)
        changed.append(some)
    return np.asarray(pooled(np.hstack(changed), problem.weight) - pooled(np.hstack(constant), problem.weight))


def _rounded(values: np.ndarray, series: Series) -> np.ndarray:
    """Values to about a twentieth of their scatter: what they say stays, and like ones share their likelihoods."""
    seen = series.observed
    if not series.is_count:
        unit = max(scatter(series.middle[seen]), 1e-3 * float(np.ptp(series.middle[seen])), 1e-12) / FINER
        return np.asarray(np.round(values / unit) * unit)
    step = scatter_of_logs(series.middle[seen], np.ones(seen.sum())) / FINER
    large = values * step > 1  # below, whole numbers lie further apart than that
    with np.errstate(invalid="ignore", divide="ignore"):
        coarse = np.round(np.exp(np.round(np.log(np.where(large, values, 1.0)) / step) * step))
    return np.where(large & np.isfinite(values), coarse, values)
