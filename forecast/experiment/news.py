"""What each row of a series since a day adds to what the rows before it say, and how explanations have moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from forecast.effects.explanations import explain_change
from forecast.effects.monitoring import News, watch
from forecast.experiment.experiment import Experiment
from forecast.regime_model.posterior import Posterior
from forecast.series.breaks import Break
from forecast.series.series import Series


def news_of(experiment: Experiment, since: str,
            name: str = "") -> tuple[Series, tuple[News, ...], pd.DataFrame, Break | None]:
    """A series of an experiment (the primary), its news since a day, and how explanations of one change have moved.

    The table has a row per explanation: label, before, now (posterior probabilities), largest move first. Both are of
    the same change, which is given too: the likeliest since that day, or the last before it; None where none is found.
    Raises ValueError for an unknown series, and as `watch` does.
    """
    chosen = name or experiment.primary
    if chosen not in experiment.series:
        raise ValueError(f"watch: {chosen!r} is none of the series: {', '.join(experiment.series)}")
    series = replace(experiment.series[chosen].read().series, name=chosen)
    told = watch(series, since)
    first, detector, windows = len(series) - len(told), experiment.regimes(), experiment.candidates().windows()
    made = detector.fit(series)
    posterior, found = made.posterior, made.breaks
    fresh = [each for each in found if each.position >= first]
    change = max(fresh, key=lambda each: each.probability) if fresh else found[-1] if found else None
    near, gaps = change.position - 1 if change else None, _own_gaps(found, change, len(series) - 1)
    past = series.rows(slice(0, first))
    before, now = ({row.name: row for row in explain_change(part, _only(draws, gaps[:len(part) - 1]), windows, near)}
                   for part, draws in ((past, detector.posterior(past)), (series, posterior)))
    table = pd.DataFrame([{"explanation": row.label, "before": before[row.name].probability, "now": row.probability}
                          for row in now.values()])
    moved = table.loc[(table["now"] - table["before"]).abs().sort_values(ascending=False).index]
    return series, told, moved, change


def _own_gaps(found: Sequence[Break], change: Break | None, gaps: int) -> np.ndarray:
    """Gaps that lie nearer to this change than to any other that was found, bool [gaps]."""
    own, at = np.ones(gaps, dtype=bool), np.arange(1, gaps + 1)
    for each in found:
        if change and each is not change:
            own &= np.abs(at - change.position) < np.abs(at - each.position)
    return own


def _only(posterior: Posterior, gaps: np.ndarray) -> Posterior:
    """The posterior of breaks in these gaps alone, at even prior odds; another change would pass for this one."""
    if gaps.all():
        return posterior
    jumps = posterior.jumps & gaps
    prior = posterior.problem.model.breaks * float(posterior.problem.share[gaps].sum())
    hit = int(jumps.any(axis=1).sum())
    odds = (hit + 0.5) / (len(jumps) - hit + 0.5)
    return replace(posterior, jumps=jumps, log_ratio=float(np.log(odds / np.expm1(prior))) if prior > 0 else -np.inf)
