"""Detectors: `detect(series) -> tuple[Break, ...]`. One file a detector; the names are those of `conf/detectors/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from forecast.breaks.changes import Changes
from forecast.series.breaks import Break
from forecast.series.series import Series, check_series
from forecast.support.registry import make


class Detector(Protocol):
    """What a detector offers; constructors are cheap and typed, and never look at data.

    >>> class Never:
    ...     def detect(self, series: Series) -> tuple[Break, ...]:
    ...         return ()
    >>> len(detect(Series.from_values([1, 9, 1, 9]), Never()))
    0
    """

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks of `series` in time order; does not change it and looks at nothing else."""
        ...


def detect(series: Series, detector: str | Detector = "auto") -> Changes:
    """Breaks of `series` by a detector's name (see `conf/detectors/`) or object, a tuple of `Break` in time order.

    The tuple shows, tabulates (`frame()`) and draws (`plot()`) itself. An empty one says that no change was told;
    how likely one is all the same, `RegimeModel().fit(series).changed` tells.
    Raises TypeError for what is no `Series` or no detector, ValueError for an unknown name (the nearest known one is
    suggested) or a series without observations.

    >>> detect(Series.from_values([2, 3, 1, 2, 3, 2, 2, 3, 30, 28, 33, 31, 29, 30, 35, 31]))[0].position
    8
    """
    check_series(series, "detect")
    if not series.observed.any():
        raise ValueError(f"series {series.name}: no row holds an observation: nothing can be detected")
    found = detector_of(detector).detect(series)
    if not isinstance(found, list | tuple) or not all(isinstance(each, Break) for each in found):
        raise TypeError(f"detector {detector!r} gave {repr(found)[:80]}: let detect() return a tuple of forecast.Break")
    return Changes(found, series)


def detector_of(given: str | Detector) -> Detector:
    """A detector by its name or as it is; TypeError for what has no detect(), ValueError for an unknown name."""
    chosen: Detector = make("detectors", given) if isinstance(given, str) else given
    if isinstance(chosen, type) or not callable(getattr(chosen, "detect", None)):
        raise TypeError(f"detector {given!r} has no detect(): name one of conf/detectors, or give a detector")
    return chosen


def detect_all(several: Mapping[str, Series], detector: str | Detector = "auto", *,
               jobs: int = 1) -> dict[str, Changes]:
    """Breaks of several series, by their keys and in their order: `detect` on each, over `jobs` processes.

    The answer does not depend on `jobs`. Raises ValueError as `detect` does, with the name of the series.

    >>> quiet, risen = [5, 4, 6, 5, 4, 5, 6, 5] * 3, [5, 4, 6, 5] * 3 + [25, 24, 27, 26] * 3
    >>> found = detect_all({"A": Series.from_values(quiet), "B": Series.from_values(risen)})
    >>> [len(found[name]) for name in ("A", "B")]
    [0, 1]
    """
    from joblib import Parallel, delayed

    from forecast.support.ends import workers_that_end
    from forecast.support.threads import worker_count

    chosen = detector_of(detector)
    pool = Parallel(n_jobs=worker_count(jobs), **workers_that_end())
    return dict(zip(several, pool(delayed(detect)(series, chosen) for series in several.values()), strict=True))
