"""Level, season, trend and steps as one Gaussian process on a power scale, its settings averaged by their evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from forecast.models.calibration import Tails, learned, stretched, widening
from forecast.models.gaussian import NONE, Fit, Observed, fit, simulated
from forecast.models.history import history, season_length, trimmed, whole
from forecast.models.kernel import BREAK, STEP, Kernel
from forecast.models.levels import paths_on_level, steps_seen
from forecast.models.season import row_days
from forecast.models.steps import NONE as NO_STEPS
from forecast.models.steps import Steps
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.threads import single_thread
from forecast.support.validation import check_number, check_whole

YEAR, CYCLES = 365.25, 1.45  # days, and years that must have been seen
FURTHEST = 2000  # rows ahead
FORECAST = 100, 0.002  # settings that forecast, at most, and the least weight of one, as a share of the best one's
PAST = 24, 0.02  # and those whose past forecasts are looked at
SHORT_YEAR = 96  # rows: a part of a longer one cannot be told from a slope that changes
MOST_MEANS = 160  # of older rows together
ORIGINS, LATEST, STEPS = 25, 12, 12  # past forecasts over the history, the latest ones, rows ahead of each
YEARS = (0.0, 0.15, 1.5, 15.0)  # variances of the year in units of the noise's
BREAKS, CALM_STEP = (0.0, 10.0), 0.006  # and of a step, and at most of a level that hardly moves between its steps
LIKELY = 0.5  # probability of such a level from which on paths start from it


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A fit, the tails that its past forecasts needed, how likely its level is calm but for its steps, and the factor
    of the spread at each step for what so few rows leave unknown [horizon]."""

    fit: Fit
    tails: Tails
    calm: float
    wider: np.ndarray

    def paths(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        return whole(stretched(simulated(self.fit, draws, rng), self.tails, self.wider))


@dataclass(frozen=True)
class Structural(Tunable):
    """Structural time series with every setting integrated out; gaps cost nothing, since only what was seen enters.

    z = power(y) = constant + level + season + year + trend + steps + noise, all Gaussian. The level is a random walk of
    variance `steps` a row, or returns to the constant within one of `memories` rows (Ornstein-Uhlenbeck), or has a
    slope of variance `drifts` that returns to zero within the share `drift` of the history; seasonal
    effects are exchangeable with variance `seasons`, the year of days and weeks is smooth and enters from one and a
    half cycles, the slope has variance `trends` over half the history; all in units of the noise variance, which is
    integrated out in closed form under a prior of `prior` observations of Poisson noise. Every combination of settings
    and of the powers 0, 1/2 and 1 is weighed by its marginal likelihood and by a prior that favours calm levels; paths
    are drawn from the mixture (Rasmussen & Williams 2006, sections 2.2 and 5.4; Harvey 1989, section 2.3). The spread
    and tails of the paths are then made what past forecasts of the same history needed (`calibration.learned`): the
    factor that gives the forecast holds those from every earlier row as well, so that they cost no refit; and wider the
    fewer errors of a step's length the history can hold (`calibration.widening`). Where the level is likely calm but
    for its steps, that part of the paths comes from the history on its last level (`levels.on_last_level`), whose noise
    is that of the last level too.

    rows : most recent observations that enter one by one; older ones enter as means of a season's rows
    """

    steps: tuple[float, ...] = (0.0, 0.001, 0.006, 0.03, 0.12, 0.5)
    seasons: tuple[float, ...] = (0.0, 0.1, 0.4, 1.5, 6.0)
    trends: tuple[float, ...] = (0.0, 0.2, 5.0)
    memories: tuple[float, ...] = (6.0, 24.0)
    drifts: tuple[float, ...] = (0.0003, 0.002, 0.01)
    drift: float = 0.2
    prior: float = 1.0
    rows: int = 160

    def __post_init__(self) -> None:
        check_number(self, 0, 1e6, "steps", "seasons", "trends")
        check_number(self, 0, 1, "drifts")  # of a row: beyond, the slope alone outgrows what a matrix can hold
        check_number(self, 0.001, 10, "drift")
        check_number(self, 0.001, 1e6, "memories", "prior")
        check_whole(self, 4, 3000, "rows")  # the time grows with their cube

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator, *,
              steps: Steps | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; ValueError for so many rows that their matrices fill the memory.

        steps : of the level, where they are known already
        """
        if horizon > FURTHEST:
            raise ValueError(f"structural: looks at most {FURTHEST:,} rows ahead, got {horizon:,}: choose windows or "
                             "ets, or coarser rows")
        steps = steps_seen(series, rng) if steps is None else steps
        with single_thread():  # the matrices are small: more threads burn several times the CPU for nothing
            found = self._fitted(series, horizon, steps)
            levelled = round(draws * found.calm) if found.calm > LIKELY else 0
            parts = [found.paths(draws - levelled, rng)] if levelled < draws else []
            if levelled:
                parts.append(paths_on_level(self._straight, series, horizon, levelled, rng, steps, single=True))
        return parts[0] if len(parts) == 1 else np.asarray(rng.permutation(np.concatenate(parts)))

    def _straight(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Paths of a history without steps."""
        return self._fitted(series, horizon, NO_STEPS).paths(draws, rng)

    def _fitted(self, series: Series, horizon: int, steps: Steps) -> _Fitted:
        y = trimmed(history(series))
        end, kernel = float(len(y)), self._kernel(series, y, steps)
        together = kernel.cycle or (max(2, round(kernel.year / 13)) if kernel.year else 4)
        observed = Observed.of(y[-(self.rows + MOST_MEANS * together):], self.rows, together)
        observed = replace(observed, when=observed.when + end - min(len(y), self.rows + MOST_MEANS * together))
        origins = _origins(observed, kernel.cycle)
        found = fit(observed, end + np.arange(horizon), kernel=kernel, table=self._table(kernel), prior=self.prior,
                    origins=origins, steps=min(horizon, STEPS), likeliest=_best)
        calm = found.weight[(found.table[:, BREAK] > 0) & (found.table[:, STEP] <= CALM_STEP)].sum()
        return _Fitted(found, learned(found.past, len(observed.when) - 1 - origins), float(calm),
                       widening(int(observed.width.sum()), horizon))

    def _kernel(self, series: Series, y: np.ndarray, steps: Steps) -> Kernel:
        """The covariances that a history y [n] is long enough to show."""
        n, seen, cycle = len(y), np.isfinite(y).sum(), season_length(series)
        year = YEAR / row_days(series) if row_days(series) <= 7 else 0.0
        year = year if year and n >= CYCLES * year and seen >= 30 else 0.0
        short = 1 < cycle <= 24 and n >= 2 * cycle and seen >= 1.5 * cycle
        skipped = len(series) - n
        likely = steps.likeliest_any()
        return Kernel(float(n), cycle if short else 0, year, self.memories,
                      tuple(row - skipped for row in likely if row > skipped), max(self.drift * n, 6.0))

    def _table(self, kernel: Kernel) -> np.ndarray:
        """All combinations of settings [settings, 6]."""
        levels = [(0, step) for step in self.steps]
        for kind, memory in enumerate(self.memories, start=1):  # below that variance it is the noise's twin or nothing
            levels += [(kind, step) for step in self.steps if step * memory > 0.1]
        if kernel.year <= SHORT_YEAR:
            levels += [(len(self.memories) + 1, drift) for drift in self.drifts]
        seasons = self.seasons if kernel.cycle else (0.0,)
        years, breaks = YEARS if kernel.year else (0.0,), BREAKS if kernel.steps else (0.0,)
        return np.array([(*level, *others) for level, *others in product(levels, seasons, self.trends, years, breaks)])


def _best(table: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the settings [settings, 6] that forecast, and of those whose past forecasts are looked at.

    The likeliest without steps and those with: before a step was seen the former forecast.
    """
    order = np.argsort(-weight)
    groups = [order[table[order, BREAK] == step] for step in np.unique(table[:, BREAK])]
    forecast, past = (np.concatenate([each[:most][weight[each[:most]] >= least * weight[each[0]]] for each in groups])
                      for most, least in (FORECAST, PAST))
    return forecast, past


def _origins(observed: Observed, cycle: int) -> np.ndarray:
    """Numbers of observations before each past forecast: spread over the last two thirds, and the latest ones all."""
    last, when = len(observed.when) - 1, observed.when
    means = int((observed.width > 1).sum())
    least = max(10, len(when) // 3, means + 1, int(np.searchsorted(when, when[0] + 2 * cycle)))
    if least > last:
        return NONE
    return np.unique(np.concatenate([np.linspace(least, last, ORIGINS).astype(int),
                                     np.arange(max(least, last + 1 - LATEST), last + 1)]))
