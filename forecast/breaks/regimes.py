"""Breaks by the regime model: counts (or reals) with bounds, exposure, gaps, overdispersion and autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from forecast.breaks.detection import Break
from forecast.regime_model.model import RegimeModel
from forecast.regime_model.posterior import Posterior, sample
from forecast.regime_model.problem import pose
from forecast.series.season import evident_season
from forecast.series.series import Series
from forecast.support.validation import MOST_DRAWS, MOST_SEED, check_number, check_share, check_whole

DRIFT = 0.08  # share of drifting paths from which the stricter factor holds


@dataclass(frozen=True)
class Regimes:
    """Report breaks when at least one is `bayes_factor` times likelier than none; their number is the likeliest.

    bayes_factor : 3 ("substantial", Jeffreys 1961) keeps false alarms of series without a break at or below 5 % over
        independent and autocorrelated counts (see the calibration table); higher is stricter
    drift_factor : needed instead where the counts drift by themselves (see `Posterior.drifting`): 10 keeps false alarms
        at 9.5 % (of 1,000 simulated series) where the log intensity has a spread of 0.6 and a correlation of 0.9 from
        row to row; 8 let 10.9 % through
    credibility : of each date interval
    draws, seed : paths drawn from the posterior; 4000 hold a probability near one half to within 1.6 points (2 sd)
    season : take out an evident yearly or weekly pattern first
    model : priors and grid, see `RegimeModel`
    """

    bayes_factor: float = 3.0
    drift_factor: float = 10.0
    credibility: float = 0.9
    draws: int = 4000
    seed: int = 0
    season: bool = True
    model: RegimeModel = field(default_factory=RegimeModel)

    def __post_init__(self) -> None:
        check_number(self, 1, 1e12, "bayes_factor", "drift_factor")
        check_share(self, "credibility")
        check_whole(self, 1, MOST_DRAWS, "draws")
        check_whole(self, 0, MOST_SEED, "seed")
        object.__setattr__(self, "model", RegimeModel.of(self.model))  # a YAML gives its settings

    def posterior(self, series: Series) -> Posterior:
        """Posterior paths of levels and breaks (see `forecast.regime_model.posterior.Posterior`)."""
        seasonal = self.season and series.is_count
        factors = evident_season(series).over(np.arange(len(series))) if seasonal else None
        return sample(pose(self.model, series, factors), self.draws, np.random.default_rng(self.seed))

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks in time order; () when the evidence for any is below the threshold."""
        if series.observed.sum() < 4:  # three rows cannot tell a level from a deviation
            return ()
        return self.breaks(self.posterior(series), series)

    def needed(self, posterior: Posterior) -> float:
        """Bayes factor from which breaks are reported."""
        return self.drift_factor if posterior.drifting > DRIFT else self.bayes_factor

    def breaks(self, posterior: Posterior, series: Series) -> tuple[Break, ...]:
        """Breaks of a posterior of `series`; () when the evidence for any is below what is needed."""
        if posterior.log_ratio < np.log(self.needed(posterior)) or not posterior.jumps.any():
            return ()
        return breaks_of(posterior, series, self.credibility)


def breaks_of(posterior: Posterior, series: Series, credibility: float = 0.9) -> tuple[Break, ...]:
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
        low, high = _shortest(gaps, credibility)
        after = observed[np.searchsorted(observed, mode + 1)] if mode + 1 <= observed[-1] else observed[-1]
        first, last = _dates(series, low, high)
        found[int(after)] = Break(
            position=int(after), at=str(series.start[after]), low=str(min(first, series.start[after])),
            high=str(max(last, series.start[after])), before=_level(posterior, gaps, agreed, 0),
            after=_level(posterior, gaps, agreed, 1),
            probability=float(posterior.jumps[:, low:high + 1].any(axis=1).mean()))
    return tuple(found[key] for key in sorted(found))


def _shortest(gaps: np.ndarray, credibility: float) -> tuple[int, int]:
    """Shortest run of gaps that holds the wanted share of the draws."""
    ordered = np.sort(gaps)
    inside = max(1, int(np.ceil(credibility * len(ordered))))
    width = ordered[inside - 1:] - ordered[:len(ordered) - inside + 1]
    start = int(width.argmin())
    return int(ordered[start]), int(ordered[start + inside - 1])


def _dates(series: Series, low: int, high: int) -> tuple[np.datetime64, np.datetime64]:
    """Days between which a break in gaps low..high lies: from the middle of the last row before to that of the next.

    A row of a flow may hold days of both regimes; a snapshot is one day, so its gap runs from image to image.
    """
    return series.centre[low], series.centre[high + 1]


def _level(posterior: Posterior, gaps: np.ndarray, agreed: np.ndarray, side: int) -> float:
    """Median over paths of the expected count per fully watched row just before (0) or after (1) the break."""
    level = posterior.level[agreed][np.arange(len(gaps)), gaps + side]
    return float(np.median(posterior.problem.observation.mean(level, posterior.spread[agreed])))
