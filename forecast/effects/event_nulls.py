"""Placebos of a test of events: the fitted series without any of their effects, simulated and seen as ours is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.effects.event_model import EventModel
from forecast.regime_model.placebos import as_seen
from forecast.regime_model.regression import Estimates

FAR = 1.9  # long-run spread, log units, from which counts drift so far by themselves that any date looks like a change
DRIFTS = 0.5  # posterior probability from which the counts are taken to drift
TILT, MOST_TILTED = 1.5, 3.5  # settings that wander one log unit less are e^1.5 times likelier in the placebos


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the series says of settings and variants with one of the effects, or none of them.

    estimates : of one series; share [E + 1, K, V, T] : posterior of effect (the last: none), setting, variant and size
    """

    estimates: Estimates
    share: np.ndarray

    @classmethod
    def of(cls, estimates: Estimates, chance: np.ndarray, number: int) -> Fitted:
        """chance [E] : prior of each effect given that there is one; number : of dates tested.

        The largest of many steps takes more of a wander's place than one does: a list also weighs that there is none.
        """
        without = (1 - 1 / number) / 2
        sizes = estimates.joint.shape[-1]
        with np.errstate(divide="ignore"):
            some = estimates.joint[0] + np.log((1 - without) * chance)[:, None, None, None]
            none = np.repeat(estimates.none[0][None, :, :, None], sizes, axis=3) + np.log(without / sizes)
        logs = np.concatenate([some, none])
        weight = np.exp(logs - logs.max())
        return cls(estimates, weight / weight.sum())

    def drift(self, model: EventModel) -> float:
        """Probability that the counts drift."""
        return float(self.share.sum(axis=(0, 2, 3)) @ (model.noise.far > FAR))

    def tilted(self, model: EventModel) -> Fitted:
        """With the weights of the placebos.

        A change and a wander take each other's place, so that settings that wander far get a smaller prior, unless the
        counts drift more likely than not: then all placebos drift (the trade between sizes over a nuisance parameter of
        Elliott, Mueller & Watson 2015, Econometrica 83, 771-811; python -m tests.bench known_dates).
        """
        far = model.noise.far
        by = far > FAR if self.drift(model) > DRIFTS else np.exp(-TILT * np.minimum(far, MOST_TILTED))
        share = self.share * by[:, None, None]
        return Fitted(self.estimates, share / share.sum())

    def draw(self, number: int, rng: np.random.Generator) -> Draws:
        """Draw settings, sizes of effects and coefficients."""
        picked = rng.choice(self.share.size, size=number, p=self.share.ravel())
        effect, k, v, t = np.unravel_index(picked, self.share.shape)
        some = effect < len(self.share) - 1
        e = np.where(some, effect, 0)
        each = self.estimates
        size = np.where(some, each.mean[0, e, k, v, t] + each.sd[0, e, k, v, t] * rng.standard_normal(number), 0.0)
        value, vector = np.linalg.eigh(each.covariance[0, k, v])
        noise = np.sqrt(np.maximum(value, 0)) * rng.standard_normal(value.shape)
        coefficients = (each.coefficients[0, k, v] - each.moved[0, k, v, :, e] * size[:, None]
                        + (vector @ noise[..., None])[..., 0])
        return Draws(e, k, size, coefficients)


@dataclass(frozen=True, eq=False)
class Draws:
    """Effect and setting [P], size of the effect [P], coefficients [P, p] of the columns."""

    effect: np.ndarray
    setting: np.ndarray
    size: np.ndarray
    coefficients: np.ndarray


def simulated(model: EventModel, draws: Draws, effects: np.ndarray, absent: Sequence[int],
              rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Bounds [P, n] of placebos: the draws without their effects [n, E], and without the columns in `absent`.

    As many counts are expected in all as with them.
    """
    rows, series = model.rows, model.series
    full = draws.coefficients @ model.columns.design.T + draws.size[:, None] * effects[:, draws.effect].T
    left = draws.coefficients.copy()
    left[:, list(absent)] = 0.0
    mean = left @ model.columns.design.T
    seen = series.observed
    if rows.count:
        scale = rows.log_scale[seen]
        mean += (np.logaddexp.reduce(full[:, seen] + scale, axis=1)
                 - np.logaddexp.reduce(mean[:, seen] + scale, axis=1))[:, None]
    else:
        mean += (full[:, seen].mean(axis=1) - mean[:, seen].mean(axis=1))[:, None]
    rho, spread, own = model.noise.table[draws.setting].T
    latent = mean + _deviations(model.gaps, rho, rng) * spread[:, None]
    if not rows.count:
        return as_seen(series, latent + np.sqrt(own)[:, None] * rng.standard_normal(latent.shape))
    rate = np.exp(np.clip(latent + rows.log_scale - 0.5 * spread[:, None] ** 2, -30, 34))
    return as_seen(series, rng.poisson(rate * rng.gamma(1 / own, own, (len(series), len(own))).T).astype(float))


def _deviations(gaps: np.ndarray, rho: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Unit AR(1) paths [P, n]."""
    unit = np.empty((len(rho), len(gaps) + 1))
    unit[:, 0] = rng.standard_normal(len(rho))
    for t, gap in enumerate(gaps):
        carry = rho**gap
        unit[:, t + 1] = carry * unit[:, t] + np.sqrt(1 - carry**2) * rng.standard_normal(len(rho))
    return unit
