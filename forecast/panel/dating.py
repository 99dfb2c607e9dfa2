"""A break found in weeks, dated to the day inside its interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.series.breaks import Break
from forecast.series.season import evident_season
from forecast.series.series import Series


def dated_daily(found: Break, grid: Series, binned: Series) -> Break:
    """The break with the likeliest day of its interval as its date; as it stands where the bins are the grid's rows.

    Likeliest by the Poisson likelihood of the levels found on both sides, which a constant overdispersion leaves where
    it is.
    """
    if binned.freq == grid.freq or min(found.before, found.after) <= 0 or found.before == found.after:
        return found
    width = float(np.median((binned.end - binned.start).astype(float)))
    low, high = np.datetime64(found.low, "D"), np.datetime64(found.high, "D")
    inside = np.flatnonzero((grid.start > low) & (grid.start <= high))
    if len(inside) < 2:
        return found
    season = evident_season(grid).over(np.arange(len(grid)))[inside] * grid.exposure[inside]
    y = grid.middle[inside]
    before, after = found.before / width * season, found.after / width * season
    gain = np.where(np.isnan(y), 0.0, y * np.log(before / after) - (before - after))  # of the row being before
    # a break at row k: the rows before it at the old level, from it on at the new one
    best = int(np.argmax(np.concatenate([[0.0], np.cumsum(gain)[:-1]])))
    at = grid.start[inside[best]]
    return replace(found, at=str(at), position=int(inside[best]))
