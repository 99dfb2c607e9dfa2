"""`RegimeModel().fit(series)`: one fit that answers what changed, how, when, by how much, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.regime_model.amounts import is_amount, logs_of, offset_of
from forecast.regime_model.change_test import EVEN, ChangeTest, called, change_test
from forecast.regime_model.changes import NAMES, Happenings, breaks_of_paths, happenings
from forecast.regime_model.filters import evidence_of
from forecast.regime_model.harmonics import Harmonics, fit_harmonics
from forecast.regime_model.model import Settings
from forecast.regime_model.posterior import Posterior
from forecast.regime_model.problem import Problem, discretise, pooled, settings_table
from forecast.regime_model.shapes import ALL, Filtered, ShapePaths, modes_of, odd_chance, shape_paths, shape_states
from forecast.series.breaks import Break
from forecast.series.series import Series, check_series
from forecast.support.results import Shown, drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DRAWS = 2000
FEWEST = 4  # observed rows: three cannot tell a level from a deviation
# Probability from which a row is named as odd, forty times what it was beforehand: one in twenty series without an odd
# row names one (simulated: independent and autocorrelated counts, lines, steps, seasons)
ODD = 0.3
NAMED = 0.5  # probability that a change lies within its dates, below which they are not told
YEAR = 365.25  # days


@dataclass(frozen=True)
class RegimeModel(Settings):
    """The count regime model: its settings are those of `Settings`, every one with a default.

    >>> fit = RegimeModel().fit(Series.from_values([4, 5, 3, 6, 4, 5, 4, 14, 15, 12, 17, 13, 14, 16]))
    >>> fit.breaks[0].position, fit.changed > 0.9
    (7, True)
    """

    def fit(self, series: Series, *, draws: int = DRAWS, seed: int = 0, season: bool = True,
            credibility: float = 0.9) -> Fit:
        """Fit a series of counts (or reals): season, settings, and paths of every shape that its level may take.

        Raises TypeError for anything but a `Series`, ValueError for one without an observation.

        >>> fit = RegimeModel().fit(Series.from_values([2, 3, 1, 2, 3, 2, 2, 3, 30, 28, 33, 31, 29, 30, 35, 31]))
        >>> [(each.position, each.shape) for each in fit.breaks], fit.changed > 0.99
        ([(8, 'step')], True)
        """
        check_series(series, "fit")
        offset, given = 0.0, series
        if is_amount(series):
            offset = offset_of(series)
            series = logs_of(series, offset)
        discretised = [_Discretised.of(self, series, Harmonics(), offset)]
        harmonics = fit_harmonics(series)[0] if season else Harmonics()
        if harmonics.names:  # several changes may look like a season to a model that has one
            discretised.append(_Discretised.of(self, series, harmonics, offset))
        best = max(discretised, key=lambda each: each.log)
        paths = shape_paths(best.problem, ALL, best.some, draws, np.random.default_rng(seed), best.states)
        return Fit(given=given, series=series, harmonics=best.season, problem=best.problem, paths=paths, some=best.some,
                   none=best.none, seed=seed, credibility=credibility)


@dataclass(frozen=True, eq=False)
class _Discretised:
    """A series on the grid with a season taken out, log evidence [S] with changes and without, and states."""

    season: Harmonics
    problem: Problem
    some: np.ndarray
    none: np.ndarray
    states: list[Filtered] | None

    @classmethod
    def of(cls, model: Settings, series: Series, season: Harmonics, offset: float) -> _Discretised:
        problem = discretise(model, series, season.over(series) if season.names else None, offset=offset)
        thin, _ = problem.observed_rows()
        some, states = shape_states(thin, modes_of(thin))
        return cls(season, problem, some, evidence_of(thin, np.zeros(len(thin.gaps)))[0], states)

    @property
    def log(self) -> float:
        """Log evidence at even odds of a change, the coefficients of the season integrated."""
        return float(pooled(np.logaddexp(self.some, self.none), self.problem.weight)) - self.season.cost


@dataclass(frozen=True)
class Trend:
    """Growth at the end of the series: the factor of the level over a year, and its 95 % interval."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Shown):
    """A series and what the count regime model makes of it; `frame()` has a line a row, `plot()` draws the level.

    given : the series; series : as it was fitted: of an amount its logs, see `forecast.regime_model.amounts`
    harmonics : of the season that was taken out, empty without one; problem : the series on the grid of the model
    paths : posterior draws
    some, none : log evidence [S] of every setting with changes of any shape, and without
    credibility : of the intervals of dates
    like : likelihood ratios of the placebos of a like series (`.test.null` of its fit), which stand in for placebos of
        this one where they answer clearly
    """

    given: Series
    series: Series
    harmonics: Harmonics
    problem: Problem
    paths: ShapePaths
    some: np.ndarray
    none: np.ndarray
    seed: int
    credibility: float = 0.9
    like: tuple[float, ...] = ()

    def __repr__(self) -> str:
        return f"{self.heading()}, probability of a change {self.changed:.2f}"

    def heading(self) -> str:
        season = f", a season of {', '.join(self.season.names)} taken out" if self.season else ""
        return f"fit of {self.given.name}: {len(self.breaks) or 'no'} change{'s' * (len(self.breaks) > 1)}{season}"

    def plot(self, ax: Axes | None = None, *, events: Any = None) -> Axes:
        """Draw level and changes on the counts; events : name -> day, or a list of `Event`."""
        return drawn(self, ax, events=events)

    def frame(self) -> pd.DataFrame:
        """One line a row: start, end, level (median), level_low, level_high (90 % band), odd (a probability)."""
        import pandas as pd

        low, middle, high = self.bands
        return pd.DataFrame({"start": self.given.start.astype("datetime64[s]"),
                             "end": self.given.end.astype("datetime64[s]"), "level": middle, "level_low": low,
                             "level_high": high, "odd": self.odd})

    @property
    def season(self) -> Harmonics | None:
        """The season that was taken out, its periods in `.names`; None where the counts show none."""
        return self.harmonics if self.harmonics.names else None

    @cached_property
    def bands(self) -> np.ndarray:
        """Low, middle and high of the level of each row (expected count per fully watched row), 90 % band, [3, n]."""
        found = self.posterior
        level = found.problem.observation.mean(found.level, found.spread[:, None])
        return np.asarray(np.quantile(level, (0.05, 0.5, 0.95), axis=0))

    @cached_property
    def log_ratio(self) -> float:
        """Log Bayes factor of a change of any shape against none."""
        # the chain's own share without a change, as a log
        without = ALL.expected * self.problem.model.breaks - np.log1p(-ALL.trend)
        weight = self.problem.weight
        some, none = float(pooled(self.some, weight)), float(pooled(self.none, weight)) - without
        part = np.log(np.maximum(np.expm1(np.minimum(some - none, 700.0)), 1e-12))
        return float(part - np.log(np.expm1(without)))

    @property
    def changed(self) -> float:
        """Posterior probability of a change of any shape, at even odds; told also when none is called."""
        return float(1 / (1 + np.exp(-np.clip(self.log_ratio, -700, 700))))

    @cached_property
    def test(self) -> ChangeTest:
        """The test of a constant level, simulated when it is first asked for."""
        if self.series.observed.sum() < FEWEST:
            return ChangeTest(p_value=1.0, wander=0.0, persistent=False, placebos=0)
        return change_test(self.series, self.harmonics, self.problem, self.some, self.none, self.log_ratio,
                           lambda: self.odd, np.random.default_rng([self.seed, 1]), self.like)

    @property
    def called(self) -> bool:
        """Whether a change is called: both the test and the posterior speak for one, and its date can be told."""
        # the test is simulated only where the posterior leaves it open
        return self.changed >= EVEN and called(self.p_value, self.persistent, self.changed)

    @property
    def p_value(self) -> float:
        """Chance of as much evidence for a change where there is none."""
        return self.test.p_value

    @property
    def persistent(self) -> bool:
        """True where the counts wander so far by themselves that no date of a change can be told."""
        return self.test.persistent

    @cached_property
    def odd(self) -> np.ndarray:
        """Posterior probability that each row is odd, [n]: it says nothing of the level."""
        return odd_chance(self.series, self.problem, self.paths)

    @property
    def odd_rows(self) -> tuple[int, ...]:
        """Positions of the rows that stand out by themselves."""
        return tuple(int(row) for row in np.flatnonzero(self.odd > ODD))

    @property
    def unreported_zeros(self) -> tuple[int, ...]:
        """Positions of odd zeros that look like reports which are missing; () for a single one."""
        zeros = tuple(row for row in self.odd_rows if self.series.high[row] == 0)
        return zeros if len(zeros) > 1 else ()

    @cached_property
    def happenings(self) -> Happenings:
        """What happens on each path."""
        return happenings(self.paths, float(self.problem.levels[1] - self.problem.levels[0]))

    @cached_property
    def likely(self) -> tuple[Break, ...]:
        """The changes that are likeliest if there is any, called or not."""
        return breaks_of_paths(self.series, self.problem, self.paths, self.happenings, self.credibility)

    @cached_property
    def breaks(self) -> tuple[Break, ...]:
        """Changes in time order; () where none is called, or no dates are likelier than not to hold one."""
        return tuple(each for each in self.likely if each.probability >= NAMED) if self.called else ()

    @cached_property
    def trend(self) -> Trend | None:
        """Growth a year at the end of the series, where most paths with a change lie on a slope there."""
        if not any(each.shape == "gradual" for each in self.breaks):
            return None
        last, found = len(self.series) - 1, self.happenings
        growing = found.last[(found.kind[found.last] == b"G") & (found.over[found.last] == last)]
        if len(growing) <= 0.5 * found.paths:
            return None
        days, path, gap = self.series.days, found.path[growing], found.gap[growing]
        rate = (self.paths.base[path, last] - self.paths.base[path, gap]) * YEAR / (days[last] - days[gap])
        low, middle, high = np.quantile(rate, (0.025, 0.5, 0.975))
        return Trend(*(float(np.exp(each)) for each in (middle, low, high)))

    @cached_property
    def shapes(self) -> dict[str, float]:
        """Share of the paths with a change on which one of each shape occurs."""
        found = self.happenings
        some = max(len(found.last), 1)
        return {name: found.having(found.kind == kind.encode()) / some for kind, name in NAMES.items()}

    @cached_property
    def posterior(self) -> Posterior:
        """The paths as levels and gaps in which a change begins, for those who ask when and between which levels."""
        found = self.happenings
        jumps = np.zeros((found.paths, len(self.series) - 1), bool)
        jumps[found.path, found.gap] = True
        correlation, spread, noise, feedback = settings_table(self.problem)[self.paths.setting].T
        return Posterior(problem=self.problem, log_ratio=self.log_ratio, jumps=jumps, level=self.paths.level,
                         correlation=correlation, spread=spread, noise=noise, feedback=feedback,
                         setting=self.paths.setting, unit=self.paths.unit)
