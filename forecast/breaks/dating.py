"""From positions to `Break`s: the values a detector without a count model fits, and their dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from forecast.series.breaks import Break
from forecast.series.series import Series

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Values:
    """What is fitted: y [n] of the observed rows and their indices rows [n] in the series."""

    y: Array
    rows: Array


def observed_values(series: Series) -> Values:
    """Observed rows as numbers: exact counts and the middle of narrow bounds, a flow per fully watched row."""
    rows = np.flatnonzero(~np.isnan(series.point))
    y = series.point[rows].astype(float)
    return Values(y / series.exposure[rows] if series.kind == "flow" else y, rows)


def dated(series: Series, values: Values, cuts: Sequence[int], low: Sequence[int] | None = None,
          high: Sequence[int] | None = None, probability: Sequence[float] | None = None) -> tuple[Break, ...]:
    """Breaks at `cuts`, indices into values.y of the first observation of each new segment.

    low, high : indices into values.y between which each change lies; by default the gap before the cut.
    The levels before and after are the means of the segments on both sides.
    """
    n = len(values.y)
    if not n:  # bounds alone, all of them wide: no row is a number
        return ()
    edges = [0, *cuts, n]
    means = [float(values.y[a:b].mean()) for a, b in pairwise(edges)]
    day = [str(d) for d in series.start[values.rows].astype("datetime64[D]")] if cuts else []
    made = []
    for i, cut in enumerate(cuts):
        first = min(max(low[i] if low is not None else cut - 1, 0), cut)
        final = max(min(high[i] if high is not None else cut, n - 1), cut)
        made.append(Break(position=int(values.rows[cut]), at=day[cut], low=day[first], high=day[final],
                          before=means[i], after=means[i + 1],
                          probability=float(probability[i]) if probability is not None else float("nan")))
    return tuple(made)
