"""Other priors: of how many changes there are, and of how far levels lie apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group

FACTORS = (("breaks", 0.5, "half as many changes expected"), ("breaks", 2.0, "twice as many changes expected"),
           ("level_spread", 0.6, "a narrower prior of levels"), ("level_spread", 1.6, "a wider prior of levels"))


def cases(analysis: Analysis) -> Iterator[Case]:
    regimes = analysis.base.regimes
    for setting, factor, name in FACTORS:
        model = replace(regimes.model, **{setting: getattr(regimes.model, setting) * factor})
        yield replace(analysis.base, name=name, regimes=replace(regimes, model=model))


CHECK = Check("prior_changed", "prior", "with {name}", Group.CHOICE, cases)
