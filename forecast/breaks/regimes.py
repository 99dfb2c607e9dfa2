"""Breaks by the regime model: counts (or reals) with bounds, exposure, gaps, overdispersion and autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from forecast.regime_model.changes import shortest
from forecast.regime_model.fit import Fit, RegimeModel
from forecast.regime_model.posterior import Posterior
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import MOST_DRAWS, MOST_SEED, check_share, check_whole

CREDIBILITY = 0.9  # of the date intervals of a panel


@dataclass(frozen=True)
class Regimes(Tunable):
    """Report changes where the level is not constant, tested at 5 % by simulating the series without a change.

    Their number and shapes are those that most posterior paths agree on (see `forecast.regime_model.fit.Fit`).

    credibility : of each date interval
    draws, seed : paths drawn from the posterior; 2000 hold a probability near one half to within 2.2 points (2 sd)
    season : take out an evident yearly or weekly pattern first
    model : priors and grid, see `RegimeModel`
    """

    credibility: float = 0.9
    draws: int = 2000
    seed: int = 0
    season: bool = True
    model: RegimeModel = field(default_factory=RegimeModel)

    def __post_init__(self) -> None:
        check_share(self, "credibility")
        check_whole(self, 1, MOST_DRAWS, "draws")
        check_whole(self, 0, MOST_SEED, "seed")
        object.__setattr__(self, "model", RegimeModel.of(self.model))  # a YAML gives its settings

    def fit(self, series: Series) -> Fit:
        """The fit behind the changes, and what it says where there are none."""
        return self.model.fit(series, draws=self.draws, seed=self.seed, season=self.season,
                              credibility=self.credibility)

    def posterior(self, series: Series) -> Posterior:
        """Posterior paths of levels and changes (see `forecast.regime_model.posterior.Posterior`)."""
        return self.fit(series).posterior

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Changes in time order; () where the test of a constant level finds none, or no date can be told."""
        return self.fit(series).breaks


def breaks_of(posterior: Posterior, series: Series) -> tuple[Break, ...]:
    """Breaks of a posterior: as many as most paths with at least one have, each dated from the paths that agree.

    Every such path gives a break the one of its own that lies nearest to where the break is likeliest: by rank alone a
    break that a path has elsewhere would shift all that follow it.
    """
    number = posterior.number
    agreed = number == np.bincount(number[number > 0]).argmax()
    where = np.argwhere(posterior.jumps[agreed])[:, 1].reshape(int(agreed.sum()), -1)  # [paths, breaks], gaps
    observed = np.flatnonzero(series.observed)
    found = {}
    for ranked in where.T:
        mode = int(np.bincount(ranked).argmax())
        gaps = np.take_along_axis(where, np.abs(where - mode).argmin(axis=1)[:, None], axis=1)[:, 0]
        low, high = shortest(gaps, CREDIBILITY)
        after = observed[np.searchsorted(observed, mode + 1)] if mode + 1 <= observed[-1] else observed[-1]
        first, last = _dates(series, low, high)
        found[int(after)] = Break(
            position=int(after), at=str(series.start[after]), low=str(min(first, series.start[after])),
            high=str(max(last, series.start[after])), before=_level(posterior, gaps, agreed, 0),
            after=_level(posterior, gaps, agreed, 1),
            probability=float(posterior.jumps[:, low:high + 1].any(axis=1).mean()))
    return tuple(found[key] for key in sorted(found))


def _dates(series: Series, low: int, high: int) -> tuple[np.datetime64, np.datetime64]:
    """Days between which a break in gaps low..high lies: from the middle of the last row before to that of the next.

    A row of a flow may hold days of both regimes; a snapshot is one day, so its gap runs from image to image.
    """
    return series.centre[low], series.centre[high + 1]


def _level(posterior: Posterior, gaps: np.ndarray, agreed: np.ndarray, side: int) -> float:
    """Median over paths of the expected count per fully watched row just before (0) or after (1) the break."""
    level = posterior.level[agreed][np.arange(len(gaps)), gaps + side]
    return float(np.median(posterior.problem.observation.mean(level, posterior.spread[agreed])))
