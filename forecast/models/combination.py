"""Several members pooled, weighted by how well each would have done inside the series given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.models.history import whole
from forecast.models.levels import steps_seen
from forecast.models.scores import crps, log_score
from forecast.models.steps import Steps, Told
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.registry import make
from forecast.support.validation import MOST_DRAWS, check_whole

SCORES = {"crps": crps, "log_score": log_score}


@dataclass(frozen=True)
class Combination(Tunable):
    """A linear pool: each path comes from one member, drawn by its weight.

    members : names in `conf/models`
    score : "crps" (weights fall with the inverse square of the mean score) or "log_score" (weights proportional to
        the exponential of minus the total score, the Bayesian rule for one-step forecasts)
    origins : rolling origins inside the series on which the scores are taken, at most one season ahead each; fewer
        than eight observations before an origin leave it out, and no origin at all leaves equal weights
    Source: Bates & Granger 1969, eq. 1, with the CRPS for the squared error; Yao et al. 2018, section 3.
    """

    members: Sequence[str] = ("structural", "count_state_space", "windows", "mean")
    score: str = "crps"
    origins: int = 4
    ahead: int = 6
    draws: int = 200

    def __post_init__(self) -> None:
        if self.score not in SCORES:
            raise ValueError(f"combination: score must be one of {', '.join(SCORES)}, got {self.score!r}")
        if not len(self.members):
            raise ValueError("combination: got no members: name at least one")
        check_whole(self, 0, 1000, "origins")
        check_whole(self, 1, 10_000, "ahead")
        check_whole(self, 2, MOST_DRAWS, "draws")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]."""
        return pooled(series, self.weights(series, horizon, rng), horizon, draws, rng, steps_seen(series, rng))

    def weights(self, series: Series, horizon: int, rng: np.random.Generator) -> dict[str, float]:
        """Weight of each member by its score at origins inside `series`; they sum to one."""
        ahead = 1 if self.score == "log_score" else min(self.ahead, horizon)
        found: list[list[float]] = []
        for place in range(len(series) - ahead, 0, -ahead)[:self.origins]:
            before, after = series.rows(slice(0, place)), series.value[place:place + ahead]
            if before.observed.sum() >= 8 and np.isfinite(after).any():
                steps = steps_seen(before, rng)  # once for all members
                found.append([float(np.nanmean(SCORES[self.score](
                    Told(make("models", name), steps).paths(before, ahead, self.draws, rng), after)))
                    for name in self.members])
        if not found:
            return dict.fromkeys(self.members, 1 / len(self.members))
        if self.score == "log_score":
            total = np.sum(found, axis=0)
            raw = np.exp(total.min() - total)
        else:
            mean = np.mean(found, axis=0)
            # a member that was never wrong must not take everything: half a count's worth of error for all
            raw = (mean + 0.05 * mean.max() + 1e-9) ** -2.0
        return dict(zip(self.members, (raw / raw.sum()).tolist(), strict=True))


def pooled(series: Series, weights: Mapping[str, float], horizon: int, draws: int, rng: np.random.Generator,
           steps: Steps | None = None) -> np.ndarray:
    """Paths of several members in shares that follow their weights, in random order; int64 [draws, horizon].

    steps : of the level, told to the members that take them
    """
    names, share = list(weights), np.array(list(weights.values()))
    # systematic sampling: shares are exact to one path, and a member of no weight is not run
    edges = np.floor(np.concatenate([[0.0], np.cumsum(share) / share.sum()]) * draws + rng.uniform())
    edges[0], edges[-1] = 0, draws
    numbers = np.diff(np.clip(edges, 0, draws)).astype(int)
    parts = [(make("models", name) if steps is None else Told(make("models", name), steps)).paths(
                 series, horizon, int(number), rng) for name, number in zip(names, numbers, strict=True) if number]
    mixed: np.ndarray = rng.permutation(np.concatenate(parts))
    return mixed


def averaged(paths: np.ndarray, other: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Paths [draws, horizon] whose quantiles at each step are those of two forecasts averaged, `other` by `share`.

    other : [any number of draws, horizon], fewer where its share is small. Each path keeps its rank at every step and
        so its dependence over the steps; ties are parted by chance
    Unlike a pool the result is no wider than what it is made of (Lichtendahl, Grushka-Cockayne & Winkler 2013).
    """
    turned = paths.T + rng.random(paths.shape[::-1])  # steps as rows: sorted in half the time
    rank = ((np.arange(len(paths)) + 0.5) / len(paths) * len(other)).astype(int)
    beside = np.empty_like(turned)
    np.put_along_axis(beside, np.argsort(turned, axis=1), np.sort(other.T, axis=1)[:, rank], axis=1)
    mixed = (1 - share) * paths + share * beside.T
    return whole(np.floor(mixed + rng.random(paths.shape)))  # halves that always went to the even count would narrow
