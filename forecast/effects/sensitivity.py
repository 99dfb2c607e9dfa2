"""What the answer depends on: the same question with one thing changed at a time.

All cases are read on one grid, the unchanged one among them, so that they compare with each other; it is a coarse one
where there are statements to leave out.
"""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from functools import cache
from importlib import import_module

from forecast.breaks.regimes import Regimes
from forecast.effects import checks as folder
from forecast.effects.candidates import Candidates
from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Check, Group
from forecast.effects.checks.variant import Variant
from forecast.evidence.source import Evidence
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.posterior import Posterior

DRAWS = 2000
# Statements make sixty readings of one series, which a coarse grid does in a second; other sources are read in full.
QUICK = RegimeModel(spreads=(0.12, 0.35, 0.9), correlations=(0.5, 0.88), feedback=(0.3, 0.7),
                    dispersions=(2.0, 6.0, 30.0), levels=24, nodes=7)


@cache
def checks() -> dict[str, Check]:
    """Every check by its name, those that leave evidence out first: the files of `effects/checks` that hold one."""
    modules = (import_module(f"{folder.__name__}.{each.name}") for each in pkgutil.iter_modules(folder.__path__))
    groups = list(Group)
    found = sorted((module.CHECK for module in modules if hasattr(module, "CHECK")),
                   key=lambda check: (groups.index(check.group), check.name))
    return {check.name: check for check in found}


def sensitivity(evidence: Evidence, regimes: Regimes, candidates: Candidates,
                imaged: Posterior | None = None) -> tuple[Variant, ...]:
    """The base, and every variant of it by every check.

    evidence : of the series that is asked about
    candidates : events that may explain a change
    imaged : posterior of the series where its counts are read from images
    """
    quick = replace(QUICK, level_spread=regimes.model.level_spread, breaks=regimes.model.breaks)
    coarse = replace(regimes, draws=DRAWS, model=quick) if evidence.statements else regimes
    base = Case("as reported", evidence.series, coarse, candidates.windows())
    analysis = Analysis(evidence, base, candidates, imaged)
    return (analysis.conclusion,
            *(analysis.otherwise(check.name, case) for check in checks().values() for case in check.cases(analysis)))
