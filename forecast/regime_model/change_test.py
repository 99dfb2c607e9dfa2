"""Is the level constant at all? A p-value by simulating the fitted model of this series without a change.

Where the Bayes factor of a change is beyond what simulation can tell, Markov's inequality bounds the p-value.

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
# Settings of the placebos are drawn from the root of their posterior, those that wander far with less weight, and a
# little less in the statistic too: a series says little of them, and a change and a wander take each other's place.
# Which root and weights keep the size in independent, autocorrelated and sparse counts was found by simulation
# (`python -m tests.bench unknown_dates`).
ROOT, TILT, STATISTIC_TILT, MOST_TILTED = 0.5, 1.5, 1.0, 3.5
EVEN = 0.5  # posterior probability of a change, at even odds beforehand, below which none is called
FAR = 1.9  # long-run spread, log units, from which counts wander so far by themselves that any date looks like a change
# Probability of the likeliest wander without a change, against all changes: from the first on no date can be told,
# unless no more than a share APART of so many placebos that wander as the series may (not tilted) look as it does; from
# the second on, whatever they tell. Of series that wander with a spread of 0.6 and a correlation of 0.9 one in five
# passes, and two of three changes by a factor of 2.5 where both are less (0.4 and 0.6; same bench).
WANDERS, SURELY = 0.09, 0.18
APART, WIDE = 0.1, 99
# p-values by the placebos of a like series up to which, and from which on, they answer for this one too
CLEAR = (0.02, 0.25)
FINER = 20  # parts of the scatter to which values are rounded in the statistic
# Dispersions evenly apart in logs: where the true one fell into a wide gap between two of them, their misfit hid what
# six weeks at two fifths of the level show (simulated: found in .68 instead of .82 at the size of independent counts).
STATISTIC = replace(COARSE, nodes=7, dispersions=(1.2, 4.0, 12.0, 40.0))


@dataclass(frozen=True)
class ChangeTest:
    """Whether the level of a series changes.

    p_value : by simulation of the series without a change, or its bound by the Bayes factor where that is less
    wander : probability that it has none and wanders by itself in the likeliest way, against any change
    persistent : the counts wander so far that no date of a change can be told
    placebos, null : how many were simulated, and their log likelihood ratios
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


def tilted(problem: Problem, tilt: float) -> np.ndarray:
    """Factor of the weight of each setting, [S]: the less the farther it wanders."""
    return np.asarray(np.exp(-tilt * np.minimum(wandering(problem), MOST_TILTED)))


def change_test(series: Series, season: Harmonics, problem: Problem, some: np.ndarray, none: np.ndarray,
                log_ratio: float, odd: Callable[[], np.ndarray], rng: np.random.Generator,
                like: Sequence[float] = ()) -> ChangeTest:
    """Test one series.

    problem : the series on the grid of its model, season in its scale; some, none : log evidence [S] of its settings
        with a change of any shape, and without; log_ratio : log Bayes factor of the one against the other
    odd : gives the chance [n] that a row is odd, which a placebo copies
    like : log likelihood ratios of the placebos of a series that differs little, which answer where they do so clearly
    """
    # Markov's inequality: a series without a change reaches a Bayes factor of K once in K times at most
    bound = float(np.exp(-min(max(log_ratio, 0.0), 700.0)))

    def ratios_of(number: int, tilt: float) -> np.ndarray:
        logs = np.logaddexp(some, none)
        weight = problem.weight * np.exp(ROOT * (logs - logs.max())) * tilted(problem, tilt)
        low, high = placebos(series, problem, weight / weight.sum(), number, odd(), rng)
        return change_ratios(series, season, np.vstack([series.low, low]), np.vstack([series.high, high]))

    p, null = _p_value(lambda number: ratios_of(number, TILT), bound, lambda: float(
        change_ratios(series, season, series.low[None], series.high[None])[0]), like)
    wander, persistent = _wander(problem, some, none)
    if persistent and p <= SIZE and wander < SURELY:
        persistent = _share(ratios_of(WIDE, 0.0)) > APART
    return ChangeTest(p, wander, persistent, len(null), tuple(null))


def _p_value(ratios_of: Callable[[int], np.ndarray], bound: float, ratio: Callable[[], float],
             like: Sequence[float]) -> tuple[float, list[float]]:
    """The p-value and the log likelihood ratios of the placebos that it rests on.

    ratios_of : of the series and so many placebos; bound : of the p-value; ratio : of the series alone
    """
    if bound <= 1 / (sum(BATCHES) + 1):  # no simulation could say less
        return bound, []
    if len(like):
        p = float(_share(np.append(ratio(), like)))
        if not CLEAR[0] < p < CLEAR[1]:
            return min(p, bound), list(like)
    null: list[float] = []
    for batch in BATCHES:
        ratios = ratios_of(batch)
        null += ratios[1:].tolist()
        above = int(np.sum(np.array(null) >= ratios[0] - 1e-9))
        if above >= SIZE * (sum(BATCHES) + 1) or (len(null) >= 100 and above <= 1):  # whatever the rest would say
            break
    return min(_share(np.append(ratios[0], null)), bound), null


def _share(ratios: np.ndarray) -> float:
    """The p-value of the first of these among all of them."""
    return float(np.mean(ratios >= ratios[0] - 1e-9))


def _wander(problem: Problem, some: np.ndarray, none: np.ndarray) -> tuple[float, bool]:
    """Probability of the likeliest wander without a change against any change; whether it may forbid to tell a date."""
    far = wandering(problem) > FAR
    if not far.any():
        return 0.0, False
    weight = problem.weight[far]
    likeliest = float(np.max(none[far] + np.log(weight)))
    probability = 1 / (1 + np.exp(np.clip(pooled(some, problem.weight) - likeliest, -700, 700)))
    mostly = float(pooled(none[far], weight)) > float(pooled(none, problem.weight)) + np.log(0.5)
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
    weight = problem.weight * tilted(problem, STATISTIC_TILT)
    return np.asarray(pooled(np.hstack(changed), weight) - pooled(np.hstack(constant), weight))


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
