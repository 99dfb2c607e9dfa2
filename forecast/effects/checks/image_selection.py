"""Busy rows imaged more often than quiet ones: how strong that preference must be to look like the whole change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group
from forecast.regime_model.posterior import Posterior


def cases(analysis: Analysis) -> Iterator[Case]:
    if analysis.imaged is not None:
        yield replace(analysis.base, name="busy rows imaged more often", factor=preference(analysis.imaged))


def preference(posterior: Posterior) -> float:
    """How much likelier a row one standard deviation busier must be imaged to feign the whole change.

    Tilting a log-normal intensity of standard deviation v by exp(g z) moves its mean by g v^2; for the change in log
    level d this takes g = d / v^2, hence exp(d / v) for one standard deviation. d is the smallest change that the 95 %
    interval allows; 1 = nothing is needed, since the interval holds no change.
    """
    broken = posterior.number > 0
    if not broken.any():
        return 1.0
    d = posterior.level[broken][:, -1] - posterior.level[broken][:, 0]
    low, high = np.quantile(d, (0.025, 0.975))
    least = max(low, -high, 0.0)
    wider = 1 / (1 - posterior.feedback[broken] ** 2)  # counts that answer the last one scatter more around their level
    v = float(np.median(np.sqrt(posterior.spread[broken] ** 2 + np.log1p(wider / posterior.noise[broken]))))
    return float(np.exp(least / max(v, 1e-6)))


CHECK = Check("image_selection", "selection of images", "with {name}", Group.SELECTION, cases)
